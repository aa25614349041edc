// Goal: a database that was deleted, closed, used up or cannot be had does not stay dead: the tab goes on, and says so once.
// Method: a real browser whose site data is cleared, or whose quota is small.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, open, openStorage, serve } from './harness.js';

let server;
let browser;

before(async () => {
  server = await serve();
  browser = await launch();
});
after(async () => {
  await browser.close();
  await server.close();
});

/** Runs in the page: stores `count` blocks of 16,000 bytes that no other call stored; how many were kept, or what went wrong. */
const storeSome = (page, count, held = false) =>
  page.evaluate(
    async ([count, held]) => {
      globalThis.seed ??= 0;
      const blocks = Array.from({ length: count }, () => {
        const block = new Uint8Array(16_000);
        // Random, so that nothing is compressed away.
        for (let at = 0; at < block.length; at += 4000) crypto.getRandomValues(block.subarray(at, at + 4000));
        return block;
      });
      try {
        const stores = blocks.map(async (block) => globalThis.kept.blocks.store(await globalThis.bytes.sha256(block), block, held));
        return (await Promise.all(stores)).filter(Boolean).length;
      } catch (error) {
        return `${error.name}: ${error.message}`;
      }
    },
    [count, held],
  );

/** Collects the faults of the storage. */
const listen = (page) =>
  page.evaluate(() => {
    globalThis.faults = [];
    globalThis.kept.blocks.onFault = ({ name }) => globalThis.faults.push(name);
  });

test('a database that another tab deletes is made anew: the tab goes on, says so once, and keeps its id', async () => {
  const context = await browser.newContext();
  const page = await open(context, server.origin);
  const id = await openStorage(page);
  await listen(page);
  assert.equal(await storeSome(page, 100), 100);
  const other = await open(context, server.origin);
  const deleted = await other.evaluate(async () => {
    const names = (await indexedDB.databases()).map(({ name }) => name);
    const remove = (name) =>
      new Promise((resolve, reject) => {
        const request = indexedDB.deleteDatabase(name);
        request.onsuccess = () => resolve();
        request.onerror = () => reject(request.error);
      });
    await Promise.all(names.map(remove));
    return names.length;
  });
  assert.equal(deleted, 1);
  assert.equal(await storeSome(page, 10), 10);
  const now = await page.evaluate(() => [globalThis.kept.blocks.usage.blocks, globalThis.faults]);
  assert.deepEqual(now, [10, ['StorageCleared']]);
  await page.reload();
  assert.equal(await openStorage(page), id);
  assert.equal(await page.evaluate(() => globalThis.kept.blocks.usage.blocks), 10);
  await context.close();
});

test('site data that is cleared in the middle of writing costs what was kept, and nothing else', async () => {
  const context = await browser.newContext();
  const page = await open(context, server.origin);
  const id = await openStorage(page);
  await listen(page);
  assert.equal(await storeSome(page, 100), 100);
  const devtools = await context.newCDPSession(page);
  const writing = storeSome(page, 400);
  await devtools.send('Storage.clearDataForOrigin', { origin: server.origin, storageTypes: 'all' });
  assert.equal(await writing, 400);
  assert.equal(await storeSome(page, 10), 10);
  assert.deepEqual([...new Set(await page.evaluate(() => globalThis.faults))], ['StorageCleared']);
  await page.reload();
  assert.equal(await openStorage(page), id);
  const { blocks } = await page.evaluate(() => globalThis.kept.blocks.usage);
  assert.ok(blocks >= 10 && blocks < 510, `${blocks} blocks`);
  await context.close();
});

test('a database that cannot be opened anew leaves memory in its place', async () => {
  const context = await browser.newContext();
  const page = await open(context, server.origin);
  await openStorage(page);
  await listen(page);
  assert.equal(await storeSome(page, 100), 100);
  await page.evaluate(() => {
    const { open } = indexedDB;
    const close = (name) => new Promise((resolve) => (indexedDB.deleteDatabase(name).onsuccess = resolve));
    indexedDB.open = () => {
      throw new DOMException('no storage any more', 'SecurityError');
    };
    return Promise.all(['tabmesh:tabmesh:0'].map(close)).then(() => open);
  });
  assert.equal(await storeSome(page, 10), 10);
  const now = await page.evaluate(() => [globalThis.kept.blocks.usage.blocks, globalThis.faults]);
  assert.deepEqual(now, [10, ['MemoryOnly']]);
  await context.close();
});

test('a browser whose room is used up drops what is cached, and the next puts find room', async (t) => {
  const context = await browser.newContext();
  const page = await open(context, server.origin);
  const devtools = await context.newCDPSession(page);
  const { origin } = server;
  await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 4_000_000 });
  assert.equal((await devtools.send('Storage.getUsageAndQuota', { origin })).overrideActive, true);
  // Chromium asks for the quota when a database is opened, and only now and then later.
  await openStorage(page);
  await listen(page);
  let kept = 0;
  for (let round = 0; round < 12; round += 1) {
    const some = await storeSome(page, 50);
    assert.equal(typeof some, 'number', some);
    kept += some;
  }
  const { usage } = await devtools.send('Storage.getUsageAndQuota', { origin });
  t.diagnostic(`${kept} of 600 blocks were kept for a while, ${usage} bytes are used`);
  const { bytes } = await page.evaluate(() => globalThis.kept.blocks.usage);
  assert.ok(bytes <= 4_000_000, `${bytes} bytes`);
  assert.ok(kept > 250, 'more than fits at once');
  assert.ok((await storeSome(page, 1)) === 1, 'a little more has room');
  await context.close();
});

test('a storage that is closed says Closed, also to those who wait', async () => {
  const context = await browser.newContext();
  const page = await open(context, server.origin);
  await openStorage(page);
  const names = await page.evaluate(async () => {
    const { blocks } = globalThis.kept;
    const store = (seed) => {
      const block = new Uint8Array(1000).fill(seed);
      return globalThis.bytes.sha256(block).then((hash) => blocks.store(hash, block, true));
    };
    const stores = Array.from({ length: 200 }, (_, seed) => store(seed));
    await stores[0];
    globalThis.kept.close();
    const ends = await Promise.allSettled([...stores, store(250)]);
    return [...new Set(ends.map(({ reason }) => reason?.name ?? 'kept'))].sort();
  });
  assert.deepEqual(names.filter((name) => name !== 'kept'), ['Closed']);
  await context.close();
});
