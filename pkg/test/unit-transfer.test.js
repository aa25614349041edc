// Goal: content goes up in blocks and comes down as it was, a bounded number at a time, and stops when asked to.
// Method: operations that keep blocks in a map, in place of a network.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MemoryBackend } from '../dist/backend.js';
import { Blocks } from '../dist/blocks.js';
import { keyOf, sha256 } from '../dist/bytes.js';
import { cidText, parseCid } from '../dist/cid.js';
import * as CODE from '../dist/codes.js';
import { download } from '../dist/download.js';
import { MeshError, errorOf } from '../dist/errors.js';
import { WINDOW } from '../dist/limits.js';
import * as STATUS from '../dist/status.js';
import { Upload } from '../dist/upload.js';

const bytesOf = (size, seed = 1) => {
  let state = seed;
  return Uint8Array.from({ length: size }, () => (state = (state * 48_271) % 2_147_483_647) & 255);
};

/** A network of one map; how many requests were under way at once at most. */
function network() {
  const held = new Map();
  const seen = { most: 0, now: 0, gets: 0, failAt: Infinity, holders: 3 };
  const step = async (work) => {
    seen.now += 1;
    seen.most = Math.max(seen.most, seen.now);
    await new Promise((resolve) => setTimeout(resolve, 0));
    seen.now -= 1;
    return work();
  };
  const tab = async (quota = 1e9) => {
    const blocks = await Blocks.open(new MemoryBackend(), quota);
    const operations = {
      put: (hash, { signal, minHolders }) =>
        step(async () => {
          signal?.throwIfAborted();
          seen.minHolders = minHolders;
          if (seen.holders === 0) throw new MeshError(CODE.notReplicated);
          if (held.size >= seen.failAt) throw errorOf('put', STATUS.timedOut);
          held.set(keyOf(hash), await blocks.load(hash));
          return seen.holders;
        }),
      get: (hash, { signal }) =>
        step(async () => {
          signal?.throwIfAborted();
          seen.gets += 1;
          const bytes = held.get(keyOf(hash));
          if (!bytes) throw errorOf('get', STATUS.notFound);
          await blocks.store(hash, bytes, false);
        }),
    };
    return {
      blocks,
      put: (data, options = {}) => new Upload(data, blocks, operations, options).run(),
      get: async (cid, options = {}) => download(parseCid(cid), blocks, operations, options),
    };
  };
  return { held, seen, tab };
}

const streamOf = (...chunks) =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });

test('whatever can be put comes back the same, in every form', async () => {
  const { tab } = network();
  const [giver, reader] = [await tab(), await tab()];
  const bytes = bytesOf(100_000);
  const forms = [bytes, bytes.buffer, new Blob([bytes]), streamOf(bytes.slice(0, 7), bytes.slice(7, 50_000), bytes.slice(50_000))];
  const cids = [];
  for (const form of forms) {
    const { cid, size, blocks, holders } = await giver.put(form);
    assert.deepEqual([size, blocks, holders], [100_000, 8, 3]);
    cids.push(cid);
  }
  assert.equal(new Set(cids).size, 1);
  const content = await reader.get(cids[0]);
  assert.deepEqual([content.cid, content.size], [cids[0], 100_000]);
  assert.deepEqual(await content.bytes(), bytes);
  const blob = await content.blob('image/png');
  assert.equal(blob.type, 'image/png');
  assert.deepEqual(new Uint8Array(await blob.arrayBuffer()), bytes);
  const streamed = [];
  for await (const part of content.stream()) streamed.push(...part);
  assert.deepEqual(Uint8Array.from(streamed), bytes);
});

test('text, nothing at all, one block exactly', async () => {
  const { tab } = network();
  const [giver, reader] = [await tab(), await tab()];
  const { cid } = await giver.put('grüße');
  assert.equal(await (await reader.get(cid)).text(), 'grüße');
  for (const size of [0, 1, 16_384, 16_385]) {
    const bytes = bytesOf(size);
    const { cid } = await giver.put(bytes);
    const content = await reader.get(cid);
    assert.equal(content.size, size);
    assert.deepEqual(await content.bytes(), bytes);
  }
});

