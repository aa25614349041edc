// Goal: who lies about one step of a task is named by a run of that step alone, whether or not its executors have to run steps again; what is
// kept for that has bounds.
// Method: the real coordinators of several nodes, joined in memory, with real threads; one node says another gas of one step.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';

import { concat, hex } from '../dist/bytes.js';
import { readBatch } from '../dist/job/batch.js';
import { Coordinator } from '../dist/job/coordinator.js';
import * as face from '../dist/job/face.js';
import { hashNow } from '../dist/job/hash.js';
import { map, offer } from '../dist/job/index.js';
import { RERUNS_MAX, TRAILS_BYTES_MAX } from '../dist/job/limits.js';
import { taskId } from '../dist/job/task-id.js';
import { Trail } from '../dist/job/trail.js';
import { Trails } from '../dist/job/trails.js';
import { walk } from '../dist/job/walk.js';
import * as STATUS from '../dist/status.js';
import { Net } from './net.js';
import { MODULES } from './task-modules.js';

const coordinator = new WebAssembly.Module(readFileSync(new URL('../wasm/tabmesh_tasks.wasm', import.meta.url)));
const PACK = new Uint8Array(readFileSync(new URL('../../task-meter/guests/built/pack.wasm', import.meta.url)));
const NOTHING = new Uint8Array(0);
const GAS = 100_000_000_000n;

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

const moduleOf = (frame) => ({ pool: { bytes: PACK, pages: frame.pages, name: `${hex(frame.module)}:${frame.pages}` }, frame });

/** Runs tasks by steps, says another gas of one of these, and answers whatever it is asked about them. */
async function lieAt(mesh, place) {
  const attached = await Coordinator.of(mesh, coordinator);
  const liar = { asked: [] };
  const ran = new Map();
  const run = async (event) => {
    const { frame, inputs } = readBatch(event.bytes, event.count);
    for (const [index, { bytes: input }] of inputs.entries()) {
      const [trail, steps, lefts, parts] = [new Trail(), [], [], []];
      const seen = ({ step, state, emitted }) => {
        steps.push(step.number === place ? { ...step, gas: step.gas + 1n } : step);
        trail.push(steps.at(-1));
        parts.push(emitted);
        if (place < 100) lefts.push(concat(...parts, state));
        return true;
      };
      const { outcome } = await walk({ module: moduleOf(frame), gas: event.gas, input }, { timeoutMs: 60_000, seen });
      ran.set(`${event.assignment}:${index}`, { trail, steps, lefts });
      const { gasUsed: gas, output } = outcome;
      const said = { status: 0, gas, length: output.length, output: hashNow(output), steps: trail.root };
      const task = taskId(frame, event.gas, { hash: hashNow(input), length: input.length });
      attached.say(face.ran(event.assignment, index, task, said, output.length > 1_024 ? NOTHING : output));
    }
  };
  attached.offering = {
    hear: (event) => {
      if (event.kind === 'run') void run(event);
      if (event.kind !== 'wantSteps') return;
      const { ask, ticket } = event;
      liar.asked.push(ask.kind);
      const { trail, steps, lefts } = ran.get(`${event.assignment}:${event.index}`);
      const bytes = ask.kind === 'left' ? lefts[ask.number]?.slice(ask.offset, ask.offset + 32_768) : trail.answer(ask, (first, count) => steps.slice(first, first + count));
      attached.say(face.giveOutput(ticket, bytes ? STATUS.ok : STATUS.notFound, bytes ?? NOTHING));
    },
    end: () => undefined,
  };
  attached.say(face.offer(1, 2n ** 62n, 600_000, 2 ** 40));
  return liar;
}

async function dispute(inputs, place, options) {
  const node = await net.join();
  const liar = await lieAt(node.mesh, place);
  for (let count = 0; count < 2; count += 1) offers.push(await offer((await net.join()).mesh, { coordinator, cores: 1 }));
  const { mesh } = await net.join();
  const job = map(mesh, PACK, inputs, { coordinator, gas: GAS, expectedMs: 20_000, ...options });
  const named = [];
  job.on('dispute', (event) => named.push(event.liar));
  const root = await job.root();
  return { liar, named: [...new Set(named)], id: node.mesh.id, root };
}

