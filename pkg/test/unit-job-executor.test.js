// Goal: whoever offers keeps to its limits, whatever it is given to run, and forgets what it need not keep.
// Method: the executor's half with a coordinator that takes notes; tasks run in real threads.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { concat, hex, utf8 } from '../dist/bytes.js';
import { packBatch } from '../dist/job/batch.js';
import { Executor } from '../dist/job/executor.js';
import { hashNow } from '../dist/job/hash.js';
import { OUTPUTS_BYTES_MAX } from '../dist/job/limits.js';
import { Pace } from '../dist/job/pace.js';
import { taskId } from '../dist/job/task-id.js';
import * as STATUS from '../dist/status.js';
import { runHere } from './task-host.js';
import { MODULES, answer, pure } from './task-modules.js';

const [BUSY, TOO_LARGE, UNWILLING] = [1, 2, 3];
const [RAN, GIVE, FETCH, DECLINE] = [34, 35, 37, 38];
const GAS = 1_000_000n;
const FROM = new Uint8Array(32).fill(7);
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
const repeated = (length, byte = 1) => new Uint8Array(length).fill(byte);

const LIMITS = {
  cores: 1,
  gas: 2n ** 62n,
  memoryBytes: 64 << 20,
  moduleBytes: 4 << 20,
  inputBytes: 16 << 20,
  bytesAnHour: 2 ** 40,
  mayTake: () => true,
  turnMs: 60_000,
  watchdogMs: () => 30_000,
};

/** An executor, and what it said: each command as one piece. `gives` has what is fetched, by its hash. */
function executor(limits = {}, pace = undefined) {
  const said = [];
  const gives = new Map();
  const made = new Executor({
    say: (command) => {
      const bytes = concat(...command);
      said.push(bytes);
      if (bytes[0] === FETCH) answer(new DataView(bytes.buffer));
    },
  }, { ...LIMITS, ...limits }, pace);
  const answer = (view) => {
    const [fetch, index, offset] = [view.getUint32(1), view.getUint16(9), view.getUint32(11)];
    const bytes = gives.get(index);
    if (bytes === 'wait') return;
    const event = bytes ? { status: STATUS.ok, bytes: bytes.slice(offset, offset + 32_768) } : { status: STATUS.notFound, bytes: repeated(0) };
    setImmediate(() => made.hear({ kind: 'fetchedInput', fetch, ...event }));
  };
  /** Waits for a command of a kind. */
  const heard = async (kind, count = 1) => {
    for (let turns = 0; said.filter(([each]) => each === kind).length < count; turns += 1) {
      assert.ok(turns < 4_000, `no command ${kind}: ${said.map(([each]) => each)}`);
      await turn();
    }
    return said.filter(([each]) => each === kind).slice(0, count);
  };
  return { made, said, gives, heard };
}

const named = (bytes) => ({ bytes, hash: hashNow(bytes), length: bytes.length });
const frameOf = (module, more = {}) => ({ module: hashNow(module), moduleLength: module.length, pages: 16, seed: repeated(32, 0), time: 0n, piece: 0, ...more });
const batchOf = (module, inputs, more) => packBatch(frameOf(module, more), inputs.map(named));
const run = (assignment, { bytes, count }, gas = GAS, from = FROM) => ({ kind: 'run', assignment, from, gas, count, bytes });

