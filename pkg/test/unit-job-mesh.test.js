// Goal: a job comes to one root whoever runs its tasks, be some of them gone, slow or liars, and nobody's limits are broken for it.
// Method: the real coordinators of several nodes, joined in memory, with real keys and real threads.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';

import { utf8 } from '../dist/bytes.js';
import { Coordinator } from '../dist/job/coordinator.js';
import * as face from '../dist/job/face.js';
import { map, offer, verifyReceipt } from '../dist/job/index.js';
import { echoed, lie } from './liar.js';
import { Net } from './net.js';
import { runHere } from './task-host.js';
import { MODULES, answer, pure } from './task-modules.js';

const coordinator = new WebAssembly.Module(readFileSync(new URL('../wasm/tabmesh_tasks.wasm', import.meta.url)));
const numbered = (count) => Array.from({ length: count }, (_, at) => `input ${at}`);
const repeated = (length, byte = 1) => new Uint8Array(length).fill(byte);
const textOf = (output) => new TextDecoder().decode(output.subarray(32));
const rootHere = (module, inputs) => map(undefined, module, inputs, { where: 'local' }).root();
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Takes a while: so many turns, then answers with seed and input. */
const slow = (turns) =>
  pure(`(loop $on (local.set $n (i32.add (local.get $n) (i32.const 1))) (br_if $on (i32.lt_u (local.get $n) (i32.const ${turns}))))
    ${answer('(local.get $at)', '(local.get $length)')}`);

let net;
let offers;
const reported = [];
globalThis.reportError = (error) => reported.push(error);

beforeEach(() => {
  net = new Net();
  offers = [];
  reported.length = 0;
});
afterEach(() => {
  offers.forEach((each) => each.stop());
  for (const node of [...net.nodes.values()]) net.leave(node);
  assert.deepEqual(reported, []);
});

async function executor(options = {}) {
  const node = await net.join();
  const made = await offer(node.mesh, { coordinator, cores: 1, ...options });
  offers.push(made);
  return { ...node, offer: made };
}

async function ask(module, inputs, options = {}) {
  const node = await net.join();
  return { ...node, job: map(node.mesh, module, inputs, { coordinator, ...options }) };
}

test('a job for a group is told to nobody else', async () => {
  const [ann, ben, cid] = await Promise.all([1, 2, 3].map(() => executor()));
  const { job } = await ask(MODULES.echo, numbered(40), { group: [ann.mesh.id, ben.mesh.id] });
  const assigned = new Set();
  job.on('assigned', ({ executor }) => assigned.add(executor));
  assert.equal((await job.settled()).length, 40);
  assert.deepEqual([...assigned].sort(), [ann.mesh.id, ben.mesh.id].sort());
  assert.equal(cid.offer.state.done, 0);
});

test('tasks are run by others, and each outcome has a receipt that holds', async () => {
  const others = await Promise.all([1, 2, 3].map(() => executor()));
  const inputs = numbered(60);
  const { mesh, job } = await ask(MODULES.echo, inputs);
  const assigned = new Map();
  job.on('assigned', ({ executor, indices }) => assigned.set(executor, (assigned.get(executor) ?? 0) + indices.length));
  const results = await job.settled();
  assert.deepEqual(results.map(({ output }) => textOf(output)), inputs);
  const ids = others.map((other) => other.mesh.id);
  for (const result of results.slice(0, 12)) {
    assert.ok(result.isChecked && result.votes >= 2 && ids.includes(result.executor));
    const says = await verifyReceipt(await result.receipt(), { output: result.output, executor: result.executor, requester: mesh.id });
    assert.deepEqual([says.status, says.gasUsed, says.outputId], ['OK', result.gasUsed, result.id]);
  }
  assert.equal(await job.root(), await rootHere(MODULES.echo, inputs));
  assert.deepEqual([...assigned.keys()].sort(), ids.sort());
  const { byRequester, done } = others[0].offer.state;
  assert.deepEqual([...byRequester], [[mesh.id, { tasks: done, gas: BigInt(done) * results[0].gasUsed }]]);
  assert.equal(await results[0].log(), '');
  const bill = await job.cancel();
  assert.equal(bill.accepted, 60);
  assert.ok([...bill.byExecutor.keys()].every((id) => ids.includes(id)));
});

