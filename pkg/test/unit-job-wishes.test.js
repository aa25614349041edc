// Goal: how a job is dealt with: it ends at its deadline with what there is, its own tab computes beside others, and owners count as one; what
// cannot be had is refused by name. Method: real coordinators of several nodes, joined in memory; jobs that run here.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';

import { contentId } from '../dist/cid.js';
import { map, offer, quote, resume } from '../dist/job/index.js';
import { Net } from './net.js';
import { MODULES, answer, pure } from './task-modules.js';

const coordinator = new WebAssembly.Module(readFileSync(new URL('../wasm/tabmesh_tasks.wasm', import.meta.url)));
const PASS = pure(answer('(i32.add (local.get $at) (i32.const 32))', '(i32.sub (local.get $length) (i32.const 32))'));
/** Never ends where its input begins with x. */
const STUCK = pure(`(if (i32.eq (i32.load8_u (i32.add (local.get $at) (i32.const 32))) (i32.const 120)) (then (loop $on (br $on))))
  ${answer('(i32.add (local.get $at) (i32.const 32))', '(i32.sub (local.get $length) (i32.const 32))')}`);
const numbered = (count) => Array.from({ length: count }, (_, at) => `${at}`);
const text = (output) => new TextDecoder().decode(output);
const LOCAL = { where: 'local' };

let net;
let offers;

beforeEach(() => {
  net = new Net();
  offers = [];
});
afterEach(() => {
  offers.forEach((each) => each.stop());
  for (const node of [...net.nodes.values()]) net.leave(node);
});

async function executor(options = {}) {
  const node = await net.join();
  offers.push(await offer(node.mesh, { coordinator, cores: 1, ...options }));
  return node.mesh.id;
}

test('a job ends at its deadline, and gives what came', async () => {
  // So that Workers and the module are there by then.
  await map(undefined, STUCK, numbered(4), LOCAL);
  const job = map(undefined, STUCK, ['a', 'b', 'x'], { ...LOCAL, gas: 2n ** 60n, deadline: 3_000 });
  const waiting = [job.settled(), Promise.resolve(job), job.root(), job.cid()];
  const [settled, whole, root, cid] = await Promise.allSettled(waiting);
  for (const { reason } of [settled, whole, root]) assert.deepEqual([reason.name, reason.code], ['JobLate', 1101]);
  for (const { reason } of [settled, whole]) assert.deepEqual(reason.results.map(({ output }) => text(output)), ['a', 'b']);
  assert.equal(cid.status, 'fulfilled');
  assert.equal(job.state, 'failed');
});

test('a deadline that is past ends a job too, paused or stalled, here or elsewhere', async () => {
  const { mesh } = await net.join();
  for (const options of [LOCAL, { coordinator }]) {
    const job = map(mesh, PASS, ['a'], { ...options, deadline: new Date(Date.now() - 1_000) });
    job.pause();
    await assert.rejects(Promise.resolve(job), { name: 'JobLate', detail: 'It was paused.' });
  }
  const missing = await contentId(new Uint8Array(5));
  const lost = map({ get: async () => Promise.reject(new Error('nobody has it')) }, PASS, [{ cid: missing }], { ...LOCAL, deadline: 300 });
  await assert.rejects(Promise.resolve(lost), { name: 'JobLate', detail: `Input missing: ${missing}. It is looked for again.` });
  const far = map(undefined, PASS, ['a'], { ...LOCAL, deadline: new Date('9999-12-31') });
  assert.deepEqual((await far).map(text), ['a']);
});

test('where nobody offers, a job runs here beside others, and comes to the same', async () => {
  const { mesh } = await net.join();
  const inputs = numbered(50);
  const job = map(mesh, PASS, inputs, { coordinator, where: 'both', priority: 3 });
  assert.deepEqual((await job).map(text), inputs);
  assert.equal(await job.root(), await map(undefined, PASS, inputs, LOCAL).root());
  const results = await job.settled();
  assert.ok(results.every(({ executor, isChecked }) => executor === null && isChecked));
});

test('a deadline says what held the job up, however early it is', async () => {
  const late = async (options, detail) => {
    const { mesh } = await net.join();
    await assert.rejects(Promise.resolve(map(mesh, PASS, ['a'], { coordinator, deadline: 1_000, ...options })), { name: 'JobLate', detail });
  };
  await late({}, /^Nobody offers/);
  await late({ group: ['ab'.repeat(32)] }, /^None of the executors in the group/);
  await executor({ onAsk: () => false });
  await late({ validation: 0, deadline: 4_000 }, /^None of those who were found .* they offer no more/);
  const busy = map(undefined, STUCK, ['x'], { ...LOCAL, gas: 2n ** 60n, deadline: 1_000 });
  await assert.rejects(Promise.resolve(busy), { name: 'JobLate', detail: undefined });
});

