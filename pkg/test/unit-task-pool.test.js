// Goal: Workers that stay give each task an instance of its own and come to what a Worker of its own comes to; one that hangs is replaced.
// Method: the pool in Node, with real threads.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { utf8 } from '../dist/bytes.js';
import { keyOf } from '../dist/task/kept.js';
import { KEPT_A_WORKER } from '../dist/task/messages.js';
import { Pool } from '../dist/task/pool.js';
import { Recent } from '../dist/task/recent.js';
import { runHere } from './task-host.js';
import { MODULES, answer, command, pure } from './task-modules.js';

const SEED = new Uint8Array(32);
const ENDLESS_GAS = 1n << 62n;

/** Threads of tasks that are there just now. */
const threads = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;

const moduleOf = async (bytes, pages = 1_024) => ({ bytes, pages, name: await keyOf(bytes, pages) });

const order = (module, input = 'hello', { invocation, ...options } = {}) => ({
  module,
  invocation: { input: utf8(input), gas: 1_000_000n, seed: SEED, time: 0n, ...invocation },
  timeoutMs: 20_000,
  ...options,
});

/** Counts in its memory how often it was run. */
const COUNTS = pure(`(i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))) ${answer('(i32.const 0)', '(i32.const 4)')}`);

test('i3_a Worker that stays comes to the same outcomes, one task after another', async () => {
  const pool = new Pool();
  for (const [name, bytes] of Object.entries(MODULES)) {
    const { outcome, isKilled } = await pool.run(order(await moduleOf(bytes)));
    assert.deepEqual([outcome, isKilled], [runHere(bytes, utf8('hello'), { gas: 1_000_000n }), false], name);
  }
});

test('each task has an instance of its own, also where modules are more than a Worker keeps', async () => {
  const pool = new Pool();
  const modules = await Promise.all(Array.from({ length: KEPT_A_WORKER + 3 }, (_, number) => moduleOf(pure(answer('(i32.const 0)', `(i32.const ${number + 1})`)))));
  const counts = await moduleOf(COUNTS);
  for (let turn = 0; turn < 3; turn += 1) {
    for (const [number, module] of modules.entries()) assert.equal((await pool.run(order(module))).outcome.output.length, number + 1);
    const { outcome, ms } = await pool.run(order(counts));
    assert.deepEqual([...outcome.output], [1, 0, 0, 0]);
    assert.ok(ms > 0);
  }
});

test('what ends badly ends so each time, in the same Worker, with its log', async () => {
  const pool = new Pool();
  pool.grow(1);
  const trap = await moduleOf(
    command(`(i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 5))
      (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8))) unreachable`, '(data (i32.const 16) "oh no")'),
  );
  for (let turn = 0; turn < 4; turn += 1) {
    const { outcome } = await pool.run(order(trap));
    assert.deepEqual([outcome.status, outcome.log], ['TRAP', 'oh no'], `turn ${turn}`);
  }
});

test('a refused module runs nowhere, and says why', async () => {
  const pool = new Pool();
  const { outcome, prepared } = await pool.run(order(await moduleOf(utf8('no module'))));
  assert.deepEqual([outcome.status, outcome.code, prepared.refused.code], ['REFUSED', 2, 2]);
  const lacking = await moduleOf(MODULES.hello);
  const steps = await pool.run(order(lacking, '', { invocation: { pieceBytes: 4 } }));
  assert.equal(steps.outcome.status, 'BAD_ABI');
});

test('the watchdog ends a Worker, and another takes its place', async () => {
  const pool = new Pool();
  const keep = pool.keep();
  const [endless, echo] = [await moduleOf(MODULES.endless), await moduleOf(MODULES.echo)];
  for (let turn = 0; turn < 3; turn += 1) {
    const late = await pool.run(order(endless, '', { timeoutMs: 100, invocation: { gas: ENDLESS_GAS } }));
    assert.deepEqual([late.outcome.status, late.isKilled], ['LATE', true]);
    assert.equal((await pool.run(order(echo))).outcome.status, 'OK');
  }
  keep();
});

test('an abort ends a run, or takes it out of the row', async () => {
  const pool = new Pool();
  const endless = await moduleOf(MODULES.endless);
  const controller = new AbortController();
  const options = { signal: controller.signal, invocation: { gas: ENDLESS_GAS } };
  const runs = Array.from({ length: pool.size + 2 }, () => pool.run(order(endless, '', options)));
  const behind = pool.run(order(await moduleOf(MODULES.echo)));
  setTimeout(() => controller.abort(new Error('enough')), 50);
  for (const { reason } of await Promise.allSettled(runs)) assert.equal(reason.message, 'enough');
  assert.equal((await behind).outcome.status, 'OK');
  await assert.rejects(pool.run(order(endless, '', options)), { message: 'enough' });
});

test('what is first goes before what waits', async () => {
  const pool = new Pool();
  const module = await moduleOf(MODULES.echo);
  const ended = [];
  const note = (name) => () => ended.push(name);
  await pool.prepare(module);
  const waits = Array.from({ length: pool.size + 4 }, (_, number) => pool.run(order(module)).then(note(number)));
  await Promise.all([...waits, pool.run(order(module, '', { isFirst: true })).then(note('first'))]);
  assert.ok(ended.indexOf('first') < ended.length - 2, ended.join());
});

test('Workers end once nobody needs them', async () => {
  const before = threads();
  const pool = new Pool();
  await pool.run(order(await moduleOf(MODULES.echo)));
  assert.ok(threads() > before);
  for (let tries = 0; threads() > before; tries += 1) {
    assert.ok(tries < 200, 'they stay');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal((await pool.run(order(await moduleOf(MODULES.echo)))).outcome.status, 'OK', 'and come again');
});

test('what was used last is kept', () => {
  const recent = new Recent(2);
  recent.set('a', 1);
  recent.set('b', 2);
  assert.equal(recent.get('a'), 1);
  recent.set('c', 3);
  assert.deepEqual(['a', 'b', 'c'].map((name) => recent.get(name)), [1, undefined, 3]);
});

/** A module that takes long to be compiled, with nothing kept of it. */
const LARGE = pure(answer('(i32.const 0)', '(i32.const 4)'), Array.from({ length: 12_000 }, (_, at) => `(func $f${at} (param i32) (result i32) ${'(i32.mul (local.get 0) (i32.const 3)) local.set 0 '.repeat(3)} local.get 0)`).join('\n'));

test('i27_who gives up a module that is being compiled has its Worker ended, and others get it', async () => {
  const pool = new Pool();
  pool.grow(1);
  const module = await moduleOf(LARGE);
  const [one, two] = [new AbortController(), new AbortController()];
  const first = pool.prepare(module, false, one.signal);
  const second = pool.prepare(module, false, two.signal);
  setTimeout(() => one.abort(), 20);
  await assert.rejects(first, { name: 'AbortError' });
  assert.equal((await second).interface, 'pure');
});

test('i27_a module that is not compiled in time is not checked, and its Worker runs nothing more', async () => {
  const pool = new Pool();
  pool.grow(1);
  const module = await moduleOf(LARGE);
  await assert.rejects(pool.prepare(module, false, undefined, 10), { name: 'NotChecked' });
  assert.equal((await pool.run(order(await moduleOf(COUNTS)))).outcome.status, 'OK');
});
