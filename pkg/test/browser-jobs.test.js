// Goal: a tab runs jobs alone and offers to run those of others, by Workers that stay, and stops at once.
// Method: real Chromium; two nodes of one page whose doors are joined in memory.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { map } from '../dist/job/index.js';
import { launch, open, serve, until } from './harness.js';
import { MODULES, answer, command, pure } from './task-modules.js';

let server;
let browser;
let page;

before(async () => {
  server = await serve();
  browser = await launch();
  page = await open(await browser.newContext(), server.origin);
});
after(async () => {
  await browser.close();
  await server.close();
});

const slow = (turns) =>
  pure(`(loop $on (local.set $n (i32.add (local.get $n) (i32.const 1))) (br_if $on (i32.lt_u (local.get $n) (i32.const ${turns}))))
    ${answer('(local.get $at)', '(local.get $length)')}`);

const base64 = (bytes) => Buffer.from(bytes).toString('base64');
const inputs = Array.from({ length: 50 }, (_, at) => `input ${at}`);
const rootHere = () => map(undefined, MODULES.echo, inputs, { where: 'local' }).root();

test('i3_a job that a tab runs alone comes to the root of Node', async () => {
  const { root, outputs } = await page.evaluate(async ({ module, inputs }) => {
    const { map } = await import('/dist/job/index.js');
    const bytes = Uint8Array.from(atob(module), (character) => character.charCodeAt(0));
    const job = map(undefined, bytes, inputs, { where: 'local' });
    return { outputs: (await job).map((output) => new TextDecoder().decode(output.subarray(32))), root: await job.root() };
  }, { module: base64(MODULES.echo), inputs });
  assert.deepEqual([outputs, root], [inputs, await rootHere()]);
  await until(10_000, 'Workers that have nothing to do are gone', () => page.workers().length === 0);
});

test('tasks that end badly end so each time, with their log', async () => {
  const trap = command(
    `(i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 5))
      (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8))) unreachable`,
    '(data (i32.const 16) "oh no")',
  );
  const ends = await page.evaluate(async ({ module, inputs }) => {
    const { map } = await import('/dist/job/index.js');
    const bytes = Uint8Array.from(atob(module), (character) => character.charCodeAt(0));
    const results = await map(undefined, bytes, inputs, { where: 'local' }).settled();
    return Promise.all(results.map(async (result) => [result.status, await result.log()]));
  }, { module: base64(trap), inputs: inputs.slice(0, 6) });
  assert.deepEqual(ends, Array(6).fill(['TRAP', 'oh no']));
});

test('a tab takes tasks of another while it is visible, and remembers who was right', async () => {
  const found = await page.evaluate(async ({ module, inputs }) => {
    globalThis.setImmediate ??= (work) => setTimeout(work);
    const { map, offer, records, verifyReceipt } = await import('/dist/job/index.js');
    const { Net } = await import('/test/net.js');
    const bytes = Uint8Array.from(atob(module), (character) => character.charCodeAt(0));
    const net = new Net();
    const [asker, one, two] = await Promise.all([1, 2, 3].map(() => net.join()));
    const offers = await Promise.all([one, two].map(({ mesh }) => offer(mesh, { cores: 1 })));
    const job = map(asker.mesh, bytes, inputs, { validation: 2 });
    const results = await job.settled();
    const says = await verifyReceipt(await results[0].receipt(), { executor: results[0].executor });
    const turn = async (state) => {
      Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
      return offers.map(({ state: { isOn } }) => isOn);
    };
    const turns = [await turn('hidden'), await turn('visible')];
    for (const each of offers) each.stop();
    turns.push(offers.map(({ state: { isOn } }) => isOn));
    const { executor, confirmed } = (await records(asker.mesh).list())[0];
    return { root: await job.root(), status: says.status, turns, known: [one, two].some(({ mesh }) => mesh.id === executor) && confirmed > 0 };
  }, { module: base64(MODULES.echo), inputs });
  assert.deepEqual(found, { root: await rootHere(), status: 'OK', turns: [[false, false], [true, true], [false, false]], known: true });
  await page.reload();
  const kept = await page.evaluate(async () => {
    const { theBook } = await import('/dist/job/records.js');
    return (await theBook()).list().length;
  });
  assert.ok(kept > 0, 'records outlive the page');
});