test('tasks of a batch are run in order, named, and told with their outputs', async () => {
  const { made, gives, heard } = executor();
  gives.set(65_535, MODULES.echo);
  const inputs = ['a', '', 'long'].map((text) => (text === 'long' ? repeated(40_000) : utf8(text)));
  gives.set(2, inputs[2]);
  made.hear(run(5, batchOf(MODULES.echo, inputs)));
  assert.deepEqual(made.running, [{ ...made.running[0], from: hex(FROM), tasks: 3, done: 0 }]);
  const told = await heard(RAN, 3);
  told.forEach((bytes, index) => {
    const { gasUsed, output } = runHere(MODULES.echo, inputs[index], { gas: GAS, pages: 16 });
    const view = new DataView(bytes.buffer);
    assert.deepEqual([view.getUint32(1), view.getUint16(5)], [5, index]);
    assert.equal(hex(bytes.slice(7, 39)), hex(taskId(frameOf(MODULES.echo), GAS, named(inputs[index]))));
    assert.deepEqual([bytes[39], view.getBigUint64(40), view.getUint32(48)], [0, gasUsed, output.length]);
    assert.equal(hex(bytes.slice(52, 84)), hex(hashNow(output)));
    assert.deepEqual(bytes.slice(84), output.length > 1_024 ? repeated(0) : output);
  });
  assert.deepEqual(made.running, []);
  const long = runHere(MODULES.echo, inputs[2], { gas: GAS, pages: 16 }).output;
  const give = async (index, offset, ticket) => {
    made.hear({ kind: 'wantOutput', ticket, assignment: 5, index, offset });
    const [bytes] = (await heard(GIVE)).filter((each) => new DataView(each.buffer).getUint32(1) === ticket);
    return [new DataView(bytes.buffer).getUint16(5), bytes.slice(7)];
  };
  assert.deepEqual(await give(2, 0, 1), [STATUS.ok, long.slice(0, 32_768)]);
  const gave = executor();
  gave.made.hear({ kind: 'wantOutput', ticket: 1, assignment: 9, index: 0, offset: 0 });
  assert.equal(new DataView((await gave.heard(GIVE))[0].buffer).getUint16(5), STATUS.notFound);
});

test('an output is given until it is to be forgotten', async () => {
  const { made, said, gives, heard } = executor();
  gives.set(65_535, MODULES.echo);
  made.hear(run(1, batchOf(MODULES.echo, [repeated(5_000)])));
  await heard(RAN);
  const statuses = () => said.filter(([kind]) => kind === GIVE).map((bytes) => new DataView(bytes.buffer).getUint16(5));
  for (const offset of [0, 5_031, 5_032, 2 ** 32 - 1]) made.hear({ kind: 'wantOutput', ticket: offset, assignment: 1, index: 0, offset });
  made.hear({ kind: 'wantOutput', ticket: 7, assignment: 1, index: 1, offset: 0 });
  made.hear({ kind: 'forget', assignment: 1 });
  made.hear({ kind: 'wantOutput', ticket: 8, assignment: 1, index: 0, offset: 0 });
  assert.deepEqual(statuses(), [STATUS.ok, STATUS.ok, STATUS.notFound, STATUS.notFound, STATUS.notFound, STATUS.notFound]);
});

test('what is no batch, or more than is offered, is declined with the reason', async () => {
  const echo = MODULES.echo;
  const good = batchOf(echo, [utf8('a')]);
  const long = repeated(20_000);
  const cases = [
    [{}, { bytes: repeated(0), count: 1 }, UNWILLING],
    [{}, { bytes: repeated(500, 255), count: 3 }, UNWILLING],
    [{}, { bytes: good.bytes.slice(0, -1), count: 1 }, UNWILLING],
    [{}, { bytes: concat(good.bytes, repeated(1)), count: 1 }, UNWILLING],
    [{}, { bytes: good.bytes, count: 2 }, UNWILLING],
    [{}, { bytes: concat(repeated(1, 2), good.bytes.slice(1)), count: 1 }, UNWILLING],
    [{}, batchOf(echo, [utf8('a')], { pages: 0 }), UNWILLING],
    [{}, batchOf(echo, [utf8('a')], { pages: 2 ** 31 }), UNWILLING],
    [{}, batchOf(echo, [utf8('a')], { piece: 2 ** 31 }), UNWILLING],
    [{}, batchOf(echo, [utf8('a')], { moduleLength: 0 }), UNWILLING],
    [{}, batchOf(echo, [utf8('a')], { moduleLength: 2 ** 32 - 1 }), TOO_LARGE],
    [{}, batchOf(echo, [utf8('a')], { pages: 1_025 }), TOO_LARGE],
    [{ gas: GAS - 1n }, good, TOO_LARGE],
    [{ moduleBytes: echo.length - 1 }, good, TOO_LARGE],
    [{ inputBytes: 19_999 }, batchOf(echo, [long]), TOO_LARGE],
    [{ bytesAnHour: echo.length - 1 }, good, BUSY],
    [{ mayTake: () => false }, good, UNWILLING],
    // Nothing comes, or something else.
    [{}, good, BUSY],
    [{}, batchOf(MODULES.sum, [utf8('a')], { module: hashNow(echo), moduleLength: echo.length }), BUSY, echo.slice().fill(0, 9)],
    [{}, batchOf(echo, [long]), BUSY, echo],
  ];
  for (const [limits, batch, why, module] of cases) {
    const { made, gives, heard, said } = executor(limits);
    if (module) gives.set(65_535, module);
    made.hear(run(3, batch));
    const [bytes] = await heard(DECLINE);
    assert.deepEqual([...bytes], [DECLINE, 0, 0, 0, 3, why], `${cases.findIndex((each) => each[1] === batch)}`);
    assert.ok(said.every(([kind]) => kind !== RAN));
    assert.deepEqual(made.running, []);
  }
});