test('long inputs, long outputs and long modules come in pieces', async () => {
  await Promise.all([1, 2].map(() => executor()));
  const module = pure(answer('(local.get $at)', '(local.get $length)'), `(func $unused ${'(drop (i64.const 123456789012345))'.repeat(9_000)})`);
  assert.ok(module.length > 65_536, `${module.length}`);
  const inputs = [10, 16_384, 16_385, 40_000, 200_000].map((length, at) => new Uint8Array(length).fill(at + 1));
  const { job } = await ask(module, inputs, { validation: 0 });
  const outputs = await job;
  assert.deepEqual(outputs.map((output) => output.subarray(32)), inputs);
  assert.equal(await job.root(), await rootHere(module, inputs));
});

test('a liar is outvoted, and the root is the same', async () => {
  const liar = await net.join();
  const lying = await lie(liar.mesh, coordinator, (_, bytes, frame) => echoed(7n, bytes, frame));
  await Promise.all([1, 2, 3].map(() => executor()));
  const inputs = numbered(40);
  const { job } = await ask(MODULES.echo, inputs, { validation: 2 });
  const results = await job.settled();
  assert.ok(lying.tasks > 0);
  assert.ok(results.every(({ executor }) => executor !== liar.mesh.id));
  assert.equal(await job.root(), await rootHere(MODULES.echo, inputs));
});

test('a liar is found out at level 1 too, and nothing of what it said stays', async () => {
  const { gasUsed } = runHere(MODULES.echo, utf8('input 0'));
  const liar = await net.join();
  // It is right until nobody looks at each of its answers any more.
  const lying = await lie(liar.mesh, coordinator, (one, bytes, frame) => {
    if (one.tasks <= 30 || one.tasks % 4 > 0) return echoed(gasUsed, bytes, frame);
    one.lies += 1;
    return echoed(gasUsed + 1n, bytes, frame);
  });
  await Promise.all([1, 2, 3].map(() => executor()));
  const inputs = numbered(1_000);
  const { job } = await ask(MODULES.echo, inputs, { validation: 1 });
  const disputes = [];
  job.on('dispute', (dispute) => disputes.push(dispute));
  const last = [];
  for await (const result of job.results()) last[result.index] = result;
  assert.ok(lying.lies > 0 && disputes.length > 0, `${lying.tasks} tasks`);
  assert.ok(disputes.every(({ liar: id, index }) => id === liar.mesh.id && index < 1_000));
  const believed = last.filter(({ gasUsed: gas }) => gas !== gasUsed);
  // At level 1 a lie of which nothing is found before the end stays.
  assert.deepEqual(believed, []);
  assert.equal(await job.root(), await rootHere(MODULES.echo, inputs));
});

test('who signs outputs and gives none, or others, is not waited for', async () => {
  const { gasUsed } = runHere(MODULES.echo, repeated(5_000));
  const [one, two] = [await net.join(), await net.join()];
  const withholding = await lie(one.mesh, coordinator, (_, bytes, frame) => echoed(gasUsed, bytes, frame));
  const false_ = await lie(two.mesh, coordinator, (_, bytes, frame) => ({ ...echoed(gasUsed, bytes, frame), output: repeated(32 + bytes.length) }));
  const inputs = [...Array.from({ length: 4 }, (_, at) => repeated(5_000, at)), ...Array.from({ length: 4 }, (_, at) => repeated(10, at))];
  const { job } = await ask(MODULES.echo, inputs, { validation: 0 });
  const results = await job.settled();
  assert.ok(withholding.tasks > 0 && false_.tasks > 0);
  assert.deepEqual(results.map(({ output }) => output.subarray(32)), inputs);
  assert.ok(results.slice(0, 4).every(({ executor }) => executor === null), 'this tab ran them at last');
  assert.equal(await job.root(), await rootHere(MODULES.echo, inputs));
});

test('what an executor asks for beyond its batch it does not get', async () => {
  const { mesh, job } = await ask(MODULES.echo, [repeated(20_000)], { validation: 0 });
  const node = await net.join();
  const attached = await Coordinator.of(node.mesh, coordinator);
  const answers = [];
  attached.offering = {
    hear: (event) => {
      if (event.kind === 'fetchedInput') answers.push([event.fetch, event.status, event.bytes.length]);
      if (event.kind !== 'run') return;
      const asks = [[0, 0], [0, 19_999], [0, 20_000], [65_535, 0]];
      asks.forEach(([index, offset], fetch) => attached.say(face.fetchInput(fetch, event.assignment, index, offset)));
    },
    end: () => undefined,
  };
  attached.say(face.offer(1, 2n ** 62n, 60_000, 2 ** 40));
  while (answers.length < 4) await pause(10);
  assert.deepEqual(answers.sort(), [[0, 100, 20_000], [1, 100, 1], [2, 203, 0], [3, 100, MODULES.echo.length]]);
  assert.ok(mesh);
  await job.cancel();
});

