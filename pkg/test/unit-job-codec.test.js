// Goal: ids of tasks, batches, trees and receipts are what tests/vectors/jobs.json says, which every shell is held to.
// Method: the vectors are made again by code of this file and of Node that shares nothing with the package.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { concat, fromHex, hex, utf8 } from '../dist/bytes.js';
import { packBatch, readBatch } from '../dist/job/batch.js';
import { read } from '../dist/job/face.js';
import { RunningHash, hashNow } from '../dist/job/hash.js';
import * as LIMIT from '../dist/job/limits.js';
import { climb, leafOf, pathOf, rootNow, rootOf } from '../dist/job/merkle.js';
import { verifyReceipt } from '../dist/job/receipt.js';
import { awaitedInput, awaitedLength, levelsOf } from '../dist/job/shape.js';
import { runTask } from '../dist/job/own-run.js';
import { taskId } from '../dist/job/task-id.js';
import { Trail, leafOfStep } from '../dist/job/trail.js';

const vectors = JSON.parse(readFileSync(new URL('../../tests/vectors/jobs.json', import.meta.url), 'utf8'));
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const bytesOf = (text) => fromHex(text, text.length / 2);
const base64 = (text) => new Uint8Array(Buffer.from(text, 'base64'));
const number = (value, bytes) => Buffer.from(BigInt(value).toString(16).padStart(2 * bytes, '0'), 'hex');
const frameOf = ({ module, module_length, pages, seed, time, piece }) => ({
  module: bytesOf(module), moduleLength: module_length, pages, seed: bytesOf(seed), time: BigInt(time), piece,
});
const outcomeOf = ({ status, gas, length, output, steps }) => ({ status, gas: BigInt(gas), length, output: bytesOf(output), ...(steps && { steps: bytesOf(steps) }) });

test('SHA-256 is that of the platform at every length around its blocks', () => {
  for (let length = 0; length < 300; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 31 + length) % 256);
    assert.equal(hex(hashNow(bytes)), sha256(bytes).toString('hex'), `${length}`);
  }
  const within = new Uint8Array(1000).fill(3).subarray(13, 500);
  assert.equal(hex(hashNow(within)), sha256(within).toString('hex'));
  const running = new RunningHash(new Uint8Array(0));
  for (let length = 0, all = Buffer.of(); length < 150; length += 1) {
    assert.equal(hex(running.digest()), sha256(all).toString('hex'), `after ${length} parts`);
    const part = new Uint8Array(length).fill(length);
    running.push(part);
    all = Buffer.concat([all, part]);
  }
});

test('a trail has the root over its steps, and says what every shell says about them', () => {
  const step = (number, count) => {
    const text = (said) => sha256(utf8(said));
    return { number, state: text(`${number}`), gas: 3n * BigInt(number), flag: number + 1 === count ? 1 : 0, position: number, length: 2 * number, output: text(`output ${number}`) };
  };
  for (const { count, first_leaf: leaf, root, answers } of vectors.trails) {
    const trail = new Trail();
    const hashes = [];
    for (let at = 0; at < count; at += 1) {
      const { number: name, state, gas, flag, position, length, output } = step(at, count);
      hashes.push(sha256(Buffer.of(2), number(name, 4), state, number(gas, 8), number(flag, 1), number(position, 4), number(length, 4), output));
      trail.push(step(at, count));
    }
    assert.deepEqual([hex(leafOfStep(step(0, count))), hashes[0].toString('hex')], [leaf, leaf]);
    assert.equal(hex(trail.root), root, `${count}`);
    assert.equal(sha256(Buffer.of(3), number(count, 4), rootAgain(hashes)).toString('hex'), root);
    assert.ok(trail.kept <= 4_096 + 32);
    for (const { sha256: expected, ...ask } of answers) {
      const said = trail.answer(ask, (first, many) => Array.from({ length: many }, (_, at) => step(first + at, count)));
      assert.equal(sha256(said).toString('hex'), expected, `${count}: ${JSON.stringify(ask)}`);
    }
  }
});

