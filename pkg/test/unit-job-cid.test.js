// Goal: a job has one name, whoever runs it and wherever its inputs come from; inputs by their names come from the network, however late.
// Method: names are made again by code of this file that shares nothing with the package; a network in memory that has contents or not.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { fromHex, utf8 } from '../dist/bytes.js';
import { RAW, cidBytes, cidText, contentId, parseCid } from '../dist/cid.js';
import { graph, map, quote, resume } from '../dist/job/index.js';
import { GrowingTree, rootNow } from '../dist/job/merkle.js';
import { Pages, jobCid } from '../dist/job/manifest.js';
import { Missing } from '../dist/job/missing.js';
import { MeshError } from '../dist/errors.js';
import * as CODE from '../dist/codes.js';
import { answer, pure } from './task-modules.js';

const { manifests } = JSON.parse(readFileSync(new URL('../../tests/vectors/jobs.json', import.meta.url), 'utf8'));
const LOCAL = { where: 'local' };
const PASS = pure(answer('(i32.add (local.get $at) (i32.const 32))', '(i32.sub (local.get $length) (i32.const 32))'));
const COUNT = pure(answer('(i32.const 0)', '(i32.load8_u (i32.add (local.get $at) (i32.const 35)))'));
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const number = (value, bytes) => Buffer.from(BigInt(value).toString(16).padStart(2 * bytes, '0'), 'hex');
const text = (output) => new TextDecoder().decode(output);

function rootOf(leaves) {
  if (leaves.length <= 1) return leaves[0] ?? Buffer.alloc(32);
  const left = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return sha256(Buffer.of(1), rootOf(leaves.slice(0, left)), rootOf(leaves.slice(left)));
}

/** The name of a job as `docs/JOBS.md` has it, by nothing of the package but the text of a CID. */
function cidAgain({ gas, stages, invocations }) {
  const kinds = { list: 0, each: 1, reduce: 2 };
  const head = [number(1, 1), number(gas, 8), number(stages.length, 1)];
  for (const { kind, arity = 0, modules } of stages) {
    head.push(number(kinds[kind], 1), number(arity, 2), number(modules.length, 2));
    for (const { bytes, pages, seed, time, piece } of modules) head.push(sha256(bytes), number(pages, 4), seed, number(time, 8), number(piece, 4));
  }
  const parts = invocations.map(({ module, input, cid, awaits, isList }) => {
    if (input) return Buffer.concat([Buffer.of(0), number(module, 2), sha256(input)]);
    if (cid) return Buffer.concat([Buffer.of(parseCid(cid).codec === RAW ? 0 : 1), number(module, 2), parseCid(cid).hash]);
    if (!isList) return Buffer.concat([Buffer.of(2), number(module, 2), number(awaits[0], 4)]);
    return Buffer.concat([Buffer.of(3), number(module, 2), number(awaits.length, 2), ...awaits.map((each) => number(each, 4))]);
  });
  const leaves = [];
  for (let at = 0; at < parts.length; at += 512) leaves.push(sha256(Buffer.of(0), ...parts.slice(at, at + 512)));
  return cidText({ codec: RAW, hash: sha256(...head, number(parts.length, 4), rootOf(leaves)) });
}

/** A network of contents, which come one by one. */
function network(...texts) {
  const contents = new Map();
  const asked = [];
  const add = async (content) => {
    const bytes = typeof content === 'string' ? utf8(content) : content;
    const cid = await contentId(bytes);
    contents.set(cid, bytes);
    return cid;
  };
  const mesh = {
    get: async (cid, { maxBytes }) => {
      asked.push(cid);
      const bytes = contents.get(cid);
      if (!bytes) throw new MeshError(203);
      if (bytes.length > maxBytes) throw new MeshError(CODE.tooLarge);
      return { bytes: async () => bytes };
    },
    put: async (bytes) => ({ cid: await add(bytes.slice()) }),
  };
  return { mesh, add, asked, ready: Promise.all(texts.map(add)) };
}

