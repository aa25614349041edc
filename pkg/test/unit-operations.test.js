// Goal: an operation ends as the engine says, is tried again when that may help, and stops when nobody wants it any more.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as INPUT from '../dist/kinds/input.js';
import { IS_HERE, IS_PROVEN, MESSAGE, Operations, QUESTION } from '../dist/operations.js';
import * as STATUS from '../dist/status.js';

const HASH = new Uint8Array(32).fill(5);

/** Operations whose engine answers each request with the next of `answers`: a status and holders. */
function answering(...answers) {
  const inputs = [];
  const operations = new Operations((kind, op, bytes) => {
    inputs.push({ kind, op, length: bytes?.length ?? 0 });
    const answer = kind === INPUT.cancel ? undefined : answers.shift();
    if (answer) operations.onDone(op, ...answer);
  });
  return { operations, inputs, kinds: () => inputs.map(({ kind }) => kind) };
}

test('a put says how many hold the block, also when they are fewer than wanted', async () => {
  const { operations, inputs } = answering([STATUS.ok, 8], [STATUS.partial, 2]);
  assert.equal(await operations.put(HASH, {}), 8);
  assert.equal(await operations.put(HASH, {}), 2);
  assert.deepEqual(inputs, [
    { kind: INPUT.put, op: 1, length: 32 },
    { kind: INPUT.put, op: 2, length: 32 },
  ]);
});

test('a put that no other one keeps is tried again, and then fails with a way out', { timeout: 20_000 }, async () => {
  const { operations, inputs } = answering(...Array(9).fill([STATUS.partial, 0]));
  await assert.rejects(operations.put(HASH, {}), { name: 'NotReplicated', message: /minHolders/ });
  assert.equal(inputs.length, 5);
  const offline = answering(...Array(9).fill([STATUS.unavailable, 0]));
  await assert.rejects(offline.operations.put(HASH, {}), { name: 'NotReplicated' });
});

test('a put says whose store is full', async () => {
  const { operations, inputs } = answering([STATUS.insufficientStorage, 0]);
  await assert.rejects(operations.put(HASH, {}), { name: 'NotReplicated', message: /the peers .* have no room/ });
  assert.equal(inputs.length, 1);
});

test('a put can wait for so many holders, tells how many there are meanwhile, and can be given up', { timeout: 20_000 }, async () => {
  const { operations, inputs } = answering(
    ...[[STATUS.unavailable, 0], [STATUS.partial, 1], [STATUS.timedOut, 0], [STATUS.insufficientStorage, 0], [STATUS.ok, 3]],
  );
  const told = [];
  assert.equal(await operations.put(HASH, { minHolders: 3, onHolders: (holders) => told.push(holders) }), 3);
  assert.deepEqual(told, [0, 1, 0]);
  assert.equal(inputs.length, 5);
  const alone = answering(...Array(99).fill([STATUS.partial, 0]));
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 5000);
  await assert.rejects(alone.operations.put(HASH, { minHolders: 1, signal: stop.signal }), { name: 'AbortError' });
  const puts = alone.inputs.filter(({ kind }) => kind === INPUT.put).length;
  assert.ok(puts >= 4 && puts <= 6, `${puts} tries in five seconds`);
  const hopeless = answering([STATUS.badRequest, 0]);
  await assert.rejects(hopeless.operations.put(HASH, { minHolders: 1 }), { code: STATUS.badRequest });
});

test('a put waits as long as too much is under way', { timeout: 60_000 }, async () => {
  const { operations, inputs } = answering(...Array(7).fill([STATUS.tooManyRequests, 0]), [STATUS.ok, 2]);
  assert.equal(await operations.put(HASH, {}), 2);
  assert.equal(inputs.length, 8);
});

test('what may pass is tried again', async () => {
  const { operations, inputs } = answering([STATUS.timedOut, 0], [STATUS.tooManyRequests, 0], [STATUS.ok, 0]);
  await operations.get(HASH, {});
  assert.equal(inputs.length, 3);
});

test('what does not pass is an error at once', async () => {
  const { operations, inputs } = answering([STATUS.notFound, 0], [STATUS.badRequest, 0], [STATUS.insufficientStorage, 0]);
  await assert.rejects(operations.get(HASH, {}), { name: 'NotFound', code: 203 });
  await assert.rejects(operations.find(HASH, {}), { code: 200 });
  await assert.rejects(operations.get(HASH, {}), { code: 306 });
  assert.equal(inputs.length, 3);
});