test('tasks by steps come to the same steps as in every shell', async () => {
  const tasks = JSON.parse(readFileSync(new URL('../../tests/vectors/tasks.json', import.meta.url), 'utf8'));
  for (const { name, outcome } of vectors.stepped) {
    const { module, input, gas, pages, seed, time, piece } = tasks.find((task) => task.name === name);
    const bytes = base64(module);
    const frame = { module: sha256(bytes), moduleLength: bytes.length, pages, seed: bytesOf(seed), time: BigInt(time), piece };
    const pool = { bytes, pages, name: `${hex(frame.module)}:${pages}` };
    const run = await runTask({ module: { pool, frame }, gas: BigInt(gas), input: base64(input) });
    assert.deepEqual(run.outcome, outcomeOf(outcome), name);
  }
});

test('the id of a task is the hash of its 125 bytes', () => {
  for (const { gas, input, id, cid, ...frame } of vectors.tasks) {
    const { module, pages, seed, time, piece } = frame;
    const parts = [number(1, 1), Buffer.from(module, 'hex'), Buffer.from(input.hash, 'hex'), number(input.length, 4), number(gas, 8), number(pages, 4)];
    const bytes = Buffer.concat([...parts, Buffer.from(seed, 'hex'), number(time, 8), number(piece, 4)]);
    assert.equal(bytes.length, 125);
    assert.equal(sha256(bytes).toString('hex'), id);
    assert.equal(hex(taskId(frameOf(frame), BigInt(gas), { hash: bytesOf(input.hash), length: input.length })), id);
    assert.match(cid, /^bafkrei/);
  }
});

test('a batch holds short inputs and the hashes of long ones, as many as fit, and is read back', () => {
  for (const { inputs, count, length, sha256: hash, bytes, ...frame } of vectors.batches) {
    const given = inputs.map(({ length, byte, bytes }) => (bytes === undefined ? new Uint8Array(length).fill(byte) : base64(bytes)));
    const packed = packBatch(frameOf(frame), given.map((each) => ({ bytes: each, hash: sha256(each) })));
    assert.deepEqual([packed.count, packed.bytes.length, sha256(packed.bytes).toString('hex')], [count, length, hash]);
    if (bytes !== undefined) assert.deepEqual(packed.bytes, base64(bytes));
    const batch = readBatch(packed.bytes, count);
    assert.deepEqual(batch.frame, frameOf(frame));
    batch.inputs.forEach((input, at) => {
      if (input.bytes) assert.deepEqual(input.bytes, given[at]);
      else assert.deepEqual([hex(input.hash), input.length], [sha256(given[at]).toString('hex'), given[at].length]);
    });
    assert.throws(() => readBatch(packed.bytes, count + 1), RangeError);
    if (count > 0) assert.throws(() => readBatch(packed.bytes, count - 1), RangeError);
  }
});

/** The root by the recursive definition: the left half has the largest power of two of leaves. */
function rootAgain(leaves) {
  if (leaves.length <= 1) return leaves[0] ?? Buffer.alloc(32);
  const left = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return sha256(Buffer.of(1), rootAgain(leaves.slice(0, left)), rootAgain(leaves.slice(left)));
}

test('roots are those of the tree, and a path leads there from every leaf and from nowhere else', () => {
  const { tasks, outcomes, leaves, roots, failed } = vectors.tree;
  const hashes = leaves.map(bytesOf);
  tasks.forEach((task, at) => assert.equal(hex(leafOf(bytesOf(task), outcomeOf(outcomes[at]))), leaves[at]));
  for (const { count, root } of roots) {
    assert.equal(hex(rootNow(concat(...hashes.slice(0, count)))), root);
    assert.equal(hex(rootAgain(hashes.slice(0, count))), root);
  }
  const zeros = hashes.map((leaf, at) => (failed.failed.includes(at) ? new Uint8Array(32) : leaf));
  assert.equal(hex(rootNow(concat(...zeros))), failed.root);
  for (let count = 1; count < 40; count += 1) {
    const many = Array.from({ length: count }, (_, at) => sha256(Buffer.of(at)));
    const packed = concat(...many);
    const root = rootAgain(many);
    many.forEach((leaf, index) => {
      const path = pathOf(packed, index);
      assert.deepEqual(Buffer.from(climb(leaf, index, count, path)), root);
      assert.equal(climb(leaf, index, count, [...path, leaf]), undefined);
      if (path.length > 0) assert.equal(climb(leaf, index, count, path.slice(1)), undefined);
      assert.equal(climb(leaf, count, count, path), undefined);
    });
  }
});

test('the root of many leaves is the same with pauses', async () => {
  const packed = new Uint8Array(32 * 40_001);
  new DataView(packed.buffer).setUint32(32 * 40_000, 7);
  let pauses = 0;
  assert.deepEqual(await rootOf(packed, async () => void (pauses += 1)), rootNow(packed));
  assert.ok(pauses > 3);
});