test('a tab that is in the group computes', async () => {
  const { mesh } = await net.join();
  const results = await map(mesh, PASS, numbered(5), { coordinator, group: [mesh.id] }).settled();
  assert.deepEqual(results.map(({ executor }) => executor), [null, null, null, null, null]);
});

test('an offer says whose it is', async () => {
  await executor({ owner: 'a lab' });
  await executor();
  assert.deepEqual(offers.map(({ state }) => state.owner), [createHash('sha256').update('a lab').digest('hex'), undefined]);
});

test('own cores and executors share a job', async () => {
  const id = await executor();
  const { mesh } = await net.join();
  const inputs = numbered(400);
  const job = map(mesh, PASS, inputs, { coordinator, validation: 0, ownCores: 1 });
  const who = new Set((await job.settled()).map(({ executor }) => executor));
  assert.deepEqual(who, new Set([id, null]));
});

test('executors of one owner check nobody of it', async () => {
  const ids = [await executor({ owner: 'a lab' }), await executor({ owner: 'a lab' })];
  const { mesh } = await net.join();
  const alone = map(mesh, PASS, numbered(10), { coordinator, validation: 2 });
  const hint = await new Promise((resolve) => alone.on('state', (state, why) => state === 'stalled' && resolve(why)));
  assert.match(hint, /Fewer executors are there .* those of one owner count as one/);
  await alone.cancel();
  ids.push(await executor({ owner: 'another' }));
  const job = map(mesh, PASS, numbered(10), { coordinator, validation: 2 });
  const given = new Map();
  job.on('assigned', ({ executor, indices }) => indices.forEach((index) => given.set(index, [...(given.get(index) ?? []), executor])));
  assert.equal((await job.settled()).length, 10);
  assert.ok([...given.values()].every((all) => all.includes(ids[2])));
});

test('what cannot be had is refused by name', async () => {
  const { mesh } = await net.join();
  for (const options of [{ budget: 1n }, { where: 'both', budget: 5n }]) assert.throws(() => map(mesh, PASS, [], { coordinator, ...options }), { name: 'NotForSale', code: 1102 });
  await assert.rejects(quote(mesh, PASS, ['a'], { budget: 1n }), { name: 'NotForSale' });
  await assert.rejects(resume(mesh, 'x', { budget: 1n }), { name: 'NotForSale' });
  await assert.rejects(offer(mesh, { coordinator, leastPrice: 1n }), { name: 'NotForSale' });
  const bad = [{ budget: 0 }, { budget: -1n }, { priority: 4 }, { priority: -1 }, { deadline: -5 }, { deadline: 'soon' }, { deadline: new Date(NaN) }, { ownCores: 0 }, { ownCores: 65 }, { where: 'local', ownCores: 1 }, { where: 'here' }];
  for (const options of bad) assert.throws(() => map(mesh, PASS, [], { coordinator, ...options }), { name: 'BadOption' }, JSON.stringify(options, (_, value) => `${value}`));
  for (const owner of ['', 'x'.repeat(33), 7]) await assert.rejects(offer(mesh, { coordinator, owner }), { name: 'BadOption' });
  assert.equal((await quote(mesh, PASS, ['a'], { budget: 0n })).price, 0n);
});

test('a resumed job begins where it was', async () => {
  const contents = new Map();
  const mesh = {
    put: async (bytes) => {
      const cid = await contentId(bytes);
      contents.set(cid, bytes.slice());
      return { cid };
    },
    get: async (cid) => ({ bytes: async () => contents.get(cid) }),
  };
  const job = map(mesh, MODULES.echo, numbered(60), LOCAL);
  const reading = job.results();
  for (let count = 0; count < 30; count += 1) await reading.next();
  job.pause();
  const { accepted } = job.progress;
  const name = await job.checkpoint();
  await job.cancel();
  const { job: again } = await resume(mesh, name, LOCAL);
  const told = [];
  again.on('progress', (progress) => told.push(progress.accepted));
  assert.ok(accepted >= 30 && again.progress.accepted === accepted, `${again.progress.accepted} of ${accepted}`);
  assert.equal((await again.settled()).length, 60);
  assert.ok(told.every((count) => count >= accepted) && again.progress.accepted === 60);
});
