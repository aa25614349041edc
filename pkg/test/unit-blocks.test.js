// Goal: the block store keeps to its bound: what is cached goes, the oldest first; what is held or in use stays.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MemoryBackend } from '../dist/backend.js';
import { Blocks } from '../dist/blocks.js';

const hashOf = (number) => new Uint8Array(32).fill(number);
const block = (size = 100) => new Uint8Array(size);

/** A backend whose transactions end when the test says so. */
class SlowBackend extends MemoryBackend {
  changes = [];

  change(changes, removed) {
    return new Promise((resolve, reject) => {
      this.changes.push({ count: changes.length, end: () => resolve(super.change(changes, removed)), fail: reject });
    });
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

test('cached blocks make room, the oldest first', async () => {
  const blocks = await Blocks.open(new MemoryBackend(), 350);
  for (const number of [1, 2, 3]) assert.equal(await blocks.store(hashOf(number), block(), false), true);
  assert.equal(await blocks.store(hashOf(4), block(), true), true);
  assert.deepEqual([1, 2, 3, 4].map((number) => blocks.has(hashOf(number))), [false, true, true, true]);
  assert.equal(await blocks.load(hashOf(1)), undefined);
  assert.deepEqual(blocks.usage, { blocks: 3, bytes: 300, held: 100, quota: 350 });
});

test('held blocks never make room', async () => {
  const blocks = await Blocks.open(new MemoryBackend(), 350);
  for (const number of [1, 2, 3]) await blocks.store(hashOf(number), block(), true);
  assert.equal(await blocks.store(hashOf(4), block(), true), false);
  assert.equal(await blocks.store(hashOf(4), block(), false), false);
  assert.equal(blocks.usage.bytes, 300);
});

test('blocks in use never make room, until they are let go', async () => {
  const blocks = await Blocks.open(new MemoryBackend(), 250);
  await blocks.store(hashOf(1), block(), false);
  await blocks.store(hashOf(2), block(), false);
  blocks.pin(hashOf(1));
  blocks.pin(hashOf(1));
  blocks.unpin(hashOf(1));
  await blocks.store(hashOf(3), block(), false);
  assert.deepEqual([1, 2, 3].map((number) => blocks.has(hashOf(number))), [true, false, true]);
  blocks.unpin(hashOf(1));
  await blocks.store(hashOf(4), block(), false);
  assert.equal(blocks.has(hashOf(1)), false);
});

test('a cached block can become held, and never the other way', async () => {
  const blocks = await Blocks.open(new MemoryBackend(), 1000);
  await blocks.store(hashOf(1), block(), false);
  assert.equal(blocks.usage.held, 0);
  await blocks.store(hashOf(1), block(), true);
  await blocks.store(hashOf(1), block(), false);
  assert.deepEqual(blocks.usage, { blocks: 1, bytes: 100, held: 100, quota: 1000 });
});

test('what comes while a transaction is under way goes together in the next one', async () => {
  const backend = new SlowBackend();
  const blocks = await Blocks.open(backend, 10_000);
  const stores = [1, 2, 3, 4].map((number) => blocks.store(hashOf(number), block(), true));
  const twice = blocks.store(hashOf(1), block(), true);
  assert.equal((await blocks.load(hashOf(3))).length, 100, 'a block on its way in can be read');
  assert.deepEqual(backend.changes.map(({ count }) => count), [1]);
  let isTwiceStored = false;
  void twice.then(() => (isTwiceStored = true));
  await settled();
  assert.equal(isTwiceStored, false, 'nobody is told before it is so');
  backend.changes[0].end();
  await settled();
  assert.equal(isTwiceStored, true);
  assert.deepEqual(backend.changes.map(({ count }) => count), [1, 3]);
  backend.changes[1].end();
  assert.deepEqual(await Promise.all(stores), [true, true, true, true]);
});

test('a transaction that fails is told, and what it had is not there', async () => {
  const backend = new SlowBackend();
  const blocks = await Blocks.open(backend, 10_000);
  const store = blocks.store(hashOf(1), block(), true);
  backend.changes[0].fail(new Error('no room on the disk'));
  await assert.rejects(store, /no room on the disk/);
  assert.equal(blocks.has(hashOf(1)), false);
  assert.deepEqual(blocks.usage, { blocks: 0, bytes: 0, held: 0, quota: 10_000 });
  const again = blocks.store(hashOf(1), block(), true);
  backend.changes[1].end();
  assert.equal(await again, true);
});

test('only so many blocks stay in memory, and the rest is read back', async () => {
  const backend = new MemoryBackend();
  const blocks = await Blocks.open(backend, 1e6);
  for (let number = 0; number < 200; number += 1) await blocks.store(hashOf(number), block(number + 1), true);
  for (let number = 0; number < 200; number += 1) assert.equal((await blocks.load(hashOf(number))).length, number + 1);
  const first = await blocks.scan(undefined, 3);
  assert.deepEqual(first.map(([byte]) => byte), [0, 1, 2]);
  assert.deepEqual((await blocks.scan(first[2], 2)).map(([byte]) => byte), [3, 4]);
});
