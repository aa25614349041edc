// Goal: joining ends as it should when nobody is there, when it is given up, and when the core is missing; a closed mesh leaves
// nothing behind. (Joining real networks is tested in `tests/`.)

import assert from 'node:assert/strict';
import { after, before, beforeEach, afterEach, test } from 'node:test';

import { launch, open, serve } from './harness.js';

let server;
let browser;
let context;
let page;

before(async () => {
  server = await serve();
  browser = await launch();
});
after(async () => {
  await browser.close();
  await server.close();
});
beforeEach(async () => {
  context = await browser.newContext();
  page = await open(context, server.origin);
  await page.evaluate(prepare);
});
afterEach(() => context.close());

/** Runs in the page: `join` with results that can cross into Node.js. */
async function prepare() {
  const { join } = await import('/dist/index.js');
  globalThis.tryJoin = async (options) => {
    try {
      const mesh = (globalThis.mesh = await join(options));
      return { id: mesh.id, state: mesh.state };
    } catch ({ name, code, message }) {
      return { name, code, message };
    }
  };
  globalThis.failure = async (work) => {
    try {
      await work(globalThis.mesh);
      return 'no failure';
    } catch ({ name, code }) {
      return `${name} ${code}`;
    }
  };
}

const join = (options) => page.evaluate((options) => tryJoin(options), options);

test('a mesh has an id at once, uses little memory, and does nothing once it is closed', async () => {
  const { id, state } = await join({ wait: false, signalling: [] });
  assert.match(id, /^[0-9a-f]{64}$/);
  assert.equal(state, 'joining');
  const result = await page.evaluate(async () => {
    const metrics = mesh.metrics();
    const peers = [mesh.peers(), mesh.neighbourhood()];
    let closed = 0;
    mesh.on('closed', () => (closed += 1));
    await mesh.close();
    await mesh.close();
    const failures = [
      await failure((mesh) => mesh.put('x')),
      await failure((mesh) => mesh.get('x')),
      await failure((mesh) => mesh.find('x')),
      await failure((mesh) => mesh.send('x', new Uint8Array(1))),
      await failure((mesh) => mesh.topic('x')),
    ];
    return { metrics, peers, closed, failures, state: mesh.state };
  });
  assert.ok(result.metrics.memory <= 262_144, `${result.metrics.memory} bytes of Wasm memory`);
  assert.deepEqual(result.metrics.connections, { open: 0, counted: 0 });
  assert.deepEqual(result.peers, [[], []]);
  assert.deepEqual([result.closed, result.state], [1, 'closed']);
  assert.deepEqual(result.failures, Array(5).fill('Closed 1013'));
  assert.equal((await join({ wait: false, signalling: [] })).id, id, 'the slot is free again');
  assert.deepEqual(page.faults, []);
});

test('several meshes in one page are several nodes', async () => {
  const ids = [];
  for (const network of ['one', 'one', 'two']) ids.push((await join({ wait: false, signalling: [], network })).id);
  assert.equal(new Set(ids).size, 3);
});

test('nobody there: joining ends in time with a sentence, and nothing stays', async () => {
  const result = await join({ signalling: ['ws://localhost:1/'], peers: ['ws://localhost:2/'], timeoutMs: 1500 });
  assert.deepEqual([result.name, result.code], ['JoinTimedOut', 1012]);
  assert.match(result.message, /check the network/);
  const locks = await page.evaluate(async () => (await navigator.locks.query()).held.length);
  assert.equal(locks, 0);
});

test('joining that is given up ends at once with the reason', async () => {
  const name = await page.evaluate(async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 300);
    const { name } = await tryJoin({ signalling: [], signal: stop.signal });
    const { name: again } = await tryJoin({ signalling: [], signal: stop.signal });
    return [name, again];
  });
  assert.deepEqual(name, ['AbortError', 'AbortError']);
});

