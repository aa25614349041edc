// Small programs of integers, memory, floats and calls, as they were and metered, in the V8 of this process.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../harness/places.js';
import { run } from '../harness/run.js';

/** Each kernel with a number of rounds that takes some tens of milliseconds. */
const KERNELS = {
  fibonacci: 8,
  sieve: 100,
  matrix: 50,
  checksum: 100,
  hash: 30_000,
  sorting: 100,
  machine: 2_000,
  mandelbrot: 20,
  spectral: 700,
  bodies: 100_000,
};

const RUNS = 24;

/** More than any kernel uses. */
const GAS = 1n << 60n;

/** Builds the kernels in the folder `dir`; their bytes. */
export async function build(dir) {
  const file = join(dir, 'kernels.wasm');
  const flags = ['--target', 'wasm32-unknown-unknown', '-C', 'opt-level=3', '--crate-type', 'cdylib', '--edition', '2024'];
  const source = join(ROOT, 'task-meter/checks/kernels/kernels.rs');
  const { code, stderr } = await run('rustc', [...flags, source, '-o', file]);
  if (code !== 0) throw new Error(stderr);
  return readFileSync(file);
}

/** Milliseconds of the best run of each kernel, `{ name, bare, ours }`, both taken in turns. */
export function times(plain, metered) {
  const instances = { bare: instance(plain), ours: instance(metered) };
  return Object.entries(KERNELS).map(([name, rounds]) => {
    const best = { bare: Infinity, ours: Infinity };
    const results = {};
    for (let turn = 0; turn < RUNS; turn += 1) {
      for (const way of ['bare', 'ours']) {
        const { exports } = instances[way];
        if (exports['~g']) exports['~g'].value = GAS;
        const start = performance.now();
        results[way] = exports[name](rounds);
        best[way] = Math.min(best[way], performance.now() - start);
      }
    }
    if (results.bare !== results.ours) throw new Error(`${name} gives something else when metered`);
    return { name, ...best };
  });
}

const instance = (bytes) => new WebAssembly.Instance(new WebAssembly.Module(bytes));