test('who stops offering ends what runs at once', async () => {
  const running = await page.evaluate(async (module) => {
    globalThis.setImmediate ??= (work) => setTimeout(work);
    const { map, offer } = await import('/dist/job/index.js');
    const { Net } = await import('/test/net.js');
    const bytes = Uint8Array.from(atob(module), (character) => character.charCodeAt(0));
    const net = new Net();
    const [asker, one] = await Promise.all([1, 2].map(() => net.join()));
    const offered = await offer(one.mesh, { cores: 1, gas: 2n ** 62n });
    const job = map(asker.mesh, bytes, ['a'], { gas: 2n ** 60n });
    while (offered.state.running.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 500));
    offered.stop();
    const running = offered.state.running.length;
    await job.cancel();
    return running;
  }, base64(MODULES.endless));
  assert.equal(running, 0);
  await until(10_000, 'its Worker is gone', () => page.workers().length === 0);
  assert.deepEqual(page.faults, []);
});

test('a page that computes at full offer stays smooth, and gives way to its person', async () => {
  const found = await page.evaluate(async (module) => {
    globalThis.setImmediate ??= (work) => setTimeout(work);
    const { map, offer } = await import('/dist/job/index.js');
    const { thePool } = await import('/dist/task/pool.js');
    const { Net } = await import('/test/net.js');
    const bytes = Uint8Array.from(atob(module), (character) => character.charCodeAt(0));
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const net = new Net();
    const [asker, one] = await Promise.all([1, 2].map(() => net.join()));
    const offered = await offer(one.mesh, { cores: 64, gas: 2n ** 62n });
    // A second and more each, for longer than the test.
    const job = map(asker.mesh, bytes, Array.from({ length: 2_000 }, (_, at) => `${at}`), { gas: 2n ** 40n, validation: 0 });
    while (offered.state.done < 2) await pause(20);
    const frames = [];
    const until = performance.now() + 3_000;
    let last = performance.now();
    while (last < until) {
      await new Promise(requestAnimationFrame);
      frames.push(performance.now() - last);
      last = performance.now();
    }
    frames.sort((a, b) => a - b);
    // Runs that begin from the person's doing on, and those that had begun and end later than 100 ms after it.
    const pool = thePool();
    const [begun, late] = [[], []];
    const { run } = pool;
    let doneAt = Infinity;
    pool.run = (order) => {
      const at = performance.now();
      if (at > doneAt) begun.push(at - doneAt);
      const running = run.call(pool, order);
      const over = () => performance.now() > doneAt && at <= doneAt && late.push(performance.now() - doneAt);
      running.then(over, over);
      return running;
    };
    await pause(500);
    const before = offered.state.done;
    doneAt = performance.now();
    dispatchEvent(new PointerEvent('pointerdown'));
    await pause(1_500);
    const [whileUsed, doneWhileUsed] = [begun.length, offered.state.done - before];
    while (begun.length === 0) await pause(20);
    const { isOn } = offered.state;
    offered.stop();
    await job.cancel();
    pool.run = run;
    const p95 = frames[Math.floor(frames.length * 0.95)];
    return { frames: frames.length, p50: frames[Math.floor(frames.length / 2)], p95, whileUsed, doneWhileUsed, late, first: begun[0], isOn };
  }, base64(slow(1_000_000_000)));
  console.log(`frames in 3 s at full offer: ${found.frames}, p50 ${found.p50.toFixed(1)} ms, p95 ${found.p95.toFixed(1)} ms; ended ${found.late.map((ms) => ms.toFixed(0))} ms after a pointer event, first again after ${found.first.toFixed(0)} ms`);
  assert.deepEqual([found.whileUsed, found.isOn], [0, true]);
  assert.ok(found.doneWhileUsed <= 1, 'what was about to end may have');
  assert.ok(found.late.every((ms) => ms < 500), 'Workers are ended, whatever they do');
  assert.ok(found.first >= 1_900, `${found.first}`);
});
