import { readFileSync } from 'node:fs';

import { Memory } from '../harness/memory.js';
import { GAS, programsOf, vectors } from '../harness/tasks.js';
import { sleep, until } from '../harness/wait.js';
import { call } from './ends.js';
import { percentile } from './report.js';
import { inFreshTab } from './task-tab.js';

/** After so many tasks memory is looked at. Half of them are fresh modules, and 32 modules are kept. */
const LOOKS = [100, 500, 1_000];

/** What an input has, which the task gives back. */
const INPUT_BYTES = 256 << 10;

/** A Worker that was ended gives its memory back within this, in milliseconds. */
const SETTLE_MS = 3_000;

/** Frames are watched so many times with tasks and without, in turn, for so long. */
const ROUNDS = 4;
const FRAMES_MS = 5_000;

/** Behind a gap of more than this a frame was left out: two at sixty a second. */
const LATE_MS = 34;

export const title = 'A tab that runs tasks';

export const about = `
Memory: ${LOOKS.at(-1).toLocaleString('en')} tasks one after another in one page of a fresh Chromium, each with ${INPUT_BYTES >> 10} KiB of input that it gives back, every
second one a module that was never seen before; bare is the same with Workers that do nothing but give their bytes back. The browser's
memory is what the processes that it began with have made, the heap is the page's with its buffers, both behind a collection of garbage
and when no Worker is left. Frames: the gaps between calls of \`requestAnimationFrame\` while the guest \`mandelbrot\` runs again and again;
bare is the same page at rest, ${ROUNDS} times ${FRAMES_MS / 1000} s each, in turn.`;

export async function measure(net) {
  const { task } = vectors().find(({ name }) => name === 'a pure module gives its input back');
  const echo = { ...task, input: Buffer.alloc(INPUT_BYTES).toString('base64') };
  const bare = await memoryWhile(net, (tab, count) => call(tab, 'taskBench', 'workers', count, INPUT_BYTES));
  const ours = await memoryWhile(net, (tab, count) => call(tab, 'lab', 'runTasks', echo, count));
  return [
    ...memoryRows('memory of the browser', ours, bare, ({ browser }) => browser / 1e6, 'MB', { ratioMax: 1.2 }),
    ...memoryRows("the page's heap", ours, bare, ({ heap }) => heap / 1e3, 'KB', { ratioMax: 1.2 }),
    ...(await inFreshTab(net, frameRows)),
  ];
}

/** What is kept in memory at each look, while `work(tab, count)` does so many more. */
const memoryWhile = (net, work) =>
  inFreshTab(net, async (tab) => {
    const memory = await Memory.of(tab);
    const seen = [];
    let done = 0;
    for (const count of LOOKS) {
      await work(tab, count - done);
      done = count;
      await until(5_000, 'no Worker', async () => (await memory.workers()) === 0);
      await sleep(SETTLE_MS);
      seen.push({ heap: await memory.heapBytes(), browser: await memory.browserBytes() });
    }
    return seen;
  });

const memoryRows = (what, ours, bare, of, unit, goal) =>
  LOOKS.map((count, look) => {
    const name = `${what}, ${count.toLocaleString('en')} tasks`;
    return { what: name, unit, ours: of(ours[look]), bare: of(bare[look]), goal: look === LOOKS.length - 1 ? goal : undefined };
  });

async function frameRows(tab) {
  const { file, input } = programsOf('guests').find(({ guest }) => guest === 'mandelbrot');
  const task = { module: readFileSync(file).toString('base64'), input: input.toString('base64'), gas: GAS };
  const gaps = { ours: [], bare: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    gaps.bare.push(...(await call(tab, 'taskBench', 'frames', FRAMES_MS)));
    gaps.ours.push(...(await call(tab, 'taskBench', 'frames', FRAMES_MS, task)));
  }
  const row = (what, unit, value, goal) => ({ what, unit, ours: value(gaps.ours), bare: value(gaps.bare), goal });
  const late = (list) => (100 * list.filter((gap) => gap > LATE_MS).length) / list.length;
  return [
    row('gap between frames, p50', 'ms', (list) => percentile(list, 0.5)),
    row('gap between frames, p99', 'ms', (list) => percentile(list, 0.99), { plusMax: 17 }),
    row(`gaps of more than ${LATE_MS} ms`, '%', late, { plusMax: 1 }),
  ];
}
