// Goal: links over real WebRTC open through compact descriptions, carry every message, say how much waits, and leave nothing behind.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, open, serve } from './harness.js';

let server;
let browser;
let context;

before(async () => {
  server = await serve();
  browser = await launch();
  context = await browser.newContext();
});
after(async () => {
  await browser.close();
  await server.close();
});

/** Runs `script` in a new page that has `lab`, the exports of `links-page.js`. */
async function inPage(script, argument) {
  const page = await open(context, server.origin);
  try {
    await page.evaluate(async () => (globalThis.lab = await import('/test/links-page.js')));
    const answer = await page.evaluate(script, argument);
    assert.deepEqual(page.faults, []);
    return answer;
  } finally {
    await page.close();
  }
}

test('two ends open through two small descriptions and say goodbye', async () => {
  const { sizes, ms, before, after, down } = await inPage(async () => {
    const { a, b, sizes, ms } = await lab.pair();
    const before = lab.connectionCount();
    a.links.send(1, new TextEncoder().encode('goodbye'));
    a.links.close(1);
    await lab.until('the other end hears of it', () => b.names().includes('onDown'));
    const heard = b.notes.filter(([name]) => name === 'onBytes').map(([, , bytes]) => new TextDecoder().decode(bytes));
    await lab.until('the connections are closed', () => lab.connectionCount().open === 0);
    return { sizes, ms, before, after: { ...lab.connectionCount(), heard, told: a.names() }, down: b.names() };
  });
  assert.equal(sizes.length, 2);
  for (const size of sizes) assert.ok(size < 250, `${size} bytes`);
  assert.equal(before.open, 2);
  assert.deepEqual(after.heard, ['goodbye'], 'what was sent before the end arrives');
  assert.ok(!after.told.includes('onDown'), 'who closes a link is not told that it closed');
  assert.ok(down.includes('onDown'));
  console.log(`# offer to open ${Math.round(ms)} ms, descriptions of ${sizes.join(' and ')} bytes`);
});

test('two pages open a link, whichever offers', async () => {
  const [one, two] = [await open(context, server.origin), await open(context, server.origin)];
  const load = async () => {
    const lab = await import('/test/links-page.js');
    globalThis.end = lab.noted();
    globalThis.wait = (name) =>
      lab.until(name, () => globalThis.end.names().includes(name)).then(() => {
        const [, , bytes] = globalThis.end.notes.find(([each]) => each === name);
        return bytes && [...bytes];
      });
  };
  for (const page of [one, two]) await page.evaluate(load);
  const connect = async (offerer, answerer, link) => {
    await offerer.evaluate((link) => end.links.openRtc(link), link);
    const offer = await offerer.evaluate(() => wait('onDescribed'));
    await answerer.evaluate(([link, offer]) => end.links.openRtc(link, Uint8Array.from(offer)), [link, offer]);
    const answer = await answerer.evaluate(() => wait('onDescribed'));
    await offerer.evaluate(([link, answer]) => end.links.answered(link, Uint8Array.from(answer)), [link, answer]);
    for (const page of [offerer, answerer]) await page.evaluate(() => wait('onUp'));
    await offerer.evaluate((link) => (end.links.send(link, Uint8Array.of(1, 2, 3)), end.links.flush()), link);
    assert.deepEqual(await answerer.evaluate(() => wait('onBytes')), [1, 2, 3]);
    for (const page of [offerer, answerer]) await page.evaluate(() => (end.notes.length = 0));
  };
  await connect(one, two, 1);
  await connect(two, one, 2);
  assert.deepEqual([...one.faults, ...two.faults], []);
  await one.close();
  await two.close();
});

test('frames of one drain travel together, in order, and no message is longer than a packet', async () => {
  const lengths = await inPage(async () => {
    const { a, b } = await lab.pair();
    const frame = (byte, length) => new Uint8Array(length).fill(byte);
    for (let byte = 0; byte < 10; byte += 1) a.links.send(1, frame(byte, 17_000));
    a.links.flush();
    a.links.send(1, frame(10, 40_000));
    a.links.send(1, frame(11, 5));
    a.links.send(1, frame(12, 40_000));
    a.links.flush();
    const bytes = () => b.notes.filter(([name]) => name === 'onBytes').map(([, , bytes]) => bytes);
    const total = () => bytes().reduce((sum, { length }) => sum + length, 0);
    await lab.until('everything arrived', () => total() === 250_005);
    const all = bytes().flatMap((bytes) => [...bytes]);
    if (all.some((byte, index) => index > 0 && byte < all[index - 1])) throw new Error('out of order');
    return bytes().map(({ length }) => length);
  });
  assert.deepEqual(lengths, [51_000, 51_000, 51_000, 17_000, 40_000, 40_005]);
});