test('the vectors hold, and by other code too', async () => {
  for (const { gas, stages, numbered, invocations, cid } of manifests) {
    const all = numbered === undefined ? invocations : Array.from({ length: numbered }, (_, at) => ({ module: 0, input: Buffer.from(`${at}`).toString('base64') }));
    const read = stages.map(({ modules, ...kind }) => ({
      ...kind,
      modules: modules.map((module) => ({ ...module, bytes: Buffer.from(module.bytes, 'base64'), seed: fromHex(module.seed, 32), time: BigInt(module.time) })),
    }));
    const given = all.map(({ input, ...rest }) => (input === undefined ? rest : { ...rest, input: new Uint8Array(Buffer.from(input, 'base64')) }));
    assert.equal(cidAgain({ gas, stages: read, invocations: given }), cid);
    const pages = new Pages();
    given.forEach((each) => pages.add(each.cid ? { ...each, cid: parseCid(each.cid) } : each));
    assert.equal(await jobCid(BigInt(gas), read.map(({ modules, ...kind }) => ({ kind, modules })), await pages.end()), cid);
  }
});

test('a tree that grows has the root of all at once', () => {
  for (let count = 0; count < 70; count += 1) {
    const tree = new GrowingTree();
    const leaves = Array.from({ length: count }, (_, at) => sha256(Buffer.of(at)));
    leaves.forEach((leaf) => tree.push(new Uint8Array(leaf)));
    assert.deepEqual(tree.root, rootNow(new Uint8Array(Buffer.concat(leaves))));
  }
});

test('the name is the same by array, by iterator, by names, at every level, and another one for whatever else differs', async () => {
  const net = network('a', 'b', 'c');
  const cids = await net.ready;
  const list = await net.add(`${cids.join('\n')}\n`);
  async function* later() {
    yield* ['a', 'b', 'c'];
  }
  const kinds = [['a', 'b', 'c'], later(), ['a', { cid: cids[1] }, 'c'], cids.map((cid) => ({ cid })), { cid: list }];
  const names = new Set();
  for (const inputs of kinds) {
    const job = map(net.mesh, PASS, inputs, { ...LOCAL, validation: names.size });
    names.add(await job.cid());
    assert.deepEqual((await job).map(text), ['a', 'b', 'c']);
    names.add(await job.cid());
  }
  assert.equal(names.size, 1);
  for (const [inputs, options] of [[['a', 'c', 'b'], {}], [['a', 'b'], {}], [['a', 'b', 'c'], { gas: 7 }], [['a', 'b', 'c'], { pages: 9 }], [['a', 'b', 'c'], { time: 1 }]]) {
    const job = map(net.mesh, PASS, inputs, { ...LOCAL, ...options });
    names.add(await job.cid());
    await job.cancel();
  }
  const reduced = map(net.mesh, PASS, ['a', 'b', 'c'], LOCAL).reduce(COUNT);
  names.add(await reduced.cid());
  assert.equal(names.size, 7);
});

test('of a job that ended before it was all read there is no name', async () => {
  async function* endless() {
    for (;;) yield 'x';
  }
  const job = map(undefined, PASS, endless(), LOCAL);
  const name = job.cid();
  await job.cancel();
  await assert.rejects(name, { name: 'Cancelled' });
});

test('a million inputs take no more than a page and a hash for each power of two', async () => {
  const pages = new Pages();
  const given = { module: 0, input: utf8('x') };
  const collect = (setFlagsFromString('--expose-gc'), runInNewContext('gc'));
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let count = 0; count < 1_000_000; count += 1) {
    pages.add(given);
    if (count % 65_536 === 0) await pages.settled;
  }
  await pages.settled;
  collect();
  // The hashes of all would be 32 MB.
  const kept = process.memoryUsage().heapUsed - before;
  assert.ok(kept < 8 << 20, `${kept} bytes`);
  const whole = await pages.end();
  assert.equal(new DataView(whole.buffer).getUint32(0), 1_000_000);
});

