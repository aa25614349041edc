// Goal: work takes turns in its order, and whoever gives up before its turn takes none.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as CODE from '../dist/codes.js';
import { MeshError } from '../dist/errors.js';
import { Queue } from '../dist/queue.js';

/** A queue of one lane, work that ends when it is told, and what began so far. */
function oneLane(waitingMax) {
  const queue = new Queue(1, waitingMax);
  const began = [];
  const ends = new Map();
  const run = (name, signal) => {
    const work = () => {
      began.push(name);
      return new Promise((resolve) => ends.set(name, () => resolve(name)));
    };
    return queue.run(work, signal, () => new MeshError(CODE.tooManyTasks));
  };
  return { queue, began, run, end: (name) => ends.get(name)() };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

test('what waits begins in its order, one after another', async () => {
  const { queue, began, run, end } = oneLane(9);
  const all = ['a', 'b', 'c'].map((name) => run(name));
  for (const name of ['a', 'b', 'c']) {
    await turn();
    assert.equal(began.at(-1), name);
    end(name);
  }
  assert.deepEqual(await Promise.all(all), ['a', 'b', 'c']);
  assert.ok(queue.isEmpty);
});

test('what work keeps its turn for is waited for, but not by its caller', async () => {
  const queue = new Queue(1, 4);
  const refusal = () => new Error('full');
  let release;
  const gone = new Promise((resolve) => (release = resolve));
  const order = [];
  await queue.run(async (keep) => keep(gone), undefined, refusal);
  const second = queue.run(async () => order.push('second'), undefined, refusal);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(order, []);
  release();
  await second;
  assert.deepEqual(order, ['second']);
  assert.ok(queue.isEmpty);
});

test('work that fails hands its lane over', async () => {
  const { queue, run, end } = oneLane(9);
  const failed = queue.run(() => Promise.reject(new Error('no')));
  const next = run('next');
  await assert.rejects(failed, /no/);
  await turn();
  end('next');
  assert.equal(await next, 'next');
});

test('whoever gives up begins nothing, and hears the reason', async () => {
  const { queue, began, run, end } = oneLane(9);
  const stop = new AbortController();
  const first = run('first');
  const given = run('given up', stop.signal);
  const last = run('last');
  stop.abort(new Error('enough'));
  await assert.rejects(given, /enough/);
  end('first');
  await first;
  await turn();
  assert.deepEqual(began, ['first', 'last']);
  end('last');
  await last;
  assert.ok(queue.isEmpty);
});

test('too much that waits is refused', async () => {
  const { run, end } = oneLane(1);
  const [first, second] = [run('first'), run('second')];
  await assert.rejects(run('third'), { name: 'TooManyTasks' });
  end('first');
  await first;
  await turn();
  end('second');
  await second;
});
