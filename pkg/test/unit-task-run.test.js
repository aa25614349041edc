// Goal: tasks run in threads of their own, which are gone afterwards, whatever happens; callers hear what they did wrong.
// Method: the package's front door for tasks in Node.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';

import { utf8 } from '../dist/bytes.js';
import { checkTask, runTask, taskStatusNumbers } from '../dist/task/index.js';
import { KeptModules, keyOf } from '../dist/task/kept.js';
import { KEPT_BYTES_MAX, KEPT_MODULES_MAX } from '../dist/task/limits.js';
import { settleCheck, settleInvocation } from '../dist/task/options.js';
import { without } from '../dist/task/outcome.js';
import { REASONS } from '../dist/task/words.js';
import { notRun, session } from '../dist/task/session.js';
import { prepareHere, runHere } from './task-host.js';
import { DEEP, MODULES, assemble, pure } from './task-modules.js';

const ENDLESS_GAS = 1n << 62n;
const EMPTY = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku';

/** Threads of tasks that are there just now. */
const threads = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;

test('i3_a thread comes to the same outcome as the code that it runs', async () => {
  for (const [name, module] of Object.entries(MODULES)) {
    const { id, hint, ...result } = await runTask(module, 'hello', { gas: 1_000_000 });
    const { clockReads, ...here } = runHere(module, utf8('hello'), { gas: 1_000_000n });
    assert.deepEqual(result, here, name);
    assert.equal(hint !== undefined, result.status === 'STACK', name);
    assert.match(id, /^bafkrei[a-z2-7]{52}$/);
    if (result.output.length === 0) assert.equal(id, EMPTY);
  }
  assert.equal(taskStatusNumbers.OK, 0);
});

test('i7_the stack that is counted fits into a thread, whatever its frames hold', async () => {
  for (const [name, module] of Object.entries(DEEP)) {
    const { status, gasUsed } = await runTask(module, '', { gas: 1_000_000 });
    assert.deepEqual([status, gasUsed], ['STACK', 1_000_000n], name);
  }
});

test('i9_a Worker that fails makes no result', async () => {
  const settled = settleCheck(MODULES.echo, {});
  const source = { bytes: MODULES.echo.slice(), pages: 1, meter: new WebAssembly.Module(assemble('(module)')) };
  const invocation = settleInvocation('', {});
  const { kind } = await session({ source, invocation }, settled, () => assert.fail('nothing was prepared'));
  assert.equal(kind, 'failed');
  assert.deepEqual(notRun(undefined, { kind: 'failed', detail: '' }, 5n), without('ABORT', 0n));
  assert.deepEqual(notRun(undefined, { kind: 'late' }, 5n), without('LATE', 0n));
});

test('seed, time and input in all their forms', async () => {
  const seed = Uint8Array.from({ length: 32 }, (_, index) => index);
  const whole = utf8('-hello-');
  // A small `Buffer` shares its memory with others, and its `slice` is a view.
  const pooled = Buffer.from('hello');
  const inputs = ['hello', utf8('hello'), utf8('hello').buffer, whole.subarray(1, 6), pooled];
  for (const input of inputs) {
    for (const module of [MODULES.echo, MODULES.echo.buffer, Buffer.from(MODULES.echo)]) {
      const { output } = await runTask(module, input, { seed: Buffer.from(seed), time: 2n ** 64n - 1n, pages: inputs.indexOf(input) + 1 });
      assert.deepEqual([...output], [...seed, ...utf8('hello')]);
    }
  }
  assert.deepEqual([whole.length, pooled.toString(), seed.length], [7, 'hello', 32], 'what the caller gave stays the caller\'s');
});

test('the watchdog ends what does not end', async () => {
  const { status, gasUsed, output, id } = await runTask(MODULES.endless, '', { gas: ENDLESS_GAS, timeoutMs: 300 });
  assert.deepEqual([status, gasUsed, output.length, id], ['LATE', 0n, 0, EMPTY]);
});

test('an abort ends the task and rejects with its reason', async () => {
  const late = runTask(MODULES.endless, '', { gas: ENDLESS_GAS, signal: AbortSignal.timeout(200) });
  await assert.rejects(late, { name: 'TimeoutError' });
  const controller = new AbortController();
  const stages = [];
  const onProgress = ({ stage }) => stages.push(stage) && stage === 'running' && controller.abort();
  await assert.rejects(runTask(MODULES.endless, '', { gas: ENDLESS_GAS, signal: controller.signal, onProgress }), { name: 'AbortError' });
  await assert.rejects(runTask(MODULES.echo, '', { signal: controller.signal }), { name: 'AbortError' });
  await assert.rejects(checkTask(MODULES.echo, { signal: controller.signal }), { name: 'AbortError' });
  assert.equal(stages.at(-1), 'running');
});

