// Goal: a tab comes to the same outcomes as Node, stays fluent meanwhile, and keeps no Worker behind.
// Method: the small modules of the tests, assembled here, run in real Chromium.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { utf8 } from '../dist/bytes.js';
import { launch, open, serve, until } from './harness.js';
import { runHere } from './task-host.js';
import { DEEP, MODULES, WASI, answer, assemble, command, print, pure, stepped } from './task-modules.js';

let server;
let browser;
let context;
let page;

before(async () => {
  server = await serve();
  browser = await launch();
  context = await browser.newContext();
  page = await open(context, server.origin);
});
after(async () => {
  await browser.close();
  await server.close();
});

const base64 = (bytes) => Buffer.from(bytes).toString('base64');

/** Runs a task in the page; numbers of gas and bytes as texts. */
const runInPage = (module, input = '', options = {}) =>
  page.evaluate(
    async ({ module, input, options }) => {
      const { runTask } = await import('/dist/index.js');
      const bytes = Uint8Array.from(atob(module), (character) => character.charCodeAt(0));
      const result = await runTask(bytes, input, { ...options, gas: BigInt(options.gas ?? 1_000_000) });
      return { ...result, gasUsed: `${result.gasUsed}`, output: Array.from(result.output) };
    },
    { module: base64(module), input, options },
  );

/** The same outcome, as Node has it. */
function here(module, input = '', { gas = '1000000', ...options } = {}) {
  const { gasUsed, output, ...result } = runHere(module, utf8(input), { ...options, gas: BigInt(gas) });
  return { ...result, gasUsed: `${gasUsed}`, output: Array.from(output) };
}

/** A command that calls every function but `proc_exit` once, and writes what they answered. */
const everyFunction = () => {
  const one = '(i32.const 1) ';
  const values = { clock_time_get: `${one}(i64.const 0) (i32.const 64)`, fd_seek: `${one}(i64.const 0) ${one}${one}` };
  const counts = { fd_close: 1, fd_prestat_dir_name: 3, fd_read: 4, fd_write: 4 };
  const names = WASI.filter((name) => name !== 'proc_exit');
  const call = (name) => `(call $${name} ${values[name] ?? one.repeat(counts[name] ?? 2)})`;
  const calls = names.map((name, index) => `(i32.store (i32.const ${1024 + 4 * index}) ${call(name)})`);
  return command(calls.join('\n') + print(1024, 4 * names.length));
};

test('i3_a tab and Node come to the same status, gas and output', async () => {
  const modules = {
    ...MODULES,
    everyFunction: everyFunction(),
    simd: pure('(drop (v128.const i64x2 0 0)) (i64.const 0)'),
    invalid: Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0, 10, 6, 1, 4, 0, 0x42, 0, 0x0b),
    segment: pure('(i64.const 0)', '(data (i32.const 65535) "ab")'),
    lacking: assemble('(module (memory (export "memory") 1))'),
    started: pure('(i64.const 0)', '(func $first (unreachable)) (start $first)'),
    grown: pure(`(i32.store (i32.const 0) (memory.grow (i32.const 2000))) ${answer('(i32.const 0)', '(i32.const 4)')}`),
  };
  const seen = new Set();
  for (const [name, module] of Object.entries(modules)) {
    const { id, hint, ...result } = await runInPage(module, 'hello');
    assert.deepEqual(result, here(module, 'hello'), name);
    assert.equal(hint !== undefined, result.status === 'STACK', name);
    assert.match(id, /^bafkrei/);
    seen.add(result.status);
  }
  assert.deepEqual([...seen].sort(), ['BAD_ABI', 'EXIT', 'OK', 'OUT_OF_GAS', 'REFUSED', 'STACK', 'TRAP']);
});

test('i3_a tab and Node come to the same by steps, however many there are', async () => {
  const pack = readFileSync(new URL('../../task-meter/guests/built/pack.wasm', import.meta.url));
  const cases = [
    [pack, 'one one one one, and one more', { pieceBytes: 4, gas: '10000000' }],
    [pack, '', { pieceBytes: 1, gas: '10000000' }],
    // Each has a memory of its own, and a tab has room for some hundreds at once.
    [stepped('(i32.const 0)'), '', { pieceBytes: 1, gas: '300000000' }],
  ];
  for (const [module, input, options] of cases) {
    const { id, ...result } = await runInPage(module, input, options);
    assert.deepEqual(result, here(module, input, options));
    assert.ok(result.steps >= 1);
  }
  const step = await page.evaluate(async (module) => {
    const { stepTask } = await import('/dist/task/index.js');
    const bytes = Uint8Array.from(atob(module), (character) => character.charCodeAt(0));
    const { next } = await stepTask(bytes, undefined, 'one one');
    return { flag: next.flag, state: Array.from(next.state) };
  }, base64(pack));
  const { next } = runHere(pack, utf8('one one'), { state: new Uint8Array(0) });
  assert.deepEqual(step, { flag: next.flag, state: Array.from(next.state) });
});

