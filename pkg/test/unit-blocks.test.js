// Goal: the block store keeps to its bound: what is cached goes, the oldest first; what is held or in use stays.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MemoryBackend } from '../dist/backend.js';
import { Blocks } from '../dist/blocks.js';
import { keyOf } from '../dist/bytes.js';
import * as CODE from '../dist/codes.js';
import { MeshError } from '../dist/errors.js';

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

test('what is held for others never makes room, and leaves a quarter to this tab', async () => {
  const blocks = await Blocks.open(new MemoryBackend(), 400);
  for (const number of [1, 2, 3]) assert.equal(await blocks.store(hashOf(number), block(), true), true);
  assert.equal(await blocks.store(hashOf(4), block(), true), false);
  for (const number of [5, 6, 7]) assert.equal(await blocks.store(hashOf(number), block(), false), true, 'its own');
  assert.equal(await blocks.store(hashOf(7), block(), true), false, 'nor does what is here already');
  assert.deepEqual([1, 2, 3, 5, 6, 7].map((number) => blocks.has(hashOf(number))), [true, true, true, false, false, true]);
  assert.deepEqual(blocks.usage, { blocks: 4, bytes: 400, held: 300, quota: 400 });
});

test('a store that others filled before lets the oldest of it go', async () => {
  const backend = new MemoryBackend();
  backend.list = () => Promise.resolve([1, 2, 3, 4].map((number) => [keyOf(hashOf(number)), { size: 100, held: true }]));
  const blocks = await Blocks.open(backend, 400);
  assert.deepEqual(blocks.usage, { blocks: 4, bytes: 400, held: 300, quota: 400 });
  assert.equal(await blocks.store(hashOf(5), block(), false), true);
  assert.deepEqual([1, 2, 3, 4, 5].map((number) => blocks.has(hashOf(number))), [false, true, true, true, true]);
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
  backend.changes[0].fail(new Error('the disk is broken'));
  const error = await store.catch((error) => error);
  assert.deepEqual([error.name, error.cause.message], ['StorageFailed', 'the disk is broken']);
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

/** A browser that gives so many bytes, counted as IndexedDB's: what is over them aborts the transaction. */
class SmallBackend extends MemoryBackend {
  sizes = new Map();

  constructor(room) {
    super();
    this.room = room;
  }

  async change(changes, removed) {
    const sizes = new Map(this.sizes);
    for (const key of removed) sizes.delete(key);
    for (const { key, entry } of changes) sizes.set(key, entry.size);
    const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    if (changes.length > 0 && bytes > this.room) throw new DOMException('', 'QuotaExceededError');
    this.sizes = sizes;
    return super.change(changes, removed);
  }
}

/** Blocks of a {@link SmallBackend}, and the faults they tell. */
async function small(room) {
  const backend = new SmallBackend(room);
  const blocks = await Blocks.open(backend, 1e6);
  const faults = [];
  blocks.onFault = ({ name }) => faults.push(name);
  return { backend, blocks, faults };
}

test('where the browser has no more room, what is only cached makes way, and nothing stays dead', async () => {
  const { backend, blocks, faults } = await small(1000);
  for (let number = 0; number < 10; number += 1) assert.equal(await blocks.store(hashOf(number), block(), number < 4), true);
  assert.equal(await blocks.store(hashOf(20), block(500), false), true);
  assert.deepEqual([0, 1, 2, 3].map((number) => blocks.has(hashOf(number))), [true, true, true, true], 'what is held stays');
  assert.equal(blocks.has(hashOf(4)), false);
  assert.deepEqual(faults, []);

  blocks.pin(hashOf(20));
  assert.equal(await blocks.store(hashOf(21), block(900), false), false, 'there is no room');
  assert.deepEqual(faults, ['StorageFailed']);
  assert.equal(blocks.has(hashOf(21)), false);
  assert.equal(await blocks.store(hashOf(22), block(5), false), true, 'but for little there is');
  blocks.unpin(hashOf(20));
  assert.equal(await blocks.store(hashOf(21), block(400), false), true);
  assert.ok(blocks.usage.bytes <= backend.room);
});

test('where the browser has no more room, others get none, and their blocks push out nothing', async () => {
  const { blocks } = await small(1000);
  for (let number = 0; number < 10; number += 1) await blocks.store(hashOf(number), block(), false);
  assert.equal(await blocks.store(hashOf(20), block(), true), false);
  assert.equal(blocks.usage.blocks, 10);
});

test('its own content gets room where others hold all that the browser gives', async () => {
  const { blocks } = await small(1000);
  for (let number = 0; number < 10; number += 1) await blocks.store(hashOf(number), block(), true);
  assert.equal(await blocks.store(hashOf(20), block(), false), true);
  assert.ok(blocks.usage.held >= 400, `${blocks.usage.held} bytes are held still`);
});

test('a backend that is lost for good leaves memory in its place, and says so once', async () => {
  const backend = new MemoryBackend();
  const blocks = await Blocks.open(backend, 1e6);
  const faults = [];
  blocks.onFault = ({ name }) => faults.push(name);
  for (let number = 0; number < 70; number += 1) await blocks.store(hashOf(number), block(), true);
  const lost = () => Promise.reject(new MeshError(CODE.memoryOnly));
  Object.assign(backend, { load: lost, change: lost, scan: lost });
  assert.deepEqual(await Promise.all([blocks.load(hashOf(0)), blocks.load(hashOf(1))]), [undefined, undefined]);
  assert.equal(await blocks.store(hashOf(100), block(5), true), true);
  assert.deepEqual(await blocks.scan(undefined, 9), [hashOf(100)]);
  assert.deepEqual(faults, ['MemoryOnly']);
  assert.deepEqual(blocks.usage, { blocks: 1, bytes: 5, held: 5, quota: 1e6 });
});

test('a block that cannot be read is as good as none, and that is told', async () => {
  const backend = new MemoryBackend();
  const blocks = await Blocks.open(backend, 1e6);
  const faults = [];
  blocks.onFault = ({ name }) => faults.push(name);
  for (let number = 0; number < 70; number += 1) await blocks.store(hashOf(number), block(), true);
  backend.load = () => Promise.reject(new DOMException('', 'UnknownError'));
  assert.equal(await blocks.load(hashOf(0)), undefined);
  assert.deepEqual(faults, ['StorageFailed']);
});

test('what is lent is at hand for the next reader, and kept nowhere', async () => {
  const blocks = await Blocks.open(new MemoryBackend(), 1e6);
  blocks.lend(hashOf(1), block(7));
  assert.equal((await blocks.load(hashOf(1))).length, 7);
  assert.equal(blocks.has(hashOf(1)), false);
  assert.equal(blocks.usage.bytes, 0);
});