test('progress names the stages, and goes on while the task runs', async () => {
  const fresh = pure('(loop $on (br $on))', '(data (i32.const 0) "fresh")');
  const heard = [];
  const options = { gas: ENDLESS_GAS, timeoutMs: 1_500, onProgress: (progress) => heard.push(progress) };
  assert.equal((await runTask(fresh, '', options)).status, 'LATE');
  const running = heard.filter(({ stage }) => stage === 'running');
  assert.deepEqual(heard.slice(0, 3).map(({ stage }) => stage), ['metering', 'compiling', 'running']);
  assert.ok(running.length >= 2);
  assert.deepEqual(running.map(({ elapsedMs }) => elapsedMs), running.map(({ elapsedMs }) => elapsedMs).sort((a, b) => a - b));
  heard.length = 0;
  await runTask(fresh, '', { ...options, timeoutMs: 300 });
  assert.equal(heard[0].stage, 'running', 'what was compiled is kept');
  const failing = () => {
    throw new RangeError('of the caller');
  };
  await assert.rejects(runTask(fresh, '', { gas: ENDLESS_GAS, onProgress: failing }), { name: 'RangeError', message: 'of the caller' });
});

test('checking says what a module is, and why not', async () => {
  const echo = await checkTask(MODULES.echo);
  assert.deepEqual([echo.accepted, echo.interface, echo.bytes, echo.lacks, echo.refusal], [true, 'pure', MODULES.echo.length, [], undefined]);
  assert.ok(echo.meteredBytes > echo.bytes);
  assert.deepEqual(echo.exports.at(-1), { name: 'run', type: 'function i32 i32 → i64' });
  echo.exports.length = 0;
  assert.equal((await checkTask(MODULES.echo)).exports.length, 3, 'what is kept is not the caller\'s');

  const hello = await checkTask(MODULES.hello);
  assert.deepEqual([hello.accepted, hello.interface, hello.imports[0].name], [true, 'command', 'fd_write']);

  const less = await checkTask(assemble('(module (memory (export "memory") 1))'));
  assert.deepEqual([less.accepted, less.lacks], [false, ['alloc: function i32 → i32', 'run: function i32 i32 → i64']]);

  const alien = await checkTask(assemble('(module (import "env" "f" (func (param f64))))'));
  assert.deepEqual([alien.accepted, alien.interface, alien.refusal.code], [false, null, 7]);
  assert.equal(alien.refusal.where, 'import env.f: function f64 →');
  assert.deepEqual(alien.imports, [{ module: 'env', name: 'f', type: 'function f64 →' }]);

  const wide = `(module (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
    (func (export "one")) (func $two (export "two") (drop (v128.const i32x4 1 2 3 4))))`;
  assert.equal((await checkTask(assemble(wide))).refusal.where, 'function 2, two');

  const large = await checkTask(new Uint8Array((64 << 20) + 1));
  assert.deepEqual([large.accepted, large.refusal.code, large.refusal.offset], [false, 1, 0]);
  const { status, code, refusal } = await runTask(new Uint8Array((64 << 20) + 1));
  assert.deepEqual([status, code, refusal.feature], ['REFUSED', 1, REASONS[1]]);
  assert.equal((await checkTask(assemble('(module (memory 2))'), { pages: 1 })).refusal.code, 9);
});

test('what a caller does wrong is named before anything runs', async () => {
  const cases = [
    [[undefined], /the module is/],
    [['module'], /the module is/],
    [[MODULES.echo, 5], /the input is/],
    [[MODULES.echo, new Uint8Array((16 << 20) + 1)], /16 MiB/],
    [[MODULES.echo, '', null], /options/],
    [[MODULES.echo, '', { gas: -1 }], /gas/],
    [[MODULES.echo, '', { gas: 1.5 }], /gas/],
    [[MODULES.echo, '', { gas: '7' }], /gas/],
    [[MODULES.echo, '', { gas: 2n ** 62n + 1n }], /gas/],
    [[MODULES.echo, '', { pages: 0 }], /pages/],
    [[MODULES.echo, '', { pages: 65_537 }], /pages/],
    [[MODULES.echo, '', { seed: new Uint8Array(31) }], /seed/],
    [[MODULES.echo, '', { time: -1 }], /time/],
    [[MODULES.echo, '', { time: 2n ** 64n }], /time/],
    [[MODULES.echo, '', { timeoutMs: 0 }], /timeoutMs/],
    [[MODULES.echo, '', { timeoutMs: Number.NaN }], /timeoutMs/],
    [[MODULES.echo, '', { signal: {} }], /signal/],
    [[MODULES.echo, '', { onProgress: 1 }], /onProgress/],
  ];
  for (const [values, detail] of cases) await assert.rejects(runTask(...values), { name: 'BadOption', code: 1001, message: detail });
  await assert.rejects(checkTask(pure('(i64.const 99)'), { timeoutMs: 0.001 }), { name: 'NotChecked', code: 1063 });
});