test('an input that does not come holds nothing else up, the job says which it is, and goes on when it comes', async () => {
  const net = network();
  const cid = await contentId(utf8('late'));
  const job = map(net.mesh, PASS, ['a', { cid }, 'c'], LOCAL);
  const states = [];
  const stalled = new Promise((resolve) => job.on('state', (state, hint) => states.push(state) && state === 'stalled' && resolve(hint)));
  const seen = [];
  const reading = (async () => {
    for await (const result of job.results()) seen.push(text(result.output));
  })();
  assert.match(await stalled, new RegExp(`Input missing: ${cid}`));
  await net.add('late');
  await reading;
  assert.deepEqual(seen.sort(), ['a', 'c', 'late']);
  assert.deepEqual(states, ['running', 'stalled', 'running', 'done']);
});

test('names that are none are refused at once, and contents that are none of an input fail', async () => {
  const net = network();
  for (const cid of ['bafnonsense', 7, `${await contentId(utf8('a'))}a`]) {
    assert.throws(() => map(net.mesh, PASS, ['a', { cid }], LOCAL), { name: 'BadCid' });
    assert.throws(() => map(net.mesh, PASS, { cid }, LOCAL), { name: 'BadCid' });
    assert.throws(() => graph(net.mesh, [PASS], [{ input: { cid } }], LOCAL), { name: 'BadCid' });
  }
  const good = await net.add('good');
  assert.throws(() => map(net.mesh, PASS, [{ cid: good, more: 1 }], LOCAL), { name: 'BadOption' });
  await assert.rejects(map(undefined, PASS, [{ cid: good }], LOCAL), { name: 'BadOption' });
  const large = await net.add(new Uint8Array((16 << 20) + 1));
  const [result] = await map(net.mesh, PASS, [{ cid: large }], LOCAL).settled();
  assert.equal(result.failed, 'InputTooLarge');
  const list = await net.add(`${good}\nnonsense\n`);
  await assert.rejects(map(net.mesh, PASS, { cid: list }, LOCAL), ({ name, detail }) => name === 'NoList' && detail === 'line 2');
  const empty = await net.add('');
  assert.deepEqual(await map(net.mesh, PASS, { cid: empty }, LOCAL), []);
});

test('names are a graph’s inputs too, a quote fetches them, and a checkpoint keeps them as names', async () => {
  const net = network('a', 'b');
  const [a, b] = await net.ready;
  const job = graph(net.mesh, [PASS], [{ input: { cid: a } }, { input: { await: 0 } }, { input: { cid: b } }], LOCAL);
  assert.deepEqual((await job).map(text), ['a', 'a', 'b']);
  const { outputs } = await quote(net.mesh, PASS, [{ cid: b }], { sample: 1 });
  assert.deepEqual(outputs.map(text), ['b']);
  const name = await job.checkpoint();
  net.asked.length = 0;
  const { job: again } = await resume(net.mesh, name, LOCAL);
  assert.equal(await again.cid(), await job.cid());
  assert.deepEqual((await again).map(text), ['a', 'a', 'b']);
  assert.equal(await again.root(), await job.root());
});

test('no more than eight contents are fetched at a time, and none while what came waits', async () => {
  let [now, most] = [0, 0];
  const mesh = {
    get: async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, 1));
      return { bytes: async () => utf8('x') };
    },
  };
  const missing = new Missing(mesh);
  const cid = parseCid(await contentId(utf8('x')));
  const takes = [];
  const all = Array.from({ length: 40 }, () => missing.bring(cid, 10, () => new Promise((resolve) => takes.push(() => ((now -= 1), resolve())))));
  for (let count = 0; count < 40;) {
    const take = takes.shift();
    if (take) take();
    count += take ? 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(all);
  assert.equal(most, 8);
  assert.equal(cidBytes(cid).length, 36);
});
