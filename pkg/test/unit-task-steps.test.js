// Goal: tasks by steps, and single steps, come to what `docs/TASKS.md` says, in a thread as in the code that it runs.
// Method: the guest `pack` of the guide, whose output Node's own `gunzip` reads, and small modules.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { utf8 } from '../dist/bytes.js';
import { contentId } from '../dist/cid.js';
import { checkTask, runTask, stepTask } from '../dist/task/index.js';
import { runHere } from './task-host.js';
import { MODULES, assemble, pure, stepped } from './task-modules.js';

const PACK = readFileSync(new URL('../../task-meter/guests/built/pack.wasm', import.meta.url));
const INPUT = utf8('a line, a line, a line, and another, and another; '.repeat(8));

/** Answers at once: with this flag, no state and nothing emitted. */
const ANSWERS = { endless: stepped('(i32.const 0)'), done: stepped('(i32.const 1)') };

test('i3_pieces of any length give the same file, which is what it says it is', async () => {
  const whole = await runTask(PACK, INPUT);
  assert.equal(whole.steps, undefined);
  assert.deepEqual(new Uint8Array(gunzipSync(whole.output)), INPUT);
  for (const pieceBytes of [1, 7, 100, INPUT.length, 16 << 20]) {
    const { id, ...result } = await runTask(PACK, INPUT, { pieceBytes });
    assert.deepEqual(result, runHere(PACK, INPUT, { pieceBytes }));
    assert.deepEqual([result.output, id], [whole.output, whole.id]);
    assert.equal(result.steps, Math.ceil(INPUT.length / pieceBytes) + 1);
  }
});

test('steps that are run one by one are those of the task', async () => {
  const pieceBytes = 150;
  const whole = await runTask(PACK, INPUT, { pieceBytes });
  const output = [];
  let [state, gas, at] = [new Uint8Array(0), 0n, 0];
  for (let flag = 'wait'; flag === 'wait'; at += pieceBytes) {
    const step = await stepTask(PACK, state, INPUT.subarray(at, at + pieceBytes));
    assert.deepEqual([step.status, step.code, step.next.id], ['OK', 0, await contentId(step.next.state)]);
    assert.equal(state.length, at === 0 ? 0 : 32, "the caller's state stays the caller's");
    gas += step.gasUsed;
    output.push(step.output);
    ({ flag, state } = step.next);
  }
  assert.deepEqual([Buffer.concat(output), gas], [Buffer.from(whole.output), whole.gasUsed]);
});

test('a step that does not end well leaves nothing', async () => {
  const short = await stepTask(PACK, undefined, INPUT, { gas: 100_000 });
  assert.deepEqual([short.status, short.gasUsed, short.output.length, short.next], ['OUT_OF_GAS', 100_000n, 0, undefined]);
  const command = await stepTask(MODULES.hello, undefined, '', { gas: 5 });
  assert.deepEqual([command.status, command.gasUsed, command.next], ['BAD_ABI', 5n, undefined]);
  const refused = await stepTask(utf8('not Wasm'));
  assert.deepEqual([refused.status, refused.gasUsed, refused.refusal.code], ['REFUSED', 0n, 2]);
});

test('i9_a host that fails at a later step makes no result', () => {
  const { Instance } = WebAssembly;
  let made = 0;
  try {
    WebAssembly.Instance = function (...values) {
      made += 1;
      // The first is the meter's.
      if (made === 4) throw new RangeError('out of memory');
      return new Instance(...values);
    };
    const { status, gasUsed, steps } = runHere(ANSWERS.endless, undefined, { pieceBytes: 1 });
    assert.deepEqual([status, gasUsed, steps], ['ABORT', 0n, 3]);
  } finally {
    WebAssembly.Instance = Instance;
  }
});

test('steps without end are ended by their gas, by the watchdog, and by an abort', async () => {
  const { status, gasUsed, steps } = await runTask(ANSWERS.endless, '', { pieceBytes: 1, gas: 100_000_000 });
  assert.deepEqual([status, gasUsed], ['OUT_OF_GAS', 100_000_000n]);
  assert.ok(steps > 900 && steps <= 1_000, `${steps} steps`);
  const heard = [];
  const options = { pieceBytes: 1, gas: 2n ** 62n, onProgress: (progress) => heard.push(progress) };
  assert.equal((await runTask(ANSWERS.endless, '', { ...options, timeoutMs: 2_000 })).status, 'LATE');
  const told = heard.filter(({ stage }) => stage === 'running').map((progress) => progress.steps);
  assert.equal(told[0], 0);
  assert.ok(told.at(-1) > 0);
  assert.deepEqual(told, [...told].sort((a, b) => a - b));
  await assert.rejects(runTask(ANSWERS.endless, '', { ...options, signal: AbortSignal.timeout(200) }), { name: 'TimeoutError' });
  heard.length = 0;
  await runTask(MODULES.sum, '', { onProgress: (progress) => heard.push(progress) });
  assert.ok(heard.every((progress) => !('steps' in progress)));
});

test('checking says which of the two a module is fit for', async () => {
  const STEP = 'step: function i32 i32 i32 i32 → i64';
  const cases = [
    [PACK, true, [], []],
    [MODULES.echo, true, [], [STEP]],
    [ANSWERS.done, false, ['run: function i32 i32 → i64'], []],
    [MODULES.hello, true, [], [STEP]],
    [pure('(i64.const 0)', '(func (export "step") (param i32) (result i64) (i64.const 0))'), true, [], [STEP]],
    [assemble('(module (memory (export "memory") 1) (func (export "_start")) (func (export "step") (param i32 i32 i32 i32) (result i64) (i64.const 0)))'), true, [], [STEP]],
  ];
  for (const [module, accepted, lacks, lacksForSteps] of cases) {
    const check = await checkTask(module);
    assert.deepEqual([check.accepted, check.lacks, check.lacksForSteps], [accepted, lacks, lacksForSteps]);
    // Once as the module is kept.
    assert.equal((await runTask(module, '', { gas: 10_000_000 })).status === 'BAD_ABI', !accepted);
    assert.equal((await runTask(module, '', { gas: 10_000_000, pieceBytes: 1 })).status === 'BAD_ABI', lacksForSteps.length > 0);
  }
  assert.equal((await runTask(stepped('(i32.const 1)', '(data (i32.const 9) "fresh")'))).status, 'BAD_ABI', 'before it is kept, too');
});

test('what a caller does wrong is named before anything runs', async () => {
  const bad = (detail) => ({ name: 'BadOption', code: 1001, message: detail });
  for (const pieceBytes of [0, -1, 1.5, '7', (16 << 20) + 1, Number.NaN]) await assert.rejects(runTask(PACK, '', { pieceBytes }), bad(/pieceBytes/));
  await assert.rejects(stepTask(PACK, 'a text'), bad(/the state is/));
  await assert.rejects(stepTask(PACK, new Uint8Array((16 << 20) + 1)), bad(/the state has/));
  await assert.rejects(stepTask(PACK, undefined, 5), bad(/the piece is/));
  await assert.rejects(stepTask(PACK, undefined, new Uint8Array((16 << 20) + 1)), bad(/the piece has/));
  await assert.rejects(stepTask(PACK, undefined, '', { gas: -1 }), bad(/gas/));
  await assert.rejects(stepTask(PACK, undefined, '', { seed: new Uint8Array(31) }), bad(/seed/));
});
