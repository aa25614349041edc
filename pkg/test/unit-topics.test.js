// Goal: who opens a topic shares this tab's part in it, hears others and not itself, and is told what it does wrong; messages are
// kept for those that miss them, within a bound.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { Jobs } from '../dist/jobs.js';
import * as INPUT from '../dist/kinds/input.js';
import * as OUTPUT from '../dist/kinds/output.js';
import { Operations } from '../dist/operations.js';
import { signedBytes } from '../dist/topic-wire.js';
import { Topics } from '../dist/topics.js';

const SELF = new Uint8Array(32).fill(1);
const OTHER = new Uint8Array(32).fill(2);
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const idOf = (name) => createHash('sha256').update(`tabmesh topic v1${name}`).digest();

/** Topics whose engine answers subscriptions and messages with `statuses`, and Ok after that. */
function topics(...statuses) {
  const inputs = [];
  const input = (kind, number, bytes) => {
    inputs.push({ kind, number, bytes });
    if (kind === INPUT.subscribe || kind === INPUT.publish) operations.onDone(number, statuses.shift() ?? 100, 0);
  };
  const operations = new Operations(input);
  const topics = new Topics(hex(SELF), operations, input);
  const counts = () => [INPUT.subscribe, INPUT.unsubscribe].map((kind) => inputs.filter((one) => one.kind === kind).length);
  return { topics, operations, inputs, counts };
}

/** What the engine tells beside a message: its sender, its name, when it was sent. */
const told = (sender) => new Uint8Array(Buffer.concat([sender, Buffer.alloc(20, 1)]));

/** A whole message. */
function message(name, said, head = 0) {
  return new Uint8Array(Buffer.concat([idOf(name), Buffer.alloc(144, head), Buffer.from(said)]));
}

test('a topic goes by the hash of its name, and what is published carries it', async () => {
  const { topics: all, inputs } = topics();
  const topic = await all.open('news', {});
  assert.equal(topic.name, 'news');
  assert.deepEqual(inputs[0], { kind: INPUT.subscribe, number: 1, bytes: new Uint8Array(idOf('news')) });
  const bytes = Uint8Array.of(1, 2);
  const published = topic.publish(bytes);
  bytes.fill(0);
  await published;
  await topic.publish('ü');
  await topic.publish(new ArrayBuffer(1));
  const said = inputs.slice(1).map(({ kind, bytes }) => [kind, hex(bytes.slice(0, 32)), hex(bytes.slice(32))]);
  assert.deepEqual(said, ['0102', 'c3bc', '00'].map((text) => [INPUT.publish, hex(idOf('news')), text]));
});

test('everybody else’s messages are heard, of this topic alone, by every listener', async () => {
  const { topics: all } = topics();
  const [first, second] = [await all.open('news', {}), await all.open('news', {})];
  const heard = [];
  const stop = first.on('message', ({ from, text }) => heard.push(['first', from, text]));
  second.on('message', ({ bytes }) => heard.push(['second', hex(bytes)]));
  all.tell(told(OTHER), message('news', 'hällo'));
  all.tell(told(OTHER), message('weather', 'rain'));
  all.tell(told(SELF), message('news', 'from here'));
  stop();
  all.tell(told(OTHER), message('news', [0xff]));
  assert.deepEqual(heard, [
    ['first', hex(OTHER), 'hällo'],
    ['second', hex(Buffer.from('hällo'))],
    ['second', 'ff'],
  ]);
});

test('those who opened one topic share a subscription, which ends with the last', async () => {
  const { topics: all, counts } = topics();
  const [first, second] = await Promise.all([all.open('news', {}), all.open('news', {})]);
  assert.deepEqual(counts(), [1, 0]);
  first.leave();
  first.leave();
  assert.deepEqual(counts(), [1, 0]);
  const heard = [];
  first.on('message', () => heard.push('first'));
  second.on('message', () => heard.push('second'));
  all.tell(told(OTHER), message('news', 'x'));
  assert.deepEqual(heard, ['second']);
  await assert.rejects(first.publish('x'), { name: 'Left', code: 1007 });
  second.leave();
  assert.deepEqual(counts(), [1, 1]);
  await all.open('news', {});
  assert.deepEqual(counts(), [2, 1]);
});

