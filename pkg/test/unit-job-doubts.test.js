// Goal: what a liar alone said runs again, and so does all that followed from it; the root is that of an honest run.
// Method: a runner that does what the test says, so that each lie is believed until the test has it found out.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { textOf, utf8 } from '../dist/bytes.js';
import { hashNow } from '../dist/job/hash.js';
import { JobFace } from '../dist/job/job.js';
import { AGAIN_BYTES_MAX } from '../dist/job/limits.js';
import { Missing } from '../dist/job/missing.js';
import { settleStage } from '../dist/job/module.js';
import { Source, takeInput, takeInvocation } from '../dist/job/source.js';
import { Store } from '../dist/job/store.js';
import { Work } from '../dist/job/work.js';
import { MODULES, pure, answer } from './task-modules.js';

const LIAR = new Uint8Array(32).fill(1);
const HONEST = new Uint8Array(32).fill(2);
const OTHER = pure(answer('(local.get $at)', '(i32.const 3)'));
const turn = () => new Promise((resolve) => setTimeout(resolve, 10));

/** A module's stand-in: the upper-case text, in brackets. */
const honest = (input) => utf8(`(${textOf(input.subarray(input[0] === 0 ? 4 + 4 * input[3] : 0)).toUpperCase()})`);
const lie = () => utf8('lie');

class Scripted {
  open = [];
  closed = 0;
  begin(hearer) {
    this.hearer = hearer;
    hearer.onRoom(1_000);
  }
  add(tasks) {
    this.open.push(...tasks);
  }
  close() {
    this.closed += 1;
  }
  cancel() {}
  pause() {}
  resume() {}

  /** Decides all open tasks that `is` names by the text of their input. */
  decide(is, say, executor, isChecked = false) {
    for (const task of this.open.filter((one) => is(textOf(one.input)))) {
      this.open = this.open.filter((one) => one !== task);
      const output = say(task.input);
      const outcome = { status: 0, gas: 1n, length: output.length, output: hashNow(output) };
      this.hearer.onDecided(task, { outcome, output, code: 0, executor, isChecked, votes: 1, receipt: undefined });
    }
  }
}

function jobOf(inputs, validation = 1, take = takeInput, usesOf = () => 0) {
  const runner = new Scripted();
  const plan = { source: new Source(inputs, take), missing: new Missing(undefined), gas: 5n, validation, usesOf };
  const work = new Work(plan, [settleStage(MODULES.echo, {})], runner, async () => '');
  return { runner, work, job: new JobFace(work, 0) };
}

const all = () => true;

/** Runs everything honestly, until the job ends. */
async function finish(runner, job) {
  for (let turns = 0; turns < 1_000 && job.state !== 'done'; turns += 1) {
    runner.decide(all, honest, HONEST);
    await turn();
    // It ends once nothing is left, and not before.
    runner.hearer.onEnded();
  }
  assert.equal(job.state, 'done');
}

async function honestRoot(make) {
  const { runner, job, last = job } = make();
  await turn();
  await finish(runner, job);
  return last.root();
}

test('single results of a liar come once more, those of others do not', async () => {
  for (const inputs of [['a', 'b', 'c', 'd'], ['a', 'b', 'c', 'd'].values()]) {
    const { runner, job } = jobOf(inputs);
    const heard = [];
    job.on('dispute', (dispute) => heard.push(dispute));
    const reading = job.results();
    await turn();
    runner.decide((text) => 'ab'.includes(text), lie, LIAR);
    runner.decide((text) => text === 'c', honest, LIAR, true);
    runner.decide((text) => text === 'd', honest, HONEST);
    await turn();
    assert.equal(runner.closed, 1);
    runner.hearer.onDispute(3, LIAR);
    await turn();
    assert.deepEqual([runner.open.map(({ input }) => textOf(input)), runner.closed], [['a', 'b'], 2], 'checked results stay');
    await finish(runner, job);
    const results = [];
    for await (const result of reading) results.push([result.index, textOf(result.output), result.replaces]);
    assert.deepEqual(results.slice(0, 4).map(([, , replaces]) => replaces), [false, false, false, false]);
    assert.deepEqual(results.slice(4), [[0, '(A)', true], [1, '(B)', true]]);
    assert.deepEqual((await job).map(textOf), ['(A)', '(B)', '(C)', '(D)']);
    assert.deepEqual(heard, [{ index: 3, liar: '01'.repeat(32) }]);
    assert.equal(await job.root(), await honestRoot(() => jobOf(['a', 'b', 'c', 'd'])));
    assert.deepEqual([job.progress.accepted, job.progress.total], [4, 4]);
  }
});