test('a module that hangs is given back, and not taken from the same node again, by another offer neither', async () => {
  const { made, gives, heard, said } = executor({ watchdogMs: () => 200 });
  gives.set(65_535, MODULES.endless);
  made.hear(run(1, batchOf(MODULES.endless, [utf8('a'), utf8('b')]), 2n ** 60n));
  assert.deepEqual([...(await heard(DECLINE))[0]], [DECLINE, 0, 0, 0, 1, UNWILLING]);
  made.hear(run(2, batchOf(MODULES.endless, [utf8('a')]), 2n ** 60n));
  await turn();
  assert.deepEqual([...(await heard(DECLINE, 2))[1]], [DECLINE, 0, 0, 0, 2, UNWILLING]);
  made.hear(run(3, batchOf(MODULES.endless, [utf8('a')]), 1_000n, repeated(32, 8)));
  await heard(RAN);
  assert.equal(said.find(([kind]) => kind === RAN)[39], 3, 'another node runs it out of gas');
  const again = executor();
  again.made.hear(run(1, batchOf(MODULES.endless, [utf8('a')]), 2n ** 60n));
  assert.equal((await again.heard(DECLINE))[0][5], UNWILLING);
});

test('what is stopped says nothing more, and its Worker is gone', async () => {
  const { made, gives, said, heard } = executor();
  gives.set(65_535, MODULES.endless);
  made.hear(run(1, batchOf(MODULES.endless, [utf8('a')]), 2n ** 60n, repeated(32, 9)));
  while (said.length < 1) await turn();
  for (let turns = 0; turns < 20; turns += 1) await turn();
  made.hear({ kind: 'stop', assignment: 1 });
  assert.deepEqual(made.running, []);
  gives.set(65_535, MODULES.echo);
  made.hear(run(2, batchOf(MODULES.echo, [utf8('a')])));
  await heard(RAN);
  assert.deepEqual(said.filter(([kind]) => kind === DECLINE), []);
});

test('outputs that are kept are bounded: the oldest go', async () => {
  const { made, gives, said, heard } = executor();
  const large = pure(answer('(i32.const 0)', '(i32.const 16000000)'), '(func $grow (drop (memory.grow (i32.const 300)))) (start $grow)');
  gives.set(65_535, large);
  const count = Math.ceil(OUTPUTS_BYTES_MAX / 16_000_000) + 1;
  made.hear(run(1, batchOf(large, Array.from({ length: count }, (_, at) => utf8(`${at}`)), { pages: 320 }), 2n ** 40n));
  await heard(RAN, count);
  for (let index = 0; index < count; index += 1) made.hear({ kind: 'wantOutput', ticket: index, assignment: 1, index, offset: 0 });
  const statuses = said.filter(([kind]) => kind === GIVE).map((bytes) => new DataView(bytes.buffer).getUint16(5));
  assert.deepEqual([statuses[0], statuses.at(-1)], [STATUS.notFound, STATUS.ok]);
});

test('a short output that had no room in the answer is there as well', async () => {
  const { made, said, gives, heard } = executor();
  gives.set(65_535, MODULES.echo);
  made.hear(run(1, batchOf(MODULES.echo, [repeated(500)])));
  await heard(RAN);
  made.hear({ kind: 'wantOutput', ticket: 1, assignment: 1, index: 0, offset: 0 });
  assert.equal(new DataView(said.find(([kind]) => kind === GIVE).buffer).getUint16(5), STATUS.ok);
});

