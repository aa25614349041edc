// Goal: this host comes to the results that every host comes to.
// Method: the tasks of `tests/vectors/tasks.json`, each in this thread. The test needs that file, and says so where it is missing.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { STATUS_NUMBERS } from '../dist/task/outcome.js';
import { FLAGS } from '../dist/task/steps.js';
import { runHere } from './task-host.js';

const FILE = new URL('../../tests/vectors/tasks.json', import.meta.url);

const bytesOf = (base64 = '') => new Uint8Array(Buffer.from(base64, 'base64'));

/** A task as it is written in the file, with the defaults of tasks. */
function run({ module, input, gas = 1_000_000_000, pages = 1_024, stack, seed = '00'.repeat(32), time = 0, piece, state }) {
  const options = { gas: BigInt(gas), pages, stack, seed: new Uint8Array(Buffer.from(seed, 'hex')), time: BigInt(time) };
  const form = { ...(piece !== undefined && { pieceBytes: piece }), ...(state !== undefined && { state: bytesOf(state) }) };
  return runHere(bytesOf(module), bytesOf(input), { ...options, ...form });
}

test('i3_every vector ends as it is written down', { skip: !existsSync(FILE) && 'it needs tests/vectors/tasks.json, which is not there' }, () => {
  const vectors = JSON.parse(readFileSync(FILE, 'utf8'));
  assert.ok(vectors.length > 0);
  for (const vector of vectors) {
    const { status, code, gasUsed, output, refusal, steps, next } = run(vector);
    assert.equal(STATUS_NUMBERS[status], vector.status, `${vector.name}: ended ${status}`);
    if (vector.code !== undefined) assert.equal(code, vector.code, `${vector.name}: code`);
    if (refusal && vector.offset !== undefined) assert.equal(refusal.offset, vector.offset, `${vector.name}: offset`);
    if (vector.used !== undefined) assert.equal(gasUsed, BigInt(vector.used), `${vector.name}: gas`);
    if (vector.steps !== undefined) assert.equal(steps ?? 0, vector.steps, `${vector.name}: steps`);
    assert.equal(FLAGS.indexOf(next?.flag), vector.flag ?? -1, `${vector.name}: flag`);
    assert.deepEqual(next?.state, vector.next_state === undefined ? undefined : bytesOf(vector.next_state), `${vector.name}: state`);
    const hash = createHash('sha256').update(output).digest('hex');
    if (vector.output !== undefined) assert.deepEqual(output, bytesOf(vector.output), `${vector.name}: output`);
    if (vector.output_sha256 !== undefined) assert.equal(hash, vector.output_sha256, `${vector.name}: output`);
  }
});