test('i7_the stack that is counted fits into a Worker, whatever its frames hold', async () => {
  for (const [name, module] of Object.entries(DEEP)) {
    const { id, hint, ...result } = await runInPage(module);
    assert.equal(result.status, 'STACK', name);
    assert.match(hint, /go deeper than 256 KiB/);
    assert.deepEqual(result, here(module));
  }
});

test('the page goes on while a task runs, and the watchdog ends it', async () => {
  const { status, frames } = await page.evaluate(async (module) => {
    const { runTask } = await import('/dist/index.js');
    const bytes = Uint8Array.from(atob(module), (character) => character.charCodeAt(0));
    let frames = 0;
    let isOver = false;
    const count = () => {
      frames += 1;
      if (!isOver) requestAnimationFrame(count);
    };
    const onProgress = ({ stage, elapsedMs }) => stage === 'running' && elapsedMs < 100 && requestAnimationFrame(count);
    const { status } = await runTask(bytes, '', { gas: 2n ** 62n, timeoutMs: 3_000, onProgress });
    isOver = true;
    return { status, frames };
  }, base64(MODULES.endless));
  assert.equal(status, 'LATE');
  assert.ok(frames >= 30, `${frames} frames in about 3 s`);
});

test('i9_an abort ends the Worker in the middle of a task', async () => {
  const name = await page.evaluate(async (module) => {
    const { runTask } = await import('/dist/index.js');
    const bytes = Uint8Array.from(atob(module), (character) => character.charCodeAt(0));
    const controller = new AbortController();
    const onProgress = ({ stage }) => stage === 'running' && setTimeout(() => controller.abort(), 50);
    const ended = runTask(bytes, '', { gas: 2n ** 62n, signal: controller.signal, onProgress });
    return ended.then(() => 'ended', (error) => error.name);
  }, base64(MODULES.endless));
  assert.equal(name, 'AbortError');
  await until(5_000, 'the Worker is gone', () => page.workers().length === 0);
});

test('tasks one after another, and many at once, leave no Worker behind', async () => {
  let most = 0;
  page.on('worker', () => (most = Math.max(most, page.workers().length)));
  const statuses = await page.evaluate(async (module) => {
    const { runTask } = await import('/dist/index.js');
    const bytes = Uint8Array.from(atob(module), (character) => character.charCodeAt(0));
    const results = [];
    for (let number = 0; number < 30; number += 1) results.push(await runTask(bytes));
    results.push(...(await Promise.all(Array.from({ length: 30 }, () => runTask(bytes)))));
    return results.map(({ status, gasUsed }) => `${status} ${gasUsed}`);
  }, base64(MODULES.sum));
  assert.equal(statuses.length, 60);
  assert.equal(new Set(statuses).size, 1);
  assert.ok(most > 0, 'Workers are seen while they are there');
  await until(5_000, 'the Workers are gone', () => page.workers().length === 0);
});

test('where the Worker or the meter cannot be loaded, the error says so', async () => {
  const name = async (pattern) => {
    const other = await open(context, server.origin);
    await other.route(pattern, (route) => route.fulfill({ status: 404, body: 'not here' }));
    const text = await other.evaluate(async (module) => {
      const { checkTask } = await import('/dist/task/index.js');
      const bytes = Uint8Array.from(atob(module), (character) => character.charCodeAt(0));
      return checkTask(bytes).then(() => 'checked', (error) => error.name);
    }, base64(MODULES.echo));
    await other.close();
    return text;
  };
  assert.equal(await name('**/task/worker.js'), 'NoWorker');
  assert.equal(await name('**/tabmesh_meter.wasm'), 'NoMeter');
  assert.equal(await name('**/nothing'), 'checked');
  assert.deepEqual(page.faults, []);
});
