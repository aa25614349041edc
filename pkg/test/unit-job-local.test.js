// Goal: a job comes to what its tasks come to, in order or as they come, by every kind of input, and its root follows from them alone.
// Method: jobs that run here, with real threads; roots are made again from single tasks.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { utf8 } from '../dist/bytes.js';
import { parseCid } from '../dist/cid.js';
import { graph, map } from '../dist/job/index.js';
import { thePool } from '../dist/task/pool.js';
import { runHere } from './task-host.js';
import { MODULES, answer, command, print, pure } from './task-modules.js';

const LOCAL = { where: 'local' };
/** Tasks that are open at a time where all run here. */
const OPEN = 2 * thePool().size;
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const number = (value, bytes) => Buffer.from(BigInt(value).toString(16).padStart(2 * bytes, '0'), 'hex');
/** Of the module that answers with seed and input. */
const textOf = (output) => new TextDecoder().decode(output.subarray(32));

/** The leaf of a task that runs with the usual limits. */
function leafOf(module, input, gas = 1_000_000_000n) {
  const { status, gasUsed, output } = runHere(module, input, { gas });
  const task = sha256(number(1, 1), sha256(module), sha256(input), number(input.length, 4), number(gas, 8), number(1024, 4), Buffer.alloc(32), number(0, 8), number(0, 4));
  const code = ['OK', 'EXIT', 'TRAP', 'OUT_OF_GAS'].indexOf(status);
  return sha256(Buffer.of(0), task, Buffer.of(code), number(gasUsed, 8), number(output.length, 4), sha256(output));
}

function rootOf(leaves) {
  if (leaves.length <= 1) return leaves[0] ?? Buffer.alloc(32);
  const left = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return sha256(Buffer.of(1), rootOf(leaves.slice(0, left)), rootOf(leaves.slice(left)));
}

const rootHex = (leaves) => rootOf(leaves).toString('hex');

/** Joins what it is given: the outputs behind the count and the lengths. */
const JOIN = pure(`
  (local.set $n (i32.add (i32.const 36) (i32.mul (i32.const 4) (i32.load8_u (i32.add (local.get $at) (i32.const 35))))))
  ${answer('(i32.add (local.get $at) (local.get $n))', '(i32.sub (local.get $length) (local.get $n))')}`);

/** Answers with its input alone. */
const PASS = pure(answer('(i32.add (local.get $at) (i32.const 32))', '(i32.sub (local.get $length) (i32.const 32))'));

/** Traps where its input begins with x. */
const PICKY = pure(`(if (i32.eq (i32.load8_u (i32.add (local.get $at) (i32.const 32))) (i32.const 120)) (then (unreachable)))
  ${answer('(i32.add (local.get $at) (i32.const 32))', '(i32.sub (local.get $length) (i32.const 32))')}`);

test('a job is a promise of its outputs, whatever its inputs come from', async () => {
  const texts = ['one', 'two', '', 'four'];
  async function* later() {
    for (const text of texts) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      yield text;
    }
  }
  const kinds = [texts, texts.map(utf8), texts.map((text) => utf8(text).buffer), new Set(texts), later(), texts.values()];
  const roots = new Set();
  for (const inputs of kinds) {
    const job = map(undefined, MODULES.echo, inputs, LOCAL);
    assert.deepEqual((await job).map(textOf), texts);
    assert.equal(job.state, 'done');
    roots.add(await job.root());
  }
  assert.deepEqual([...roots], [rootHex(texts.map((text) => leafOf(MODULES.echo, utf8(text))))]);
  assert.deepEqual(await map(undefined, MODULES.echo, [], LOCAL), []);
  assert.equal(await map(undefined, MODULES.echo, [], LOCAL).root(), '00'.repeat(32));
});

