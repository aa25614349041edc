// Runs in the page: tasks, and beside them Workers of the bare platform.

import { runTask } from 'tabmesh';

import '/harness/lab.js';
import { idle, late } from './task-times.js';

const ECHO = URL.createObjectURL(
  new Blob(['onmessage = ({ data }) => postMessage(data, [data.buffer])'], { type: 'text/javascript' }),
);

/** A Worker that gives its bytes back, from its start to its end. */
async function worker(length = 0) {
  const started = new Worker(ECHO, { type: 'module' });
  const answered = new Promise((resolve) => started.addEventListener('message', resolve));
  const bytes = new Uint8Array(length);
  started.postMessage(bytes, [bytes.buffer]);
  await answered;
  started.terminate();
}

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));

globalThis.taskBench = {
  idle: (count) => idle(runTask, worker, count),
  late: (count) => late(runTask, count),

  /** So many Workers one after another, each with so many bytes. */
  async workers(count, length) {
    for (let done = 0; done < count; done += 1) await worker(length);
  },

  /** Milliseconds between frames for `ms` milliseconds, while `task`, if there is one, runs again and again. */
  async frames(ms, task) {
    const end = performance.now() + ms;
    const running = (async () => {
      while (task && performance.now() < end) await globalThis.lab.runTask(task);
    })();
    const gaps = [];
    let last = await nextFrame();
    while (last < end) {
      const frame = await nextFrame();
      gaps.push(frame - last);
      last = frame;
    }
    await running;
    return gaps;
  },
};