test('a requester that had its part of the hour is given its batch back', async () => {
  const { made, heard, gives } = executor();
  gives.set(65_535, 'wait');
  made.hear(run(1, batchOf(MODULES.echo, [utf8('a')])));
  const [fetch] = await heard(FETCH);
  made.hear({ kind: 'refused', command: FETCH, of: new DataView(fetch.buffer).getUint32(1), status: STATUS.forbidden });
  assert.equal((await heard(DECLINE))[0][5], BUSY);
});

test('i27_whoever gave three modules that end their Worker gives no fourth one', async () => {
  const { made, gives, heard } = executor({ watchdogMs: (gas) => (gas > GAS ? 100 : 30_000) });
  const from = repeated(32, 77);
  for (let number = 1; number <= 3; number += 1) {
    const bomb = pure(`(drop (i32.const ${number})) (loop $on (br $on)) (unreachable)`);
    gives.set(65_535, bomb);
    made.hear(run(number, batchOf(bomb, [utf8('a')]), 2n ** 60n, from));
    assert.equal((await heard(DECLINE, number))[number - 1][5], UNWILLING);
  }
  gives.set(65_535, MODULES.echo);
  made.hear(run(4, batchOf(MODULES.echo, [utf8('a')]), GAS, from));
  assert.equal((await heard(DECLINE, 4))[3][5], UNWILLING);
  made.hear(run(5, batchOf(MODULES.echo, [utf8('a')]), GAS, repeated(32, 78)));
  await heard(RAN);
});

test('i27_a task has no longer than the offer gives, whatever its gas would take', async () => {
  const { made, gives, heard } = executor({ turnMs: 150, watchdogMs: () => 3_600_000 });
  gives.set(65_535, MODULES.endless);
  made.hear(run(1, batchOf(MODULES.endless, [utf8('a')]), 2n ** 60n, repeated(32, 79)));
  assert.equal((await heard(DECLINE))[0][5], UNWILLING);
});

test('while the page is used no task begins, and what runs is ended and begins anew', async () => {
  const page = new EventTarget();
  const pace = new Pace(page);
  const { made, gives, heard, said } = executor({}, pace);
  const from = repeated(32, 80);
  gives.set(65_535, MODULES.endless);
  made.hear(run(1, batchOf(MODULES.endless, [utf8('a')]), 2n ** 60n, from));
  await heard(FETCH);
  for (let turns = 0; turns < 60; turns += 1) await turn();
  page.dispatchEvent(new Event('pointerdown'));
  for (let turns = 0; turns < 40; turns += 1) await turn();
  // It waits for its page's person, and holds no Worker: the next one has the lane only once it is gone.
  made.hear({ kind: 'stop', assignment: 1 });
  gives.set(65_535, MODULES.echo);
  made.hear(run(2, batchOf(MODULES.echo, [utf8('a')]), GAS, from));
  for (let turns = 0; turns < 60; turns += 1) await turn();
  assert.deepEqual(said.filter(([kind]) => kind === RAN || kind === DECLINE), []);
  await heard(RAN);
  assert.equal(pace.isBusy, false);
  pace.close();
});

test('a page that is used for long is busy, until nobody does anything for a while', async () => {
  const page = new EventTarget();
  const pace = new Pace(page);
  const states = [];
  pace.onBusy = () => states.push(pace.isBusy);
  while (states.length < 1) {
    page.dispatchEvent(new Event('keydown'));
    for (let turns = 0; turns < 10; turns += 1) await turn();
  }
  while (states.length < 2) await turn();
  assert.deepEqual(states, [true, false]);
  pace.close();
});

test('a requester that lets its inputs wait holds no core', async () => {
  const { made, gives, heard } = executor();
  gives.set(65_535, MODULES.echo);
  gives.set(0, 'wait');
  made.hear(run(1, batchOf(MODULES.echo, [repeated(60_000)])));
  await heard(FETCH, 2);
  made.hear(run(2, batchOf(MODULES.echo, [utf8('a')]), GAS, repeated(32, 8)));
  assert.equal(new DataView((await heard(RAN))[0].buffer).getUint32(1), 2);
});
