// Goal: what is brought in pieces is whole and what was meant, or nothing; nobody is asked for more at a time than it takes.
// Method: whoever has the bytes is a function of the test.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Fetching } from '../dist/job/fetching.js';
import { hashNow } from '../dist/job/hash.js';
import { PIECE_MAX, WANTED_A_PEER } from '../dist/job/limits.js';
import * as STATUS from '../dist/status.js';

const NONE = new Uint8Array(0);
const bytesOf = (length) => Uint8Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) % 256);

/** Brings bytes; `answer` says what comes of a question: a status and bytes. */
function bring(fetching, bytes, answer, { from = 'a', ...more } = {}) {
  const ask = (fetch, offset) => setImmediate(() => fetching.came(fetch, ...answer(offset, fetch)));
  return fetching.bring({ length: bytes.length, hash: hashNow(bytes), from, ask, ...more });
}

const piece = (bytes, offset) => [STATUS.ok, bytes.slice(offset, offset + PIECE_MAX)];

test('bytes of any length come whole', async () => {
  const fetching = new Fetching(12);
  for (const length of [0, 1, PIECE_MAX - 1, PIECE_MAX, PIECE_MAX + 1, 10 * PIECE_MAX + 5]) {
    const bytes = bytesOf(length);
    assert.deepEqual(await bring(fetching, bytes, (offset) => piece(bytes, offset)), bytes);
  }
});

test('what is not whole, or something else, is nothing', async () => {
  const fetching = new Fetching(12);
  const bytes = bytesOf(3 * PIECE_MAX);
  const answers = [
    () => [STATUS.notFound, NONE],
    (offset) => (offset > 0 ? [STATUS.unavailable, NONE] : piece(bytes, 0)),
    (offset) => [STATUS.ok, bytes.slice(offset, offset + PIECE_MAX - 1)],
    (offset) => [STATUS.ok, bytes.slice(offset)],
    () => piece(bytes, 0),
    () => [STATUS.ok, NONE],
  ];
  for (const answer of answers) assert.equal(await bring(fetching, bytes, answer), undefined);
  const throwing = { length: 5, hash: hashNow(NONE), from: 'a', ask: () => assert.fail('there is no way') };
  assert.equal(await fetching.bring(throwing), undefined);
});

test('who has enough to do is asked again', async () => {
  const fetching = new Fetching(12);
  const bytes = bytesOf(100);
  let asked = 0;
  assert.deepEqual(await bring(fetching, bytes, (offset) => ((asked += 1) === 1 ? [STATUS.tooManyRequests, NONE] : piece(bytes, offset))), bytes);
  assert.equal(asked, 2);
});

test('so many pieces are asked of one, and so many of all', async () => {
  const fetching = new Fetching(6);
  const bytes = bytesOf(8 * PIECE_MAX);
  const open = new Map();
  let most = [0, 0];
  const ask = (from) => (fetch, offset) => {
    open.set(fetch, from);
    const own = [...open.values()].filter((each) => each === from).length;
    most = [Math.max(most[0], own), Math.max(most[1], open.size)];
    setImmediate(() => {
      open.delete(fetch);
      fetching.came(fetch, ...piece(bytes, offset));
    });
  };
  const wishes = ['a', 'a', 'b', 'c'].map((from) => fetching.bring({ length: bytes.length, hash: hashNow(bytes), from, ask: ask(from) }));
  for (const found of await Promise.all(wishes)) assert.deepEqual(found, bytes);
  assert.deepEqual(most, [WANTED_A_PEER, 6]);
});

test('nothing is waited for once that is given up', async () => {
  const fetching = new Fetching(12);
  const bytes = bytesOf(9 * PIECE_MAX);
  const controller = new AbortController();
  let asked = 0;
  const answer = (offset) => {
    asked += 1;
    controller.abort();
    return piece(bytes, offset);
  };
  assert.equal(await bring(fetching, bytes, answer, { signal: controller.signal }), undefined);
  assert.ok(asked <= WANTED_A_PEER, `${asked}`);
  const waiting = fetching.bring({ length: 5, hash: hashNow(NONE), from: 'a', ask: () => undefined });
  fetching.close();
  assert.equal(await waiting, undefined);
});

test('who lets one thing wait in vain holds up no other', async () => {
  const fetching = new Fetching(12);
  const bytes = bytesOf(PIECE_MAX);
  let asked = 0;
  const late = () => ((asked += 1), [STATUS.timedOut, NONE]);
  assert.equal(await bring(fetching, bytes, late), undefined);
  const before = asked;
  assert.equal(await bring(fetching, bytes, late), undefined);
  assert.equal(asked, before, 'it is not asked again');
  assert.deepEqual(await bring(fetching, bytes, (offset) => piece(bytes, offset), { from: 'b' }), bytes);
});

test('who gives a piece now and then is given up', async (t) => {
  const fetching = new Fetching(12);
  const bytes = bytesOf(100 * PIECE_MAX);
  let [now, asked] = [0, 0];
  t.mock.method(performance, 'now', () => now);
  const slow = (offset) => {
    now += 19_000;
    asked += 1;
    return piece(bytes, offset);
  };
  assert.equal(await bring(fetching, bytes, slow), undefined);
  assert.ok(asked < 50, `${asked} of 100 pieces`);
});
