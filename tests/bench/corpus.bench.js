import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';

import { ROOT } from '../harness/places.js';
import { run } from '../harness/run.js';
import { program } from './programs.js';
import { geometricMean } from './report.js';

export const title = 'Real modules, metered';

export const about = `
Modules of npm packages as tasks, each over a real input (\`task-meter/corpus\`), as they were and metered: the same bytes, the same
answer. In wasmtime and in V8 (this Node.js) the two run in turns, each run in a fresh instance of a module that was compiled
before; times are the best of 100. V8 runs what its optimising compiler makes from the first call on, as it does in the end with what
runs long: when its tiers change is chance. CoreMark is among them where \`COREMARK\` names it, and no part of the means.
`;

const BUILT = join(ROOT, 'task-meter/corpus/built');

const SEED = 32;
const RUNS = 100;

/** How long the native part may take, in milliseconds. */
const MS = 10 * 60_000;

/** The module that is no package's. */
const COREMARK = 'coremark';

export async function measure() {
  const metered = mkdtempSync(join(tmpdir(), 'metered-'));
  try {
    const native = await inWasmtime(metered);
    setFlagsFromString('--no-liftoff');
    const v8 = native.map(({ name }) => ({ name, ...inV8(name, metered) }));
    return rows(native, v8);
  } finally {
    rmSync(metered, { recursive: true });
  }
}

function rows(native, v8) {
  const real = ({ name }) => name !== COREMARK;
  const sizes = native.map(({ name, bytes, meteredBytes }) => ({ name, bare: bytes / 1e3, ours: meteredBytes / 1e3 }));
  return [
    ...means('time in wasmtime', native.filter(real), 1.12),
    ...means('time in V8', v8.filter(real), 1.12),
    ...means('bytes of a module', sizes.filter(real), 1.6),
    ...native.map(({ name, bare, ours }) => ({ what: `${name}, wasmtime`, ours, bare, unit: 'ms' })),
    ...v8.map(({ name, bare, ours }) => ({ what: `${name}, V8`, ours, bare, unit: 'ms' })),
    ...sizes.map(({ name, bare, ours }) => ({ what: `${name}, bytes`, ours, bare, unit: 'kB' })),
  ];
}

/** The geometric mean of the ratios, held against a goal, and the worst of them. */
function means(what, measured, max) {
  const ratios = measured.map(({ ours, bare }) => ours / bare);
  const mean = geometricMean(ratios);
  const worst = Math.max(...ratios);
  const { name } = measured[ratios.indexOf(worst)];
  return [
    { what: `${what}, geometric mean of ${ratios.length}`, ours: mean, unit: '×', goal: { max } },
    { what: `${what}, the worst: ${name}`, ours: worst, unit: '×' },
  ];
}

/** What the example `corpus` measures; it leaves the metered modules behind. */
async function inWasmtime(metered) {
  const modules = readdirSync(BUILT).filter((name) => name.endsWith('.wasm'));
  const paths = modules.map((name) => join(BUILT, name));
  const { code, stdout, stderr } = await run(program('corpus'), [metered, ...paths], { ms: MS });
  if (code !== 0) throw new Error(`corpus ended with ${code}:\n${stderr}`);
  const lines = stdout.toString().trim().split('\n');
  return lines.map((line) => {
    const [file, bytes, meteredBytes, bare, ours] = line.split(' ');
    return { name: file.replace('.wasm', ''), bytes: +bytes, meteredBytes: +meteredBytes, bare: +bare, ours: +ours };
  });
}

function inV8(name, metered) {
  const input = readFileSync(join(BUILT, `${name}.in`));
  const compiled = [BUILT, metered].map((folder) => new WebAssembly.Module(readFileSync(join(folder, `${name}.wasm`))));
  const best = [Infinity, Infinity];
  for (let round = 0; round < RUNS; round += 1) {
    compiled.forEach((module, at) => (best[at] = Math.min(best[at], time(module, input))));
  }
  return { bare: best[0], ours: best[1] };
}

/** The time of one run, in milliseconds. */
function time(module, input) {
  const { exports } = new WebAssembly.Instance(module);
  if (exports['~g']) exports['~g'].value = 1n << 60n;
  exports['~i']?.();
  const begun = performance.now();
  const place = exports.alloc(SEED + input.length) >>> 0;
  new Uint8Array(exports.memory.buffer).set(input, place + SEED);
  exports.run(place, SEED + input.length);
  return performance.now() - begun;
}