test('results come as they come, or in order, to several at once and to those who come late', async () => {
  const job = map(undefined, PASS, Array.from({ length: 40 }, (_, at) => `${at}`), LOCAL);
  const heard = [];
  job.on('state', (...state) => heard.push(state));
  const all = [[], []];
  await Promise.all([false, true].map(async (ordered, at) => {
    for await (const result of job.results({ ordered })) all[at].push(result);
  }));
  assert.deepEqual(all[1].map(({ index }) => index), all[1].map((_, at) => at));
  assert.deepEqual(all[0].toSorted((one, other) => one.index - other.index), all[1]);
  const [first] = all[1];
  const { output, log, ...rest } = first;
  assert.deepEqual(rest, {
    index: 0, status: 'OK', code: 0, gasUsed: rest.gasUsed, id: rest.id, executor: null, isChecked: true, votes: 0, replaces: false,
  });
  assert.deepEqual(Buffer.from(parseCid(first.id).hash), sha256(output));
  assert.deepEqual((await job.settled()).map(({ output }) => new TextDecoder().decode(output)), Array.from({ length: 40 }, (_, at) => `${at}`));
  assert.deepEqual(heard, [['running'], ['done']]);
});

test('what is not read holds new tasks back, and what was read is let go', async () => {
  let given = 0;
  function* inputs() {
    for (; given < 20_000; given += 1) yield new Uint8Array(1);
  }
  const job = map(undefined, MODULES.sum, inputs(), LOCAL);
  const quiet = async () => {
    for (let before = -1; before !== given; await new Promise((resolve) => setTimeout(resolve, 300))) before = given;
  };
  await quiet();
  assert.ok(given >= 1_024 && given <= 1_024 + OPEN, `${given} were begun`);
  const reading = job.results();
  for (let count = 0; count < 500; count += 1) await reading.next();
  await quiet();
  assert.ok(given >= 1_524 && given <= 1_524 + OPEN, `${given} were begun`);
  for (let count = 500; count < 9_000; count += 1) await reading.next();
  await assert.rejects(job.settled(), { name: 'ResultsTaken', code: 1086 });
  const bill = await job.cancel('enough');
  assert.ok(bill.accepted >= 9_000 && bill.gas > 0n);
  assert.equal(bill.byExecutor.size, 0);
  await assert.rejects(async () => {
    for await (const result of reading) assert.ok(result);
  }, { name: 'Cancelled' });
});

test('who waits for the root alone need read nothing', async () => {
  const inputs = Array.from({ length: 2_500 }, (_, at) => `${at}`);
  const job = map(undefined, PASS, inputs, LOCAL);
  assert.equal(await job.root(), rootHex(inputs.map((text) => leafOf(PASS, utf8(text)))));
  assert.equal(job.progress.accepted, 2_500);
  assert.equal((await job).length, 2_500, 'so few are kept for later');
});

test('the first task that fails is an error that says all about it', async () => {
  const job = map(undefined, PICKY, ['a', 'xyz', 'b'], LOCAL);
  await assert.rejects(Promise.resolve(job), (error) => {
    assert.deepEqual([error.name, error.code, error.index, error.status, error.executor], ['TaskFailed', 1083, 1, 'TRAP', null]);
    assert.deepEqual(error.input, utf8('xyz'));
    return true;
  });
  assert.deepEqual((await job.settled()).map(({ status }) => status), ['OK', 'TRAP', 'OK']);
  assert.equal(job.state, 'done');
  assert.equal(await job.root(), rootHex(['a', 'xyz', 'b'].map((text) => leafOf(PICKY, utf8(text)))));
  const greets = command(print(16, 6).replaceAll('(i32.const 1) (i32.const 0)', '(i32.const 2) (i32.const 0)') + '(call $proc_exit (i32.const 3))', '(data (i32.const 16) "hello\\n")');
  await assert.rejects(Promise.resolve(map(undefined, greets, [''], LOCAL)), { status: 'EXIT', log: 'hello\n', index: 0 });
  const [result] = await map(undefined, greets, [''], LOCAL).settled();
  assert.deepEqual([result.code, await result.log()], [3, 'hello\n']);
});