const inputs = (count, bytes) => Array.from({ length: count }, (_, at) => Uint8Array.from({ length: bytes }, (_, byte) => (at * byte) >> 3));

for (const place of [0, 7]) {
  test(`i19: who lies about step ${place} is named, and the root is that of a run here`, async () => {
    const [given, options] = [inputs(12, 500), { pieceBytes: 50 }];
    const { liar, named, id, root } = await dispute(given, place, options);
    assert.deepEqual(named, [id]);
    assert.ok(liar.asked.includes('open'));
    assert.equal(liar.asked.includes('step'), place > 0, 'nothing is before the first');
    assert.equal(root, await map(undefined, PACK, given, { where: 'local', gas: GAS, ...options }).root());
  });
}

test('i15: of many steps those that are wanted are run again', async () => {
  const { named, id } = await dispute(inputs(3, 4_500), 4_321, { pieceBytes: 1 });
  assert.deepEqual(named, [id]);
});

test('stages by steps and others are of one job', async () => {
  for (let count = 0; count < 2; count += 1) offers.push(await offer((await net.join()).mesh, { coordinator, cores: 1 }));
  const given = inputs(5, 300);
  const chain = (job) => job.pipe(MODULES.echo).pipe(PACK, { pieceBytes: 10 });
  const { mesh } = await net.join();
  const job = chain(map(mesh, PACK, given, { coordinator, gas: GAS, pieceBytes: 64 }));
  assert.equal(await job.root(), await chain(map(undefined, PACK, given, { where: 'local', gas: GAS, pieceBytes: 64 })).root());
});

const step = (number) => ({ number, state: hashNow(Uint8Array.of(number)), gas: 1n, flag: 0, position: 0, length: 0, output: new Uint8Array(32) });

test('trails are kept as long as there is room, and forgotten with their batch', () => {
  const trails = new Trails();
  const trail = new Trail();
  trail.push(step(0));
  const task = { input: new Uint8Array(TRAILS_BYTES_MAX / 2) };
  for (const place of ['1:0', '1:1', '2:0']) trails.keep(place, { task, trail });
  const status = (place) => trails.answer(place, { kind: 'open' }).status;
  assert.deepEqual(['1:0', '1:1', '2:0'].map(status), [STATUS.notFound, STATUS.notFound, STATUS.ok]);
  trails.forget('2:0');
  assert.equal(status('2:0'), STATUS.notFound);
});

test('steps of one task are run again so often, and of too long a row not at all', async () => {
  const frame = { module: hashNow(PACK), moduleLength: PACK.length, pages: 64, seed: new Uint8Array(32), time: 0n, piece: 1 };
  const task = { module: moduleOf(frame), gas: GAS, input: Uint8Array.of(1, 2, 3) };
  const trail = new Trail();
  await walk(task, { timeoutMs: 60_000, seen: (taken) => (trail.push(taken.step), true) });
  const trails = new Trails();
  trails.keep('1:0', { task, trail });
  const wants = () => trails.answer('1:0', { kind: 'step', number: 1 });
  // It is never kept: another question comes between.
  for (let count = 0; count < RERUNS_MAX; count += 1) {
    assert.deepEqual(wants(), { later: { from: 1, to: 2, left: 1 } });
    await trails.runAgain('1:0', { from: 0, to: 1, left: undefined }, { timeoutMs: 60_000 });
  }
  assert.equal(wants().status, STATUS.notFound);
  assert.equal(trails.answer('1:0', { kind: 'left', number: 4, offset: 0 }).status, STATUS.badRequest);
  const long = new Trail();
  long.count = 2 ** 31;
  long.level = 19;
  trails.keep('2:0', { task, trail: long });
  assert.equal(trails.answer('2:0', { kind: 'step', number: 1 }).status, STATUS.notFound);
});
