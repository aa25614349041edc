import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

import { pkg } from '../harness/places.js';
import { run } from '../harness/run.js';
import { programsOf } from '../harness/tasks.js';
import { call } from './ends.js';
import { build, times } from './kernels.js';
import { program } from './programs.js';
import { geometricMean, median } from './report.js';
import { inFreshTab } from './task-tab.js';
import { idle, late } from './task-times.js';

const SPEEDS = 50;
const IDLES = 100;
const LATES = 20;

/** How long the native program may take, in milliseconds. */
const NATIVE_MS = 120_000;

/** A guest of the usual size. */
const GUEST = 'maze';

/** Pages of 64 KiB that a metered module may have. */
const PAGES = 1_024;

export const title = 'Metering, in V8 and around a run';

export const about = `
Kernels: \`task-meter/checks/kernels/kernels.rs\`, metered and (bare) as they were, in Node.js ${process.versions.node}; best of 24 runs each, in turns; for
wasmtime see the example \`overhead\` of \`task-meter/checks\`. Metering: bytes of the guest \`${GUEST}\` a second; bare is the engine's validation of the same
bytes. A task that does nothing: the median of ${IDLES} (native: 200), its module compiled before; bare is a Worker that answers once and is
ended, in turns. Watchdog: the median from the time at which an endless task should end until it has.`;

export async function measure(net) {
  const { Meter, COMMAND, PURE } = await packaged('dist/task/meter.js');
  const meterModule = await WebAssembly.compile(readFileSync(join(pkg(), 'wasm/tabmesh_meter.wasm')));
  const metered = (bytes, kind) => new Meter(meterModule).instrument(bytes, PAGES, kind);

  const kernels = await build(net.dir);
  const guest = programsOf('guests').find(({ guest }) => guest === GUEST).file;
  const meter = speeds(readFileSync(guest), (bytes) => metered(bytes, COMMAND));
  const native = await nativeTimes(guest);
  const chromium = await chromiumTimes(net);
  const node = await nodeTimes();

  const speed = (ours, bare, min) => ({ ours: ours / 1e6, bare: bare / 1e6, unit: 'MB/s', goal: { min } });
  return [
    ...kernelRows(times(kernels, metered(kernels, PURE))),
    { what: 'metering, V8', ...speed(meter.ours, meter.bare, 5) },
    { what: 'metering, native', ...speed(native.metering, native.validation, 15) },
    { what: 'a task of nothing, wasmtime', ours: median(native.wasmtime.idle), unit: 'ms' },
    { what: 'a task of nothing, wasmi', ours: median(native.wasmi.idle), unit: 'ms' },
    { what: 'a task of nothing, Node.js', ours: median(node.idle.ours), bare: median(node.idle.bare), unit: 'ms' },
    { what: 'a task of nothing, Chromium', ours: median(chromium.idle.ours), bare: median(chromium.idle.bare), unit: 'ms' },
    ...[['wasmtime', native.wasmtime], ['wasmi', native.wasmi], ['Node.js', node], ['Chromium', chromium]].map(
      ([where, { late }]) => ({ what: `watchdog, ${where}`, ours: median(late), unit: 'ms', goal: { max: 20 } }),
    ),
  ];
}

const packaged = (path) => import(pathToFileURL(join(pkg(), path)).href);

/** Each kernel; and all but `bodies`, whose sums stay in locals that are loaded first. */
function kernelRows(list) {
  const ratios = list.filter(({ name }) => name !== 'bodies').map(({ ours, bare }) => ours / bare);
  const mean = geometricMean(ratios);
  return [
    ...list.map(({ name, ours, bare }) => ({ what: name, ours, bare, unit: 'ms' })),
    { what: 'all but bodies, geometric mean', ours: mean, bare: 1, unit: '×', goal: { ratioMax: 1.26 } },
  ];
}

/** Bytes a second that are metered, and that V8 validates; the best of many, in turns. */
function speeds(bytes, meter) {
  const best = { ours: Infinity, bare: Infinity };
  const ways = { ours: () => meter(bytes) instanceof Uint8Array, bare: () => WebAssembly.validate(bytes) };
  for (let turn = 0; turn < SPEEDS; turn += 1) {
    for (const way of ['bare', 'ours']) {
      const start = performance.now();
      if (!ways[way]()) throw new Error('the guest is refused');
      best[way] = Math.min(best[way], performance.now() - start);
    }
  }
  return { ours: (bytes.length / best.ours) * 1e3, bare: (bytes.length / best.bare) * 1e3 };
}

async function nativeTimes(guest) {
  const { code, stdout, stderr } = await run(program('task_times'), [guest], { ms: NATIVE_MS });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const chromiumTimes = (net) =>
  inFreshTab(net, async (tab) => ({
    idle: await call(tab, 'taskBench', 'idle', IDLES),
    late: await call(tab, 'taskBench', 'late', LATES),
  }));

async function nodeTimes() {
  const { runTask } = await packaged('dist/task/index.js');
  return { idle: await idle(runTask, thread, IDLES), late: await late(runTask, LATES) };
}

/** A thread that gives its bytes back, from its start to its end. */
async function thread() {
  const echo = 'const { parentPort } = require("node:worker_threads"); parentPort.on("message", (data) => parentPort.postMessage(data))';
  const started = new Worker(echo, { eval: true });
  const answered = new Promise((resolve) => started.once('message', resolve));
  started.postMessage(new Uint8Array());
  await answered;
  await started.terminate();
}
