// Goal: a job goes on from its checkpoint where it was, in another tab, and comes to the same root; nobody reads one without its key.
// Method: a network that keeps what is put in memory; jobs that run here, and among nodes joined in memory.

import assert from 'node:assert/strict';
import { createDecipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { utf8 } from '../dist/bytes.js';
import { contentId } from '../dist/cid.js';
import * as file from '../dist/job/file.js';
import { graph, map, offer, quote, records, resume } from '../dist/job/index.js';
import { RecordBook, theBook } from '../dist/job/records.js';
import { RECORDS_MAX } from '../dist/job/limits.js';
import { thePool } from '../dist/task/pool.js';
import { Net } from './net.js';
import { MODULES, answer, pure } from './task-modules.js';

const coordinator = new WebAssembly.Module(readFileSync(new URL('../wasm/tabmesh_tasks.wasm', import.meta.url)));
const PASS = pure(answer('(i32.add (local.get $at) (i32.const 32))', '(i32.sub (local.get $length) (i32.const 32))'));
const COUNT = pure(answer('(i32.const 0)', '(i32.load8_u (i32.add (local.get $at) (i32.const 35)))'));
const numbered = (count) => Array.from({ length: count }, (_, at) => `${at}`);

/** What is put, by its name. */
const blocks = new Map();
const keeps = {
  put: async (bytes) => {
    const cid = await contentId(bytes);
    blocks.set(cid, bytes.slice());
    return { cid, size: bytes.length, blocks: 1, holders: 1 };
  },
  get: async (cid, { maxBytes }) => {
    const bytes = blocks.get(cid) ?? assert.fail('nobody has it');
    assert.ok(bytes.length <= maxBytes);
    return { bytes: async () => bytes };
  },
};

/** Counts the tasks that run in this process. */
function counting() {
  const pool = thePool();
  const run = pool.run.bind(pool);
  let count = 0;
  pool.run = (order) => {
    count += 1;
    return run(order);
  };
  return () => {
    pool.run = run;
    return count;
  };
}

const LOCAL = { where: 'local' };
const CID = await contentId(utf8('a job'));
const vectors = JSON.parse(readFileSync(new URL('../../tests/vectors/jobs.json', import.meta.url), 'utf8'));

test('a job goes on from its checkpoint with all its parts, and runs nothing twice', async () => {
  const inputs = numbered(60);
  const whole = map(undefined, PASS, inputs, LOCAL).pipe(PASS).reduce(COUNT, { arity: 8 });
  const expected = [await whole, await whole.root()];
  const base = map(keeps, PASS, inputs, LOCAL);
  const reading = base.results();
  const job = base.pipe(PASS).reduce(COUNT, { arity: 8 });
  for (let count = 0; count < 21; count += 1) await reading.next();
  base.pause();
  const { accepted, total } = job.progress;
  const name = await job.checkpoint();
  assert.match(name, /^baf\w{56}#[0-9a-f]{64}$/);
  await job.cancel();
  const counted = counting();
  const { job: again } = await resume(keeps, name, LOCAL);
  assert.deepEqual([await again, await again.root()], expected);
  const ran = counted();
  assert.ok(accepted > 20 && ran <= total - accepted && ran > 0, `${ran} of ${total} ran again, ${accepted} were done`);
});

test('a graph goes on too, and so does what is over', async () => {
  const invocations = [{ input: 'a' }, { input: { await: 0 } }, { module: 1, input: { await: [0, 1] } }, { input: utf8('bc') }];
  const job = graph(keeps, [PASS, COUNT], invocations, LOCAL);
  const expected = [await job, await job.root()];
  const counted = counting();
  const { job: again } = await resume(keeps, await job.checkpoint(), LOCAL);
  assert.deepEqual([await again, await again.root(), counted()], [...expected, 0]);
});

test('a checkpoint is read by nobody without its key, and what is none is named', async () => {
  const job = map(keeps, PASS, ['a secret input'], LOCAL);
  await job;
  const name = await job.checkpoint();
  const [cid, key] = name.split('#');
  const sealed = Buffer.from(blocks.get(cid));
  assert.ok(!sealed.includes('a secret input') && !sealed.includes('version'));
  sealed[5] ^= 1;
  const other = await keeps.put(sealed);
  const wrongKey = `${cid}#${key.replace(/./g, (digit) => (digit === '0' ? '1' : '0'))}`;
  const broken = [wrongKey, `${other.cid}#${key}`, cid, `${cid}#`, `${cid}#${key.slice(1)}`, `${name}#`, '', 7, undefined];
  for (const one of broken) await assert.rejects(resume(keeps, one, LOCAL), { name: /^(NoCheckpoint|BadCid)$/ });
  await assert.rejects(resume(keeps, name, { ...LOCAL, gas: 5 }), { name: 'BadOption' });
  await assert.rejects(resume(keeps, name, { validation: 9 }), { name: 'BadOption' });
  await assert.rejects(map(keeps, PASS, ['a'].values(), LOCAL).checkpoint(), { name: 'NotKept', code: 1087 });
  await assert.rejects(map(undefined, PASS, ['a'], LOCAL).checkpoint(), { name: 'BadOption' });
});

test('any bytes are a file or an error', () => {
  const bytes = file.write({
    cid: CID,
    gas: 5n,
    validation: 2,
    stages: [{ kind: { kind: 'list' }, modules: [{ bytes: utf8('module'), pages: 3, seed: new Uint8Array(32), time: 7n, piece: 0 }] }],
    invocations: [{ module: 0, input: utf8('a') }, { module: 0, awaits: [0], isList: false }, { module: 0, awaits: [0, 1], isList: true }],
    records: [{ executor: 'ab'.repeat(32), confirmed: 3 }],
    journal: utf8('journal'),
  });
  const saved = file.read(bytes);
  assert.deepEqual(file.write(saved), bytes);
  assert.deepEqual(saved.invocations[2], { module: 0, awaits: [0, 1], isList: true });
  for (let length = 0; length < bytes.length - 7; length += 1) assert.throws(() => file.read(bytes.slice(0, length)), Error);
  let read = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    for (const bit of [1, 128]) {
      const changed = bytes.slice();
      changed[at] ^= bit;
      try {
        file.read(changed);
        read += 1;
      } catch (error) {
        assert.ok(error instanceof Error);
      }
    }
  }
  assert.ok(read < 2 * bytes.length);
});

test('another node goes on with a job of the mesh, whose records come along', async () => {
  const net = new Net();
  const nodes = await Promise.all([1, 2, 3].map(() => net.join()));
  const [asker, ...others] = nodes;
  const offers = await Promise.all(others.map(({ mesh }) => offer(mesh, { coordinator, cores: 1 })));
  const inputs = numbered(40);
  Object.assign(asker.mesh, keeps);
  const job = map(asker.mesh, PASS, inputs, { coordinator, validation: 1 });
  for await (const { index } of job.results()) if (index >= 0 && job.progress.accepted >= 10) break;
  const name = await job.checkpoint();
  await job.cancel();
  net.leave(asker);
  const other = await net.join();
  Object.assign(other.mesh, keeps);
  const { job: again } = await resume(other.mesh, name, { coordinator });
  const results = await again.settled();
  assert.deepEqual(results.map(({ output }) => new TextDecoder().decode(output)), inputs);
  const kept = results.filter(({ receipt }) => receipt === undefined);
  assert.ok(kept.length >= 10, `${kept.length} were kept`);
  const { job: over } = await resume(other.mesh, await again.checkpoint(), { coordinator });
  await over;
  assert.equal(over.progress.executors, new Set(results.flatMap(({ executor }) => executor ?? [])).size, 'who computed is told of what is over');
  assert.equal(await again.root(), await map(undefined, PASS, inputs, LOCAL).root());
  const known = await records(other.mesh).list();
  assert.ok(known.length > 0 && known.every(({ executor, confirmed }) => others.some(({ mesh }) => mesh.id === executor) && confirmed > 0));
  await records(other.mesh).clear();
  assert.deepEqual(await records(other.mesh).list(), []);
  offers.forEach((each) => each.stop());
  nodes.concat(other).forEach((node) => net.leave(node));
});

test('records are bounded: who was right least is forgotten', async () => {
  const book = await RecordBook.open();
  const id = (number) => Uint8Array.from({ length: 32 }, (_, at) => (at < 2 ? (number >> (8 * at)) & 255 : 1));
  for (let number = 1; number <= RECORDS_MAX + 10; number += 1) book.note(id(number), number);
  const list = book.list();
  assert.deepEqual([list.length, list[0].confirmed, list.at(-1).confirmed], [RECORDS_MAX, RECORDS_MAX + 10, 11]);
  book.note(id(20), 0);
  assert.equal(book.list().length, RECORDS_MAX - 1);
  assert.notEqual(book, await theBook());
  assert.throws(() => records({}), { name: 'BadOption' });
});

test('a quote runs a few tasks here and says what all would take', async () => {
  const inputs = numbered(100);
  const found = await quote(undefined, MODULES.sum, inputs, { sample: 4 });
  assert.deepEqual([found.tasks, found.outputs.length, found.gas], [100, 4, 100n * found.gasATask]);
  assert.ok(found.gasATask > 1_000n && found.msATask > 0 && found.secondsHere > 0);
  const [first] = await map(undefined, MODULES.sum, ['0'], LOCAL).settled();
  assert.equal(found.gasATask, first.gasUsed);
  const few = await quote(undefined, MODULES.sum, ['a'].values());
  assert.deepEqual([few.tasks, few.gas, few.secondsHere, few.outputs.length], [undefined, undefined, undefined, 1]);
  assert.deepEqual((await quote(undefined, MODULES.sum, [])).outputs, []);
  await assert.rejects(quote(undefined, MODULES.trap, ['a']), { name: 'TaskFailed' });
  await assert.rejects(quote(undefined, utf8('none'), ['a']), { name: 'ModuleRefused' });
  await assert.rejects(quote(undefined, MODULES.sum, ['a'], { sample: 0 }), { name: 'BadOption' });
});

test('a file that somebody else wrote describes a job that there may be, or is none', () => {
  const module = { bytes: PASS, pages: 16, seed: new Uint8Array(32), time: 0n, piece: 0 };
  const flat = (more) => {
    const stages = [{ kind: { kind: 'list' }, modules: [module] }, { kind: { kind: 'reduce', arity: 2 }, modules: [module] }];
    return file.write({ cid: CID, gas: 1n, validation: 0, stages, invocations: [], records: [], journal: new Uint8Array(0), ...more(stages, module) });
  };
  assert.equal(file.read(flat(() => ({}))).stages.length, 2);
  const bad = [
    ([list]) => [list, { kind: { kind: 'reduce', arity: 1 }, modules: [module] }],
    ([list]) => [list, { kind: { kind: 'reduce', arity: 1.5 }, modules: [module] }],
    ([list]) => [list, { kind: { kind: 'reduce' }, modules: [] }],
    ([list]) => [list, { kind: { kind: 'list' }, modules: [module] }],
    ([, reduce]) => [reduce],
    () => [{ kind: { kind: 'list' }, modules: [{ ...module, pages: 2 ** 31 }] }],
    () => [{ kind: { kind: 'list' }, modules: [{ ...module, piece: 2 ** 31 }] }],
  ];
  const good = 'ab'.repeat(32);
  for (const [executor, confirmed] of [[good, 1.5], [good, -1], [good, 2 ** 32], [7, 1], ['ab', 1]]) {
    assert.throws(() => file.read(flat(() => ({ records: [{ executor, confirmed }] }))), `${executor}`);
  }
  for (const stages of bad) assert.throws(() => file.read(flat((all) => ({ stages: stages(all) }))), `${stages}`);
});

test('the vectors of checkpoints are read, and written as they were', async () => {
  for (const { key, file: flat, sealed } of vectors.checkpoints) {
    const bytes = new Uint8Array(Buffer.from(flat, 'base64'));
    const decipher = createDecipheriv('aes-256-gcm', Buffer.from(key, 'hex'), Buffer.alloc(12));
    const whole = Buffer.from(sealed, 'base64');
    decipher.setAuthTag(whole.subarray(-16));
    assert.deepEqual(new Uint8Array(Buffer.concat([decipher.update(whole.subarray(0, -16)), decipher.final()])), bytes);
    assert.deepEqual(file.write(file.read(bytes)), bytes);
  }
});

test('what is no checkpoint is none to any shell', () => {
  assert.ok(vectors.bad_checkpoints.length > 50);
  for (const { why, file: flat } of vectors.bad_checkpoints) {
    assert.throws(() => file.read(new Uint8Array(Buffer.from(flat, 'base64'))), Error, why);
  }
});

test('a checkpoint that names another job is none', async () => {
  const job = map(keeps, PASS, numbered(3), LOCAL);
  await job;
  const [cid, key] = (await job.checkpoint()).split('#');
  const cipher = async (use) => [{ name: 'AES-GCM', iv: new Uint8Array(12) }, await crypto.subtle.importKey('raw', Buffer.from(key, 'hex'), 'AES-GCM', false, [use])];
  const saved = file.read(new Uint8Array(await crypto.subtle.decrypt(...(await cipher('decrypt')), blocks.get(cid))));
  assert.equal(saved.cid, await job.cid());
  const other = await keeps.put(new Uint8Array(await crypto.subtle.encrypt(...(await cipher('encrypt')), file.write({ ...saved, cid: CID }))));
  await assert.rejects(resume(keeps, `${other.cid}#${key}`, LOCAL), { name: 'NoCheckpoint' });
});