test('i13_an executor that leaves in the middle takes nothing with it', async () => {
  const [one, , ] = await Promise.all([1, 2, 3].map(() => executor()));
  const module = slow(2_000_000);
  const inputs = numbered(60);
  const { job } = await ask(module, inputs, { validation: 0 });
  let count = 0;
  for await (const result of job.results()) {
    assert.equal(result.status, 'OK');
    count += 1;
    if (count === 10) net.leave(one);
  }
  assert.equal(await job.root(), await rootHere(module, inputs));
});

test('who stops offering gives back what it has, at once', async () => {
  const [one] = await Promise.all([1, 2].map(() => executor()));
  const { job } = await ask(slow(200_000_000), numbered(4), { validation: 0, gas: 100_000_000_000n });
  while (one.offer.state.running.length === 0) await pause(20);
  one.offer.stop();
  assert.deepEqual([one.offer.state.isOn, one.offer.state.running], [false, []]);
  assert.equal((await job.settled()).filter(({ status }) => status === 'OK').length, 4);
  one.offer.stop();
});

test('a job that is cancelled runs nowhere any more', async () => {
  const others = await Promise.all([1, 2].map(() => executor({ gas: 2n ** 62n })));
  const { job } = await ask(MODULES.endless, numbered(8), { gas: 2n ** 60n });
  while (!others.every(({ offer }) => offer.state.running.length > 0)) await pause(20);
  const bill = await job.cancel('changed my mind');
  assert.deepEqual([bill.accepted, bill.gas], [0, 0n]);
  while (others.some(({ offer }) => offer.state.running.length > 0)) await pause(20);
  await assert.rejects(Promise.resolve(job), { name: 'Cancelled', message: /changed my mind/ });
  assert.equal(job.state, 'cancelled');
});

test('an offer takes what is within its limits, of whom it wants', async () => {
  const asked = [];
  const cases = [
    { memoryMiB: 8 },
    { inputBytes: 20_000 },
    { moduleBytes: 10 },
    { bytesAnHour: 10_000 },
    { gas: 1_000_000n },
    { onAsk: (id) => void asked.push(id) },
  ];
  const refusing = await Promise.all(cases.map((options) => executor(options)));
  const one = await executor();
  const { mesh, job } = await ask(MODULES.echo, [new Uint8Array(30_000)], { validation: 0, pages: 256 });
  const [result] = await job.settled();
  assert.equal(result.executor, one.mesh.id);
  assert.ok(refusing.every(({ offer }) => offer.state.done === 0));
  assert.ok(asked.every((id) => id === mesh.id));
  await assert.rejects(offer(one.mesh, { coordinator }), { name: 'Offering', code: 1089 });
  for (const options of [null, { cores: 0 }, { gas: -1 }, { memoryMiB: 0.5 }, { when: 'never' }, { onAsk: 1 }, { corse: 2 }]) {
    await assert.rejects(offer(mesh, options), { name: 'BadOption' });
  }
});

test('more jobs than there are places take turns, and a mesh that is closed ends all', async () => {
  await Promise.all([1, 2].map(() => executor()));
  const { mesh } = await net.join();
  const jobs = Array.from({ length: 7 }, (_, at) => map(mesh, MODULES.echo, numbered(at + 1), { coordinator, validation: 0 }));
  const outputs = await Promise.all(jobs);
  assert.deepEqual(outputs.map(({ length }) => length), [1, 2, 3, 4, 5, 6, 7]);
  const job = map(mesh, MODULES.endless, ['a'], { coordinator, gas: 90_000_000_000 });
  setTimeout(() => net.leave(net.nodes.get(mesh.id)), 300);
  await assert.rejects(Promise.resolve(job), { name: 'Closed' });
  assert.equal(job.state, 'failed');
  await assert.rejects(Promise.resolve(map(mesh, MODULES.echo, ['a'], { coordinator })), { name: 'Closed' });
});

test('a job that nobody takes says so, and goes on once somebody comes', async () => {
  const { job } = await ask(MODULES.echo, ['a'], { validation: 0 });
  const states = [];
  const stalled = new Promise((resolve) => job.on('state', (...state) => states.push(state) && resolve()));
  await stalled;
  assert.equal(states[0][0], 'stalled');
  assert.match(states[0][1], /Nobody offers/);
  await executor();
  assert.equal((await job).length, 1);
  assert.deepEqual(states.map(([state]) => state), ['stalled', 'running', 'done']);
});