test('what an error says is of its own operation', async () => {
  const end = async (status, ask) => {
    const { operations } = answering(...Array(9).fill([status, 0]));
    return ask(operations).then(assert.fail, (error) => error);
  };
  const send = (operations) => operations.ask(HASH, new Uint8Array(8), {}, MESSAGE);
  const publish = (operations) => operations.publish(HASH, new Uint8Array(8), {});
  const absent = await end(STATUS.notFound, send);
  assert.deepEqual([absent.name, absent.code, absent.operation], ['NotFound', 203, 'send']);
  assert.match(absent.message, /^No node of this id was found: check the id/);
  assert.match((await end(STATUS.timedOut, send)).message, /may have the message all the same/);
  assert.match((await end(STATUS.notFound, (operations) => operations.get(HASH, {}))).message, /whoever put it/);
  assert.match((await end(STATUS.notFound, publish)).message, /takes no part in the topic/);
  for (const [ask, foreign] of [[send, /put it|keep it|topic/], [publish, /whoever put it|keep it|no peers/], [(operations) => operations.find(HASH, {}), /keep it|topic|message/]]) {
    for (const status of [STATUS.badRequest, STATUS.notFound, STATUS.unavailable]) {
      const { message, operation } = await end(status, ask);
      assert.doesNotMatch(message, foreign, `${operation} ${status}`);
    }
  }
});

test('trying again has an end', { timeout: 20_000 }, async () => {
  const { operations, inputs } = answering(...Array(9).fill([STATUS.unavailable, 0]));
  await assert.rejects(operations.get(HASH, {}), { code: 303 });
  assert.equal(inputs.length, 5);
});

test('a message is sent once, whatever comes of it', async () => {
  const { operations, inputs } = answering([STATUS.timedOut, 0]);
  await assert.rejects(operations.ask(HASH, new Uint8Array(8), {}, MESSAGE), { code: 304 });
  assert.deepEqual(inputs, [{ kind: INPUT.ask, op: 1, length: 45 }]);
});

test('the engine is given a message while it is under way', async () => {
  const { operations } = answering();
  const bytes = Uint8Array.of(1, 2, 3);
  const sent = operations.ask(HASH, bytes, {}, MESSAGE);
  bytes.fill(0);
  assert.deepEqual([...operations.message(1)], [1, 2, 3]);
  operations.onDone(1, STATUS.ok, 0);
  await sent;
  assert.equal(operations.message(1), undefined);
});

test('messages to one receiver wait for their turn, and others do not wait for them', async () => {
  const { operations, inputs } = answering();
  const message = new Uint8Array(8);
  const sent = Array.from({ length: 20 }, () => operations.ask(HASH, message, {}, MESSAGE));
  await new Promise(setImmediate);
  assert.equal(inputs.length, 12);
  const other = operations.ask(new Uint8Array(32), message, {}, MESSAGE);
  await new Promise(setImmediate);
  assert.equal(inputs.length, 13);
  const ended = async (op) => {
    operations.onDone(op, STATUS.ok, 0);
    await new Promise(setImmediate);
  };
  for (let op = 1; op <= 21; op += 1) await ended(op);
  await Promise.all([...sent, other]);
});

test('a message that waits for its turn can be given up, and too many are refused', async () => {
  const { operations, inputs } = answering();
  const message = new Uint8Array(8);
  const giveUp = new AbortController();
  const sent = Array.from({ length: 12 + 1024 }, () => operations.ask(HASH, message, { signal: giveUp.signal }, MESSAGE));
  await assert.rejects(operations.ask(HASH, message, {}, MESSAGE), { name: 'TooManyRequests' });
  giveUp.abort(new Error('enough'));
  for (const one of sent) await assert.rejects(one, { message: 'enough' });
  assert.equal(inputs.filter(({ kind }) => kind === INPUT.ask).length, 12);
  const last = operations.ask(HASH, message, {}, MESSAGE);
  await new Promise(setImmediate);
  operations.onDone(inputs.at(-1).op, STATUS.ok, 0);
  await last;
});