test('options and arguments that make no sense have codes', async () => {
  assert.equal((await join({ signalling: 'no address' })).name, 'BadOption');
  await join({ wait: false, signalling: [] });
  const failures = await page.evaluate(async () => [
    await failure((mesh) => mesh.get(42)),
    await failure((mesh) => mesh.find('nowhere')),
    await failure((mesh) => mesh.send('nobody', new Uint8Array(1))),
    await failure((mesh) => mesh.send(mesh.id, 42)),
    await failure((mesh) => mesh.send(mesh.id, new Uint8Array(40_000))),
    await failure((mesh) => mesh.put(42)),
  ]);
  assert.deepEqual(failures, ['BadCid 1002', 'BadId 1003', 'BadId 1003', 'BadData 1004', 'TooLong 1005', 'BadData 1004']);
});

test('a core that cannot be loaded is said, and loaded when it is there again', async () => {
  await page.route('**/*.wasm', (route) => route.fulfill({ status: 404, body: 'gone' }));
  const result = await join({ wait: false, signalling: [] });
  assert.deepEqual([result.name, result.code], ['NoWasm', 1011]);
  await page.unroute('**/*.wasm');
  assert.equal((await join({ wait: false, signalling: [] })).state, 'joining');
});

test('a peer that is not there is a failed dial', async () => {
  const reason = await page.evaluate(async () => {
    const failed = new Promise((resolve) => {
      globalThis.onFailed = ({ id, reason }) => resolve({ id, name: reason.name });
    });
    await tryJoin({ wait: false, signalling: [], peers: ['ws://localhost:1/'] });
    mesh.on('dialfailed', globalThis.onFailed);
    return failed;
  });
  assert.equal(reason.id, null);
  assert.match(reason.name, /^(Timeout|Lost)$/);
});

test('progress is told step by step', async () => {
  const stages = await page.evaluate(async () => {
    const stages = [];
    await tryJoin({ wait: false, signalling: [], onProgress: ({ stage }) => stages.push(stage) });
    return stages;
  });
  assert.deepEqual(stages, ['storage', 'identity', 'core']);
});

test('a listener that throws stops nobody, and one that was stopped hears nothing', async () => {
  await join({ wait: false, signalling: [] });
  const heard = await page.evaluate(async () => {
    const heard = [];
    addEventListener('error', (event) => event.preventDefault());
    mesh.on('closed', () => {
      throw new Error('a bug of the application');
    });
    const stop = mesh.on('closed', () => heard.push('stopped'));
    mesh.on('closed', () => heard.push('second'));
    stop();
    await mesh.close();
    return heard;
  });
  assert.deepEqual(heard, ['second']);
});

test('a fault that nobody could hear yet is told to the first who listens', async () => {
  await page.evaluate(() => {
    indexedDB.open = () => {
      throw new DOMException('no storage here', 'SecurityError');
    };
  });
  await join({ wait: false, signalling: [] });
  const fault = await page.evaluate(() => new Promise((resolve) => mesh.on('fault', ({ name }) => resolve(name))));
  assert.equal(fault, 'MemoryOnly');
});

test('sleep, a new network and coming back wake the engine; going away says goodbye', async () => {
  const told = await page.evaluate(async () => {
    const { Clock } = await import('/dist/clock.js');
    const INPUT = await import('/dist/kinds/input.js');
    const names = Object.fromEntries(Object.entries(INPUT).map(([name, number]) => [number, name]));
    let told = [];
    const clock = new Clock({ input: (kind, number) => told.push([names[kind], number]), onLeave: () => told.push(['left']) });
    const after = (act) => {
      told = [];
      act();
      return told.map(([name]) => name).join();
    };
    const result = {
      start: after(() => clock.start()),
      online: after(() => dispatchEvent(new Event('online'))),
      resume: after(() => document.dispatchEvent(new Event('resume'))),
      pageshow: after(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }))),
      back: after(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))),
      late: after(() => clock.onLate(90_000)),
      aLittleLate: after(() => clock.onLate(900)),
      pagehide: after(() => dispatchEvent(new Event('pagehide'))),
    };
    const { now } = Date;
    Date.now = () => now() + 3_600_000;
    result.jump = after(() => clock.onLate(5));
    clock.stop();
    result.stopped = after(() => dispatchEvent(new Event('online')));
    return result;
  });
  assert.deepEqual(told, {
    start: 'wallTime',
    online: 'wake',
    resume: 'wake',
    pageshow: '',
    back: 'wake',
    late: 'wake',
    aLittleLate: '',
    pagehide: 'left',
    jump: 'wallTime',
    stopped: '',
  });
});
