// Goal: i21_one root for any order in which tasks are decided, and any shape of stages.
// Method: random jobs, whose tasks are decided in random order by a stand-in; a brute-force run of the same shape says what must come.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { textOf, utf8 } from '../dist/bytes.js';
import { hashNow } from '../dist/job/hash.js';
import { JobFace } from '../dist/job/job.js';
import { Missing } from '../dist/job/missing.js';
import { settleStage } from '../dist/job/module.js';
import { Source, takeInput, takeInvocation } from '../dist/job/source.js';
import { Work } from '../dist/job/work.js';
import { awaitedInput } from '../dist/job/shape.js';
import { MODULES } from './task-modules.js';

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const number = (value, bytes) => Buffer.from(BigInt(value).toString(16).padStart(2 * bytes, '0'), 'hex');
const GAS = 5n;

/** What a task comes to: its input's hash, shortened; some trap, and some come to nothing at all. */
const outputOf = (input) => utf8(sha256(input).toString('hex').slice(0, 6));
const fateOf = (input, module) => sha256(number(module, 1), input)[0] % 16;
const isTrap = (input, module) => fateOf(input, module) === 0;
const isLost = (input, module) => fateOf(input, module) === 1;

let seed = 1;
const random = (below) => (seed = (seed * 48_271) % 2_147_483_647) % below;

/** Decides what it has in random order, a few at a time. */
class Random {
  open = [];
  begin(hearer) {
    this.hearer = hearer;
    hearer.onRoom(1 + random(8));
  }
  add(tasks) {
    this.open.push(...tasks);
    setTimeout(() => this.some());
  }
  close() {
    this.isClosed = true;
    setTimeout(() => this.some());
  }
  cancel() {}
  some() {
    for (let count = 1 + random(4); count > 0 && this.open.length > 0; count -= 1) {
      const [task] = this.open.splice(random(this.open.length), 1);
      const module = task.module.frame.pages;
      this.hearer.onRoom(1);
      if (isLost(task.input, module)) this.hearer.onFailed(task, 'NoResult');
      else this.hearer.onDecided(task, this.decided(task, isTrap(task.input, module)));
    }
    if (this.open.length > 0) setTimeout(() => this.some());
    else if (this.isClosed) this.hearer.onEnded();
  }
  decided({ input }, isBad) {
    const output = isBad ? new Uint8Array(0) : outputOf(input);
    const outcome = { status: isBad ? 2 : 0, gas: 1n, length: output.length, output: hashNow(output) };
    return { outcome, output, code: 0, executor: undefined, isChecked: true, votes: 0, receipt: undefined };
  }
}

/** The same by brute force: `pages` tells modules apart. What fails is `undefined`. */
function alone(input, pages, leaves) {
  if (input === undefined || isLost(input, pages)) {
    leaves.push(Buffer.alloc(32));
    return undefined;
  }
  const bad = isTrap(input, pages);
  const output = bad ? Buffer.alloc(0) : outputOf(input);
  const task = sha256(number(1, 1), sha256(MODULES.echo), sha256(input), number(input.length, 4), number(GAS, 8), number(pages, 4), Buffer.alloc(32), number(0, 12));
  leaves.push(sha256(Buffer.of(0), task, Buffer.of(bad ? 2 : 0), number(1, 8), number(output.length, 4), sha256(output)));
  return bad ? undefined : output;
}

const joined = (group) => (group.some((each) => each === undefined) ? undefined : awaitedInput(group));

function stageAlone({ arity, pages }, results, leaves) {
  if (!arity) return results.map((each) => alone(each, pages, leaves));
  for (let level = results; ; ) {
    if (level.length <= 1) return level;
    level = Array.from({ length: Math.ceil(level.length / arity) }, (_, at) => alone(joined(level.slice(at * arity, at * arity + arity)), pages, leaves));
  }
}

function rootOf(leaves) {
  if (leaves.length <= 1) return leaves[0] ?? Buffer.alloc(32);
  const left = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return sha256(Buffer.of(1), rootOf(leaves.slice(0, left)), rootOf(leaves.slice(left)));
}

/** Awaits as `takeInvocation` reads them: earlier ones, one or a list. */
function randomGraph(count) {
  return Array.from({ length: count }, (_, index) => {
    if (index === 0 || random(3) === 0) return { input: `leaf ${random(1000)}` };
    const awaits = Array.from({ length: 1 + random(3) }, () => random(index));
    return { input: { await: awaits.length === 1 && random(2) === 0 ? awaits[0] : awaits } };
  });
}

const inputAlone = ({ input }, results) => {
  if (typeof input === 'string') return utf8(input);
  return Array.isArray(input.await) ? joined(input.await.map((at) => results[at])) : results[input.await];
};

for (let round = 1; round <= 60; round += 1) {
  test(`i21_one root, round ${round}`, async () => {
    seed = round * 7919;
    const count = [1, 2, 3, 16, 17, 40][random(6)];
    const isGraph = random(2) === 0;
    const list = isGraph ? randomGraph(count) : Array.from({ length: count }, (_, at) => `${at}`);
    const stages = Array.from({ length: random(4) }, (_, at) => (random(2) === 0 ? { pages: at + 2 } : { pages: at + 2, arity: 2 + random(5) }));
    const uses = (index) => list.flatMap(({ input }) => [input?.await ?? []].flat()).filter((each) => each === index).length;
    const source = new Source(random(2) === 0 ? list : list.values(), isGraph ? takeInvocation(1) : takeInput);
    const work = new Work({ source, missing: new Missing(undefined), gas: GAS, validation: 1 + random(2), usesOf: uses }, [settleStage(MODULES.echo, { pages: 1 })], new Random(), async () => '');
    let job = new JobFace(work, 0);
    for (const { pages, arity } of stages) job = arity ? job.reduce(MODULES.echo, { pages, arity }) : job.pipe(MODULES.echo, { pages });
    const results = await job.settled();

    const leaves = [];
    const base = [];
    for (const each of list) base.push(alone(isGraph ? inputAlone(each, base) : utf8(each), 1, leaves));
    const expected = stages.reduce((before, stage) => stageAlone(stage, before, leaves), base);
    assert.deepEqual(results.map(({ status, output }) => (status === 'OK' ? textOf(output) : undefined)), expected.map((each) => each && textOf(each)));
    assert.equal(await job.root(), rootOf(leaves).toString('hex'));
    assert.equal(job.progress.total, leaves.length);
    assert.equal(job.progress.accepted + job.progress.failed, leaves.length);
  });
}
