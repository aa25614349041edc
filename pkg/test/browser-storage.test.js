// Goal: tabs never share an id, a reloaded tab has its id and its blocks again, and what is kept stays within its bound.

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

test('tabs of one origin have ids of their own, and each has it again after a reload', async () => {
  const context = await browser.newContext();
  const pages = [await open(context, server.origin), await open(context, server.origin), await open(context, server.origin)];
  const ids = [];
  for (const page of pages) ids.push(await openStorage(page));
  assert.equal(new Set(ids).size, 3);
  for (const id of ids) assert.match(id, /^[0-9a-f]{64}$/);
  // The last first, so that the first free slot would be the wrong one.
  for (const index of [2, 0, 1]) {
    await pages[index].reload();
    assert.equal(await openStorage(pages[index]), ids[index]);
  }
  await pages[1].close();
  const late = await open(context, server.origin);
  assert.equal(await openStorage(late), ids[1], 'the slot of a tab that has gone is taken again');
  assert.notEqual(await openStorage(await open(context, server.origin), { network: 'other' }), ids[0]);
  assert.deepEqual(pages[0].faults, []);
  await context.close();
});

test('two tabs that open at the same time have different ids', async () => {
  const context = await browser.newContext();
  const pages = await Promise.all(Array.from({ length: 5 }, () => open(context, server.origin)));
  const ids = await Promise.all(pages.map((page) => openStorage(page)));
  assert.equal(new Set(ids).size, 5);
  await context.close();
});

test('the key signs, cannot be read, and its signatures are checked', async () => {
  const context = await browser.newContext();
  const page = await open(context, server.origin);
  await openStorage(page);
  const result = await page.evaluate(async () => {
    const { Verifier } = await import('/dist/keys.js');
    const { database, identity } = globalThis.kept;
    const { resultOf } = await import('/dist/database.js');
    const { privateKey } = await database.read('identity', (store) => resultOf(store.get('key')));
    const exported = await crypto.subtle.exportKey('pkcs8', privateKey).then(() => 'read', (error) => error.name);
    const message = new TextEncoder().encode('hello');
    const signature = await identity.sign(message);
    const verifier = new Verifier();
    const broken = signature.slice();
    broken[5] ^= 1;
    return {
      exported,
      lengths: [signature.length, identity.publicKey.length],
      holds: await verifier.holds(identity.publicKey, signature, message),
      broken: await verifier.holds(identity.publicKey, broken, message),
      other: await verifier.holds(identity.publicKey, signature, new Uint8Array(5)),
      noPoint: await verifier.holds(new Uint8Array(64), signature, message),
    };
  });
  const expected = { exported: 'InvalidAccessError', lengths: [64, 64], holds: true, broken: false, other: false, noPoint: false };
  assert.deepEqual(result, expected);
  await context.close();
});

test('a key of the wanted level is found, kept, and replaced when the network wants more', async () => {
  const context = await browser.newContext();
  const page = await open(context, server.origin);
  const level = () => page.evaluate(async () => (await import('/dist/keys.js')).levelOf(globalThis.kept.identity.id));
  const five = await openStorage(page, { level: 5 });
  assert.ok((await level()) >= 5);
  await page.reload();
  assert.equal(await openStorage(page, { level: 5 }), five);
  await page.reload();
  const seven = await openStorage(page, { level: 7 });
  assert.ok((await level()) >= 7);
  await page.reload();
  assert.equal(await openStorage(page), seven, 'a key of more than the wanted level will do');
  await context.close();
});

test('blocks come back after a reload, ascending, with what is held and what is cached', async () => {
  const context = await browser.newContext();
  const page = await open(context, server.origin);
  await openStorage(page);
  const made = await page.evaluate(async () => {
    const { hex, sha256 } = globalThis.bytes;
    const { blocks } = globalThis.kept;
    const hashes = [];
    const stores = [];
    for (let seed = 0; seed < 300; seed += 1) {
      const block = new Uint8Array(1000).fill(seed & 255);
      block[0] = seed >> 8;
      const hash = await sha256(block);
      hashes.push(hex(hash));
      stores.push(blocks.store(hash, block, seed % 2 === 0));
    }
    return { hashes, stored: await Promise.all(stores), usage: blocks.usage };
  });
  assert.ok(made.stored.every(Boolean));
  assert.deepEqual({ ...made.usage, quota: 0 }, { blocks: 300, bytes: 300_000, held: 150_000, quota: 0 });
  await page.reload();
  await openStorage(page);
  const again = await page.evaluate(async (hashes) => {
    const { fromHex, hex, isEqual, sha256 } = globalThis.bytes;
    const { blocks } = globalThis.kept;
    let same = 0;
    for (const text of hashes) {
      const hash = fromHex(text, 32);
      if (isEqual(await sha256(await blocks.load(hash)), hash)) same += 1;
    }
    const scanned = [];
    for (let after; ; ) {
      const some = await blocks.scan(after, 64);
      scanned.push(...some.map(hex));
      after = some.at(-1);
      if (some.length < 64) break;
    }
    const unknown = new Uint8Array(32);
    const absent = blocks.absent([unknown, fromHex(hashes[7], 32)]).map(hex);
    return { same, scanned, absent, missing: await blocks.load(unknown), usage: blocks.usage };
  }, made.hashes);
  assert.equal(again.same, 300);
  assert.deepEqual(again.scanned, [...made.hashes].sort());
  assert.deepEqual(again.absent, ['00'.repeat(32)]);
  assert.equal(again.missing, undefined);
  assert.deepEqual(again.usage, made.usage);
  await context.close();
});