test('no more than a window is under way, both ways, and progress is told', async () => {
  const { tab, seen } = network();
  const [giver, reader] = [await tab(), await tab()];
  const bytes = bytesOf(1_500_000);
  const up = [];
  const { cid } = await giver.put(bytes, { onProgress: (progress) => up.push(progress) });
  assert.ok(seen.most > 1 && seen.most <= WINDOW, `${seen.most} at once`);
  assert.deepEqual(up.at(-1), { done: 1_500_000, total: 1_500_000, holders: 3 });
  seen.most = 0;
  const down = [];
  await (await reader.get(cid, { onProgress: (progress) => down.push(progress) })).blob();
  assert.ok(seen.most > 1 && seen.most <= WINDOW + 1, `${seen.most} at once`);
  assert.deepEqual(down.at(-1), { done: 1_500_000, total: 1_500_000 });
  assert.ok(down.length > 50);
});

test('a range fetches its blocks only', async () => {
  const { tab, seen } = network();
  const [giver, reader] = [await tab(), await tab()];
  const bytes = bytesOf(1_000_000);
  const { cid } = await giver.put(bytes);
  const content = await reader.get(cid, { range: { start: 500_000, end: 500_100 } });
  assert.equal(content.size, 1_000_000);
  assert.deepEqual(await content.bytes(), bytes.slice(500_000, 500_100));
  assert.ok(seen.gets <= 3, `${seen.gets} blocks`);
  assert.deepEqual(await (await reader.get(cid, { range: { start: 999_990 } })).bytes(), bytes.slice(999_990));
  assert.deepEqual(await (await reader.get(cid, { range: { start: 2e6, end: 3e6 } })).bytes(), new Uint8Array(0));
  for (const range of [{ start: -1 }, { start: 5, end: 4 }, { start: 0.5 }, { end: NaN }]) {
    await assert.rejects(reader.get(cid, { range }), { code: CODE.badRange });
  }
});

/** The root of a sound tree of 64 TiB, all of whose leaves are the same: 4 nodes are all there is to it. */
async function hugeTree(keep) {
  const node = async (hash, size, codec) => {
    const link = Uint8Array.of(0xd8, 0x2a, 0x58, 37, 0, 1, codec, 0x12, 0x20);
    const head = Uint8Array.of(0x82, 0x1b, ...new Uint8Array(new BigUint64Array([BigInt(size)]).buffer).reverse(), 0x99, 1, 0);
    const short = size < 2 ** 32 ? Uint8Array.of(0x82, 0x1a, ...head.subarray(6, 10), 0x99, 1, 0) : head;
    return keep(new Uint8Array(await new Blob([short, ...Array(256).fill([link, hash]).flat()]).arrayBuffer()));
  };
  let hash = await keep(new Uint8Array(16_384));
  for (let height = 1; height <= 4; height += 1) hash = await node(hash, 16_384 * 256 ** height, height === 1 ? 0x55 : 0x71);
  return cidText({ codec: 0x71, hash });
}

test('a name that claims more than is wanted costs one block', async () => {
  const { tab, held, seen } = network();
  const reader = await tab();
  const cid = await hugeTree(async (bytes) => {
    const hash = await sha256(bytes);
    held.set(keyOf(hash), bytes);
    return hash;
  });
  await assert.rejects(reader.get(cid, { maxBytes: 1e9 }), { name: 'TooLarge', message: /70368744177664/ });
  const content = await reader.get(cid);
  assert.equal(content.size, 2 ** 46);
  for (const whole of ['bytes', 'blob', 'text']) await assert.rejects(content[whole](), { name: 'TooLarge' });
  const bold = await reader.get(cid, { maxBytes: Infinity });
  await assert.rejects(bold.bytes(), { name: 'TooLarge', message: /no memory/ });
  assert.equal(seen.gets, 1);
  const some = await reader.get(cid, { range: { start: 2 ** 45, end: 2 ** 45 + 10 }, maxBytes: 10 });
  assert.deepEqual(await some.bytes(), new Uint8Array(10));
  for (const maxBytes of [-1, NaN, '9']) await assert.rejects(reader.get(cid, { maxBytes }), { name: 'BadOption' });
});

