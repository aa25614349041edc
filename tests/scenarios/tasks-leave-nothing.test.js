// Goal: a tab that has run tasks is as it was: no Worker stays, and its heap does not grow with every task.
// Method: tasks one after another in a page of Chromium, half of them modules that it never saw; once as many were seen as are kept,
// the heap is compared with itself a hundred tasks later. `cargo xtask bench tasks` does a thousand, and weighs the whole browser.

import assert from 'node:assert/strict';

import { Memory } from '../harness/memory.js';
import { scenario } from '../harness/network.js';
import { vectors } from '../harness/tasks.js';
import { until } from '../harness/wait.js';

/** Half of them are fresh, and 32 are kept. */
const WARM = 80;
const TASKS = 100;

/** Input of a task, which it gives back: one input or output that stays would show. */
const INPUT_BYTES = 512 << 10;

/** What the heap may have more after the hundred tasks; 2 KiB were seen, and 29 when the fresh half of the modules stayed. */
const GROWTH_MAX = 16 << 10;

scenario('a hundred tasks leave no Worker behind and nothing on the heap', 180_000, async (net) => {
  const tab = await net.tab();
  const memory = await Memory.of(tab.page);
  const { task } = vectors().find(({ name }) => name === 'a pure module gives its input back');
  const echo = { ...task, input: Buffer.alloc(INPUT_BYTES).toString('base64') };
  const rest = async () => {
    await until(5_000, 'no Worker', async () => (await memory.workers()) === 0);
    return memory.heapBytes();
  };

  const warming = tab.call('runTasks', echo, WARM);
  await until(30_000, 'a Worker is seen while it is there', async () => (await memory.workers()) > 0);
  const [expected] = await warming;
  const before = await rest();
  assert.deepEqual(await tab.call('runTasks', echo, TASKS), [expected], 'all ended alike');
  const after = await rest();
  assert.ok(after - before <= GROWTH_MAX, `the heap had ${before} bytes, and ${after} after ${TASKS} tasks more`);
});