test('results go on to another module, and to a reduction', async () => {
  for (const count of [1, 2, 16, 17, 50]) {
    const inputs = Array.from({ length: count }, (_, at) => `${at},`);
    const job = map(undefined, PASS, inputs.values(), LOCAL).pipe(PASS).reduce(JOIN, { arity: 4 });
    const [joined, ...more] = await job;
    assert.deepEqual([new TextDecoder().decode(joined), more], [inputs.join(''), []]);
    // The tree again: each level joins four of the one below.
    const leaves = [...inputs, ...inputs].map((text) => leafOf(PASS, utf8(text)));
    for (let level = inputs; level.length > 1;) {
      const groups = Array.from({ length: Math.ceil(level.length / 4) }, (_, at) => level.slice(4 * at, 4 * at + 4));
      leaves.push(...groups.map((group) => leafOf(JOIN, Buffer.concat([number(group.length, 4), ...group.map((text) => number(text.length, 4)), utf8(group.join(''))]))));
      level = groups.map((group) => group.join(''));
    }
    assert.equal(await job.root(), rootHex(leaves));
    assert.deepEqual([job.progress.total, job.progress.accepted], [leaves.length, leaves.length]);
  }
});

test('a part that is added while the job is at work has all results', async () => {
  const texts = Array.from({ length: 30 }, (_, at) => `${at};`);
  const first = map(undefined, PASS, texts, LOCAL);
  const some = [];
  for await (const { index } of first.results()) {
    some.push(index);
    if (some.length === 10) break;
  }
  const [joined] = await first.reduce(JOIN, { arity: 3 });
  assert.equal(new TextDecoder().decode(joined), texts.join(''));
  assert.throws(() => first.pipe(PASS), { name: 'BadOption', message: /already/ });
});

test('nothing cannot be reduced, and what failed fails what awaits it', async () => {
  await assert.rejects(Promise.resolve(map(undefined, PASS, [], LOCAL).reduce(JOIN)), { name: 'NothingToReduce', code: 1098 });
  const base = map(undefined, PICKY, ['a', 'x', 'b', 'c', 'd'], LOCAL);
  const job = base.reduce(JOIN, { arity: 2 });
  await assert.rejects(Promise.resolve(job), { name: 'InputFailed', message: /awaits task 8/ });
  const leaves = ['a', 'x', 'b', 'c', 'd'].map((text) => leafOf(PICKY, utf8(text)));
  const joins = [['b', 'c'], ['d']].map((group) => leafOf(JOIN, Buffer.concat([number(group.length, 4), ...group.map(() => number(1, 4)), utf8(group.join(''))])));
  const [zeros, last] = [Buffer.alloc(32), leafOf(JOIN, Buffer.concat([number(1, 4), number(1, 4), utf8('d')]))];
  assert.equal(await job.root(), rootHex([...leaves, zeros, ...joins, zeros, last, zeros]));
  assert.deepEqual([job.progress.accepted, job.progress.failed], [8, 3]);
});

test('a graph awaits what it names', async () => {
  const invocations = [
    { input: 'a' },
    { input: { await: 0 } },
    { module: 1, input: { await: [0, 1] } },
    { module: 2, input: 'x' },
    { input: { await: 3 } },
    { module: 1, input: { await: [2, 4] } },
    { module: 1, input: { await: [2] } },
  ];
  for (const given of [invocations, invocations.values()]) {
    const results = await graph(undefined, [PASS, JOIN, PICKY], given, LOCAL).settled();
    assert.deepEqual(results.map(({ output, failed, status }) => failed ?? (status === 'OK' ? new TextDecoder().decode(output) : status)), [
      'a', 'a', 'aa', 'TRAP', 'InputFailed', 'InputFailed', 'aa',
    ]);
  }
  const row = [{ input: 'x' }, ...Array.from({ length: 5_000 }, (_, at) => ({ input: { await: at } }))];
  const failed = await graph(undefined, [PICKY], row, LOCAL).settled();
  assert.ok(failed.every(({ failed }, at) => (failed === 'InputFailed') === at > 0), 'a long row fails one by one');
});