test('what followed from a lie runs again, through all stages', async () => {
  const make = () => {
    const made = jobOf(['a', 'b', 'c', 'd', 'e']);
    return { ...made, last: made.job.pipe(OTHER).reduce(OTHER, { arity: 2 }) };
  };
  const { runner, job, last } = make();
  await turn();
  runner.decide((text) => text === 'b', lie, LIAR);
  runner.decide(all, honest, HONEST);
  await turn();
  // The lie went on as far as the reduction's first node; its second is still out.
  runner.decide(all, honest, HONEST);
  await turn();
  const [first] = runner.open;
  runner.decide((text) => text === textOf(first.input), honest, HONEST);
  await turn();
  runner.hearer.onDispute(0, LIAR);
  await turn();
  await finish(runner, job);
  const joined = (...parts) => `(${parts.join('')})`;
  const [a, b, c, d, e] = ['((A))', '((B))', '((C))', '((D))', '((E))'];
  assert.deepEqual((await last).map(textOf), [joined(joined(joined(a, b), joined(c, d)), joined(joined(e)))]);
  assert.equal(await last.root(), await honestRoot(make));
});

test('what followed from a lie and is open counts for nothing', async () => {
  const make = () => {
    const made = jobOf(['a', 'b']);
    return { ...made, last: made.job.pipe(OTHER) };
  };
  const { runner, job, last } = make();
  await turn();
  runner.decide((text) => text === 'a', lie, LIAR);
  runner.decide((text) => text === 'b', honest, HONEST);
  await turn();
  assert.deepEqual(runner.open.map(({ input }) => textOf(input)), ['lie', '(B)']);
  runner.hearer.onDispute(0, LIAR);
  await turn();
  runner.decide((text) => text === 'a', honest, HONEST);
  await turn();
  runner.decide((text) => text === 'lie', honest, HONEST);
  await turn();
  await finish(runner, job);
  assert.deepEqual((await last).map(textOf), ['((A))', '((B))']);
  assert.equal(await last.root(), await honestRoot(make));
});

test('in a graph too', async () => {
  const invocations = [{ input: 'a' }, { input: { await: 0 } }, { input: { await: [0, 1] } }];
  const make = () => jobOf(invocations, 1, takeInvocation(1), (index) => [2, 1, 0][index]);
  const { runner, job } = make();
  await turn();
  runner.decide(all, lie, LIAR);
  await turn();
  runner.decide(all, honest, HONEST);
  await turn();
  runner.decide(all, honest, HONEST);
  await turn();
  runner.hearer.onDispute(1, LIAR);
  await turn();
  await finish(runner, job);
  assert.deepEqual((await job).map(textOf), ['(A)', '((A))', '((A)((A)))']);
  assert.equal(await job.root(), await honestRoot(make));
});

test('where the input was not kept the result fails', async () => {
  const long = Array.from({ length: 5 }, (_, at) => new Uint8Array(AGAIN_BYTES_MAX / 4 - 1_024).fill(97 + at));
  const { runner, job } = jobOf(long.values());
  // Results that nobody reads would hold the rest back: their inputs are kept with them.
  const settled = job.settled();
  const failing = assert.rejects(Promise.resolve(job), { name: 'InputGone', code: 1097 });
  await turn();
  for (let turns = 0; turns < 1_000 && job.progress.accepted < 5; turns += 1) {
    runner.decide(all, lie, LIAR);
    await turn();
  }
  runner.hearer.onDispute(0, LIAR);
  await turn();
  await finish(runner, job);
  const results = await settled;
  assert.deepEqual(results.map(({ failed }) => failed), ['InputGone', undefined, undefined, undefined, undefined]);
  assert.deepEqual([job.progress.accepted, job.progress.failed], [4, 1]);
  await failing;
});

test('a store keeps the newest', () => {
  const store = new Store(10);
  for (const name of ['a', 'b', 'c']) store.put(name, new Uint8Array(4));
  assert.deepEqual([store.get('a'), store.get('b')?.length, store.bytes], [undefined, 4, 8]);
  store.put('b', new Uint8Array(6));
  store.put('d', new Uint8Array(11));
  assert.deepEqual([store.bytes, store.get('d')], [0, undefined]);
});
