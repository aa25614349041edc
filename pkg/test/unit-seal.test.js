// Goal: what the two ends of a WebSocket seal comes out at the other end, in order; what differs in anything does not open.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Seal } from '../dist/seal.js';

const bytes = (text) => new TextEncoder().encode(text);

async function pair(info = [bytes('both'), bytes('both')], first = [true, false]) {
  const ends = [new Seal(), new Seal()];
  const keys = await Promise.all(ends.map((end) => end.publicKey()));
  await Promise.all(ends.map((end, at) => end.complete(keys[1 - at], info[at], first[at])));
  return ends;
}

const out = (take) => new Promise((resolve) => take(resolve));
const seal = (end, message) => out((tell) => end.seal(message, tell));
const open = (end, sealed) => out((tell) => end.open(sealed, tell));

test('messages of every length come out in their order, both ways at once', async () => {
  const [one, two] = await pair();
  for (const [from, to] of [[one, two], [two, one]]) {
    const came = [];
    for (let number = 0; number < 30; number += 1) {
      // The long ones first: those behind them must not overtake.
      from.seal(new Uint8Array(60_000 - 2000 * number).fill(number), (sealed) => {
        to.open(sealed, (opened) => came.push(opened));
      });
    }
    await from.sealed;
    await to.opened;
    assert.deepEqual(came.map(({ length }) => length), Array.from({ length: 30 }, (_, number) => 60_000 - 2000 * number));
    assert.ok(came.every((message, number) => message.every((byte) => byte === number)));
  }
});

test('a message that was sent before the keys were there waits for them', async () => {
  const [one, two] = [new Seal(), new Seal()];
  const [first, second] = await Promise.all([one.publicKey(), two.publicKey()]);
  const done = one.complete(second, bytes('both'), true);
  const sealed = await seal(one, bytes('early'));
  await done;
  await two.complete(first, bytes('both'), false);
  assert.deepEqual(await open(two, sealed), bytes('early'));
});

test('another transcript, the same role, another order or a changed byte: nothing opens', async () => {
  for (const [info, first] of [[[bytes('one'), bytes('other')], [true, false]], [[bytes('both'), bytes('both')], [true, true]]]) {
    const [one, two] = await pair(info, first);
    assert.equal(await open(two, await seal(one, bytes('hello'))), undefined);
  }
  const [one, two] = await pair();
  const lost = await seal(one, bytes('lost'));
  assert.equal(await open(two, await seal(one, bytes('next'))), undefined);
  assert.equal(await open(two, lost), undefined);
  const [three, four] = await pair();
  const changed = await seal(three, bytes('hello'));
  changed[0] ^= 1;
  assert.equal(await open(four, changed), undefined);
});

test('without keys, or with a key that is no point, nothing comes out', async () => {
  const end = new Seal();
  await assert.rejects(end.complete(new Uint8Array(64).fill(7), bytes('both'), true));
  assert.equal(await seal(end, bytes('hello')), undefined);
  assert.equal(await seal(new Seal(), bytes('hello')), undefined);
});
