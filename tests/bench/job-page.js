// Runs in the page: a job, and beside it the same tasks on plain pools of Workers without a network.

import { map, offer } from 'tabmesh/job';

import '/harness/lab.js';
import '/node_modules/workerpool/dist/workerpool.min.js';
import { Meter } from '/pkg/dist/task/meter.js';
import { prepare } from '/pkg/dist/task/prepare.js';

/** Pure: so many turns of a loop, from a number; 32 bits each, little-endian. Gives what came of it. */
const SPIN = Uint8Array.from(
  atob('AGFzbQEAAAABDAJgAX8Bf2ACf38BfgMDAgABBQMBAAEHGAMGbWVtb3J5AgAFYWxsb2MAAANydW4AAQpTAgUAQYAIC0sBAn8gAEEgaigCACECIABBJGooAgAhAwNAIAMgA0ENdHMhAyADIANBEXZzIQMgAyADQQV0cyEDIAJBAWsiAg0AC0EAIAM2AgBCBAs='),
  (letter) => letter.charCodeAt(0),
);

const GAS = 1n << 40n;

const inputOf = (turns, number) => new Uint8Array(Uint32Array.of(turns, number + 1).buffer);

const invocationOf = (turns, number) => ({ input: inputOf(turns, number), gas: GAS, seed: new Uint8Array(32), time: 0n });

async function metered() {
  const meter = new Meter(await WebAssembly.compileStreaming(fetch('/pkg/wasm/tabmesh_meter.wasm')));
  const { module, interface: kind, bytes, lacks, lacksForSteps } = prepare(meter, SPIN, 16, () => undefined);
  return { module, interface: kind, bytes, lacks, lacksForSteps };
}

/** One Worker of ours, which has the module. */
function hand(runnable) {
  const worker = new Worker('/bench/job-worker.js', { type: 'module' });
  worker.postMessage({ runnable });
  return {
    run: (invocation) =>
      new Promise((resolve) => {
        worker.onmessage = resolve;
        worker.postMessage({ invocation });
      }),
    end: () => worker.terminate(),
  };
}

const timed = async (work) => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};

globalThis.jobBench = {
  /** Turns that take so many milliseconds on one Worker. */
  async turnsOf(ms) {
    const one = hand(await metered());
    let turns = 1 << 20;
    for (let round = 0; round < 6; round += 1) {
      const took = await timed(() => one.run(invocationOf(turns, round)));
      turns = Math.max(1, Math.round((turns * ms) / Math.max(took, 0.05)));
      if (took > ms / 2 && round > 3) break;
    }
    one.end();
    return turns;
  },

  /** Milliseconds for so many tasks on plain Workers, each of which gets the next when it is done. */
  async plain(workers, tasks, turns) {
    const runnable = await metered();
    const hands = Array.from({ length: workers }, () => hand(runnable));
    await Promise.all(hands.map((one) => one.run(invocationOf(1, 0))));
    let next = 0;
    const took = await timed(() =>
      Promise.all(
        hands.map(async (one) => {
          while (next < tasks) await one.run(invocationOf(turns, (next += 1)));
        }),
      ),
    );
    for (const one of hands) one.end();
    return took;
  },

  /** The same by the package `workerpool`. */
  async pooled(workers, tasks, turns) {
    const pool = globalThis.workerpool.pool('/bench/pool-worker.js', { minWorkers: workers, maxWorkers: workers, workerType: 'web', workerOpts: { type: 'module' } });
    const runnable = await metered();
    await Promise.all(Array.from({ length: workers }, () => pool.exec('begin', [runnable])));
    const took = await timed(() => Promise.all(Array.from({ length: tasks }, (_, number) => pool.exec('run', [invocationOf(turns, number)]))));
    await pool.terminate();
    return took;
  },

  lend: async (cores) => void (globalThis.lent = await offer(globalThis.lab.mesh(), { cores, gas: GAS, when: 'always' })),

  lendNothing: async () => globalThis.lent.stop(),

  /** Resolves once an executor of this id has had tasks. */
  async found(id, turns) {
    for (let isFound = false; !isFound;) {
      const inputs = Array.from({ length: 40 }, (_, number) => inputOf(turns, number));
      const job = map(globalThis.lab.mesh(), SPIN, inputs, { gas: GAS, pages: 16, validation: 0 });
      job.on('assigned', ({ executor }) => (isFound ||= executor === id));
      await job;
    }
  },

  /** Milliseconds for the same as a job of others. */
  async job(tasks, turns, validation, expectedMs) {
    const inputs = Array.from({ length: tasks }, (_, number) => inputOf(turns, number));
    let came = 0;
    const took = await timed(async () => {
      for await (const { status } of map(globalThis.lab.mesh(), SPIN, inputs, { gas: GAS, pages: 16, validation, expectedMs }).results()) came += Number(status === 'OK');
    });
    if (came !== tasks) throw new Error(`${came} of ${tasks} came`);
    return took;
  },
};