test('a stream that nobody reads fetches nothing more', async () => {
  const { tab, seen } = network();
  const [giver, reader] = [await tab(), await tab()];
  const { cid } = await giver.put(bytesOf(3_000_000));
  const stream = (await reader.get(cid)).stream().getReader();
  await stream.read();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const fetched = seen.gets;
  assert.ok(fetched <= WINDOW + 3, `${fetched} blocks for one read`);
  await stream.cancel();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(seen.gets, fetched);
});

test('giving up ends it, with the reason', async () => {
  const { tab } = network();
  const [giver, reader] = [await tab(), await tab()];
  const bytes = bytesOf(1_000_000);
  const stop = new AbortController();
  const put = giver.put(bytes, { signal: stop.signal, onProgress: () => stop.abort() });
  await assert.rejects(put, { name: 'AbortError' });
  const { cid } = await giver.put(bytes);
  const late = new AbortController();
  const content = await reader.get(cid, { signal: late.signal, onProgress: () => late.abort() });
  await assert.rejects(content.bytes(), { name: 'AbortError' });
});

test('a stream whose next chunk never comes keeps nobody waiting', { timeout: 10_000 }, async () => {
  const { tab, seen } = network();
  const giver = await tab();
  const canceled = [];
  const hanging = () =>
    new ReadableStream({
      start: (controller) => controller.enqueue(bytesOf(100_000)),
      cancel: (reason) => void canceled.push(reason.name),
    });
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 50);
  await assert.rejects(giver.put(hanging(), { signal: stop.signal }), { name: 'AbortError' });
  seen.failAt = 0;
  await assert.rejects(giver.put(hanging()), { code: STATUS.timedOut });
  assert.deepEqual(canceled, ['AbortError', 'TimedOut']);
});

test('a block that cannot be placed fails the whole, and so does one that is gone', async () => {
  const { tab, seen, held } = network();
  const [giver, reader] = [await tab(), await tab()];
  seen.failAt = 20;
  await assert.rejects(giver.put(bytesOf(1_000_000)), { code: STATUS.timedOut });
  seen.failAt = Infinity;
  const { cid } = await giver.put(bytesOf(1_000_000));
  held.delete([...held.keys()].at(-5));
  await assert.rejects((await reader.get(cid)).bytes(), { code: STATUS.notFound });
  await assert.rejects(reader.get('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'), { code: STATUS.notFound });
});

test('content larger than the store goes through it', async () => {
  const { tab } = network();
  const [giver, reader] = [await tab(1_100_000), await tab(1_100_000)];
  const bytes = bytesOf(4_000_000);
  const { cid } = await giver.put(new Blob([bytes]));
  assert.deepEqual(await (await reader.get(cid)).bytes(), bytes);
  assert.ok(reader.blocks.usage.bytes <= 1_100_000);
});

test('bytes that are changed or transferred while they are put are put as they were', async () => {
  const { tab } = network();
  const [giver, reader] = [await tab(), await tab()];
  const spoil = {
    changed: (bytes) => bytes.fill(0),
    transferred: (bytes) => structuredClone(bytes.buffer, { transfer: [bytes.buffer] }),
  };
  for (const [name, act] of Object.entries(spoil)) {
    for (const form of [(bytes) => bytes, (bytes) => bytes.buffer, (bytes) => new DataView(bytes.buffer)]) {
      const bytes = bytesOf(200_000);
      const put = giver.put(form(bytes));
      act(bytes);
      const { cid, size } = await put;
      assert.equal(size, 200_000, name);
      assert.deepEqual(await (await reader.get(cid)).bytes(), bytesOf(200_000), name);
    }
  }
  const shared = new Uint8Array(new SharedArrayBuffer(50_000)).fill(3);
  const put = giver.put(shared);
  shared.fill(4);
  assert.deepEqual(await (await reader.get((await put).cid)).bytes(), new Uint8Array(50_000).fill(3));
});