test('jobs are answered by their kinds', async () => {
  const context = await browser.newContext();
  const page = await open(context, server.origin);
  await openStorage(page);
  const answers = await page.evaluate(async () => {
    const { Jobs } = await import('/dist/jobs.js');
    const [INPUT, OUTPUT] = await Promise.all(['input', 'output'].map((kind) => import(`/dist/kinds/${kind}.js`)));
    const { concat, sha256 } = globalThis.bytes;
    const { identity, blocks } = globalThis.kept;
    const names = Object.fromEntries(Object.entries(INPUT).map(([name, number]) => [number, name]));
    const waiting = new Map();
    const answer = (kind, job, bytes) => waiting.get(job)([names[kind], bytes?.length ?? 0, bytes]);
    const jobs = new Jobs(identity, new Uint8Array(8), blocks, answer);
    let last = 0;
    const run = (kind, value = 0, id = new Uint8Array(0), bytes = new Uint8Array(0)) =>
      new Promise((resolve) => {
        waiting.set((last += 1), resolve);
        jobs.start(kind, last, value, id, bytes);
      });
    const block = new Uint8Array(500).fill(9);
    const hash = await sha256(block);
    const [, , signature] = await run(OUTPUT.sign, 0, undefined, block);
    const keyed = concat(identity.publicKey, signature);
    const all = [
      await run(OUTPUT.verify, 0, keyed, block),
      await run(OUTPUT.load, 0, hash),
      await run(OUTPUT.store, 0, new Uint8Array(32), block),
      await run(OUTPUT.store, 1, hash, block),
      await run(OUTPUT.load, 0, hash),
      await run(OUTPUT.absent, 0, concat(hash, new Uint8Array(32))),
      await run(OUTPUT.scan, 10),
      await run(OUTPUT.scan, 10, hash),
      await run(OUTPUT.close),
    ];
    return all.map(([name, length]) => [name, length]);
  });
  assert.deepEqual(answers, [
    ['verified', 1],
    ['missing', 0],
    ['mismatch', 0],
    ['stored', 0],
    ['loaded', 500],
    ['hashes', 32],
    ['hashes', 32],
    ['hashes', 0],
    ['failed', 0],
  ]);
  await context.close();
});

test('where the browser keeps nothing, memory has to do, and the tab says so', async () => {
  const context = await browser.newContext();
  await context.addInitScript(() => {
    indexedDB.open = () => {
      throw new DOMException('no storage here', 'SecurityError');
    };
  });
  const page = await open(context, server.origin);
  const id = await openStorage(page);
  const result = await page.evaluate(async () => {
    const { blocks, fault } = globalThis.kept;
    const block = new Uint8Array(100);
    const hash = await globalThis.bytes.sha256(block);
    await blocks.store(hash, block, true);
    return { name: fault.name, code: fault.code, length: (await blocks.load(hash)).length };
  });
  assert.deepEqual(result, { name: 'MemoryOnly', code: 1030, length: 100 });
  await page.reload();
  assert.notEqual(await openStorage(page), id);
  await context.close();
});

test('addresses that peers told are there the next time', async () => {
  const context = await browser.newContext();
  const page = await open(context, server.origin);
  await openStorage(page);
  const learn = () =>
    page.evaluate(async () => {
      const { Addresses } = await import('/dist/addresses.js');
      const addresses = await Addresses.open(['wss://given.example/'], globalThis.kept.database, 'app.example');
      const before = addresses.count;
      const claims = ['wss://peer.example/peer', 'wss://peer.example/peer', 'ws://peer.example/', 'wss://192.168.0.1/', 'garbage'];
      const news = claims.map((url, index) => addresses.learn(url, `peer ${index}`));
      await new Promise((resolve) => setTimeout(resolve, 200));
      return { before, news, all: Array.from({ length: addresses.count }, (_, number) => addresses.at(number)) };
    });
  const all = ['wss://given.example/', 'wss://peer.example/peer'];
  assert.deepEqual(await learn(), { before: 1, news: [true, false, false, false, false], all });
  await page.reload();
  await openStorage(page);
  assert.deepEqual(await learn(), { before: 2, news: [false, false, false, false, false], all });
  await context.close();
});

test('an address behind which a peer proved itself is there the next time, whatever was claimed since', async () => {
  const context = await browser.newContext();
  const page = await open(context, server.origin);
  await openStorage(page);
  await page.evaluate(async () => {
    const { Addresses } = await import('/dist/addresses.js');
    const addresses = await Addresses.open([], globalThis.kept.database, 'app.example');
    addresses.learn('wss://honest.org', 'ann');
    addresses.prove(0);
    for (let number = 0; number < 100; number += 1) addresses.learn(`wss://h.e${number}.org`, `mallory ${number}`);
    await new Promise((resolve) => setTimeout(resolve, 1500));
  });
  await page.reload();
  await openStorage(page);
  const known = await page.evaluate(async () => {
    const { resultOf } = await import('/dist/database.js');
    const { Addresses } = await import('/dist/addresses.js');
    const { database } = globalThis.kept;
    const kept = await database.read('addresses', (store) => resultOf(store.count()));
    const addresses = await Addresses.open([], database, 'app.example');
    return { kept, all: Array.from({ length: addresses.count }, (_, number) => addresses.at(number)) };
  });
  assert.ok(known.kept <= 32, `${known.kept} are kept`);
  assert.ok(known.all.includes('wss://honest.org/'));
  await context.close();
});
