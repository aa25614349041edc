// Runs tasks in the test's own thread, without Workers: what a Worker does, step by step.

import { readFileSync } from 'node:fs';

import { NO_BYTES } from '../dist/bytes.js';
import { isFit, perform } from '../dist/task/execute.js';
import { GAS_USUAL, PAGES_USUAL, SEED_BYTES } from '../dist/task/limits.js';
import { Meter } from '../dist/task/meter.js';
import { without } from '../dist/task/outcome.js';
import { prepare } from '../dist/task/prepare.js';
import { worded } from '../dist/task/words.js';

export const meterModule = new WebAssembly.Module(readFileSync(new URL('../wasm/tabmesh_meter.wasm', import.meta.url)));

/** The module as a task's Worker prepares it. */
export const prepareHere = (module, pages = PAGES_USUAL) => prepare(new Meter(meterModule), module, pages, () => undefined);

/** Why a module is refused, in words. */
export function refusalHere(module, pages) {
  const { refused } = prepareHere(module, pages);
  return refused && worded(refused);
}

/** The outcome of a task, or with a `state` of one step; with `refusal` where there is one. */
export function runHere(module, input = NO_BYTES, { pages, ...options } = {}) {
  const invocation = { input, gas: GAS_USUAL, seed: new Uint8Array(SEED_BYTES), time: 0n, ...options };
  const prepared = prepareHere(module, pages);
  if (prepared.refused) return { ...without('REFUSED', 0n, prepared.refused.code), refusal: worded(prepared.refused) };
  if (!isFit(prepared, invocation)) return without('BAD_ABI', invocation.gas);
  return perform(prepared, invocation, () => undefined);
}