test('a stream may use the memory of a chunk again, and its chunks may be any bytes', async () => {
  const { tab } = network();
  const [giver, reader] = [await tab(), await tab()];
  const memory = new Uint8Array(100_000);
  let count = 0;
  const stream = new ReadableStream(
    {
      pull(controller) {
        if (count === 3) return controller.close();
        controller.enqueue(memory.fill((count += 1)));
      },
    },
    { highWaterMark: 0 },
  );
  const { cid } = await giver.put(stream);
  const expected = new Uint8Array(300_000);
  for (const part of [1, 2, 3]) expected.fill(part, (part - 1) * 100_000, part * 100_000);
  assert.deepEqual(await (await reader.get(cid)).bytes(), expected);
  const words = Uint16Array.from([1, 2, 3]);
  const mixed = await giver.put(streamOf(words, words.buffer, new DataView(words.buffer, 2)));
  assert.equal(mixed.size, 6 + 6 + 4);
});

test('what nobody else keeps fails, and stays here', async () => {
  const { tab, seen } = network();
  const giver = await tab();
  const bytes = bytesOf(1_000_000);
  seen.holders = 0;
  const error = await giver.put(bytes).catch((error) => error);
  assert.deepEqual([error.name, error.code], ['NotReplicated', CODE.notReplicated]);
  const [, cid] = /(b[a-z2-7]{58})/.exec(error.message) ?? assert.fail(`no content id in: ${error.message}`);
  seen.gets = 0;
  assert.deepEqual(await (await giver.get(cid)).bytes(), bytes);
  assert.equal(seen.gets, 0, 'all of it is here');
});

test('nothing of a put that failed stays pinned', async () => {
  const { tab, seen } = network();
  for (const spoil of [{ failAt: 5 }, { holders: 0 }]) {
    const giver = await tab(1_100_000);
    Object.assign(seen, spoil);
    await assert.rejects(giver.put(bytesOf(900_000)));
    Object.assign(seen, { failAt: Infinity, holders: 3 });
    // More than fit beside anything else.
    for (let seed = 0; seed < 70; seed += 1) {
      const bytes = bytesOf(16_384, 100 + seed);
      assert.equal(await giver.blocks.store(await sha256(bytes), bytes, false), true);
    }
    for (const leaf of [0, 1, 2]) {
      const bytes = bytesOf(900_000).slice(leaf * 16_384, (leaf + 1) * 16_384);
      assert.equal(giver.blocks.has(await sha256(bytes)), false, `leaf ${leaf} has made room`);
    }
  }
});

test('so many holders are asked for, and there are reasons to say no', async () => {
  const { tab, seen } = network();
  const giver = await tab();
  await giver.put(bytesOf(100), { minHolders: 8 });
  assert.equal(seen.minHolders, 8);
  for (const minHolders of [0, 9, 1.5, '3', NaN]) {
    await assert.rejects(async () => giver.put('x', { minHolders }), { name: 'BadOption', message: /minHolders/ });
  }
});

test('what cannot be put is refused, and named', async () => {
  const { tab } = network();
  const giver = await tab();
  const none = { Undefined: undefined, Null: null, Number: 42, Object: {}, Array: [1, 2] };
  for (const [kind, data] of Object.entries(none)) {
    await assert.rejects(async () => giver.put(data), { name: 'BadData', code: 1004, message: new RegExp(kind) });
  }
  const gone = new Uint8Array(10);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  await assert.rejects(async () => giver.put(gone), { name: 'BadData', message: /transferred/ });
  const locked = streamOf(gone);
  locked.getReader();
  await assert.rejects(async () => giver.put(locked), { name: 'BadData', message: /read by somebody else/ });
  await assert.rejects(giver.put(streamOf('text')), { name: 'BadData' });
  const broken = new ReadableStream({ pull: (controller) => controller.error(new MeshError(CODE.closed)) });
  await assert.rejects(giver.put(broken), { code: CODE.closed });
});