test('a question ends as it is answered, and says whether that is proved', async () => {
  const { operations } = answering();
  const ask = (options = {}) => operations.ask(HASH, new Uint8Array(8), options);
  const [first, second, third] = [ask(), ask(), ask()];
  await new Promise(setImmediate);
  operations.onDone(1, STATUS.ok, IS_PROVEN, Uint8Array.of(104, 105));
  operations.onDone(2, STATUS.ok, 0, Uint8Array.of(255));
  operations.onDone(3, STATUS.notImplemented, IS_HERE);
  assert.deepEqual(await first, { bytes: Uint8Array.of(104, 105), text: 'hi', proven: true });
  assert.deepEqual(await second, { bytes: Uint8Array.of(255), text: '\ufffd', proven: false });
  await assert.rejects(third, { name: 'NotImplemented', code: 301, operation: 'ask' });
  for (const within of [0, -1, 120_001, Number.NaN, Infinity]) await assert.rejects(ask({ within }), { name: 'BadOption' });
});

test('the engine has no more questions and messages than it takes, and neither waits for the other of one receiver', async () => {
  const { operations, inputs } = answering();
  const ask = (node, kind) => operations.ask(new Uint8Array(32).fill(node), new Uint8Array(8), {}, kind);
  const all = Array.from({ length: 13 }, () => ask(1, QUESTION));
  await new Promise(setImmediate);
  assert.equal(inputs.length, 12);
  all.push(...Array.from({ length: 13 }, () => ask(1, MESSAGE)), ask(2, QUESTION));
  await new Promise(setImmediate);
  assert.equal(inputs.length, 24);
  for (let op = 1; op <= all.length; op += 1) {
    operations.onDone(op, STATUS.ok, 0);
    await new Promise(setImmediate);
  }
  await Promise.all(all);
});

test('a search answers the ids that were found', async () => {
  const { operations } = answering();
  const found = operations.find(HASH, {});
  operations.onFound(1, new Uint8Array(64).fill(0xab));
  operations.onDone(1, STATUS.ok, 0);
  assert.deepEqual(await found, ['ab'.repeat(32), 'ab'.repeat(32)]);
  operations.onFound(99, new Uint8Array(32));
  operations.onDone(99, STATUS.ok, 0);
});

test('an operation that nobody wants any more is cancelled, during a wait as well', async () => {
  const { operations, kinds } = answering();
  const first = new AbortController();
  const get = operations.get(HASH, { signal: first.signal });
  first.abort();
  await assert.rejects(get, { name: 'AbortError' });
  assert.deepEqual(kinds(), [INPUT.get, INPUT.cancel]);

  const waiting = answering([STATUS.timedOut, 0]);
  const second = new AbortController();
  const put = waiting.operations.put(HASH, { signal: second.signal });
  setTimeout(() => second.abort(), 20);
  await assert.rejects(put, { name: 'AbortError' });
  assert.deepEqual(waiting.kinds(), [INPUT.put]);
  await assert.rejects(waiting.operations.put(HASH, { signal: second.signal }), { name: 'AbortError' });
});

test('closing ends everything with Closed', async () => {
  const { operations } = answering();
  const get = operations.get(HASH, {});
  operations.close();
  await assert.rejects(get, { name: 'Closed', code: 1013 });
  await assert.rejects(operations.put(HASH, {}), { code: 1013 });
});

test('a question has no options but its own', async () => {
  const { operations, inputs } = answering();
  await assert.rejects(operations.ask(HASH, HASH, { timeout: 5 }), { name: 'BadOption', message: /ask has no option timeout/ });
  await assert.rejects(operations.ask(HASH, HASH, { timeout: 5 }, MESSAGE), { name: 'BadOption', message: /send has no option timeout/ });
  assert.deepEqual(inputs, []);
});

test('a message that finds too much waiting is told so as one', async () => {
  const { operations } = answering();
  const stop = new AbortController();
  const to = (number) => new Uint8Array(32).fill(number);
  const options = { signal: stop.signal };
  const full = Array.from({ length: 24 + 1024 }, (_, at) => operations.ask(to(at % 200), HASH, options).catch(() => undefined));
  const asked = await operations.ask(to(201), HASH, options).catch((error) => error);
  const sent = await operations.ask(to(202), HASH, options, MESSAGE).catch((error) => error);
  assert.deepEqual([asked.name, sent.name], ['TooManyRequests', 'TooManyRequests']);
  assert.equal(asked.operation, 'ask');
  assert.equal(sent.operation, 'send');
  stop.abort();
  await Promise.all(full);
});