test('what makes no sense, is too long or too much is refused with a code', async () => {
  const { topics: all } = topics(100, 205, 100);
  for (const name of ['', 'ü'.repeat(128), 7, undefined]) {
    await assert.rejects(all.open(name, {}), { name: 'BadOption', message: /1 to 255 bytes/ });
  }
  await assert.rejects(all.open('x', { signal: {} }), { name: 'BadOption' });
  await assert.rejects(all.open('x', { signal: AbortSignal.abort() }), { name: 'AbortError' });
  const topic = await all.open('ü'.repeat(127), {});
  await assert.rejects(all.open('one too many', {}), { name: 'TooManyRequests', message: /4 topics at most/ });
  await assert.rejects(topic.publish(new Uint8Array(8193)), { name: 'TooLong' });
  await assert.rejects(topic.publish('ü'.repeat(4097)), { name: 'TooLong' });
  await assert.rejects(topic.publish(7), { name: 'BadData' });
  await topic.publish(new Uint8Array(8192));
});

test('messages go one by one, in their order, and one that finds no room is tried again', async () => {
  const { topics: all, inputs } = topics(100, 205, 205);
  const topic = await all.open('news', {});
  await Promise.all(['a', 'b', 'c'].map((text) => topic.publish(text)));
  const said = inputs.filter(({ kind }) => kind === INPUT.publish).map(({ bytes }) => String.fromCharCode(bytes[32]));
  assert.equal(said.join(''), 'aaabc');
});

test('a mesh that is closed ends its topics', async () => {
  const { topics: all, operations } = topics();
  const topic = await all.open('news', {});
  const loop = (async () => {
    for await (const { text } of topic) assert.fail(text);
    return 'over';
  })();
  await new Promise(setImmediate);
  operations.close();
  all.close();
  assert.equal(await loop, 'over');
  await assert.rejects(topic.publish('x'), { name: 'Closed' });
  await assert.rejects(all.open('news', {}), { name: 'Closed' });
  topic.leave();
});

test('a loop hears what comes until the topic is left, and the newest when it is slow', async () => {
  const { topics: all } = topics();
  const topic = await all.open('news', {});
  const loop = topic[Symbol.asyncIterator]();
  const first = loop.next();
  all.tell(told(OTHER), message('news', '0'));
  assert.equal((await first).value.text, '0');
  for (let number = 1; number <= 300; number += 1) all.tell(told(OTHER), message('news', `${number}`));
  assert.equal((await loop.next()).value.text, '45');
  topic.leave();
  const rest = [];
  for await (const { text } of loop) rest.push(text);
  assert.deepEqual([rest.length, rest.at(-1)], [255, '300']);
});

test('a listener that throws stops nobody', async () => {
  const { topics: all } = topics();
  const topic = await all.open('news', {});
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  const heard = [];
  topic.on('message', () => {
    throw new Error('a bug of the application');
  });
  topic.on('message', ({ text }) => heard.push(text));
  all.tell(told(OTHER), message('news', 'x'));
  delete globalThis.reportError;
  assert.deepEqual([heard, reported], [['x'], ['a bug of the application']]);
});

test('whole messages are kept for those that miss them, the newest MiB', () => {
  const { topics: all } = topics();
  const name = (number) => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, number);
  for (let number = 0; number < 140; number += 1) all.keep(name(number), message('news', new Uint8Array(8192)));
  all.keep(name(139), message('news', new Uint8Array(8192)));
  const kept = Array.from({ length: 140 }, (_, number) => number).filter((number) => all.recall(name(number)));
  assert.deepEqual([kept.length, kept[0], kept.at(-1)], [125, 15, 139]);
  assert.equal(all.recall(name(139)).length, 8368);
  assert.equal(all.recall(name(7)), undefined);
});

test('a message is signed over its topic, its time and what it says, and checked', async () => {
  const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']);
  const key = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey)).slice(1);
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const identity = { sign: async (bytes) => new Uint8Array(await crypto.subtle.sign(algorithm, privateKey, bytes)) };
  const network = new Uint8Array(8).fill(9);
  const results = [];
  const jobs = new Jobs(identity, network, undefined, (kind, job, bytes) => results[job]?.([kind, bytes]), assert.fail);
  const run = (kind, raw) =>
    new Promise((resolve) => {
      jobs.start(kind, results.push(resolve) - 1, 0, new Uint8Array(), raw);
    });

  const raw = message('news', 'hello', 5);
  raw.set(key, 36);
  assert.equal(hex(signedBytes(network, raw)), hex(Buffer.concat([Buffer.from('tabmesh topic v2'), network, raw.slice(0, 112), Buffer.from('hello')])));
  const [kind, signed] = await run(OUTPUT.signMessage, raw.slice());
  assert.equal(kind, INPUT.loaded);
  assert.deepEqual(await run(OUTPUT.checkMessage, signed), [INPUT.loaded, signed]);
  for (const place of [0, 33, 36, 100, 105, 112, 178]) {
    const forged = signed.slice();
    forged[place] ^= 1;
    const [kind] = await run(OUTPUT.checkMessage, forged);
    assert.equal(kind, INPUT.missing, `byte ${place}`);
  }
});
