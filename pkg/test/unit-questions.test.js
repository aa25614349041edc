// Goal: what others ask is answered once: by the handler, or by saying why not.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { concat, u32 } from '../dist/bytes.js';
import * as STATUS from '../dist/status.js';
import * as INPUT from '../dist/kinds/input.js';
import { MESSAGE, QUESTION } from '../dist/operations.js';
import { Questions } from '../dist/questions.js';

const FROM = new Uint8Array(32).fill(0xab);
const WAY = Uint8Array.of(1, 2, 3);
const PROVEN = 256;

/** Whether the page was told of an error that nobody caught. */
let reported;
beforeEach(() => {
  reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
});
afterEach(() => delete globalThis.reportError);

function asked() {
  const [replies, messages] = [[], []];
  const input = (kind, status, bytes) => {
    assert.equal(kind, INPUT.reply);
    assert.deepEqual(bytes.subarray(0, 39), concat(FROM, bytes.subarray(32, 36), WAY));
    replies.push([status, String.fromCharCode(...bytes.subarray(39))]);
  };
  const questions = new Questions(input, (message) => messages.push(message));
  const take = (value, text = 'how?', within = 1000) =>
    questions.take(value, concat(FROM, u32(within), WAY), new TextEncoder().encode(text));
  return { questions, replies, messages, take };
}

test('a message is told and answered at once', async () => {
  const { replies, messages, take } = asked();
  await take(MESSAGE | PROVEN, 'hi');
  assert.deepEqual(replies, [[STATUS.ok, '']]);
  assert.deepEqual(messages, [{ from: 'ab'.repeat(32), bytes: Uint8Array.of(104, 105), text: 'hi' }]);
});

test('a question goes to the handler, until that is ended', async () => {
  const { questions, replies, take } = asked();
  const heard = [];
  const end = questions.answer((question) => (heard.push(question), 'so'));
  assert.throws(() => questions.answer(() => ''), { name: 'Answering', code: 1008 });
  await take(QUESTION | PROVEN);
  await take(QUESTION);
  await take(2);
  assert.deepEqual(replies, [[STATUS.ok, 'so'], [STATUS.ok, 'so'], [STATUS.notImplemented, '']]);
  const { from, text, proven, within } = heard[0];
  assert.deepEqual({ from, text, proven, within }, { from: 'ab'.repeat(32), text: 'how?', proven: true, within: 1000 });
  assert.equal(heard[1].proven, false);
  end();
  await take(QUESTION);
  assert.deepEqual(replies[3], [STATUS.notImplemented, '']);
  const handler = () => 'again';
  const endAgain = questions.answer(handler);
  end();
  await take(QUESTION);
  assert.deepEqual(replies[4], [STATUS.ok, 'again'], 'who ended a handler ends no other one');
  endAgain();
});

test('who asks hears that a handler failed, and not why; the page hears why', async () => {
  const { questions, replies, take } = asked();
  const ways = [() => { throw new Error('secret'); }, () => Promise.reject(new Error('secret')), () => undefined, () => new Uint8Array(32_769)];
  for (const way of ways) {
    const end = questions.answer(way);
    await take(QUESTION);
    end();
  }
  assert.deepEqual(replies, ways.map(() => [STATUS.internalError, '']));
  assert.equal(reported.length, ways.length);
  assert.equal(reported[0], 'secret');
});

test('a late answer goes nowhere, and its question does not count any more', async () => {
  const { questions, replies, take } = asked();
  const ends = [];
  questions.answer(() => new Promise((resolve) => ends.push(resolve)));
  const all = Array.from({ length: 65 }, () => take(QUESTION, '', 10));
  assert.deepEqual(replies, [[STATUS.tooManyRequests, '']]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const fresh = take(QUESTION, '', 60_000);
  for (const end of ends) end('now');
  await Promise.all([...all, fresh]);
  assert.deepEqual(replies, [[STATUS.tooManyRequests, ''], [STATUS.ok, 'now']]);
});