test('the engine is told each time so much of a queue has left, and not before', async () => {
  const { early, told } = await inPage(async () => {
    const { a, b } = await lab.pair();
    const frame = new Uint8Array(16_384);
    a.links.send(1, frame.subarray(0, 8_191));
    a.links.flush();
    const early = a.names().includes('onDrained');
    for (let i = 0; i < 64; i += 1) {
      a.links.send(1, frame);
      a.links.flush();
    }
    const arrived = () => b.notes.filter(([name]) => name === 'onBytes').length === 65;
    await lab.until('everything arrived', arrived);
    const told = () => a.notes.filter(([name]) => name === 'onDrained').map(([, , queued]) => queued);
    await lab.until('told that little waits', () => told().at(-1) < 8_192);
    return { early, told: told().length };
  });
  assert.equal(early, false, 'a little is not worth telling');
  assert.ok(told >= 1 && told <= 129, `told ${told} times`);
});

test('bytes that are no description, and text where bytes belong, end the link and nothing else', async () => {
  const names = await inPage(async () => {
    const bad = lab.noted();
    bad.links.openRtc(1, Uint8Array.of(1, 2, 3));
    bad.links.openSocket(2, undefined);
    bad.links.openSocket(3, 'ws://localhost:1/');
    bad.links.openRtc(4);
    await lab.until('described', () => bad.names().includes('onDescribed'));
    bad.links.answered(4, new Uint8Array(100));
    bad.links.answered(99, new Uint8Array(100));
    bad.links.send(99, new Uint8Array(1));
    bad.links.close(99);
    const down = () => bad.notes.filter(([name]) => name === 'onDown').map(([, link]) => link);
    await lab.until('four ends', () => down().length === 4);
    await lab.until('nothing is open', () => lab.connectionCount().open === 0);
    return down().sort();
  });
  assert.deepEqual(names, [1, 2, 3, 4]);
});

test('1,000 failed dials in one page leave nothing behind, and the limit of the browser is not reached', { timeout: 300_000 }, async () => {
  const result = await inPage(async () => {
    let refused = 0;
    let failed = 0;
    const { links } = lab.noted({ onRefused: () => (refused += 1), onDown: () => (failed += 1) });
    let counted = 0;
    const began = performance.now();
    for (let link = 1; link <= 1000; link += 1) {
      // A third each: closed while it gathers, closed as it waits for an answer, and answered with garbage.
      links.openRtc(link);
      if (link % 3 === 1) await new Promise((resolve) => setTimeout(resolve, 10));
      if (link % 3 === 2) links.answered(link, new Uint8Array(3));
      else links.close(link);
      counted = Math.max(counted, lab.connectionCount().counted);
      // As the engine does: no more than four dials at once. It dials far less often.
      await lab.until('fewer than four are open', () => lab.connectionCount().open < 4);
      if (link % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 30));
    }
    const ms = performance.now() - began;
    const end = await lab.collected(() => lab.connectionCount().counted === 0);
    return { refused, failed, counted, ms, end, left: lab.connectionCount(), links: links.counts.links };
  });
  console.log(`# ${JSON.stringify(result)}`);
  assert.equal(result.refused, 0, 'the browser collects what was closed, so no dial was refused');
  assert.ok(result.counted < 400);
  assert.deepEqual(result.left, { open: 0, counted: 0 });
  assert.equal(result.links, 0);
});

test('at the bound a dial fails at once and says so; afterwards dials work again', { timeout: 120_000 }, async () => {
  const result = await inPage(async () => {
    const refusals = [];
    const full = lab.noted({ onRefused: (why) => refusals.push(why) });
    for (let link = 1; link <= 401; link += 1) full.links.openRtc(link);
    const down = full.notes.filter(([name]) => name === 'onDown').map(([, link]) => link);
    const counted = lab.connectionCount().counted;
    full.links.closeAll();
    const isFree = await lab.collected(() => lab.connectionCount().counted === 0);
    const { ms } = await lab.pair();
    return { refusals, down, counted, isFree, works: ms > 0 };
  });
  assert.deepEqual(result, { refusals: ['full'], down: [401], counted: 400, isFree: true, works: true });
});