test('lists of outputs and the levels of a reduction have one form', () => {
  for (const { outputs, input } of vectors.awaited) {
    assert.deepEqual(awaitedInput(outputs.map(utf8)), base64(input));
    assert.equal(awaitedLength(outputs.map((text) => text.length)), base64(input).length);
  }
  for (const { count, arity, levels } of vectors.reductions) {
    assert.deepEqual(levelsOf(count, arity), levels);
    if (levels.length > 0) assert.equal(levels.at(-1), Math.ceil((levels.at(-2) ?? count) / arity));
  }
  assert.deepEqual(levelsOf(0, 16), []);
});

test('a receipt holds, says what was signed, and nothing of it can be changed', async () => {
  for (const { bytes, executor, requester, network, task, outcome } of vectors.receipts) {
    const receipt = base64(bytes);
    const says = await verifyReceipt(receipt, { executor, requester, network });
    assert.deepEqual([says.executor, says.requester, says.gasUsed, says.outputBytes], [executor, requester, BigInt(outcome.gas), outcome.length]);
    const [first, second] = vectors.receipts.map((other) => other.task);
    assert.notEqual(first, second);
    assert.equal(says.task, (await verifyReceipt(receipt.buffer, { task: says.task })).task);
    assert.equal(says.status, ['OK', 'EXIT', 'TRAP'][outcome.status]);
    assert.ok(receipt.length >= 8 + 32 + 16 + 64 + 64 + 2 + 2 + 32 + 45);
    assert.equal(hex(receipt.subarray(188, 220)), task);
    for (let at = 0; at < receipt.length; at += 1) {
      const changed = receipt.slice();
      changed[at] ^= 1;
      await assert.rejects(verifyReceipt(changed), { name: /NoReceipt|BadSignature/ }, `byte ${at}`);
    }
    for (const length of [0, 1, 200, receipt.length - 1]) await assert.rejects(verifyReceipt(receipt.slice(0, length)), { name: 'NoReceipt', code: 1080 });
    await assert.rejects(verifyReceipt(receipt, { network: 'another' }), { name: 'OtherReceipt', code: 1082 });
    await assert.rejects(verifyReceipt(receipt, { output: utf8('another') }), { name: 'OtherReceipt' });
  }
  const [{ bytes }] = vectors.receipts;
  assert.equal((await verifyReceipt(base64(bytes), { output: utf8('one') })).outputBytes, 3);
  for (const wrong of [undefined, 7, 'text']) await assert.rejects(verifyReceipt(wrong), { name: 'BadOption' });
  for (const expected of [null, { tsk: 'a' }, { network: 7 }, { output: 7 }]) await assert.rejects(verifyReceipt(base64(bytes), expected), { name: 'BadOption' });
  await assert.rejects(verifyReceipt(base64(bytes), { executor: 'abc' }), { name: 'BadId' });
});

test('the bounds are those of the module', () => {
  const source = readFileSync(new URL('../../core-wasm/tasks/src/limits.rs', import.meta.url), 'utf8');
  const bounds = Object.fromEntries([...source.matchAll(/pub const (\w+): (?:usize|u32) = ([\d_]+);/g)].map(([, name, value]) => [name, Number(value.replaceAll('_', ''))]));
  for (const name of ['BATCH_MAX', 'INLINE_MAX', 'WANTED_A_PEER', 'RECORDS_MAX', 'CANARIES_MAX', 'GROUP_MAX', 'OPEN_MAX', 'JOBS_MAX', 'PREFERRED_MAX']) assert.equal(LIMIT[name], bounds[name], name);
  assert.ok(LIMIT.FETCHES_MAX <= bounds.FETCHES_MAX);
});

test('any bytes are an event or a RangeError', () => {
  let seed = 7;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647);
  const kinds = new Set();
  for (let turns = 0; turns < 20_000; turns += 1) {
    const bytes = Uint8Array.from({ length: random() % 400 }, (_, at) => (at === 0 ? random() % 40 : random() % 5 === 0 ? random() % 256 : 0));
    try {
      kinds.add(read(bytes).kind);
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error));
    }
    try {
      readBatch(bytes, random() % 4);
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error));
    }
  }
  assert.ok(kinds.size > 5, [...kinds].join());
});