test('bytes are bytes, whatever their view and realm', async () => {
  const { buffer } = Uint8Array.from([9, ...utf8('input'), 9]);
  const view = new DataView(buffer, 1, 5);
  const alien = runInNewContext('new Uint8Array([105, 110, 112, 117, 116])');
  const wide = new Uint16Array(Uint8Array.from(utf8('inputs')).buffer, 0, 2);
  for (const [given, text] of [[view, 'input'], [alien, 'input'], [alien.buffer, 'input'], [wide, 'inpu']]) {
    const { output } = await runTask(MODULES.echo, given, { seed: runInNewContext('new Uint8Array(32)') });
    assert.equal(new TextDecoder().decode(output.subarray(32)), text);
  }
  const module = runInNewContext('Uint8Array').from(MODULES.echo);
  assert.equal((await runTask(module)).status, 'OK');
  await assert.rejects(runTask(new Map()), { name: 'BadOption', message: /not Map/ });
});

test('what the caller changes while a task runs is not seen', async () => {
  const [module, input] = [MODULES.echo.slice(), utf8('before')];
  const running = runTask(module, input);
  module.fill(0);
  input.fill(0);
  const { status, output } = await running;
  assert.equal(status, 'OK');
  assert.equal(new TextDecoder().decode(output.subarray(32)), 'before');
});

test('Node is known by its version, whatever is made global', async () => {
  const text = `globalThis.Worker = class {}; globalThis.postMessage = () => {};
    const { runTask } = await import(${JSON.stringify(new URL('../dist/task/index.js', import.meta.url).href)});
    console.log((await runTask(Buffer.from('${Buffer.from(MODULES.echo).toString('base64')}', 'base64'))).status);`;
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', text], { encoding: 'utf8' });
  assert.equal(said.trim(), 'OK');
});

test('bytes that are not there any more are named', async () => {
  const gone = MODULES.echo.slice();
  structuredClone(gone, { transfer: [gone.buffer] });
  const expected = { name: 'BadOption', message: /transferred/ };
  for (const values of [[gone], [gone.buffer], [MODULES.echo, gone], [MODULES.echo, gone.buffer]]) await assert.rejects(runTask(...values), expected);
});

test('many at once take turns, and one that is aborted meanwhile leaves the row', async () => {
  const controller = new AbortController();
  const options = { signal: controller.signal };
  const tasks = Array.from({ length: 12 }, (_, number) => runTask(MODULES.echo, `${number}`, number === 9 ? options : {}));
  controller.abort();
  const ended = await Promise.allSettled(tasks);
  assert.deepEqual(ended.map(({ status }) => status === 'fulfilled'), ended.map((_, number) => number !== 9));
  assert.equal(new TextDecoder().decode(ended[11].value.output.subarray(32)), '11');
});

test('the modules that are kept are bounded', async () => {
  const kept = new KeptModules();
  const prepared = prepareHere(MODULES.echo);
  const key = await keyOf(MODULES.echo, 7);
  assert.notEqual(key, await keyOf(MODULES.echo, 8));
  kept.keep(key, prepared);
  for (let number = 0; number < 2 * KEPT_MODULES_MAX; number += 1) {
    kept.keep(`${number}`, prepared);
    assert.equal(kept.get(key), prepared, 'what is used stays');
  }
  assert.equal(kept.size, KEPT_MODULES_MAX);
  assert.equal(kept.get('0'), undefined);
  kept.keep('large', { ...prepared, bytes: KEPT_BYTES_MAX });
  assert.equal(kept.size, 0, 'what is too large alone is not kept');
});

test('200 tasks one after another leave no thread behind', async () => {
  const before = threads();
  await runTask(MODULES.sum, '', { onProgress: () => assert.ok(threads() > before, 'a thread is seen while it is there') });
  for (let number = 0; number < 200; number += 1) {
    const { status } = await runTask(MODULES.sum);
    assert.equal(status, 'OK');
  }
  assert.equal(threads(), before);
});