test('a job is paused, goes on and is cancelled; a signal does that too', async () => {
  const job = map(undefined, MODULES.sum, Array.from({ length: 3_000 }, () => ''), LOCAL);
  const states = [];
  job.on('state', (state) => states.push(state));
  const reading = job.results();
  await reading.next();
  job.pause();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const { accepted } = job.progress;
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(job.progress.accepted, accepted);
  job.resume();
  for (let count = 0; count < accepted + 10; count += 1) await reading.next();
  await job.cancel();
  assert.deepEqual(states, ['running', 'paused', 'running', 'cancelled']);
  await assert.rejects(job.root(), { name: 'Cancelled' });
  const controller = new AbortController();
  const other = map(undefined, MODULES.endless, [''], { ...LOCAL, gas: 2n ** 62n, signal: controller.signal });
  setTimeout(() => controller.abort(new RangeError('away')), 200);
  await assert.rejects(Promise.resolve(other), { name: 'RangeError', message: 'away' });
  assert.throws(() => map(undefined, MODULES.echo, [''], { ...LOCAL, signal: controller.signal }), { name: 'RangeError' });
});

test('what a caller does wrong is named before anything runs, or where it comes up', async () => {
  const cases = [
    [[undefined, MODULES.echo, ['a']], /takes a mesh/],
    [[undefined, 'module', ['a'], LOCAL], /the module is/],
    [[undefined, MODULES.echo, 'abc', LOCAL], /inputs are an array/],
    [[undefined, MODULES.echo, new Uint8Array(4), LOCAL], /inputs are an array/],
    [[undefined, MODULES.echo, 7, LOCAL], /inputs are an array/],
    [[undefined, MODULES.echo, {}, LOCAL], /inputs are an array/],
    [[undefined, MODULES.echo, ['a'], { where: 'there' }], /where/],
    [[undefined, MODULES.echo, ['a'], { ...LOCAL, gas: -1 }], /gas/],
    [[undefined, MODULES.echo, ['a'], { ...LOCAL, pages: 0 }], /pages/],
    [[undefined, MODULES.echo, ['a'], { ...LOCAL, validation: 5 }], /validation/],
    [[undefined, MODULES.echo, ['a'], { ...LOCAL, group: [] }], /group/],
    [[undefined, MODULES.echo, ['a'], { ...LOCAL, group: Array(65).fill('ab'.repeat(32)) }], /group/],
    [[undefined, MODULES.echo, ['a'], { ...LOCAL, seed: new Uint8Array(3) }], /seed/],
    [[undefined, MODULES.echo, ['a'], { ...LOCAL, modul: 1 }], /no option modul/],
    [[undefined, MODULES.echo, ['a'], null], /options/],
    [[undefined, new Uint8Array((64 << 20) + 1), ['a'], LOCAL], /64 MiB/],
  ];
  for (const [values, message] of cases) assert.throws(() => map(...values), { name: 'BadOption', message });
  for (const inputs of [[7], ['a', null], [{}], [new Uint8Array((16 << 20) + 1)]]) {
    await assert.rejects(Promise.resolve(map(undefined, MODULES.echo, inputs, LOCAL)), { name: 'BadOption' });
  }
  for (const invocations of [[{ input: { await: 0 } }], [{ input: 'a', module: 1 }], [{ input: 'a' }, { input: { await: [] } }], [7], [{ inputs: 'a' }]]) {
    await assert.rejects(Promise.resolve(graph(undefined, [MODULES.echo], invocations, LOCAL)), { name: 'BadOption' });
  }
  function* broken() {
    yield 'a';
    throw new RangeError('no more');
  }
  const job = map(undefined, MODULES.echo, broken(), LOCAL);
  await assert.rejects(Promise.resolve(job), { name: 'RangeError' });
  assert.equal(job.state, 'failed');
  const refused = map(undefined, utf8('no module'), ['a'], LOCAL);
  const hints = [];
  refused.on('state', (...state) => hints.push(state));
  await assert.rejects(Promise.resolve(refused), { name: 'ModuleRefused', code: 1084, message: /code 2/ });
  assert.match(hints.at(-1)[1], /No host runs this module/);
  assert.throws(() => refused.on('nothing', () => undefined), { name: 'BadOption' });
});
