// Nanoseconds a gas in V8, a line for each `FILE<tab>FUNCTION`; the method of fairness.rs.

import { readFile } from 'node:fs/promises';

const SECONDS = 0.003;
const RUNS = 40;
const PLENTY = 1n << 60n;

async function timed([file, name]) {
  const { instance } = await WebAssembly.instantiate(await readFile(file));
  const { exports } = instance;
  const one = { exports, name, rounds: 1, gas: 0, best: Infinity };
  exports['~g'].value = PLENTY;
  exports['~i']?.();
  while (run(one) < SECONDS && one.rounds < 2 ** 28) one.rounds *= 2;
  return one;
}

/** Runs once more; how long it took, in seconds. */
function run(one) {
  one.exports['~g'].value = PLENTY;
  const start = performance.now();
  one.exports[one.name](one.rounds);
  const time = (performance.now() - start) / 1e3;
  one.gas = Number(PLENTY - one.exports['~g'].value);
  return time;
}

const all = await Promise.all(process.argv.slice(2).map((asked) => timed(asked.split('\t'))));
for (let left = RUNS; left > 0; left--) {
  for (const one of all) one.best = Math.min(one.best, run(one));
}
for (const { best, gas } of all) console.log((best * 1e9) / gas);
