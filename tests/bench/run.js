// Runs the benches of this folder and puts their figures into docs/BENCHMARKS.md.
//
//     node bench/run.js [--dry] [NAME …]
//
// A bench is a file NAME.bench.js that exports `title` (a heading), `about` (what is measured, and how) and
// `measure(net)`, which gets a network of its own and gives its rows (see report.js). Its section of the page is
// replaced; the others stay.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Network } from '../harness/network.js';
import { ROOT } from '../harness/places.js';
import { within } from '../harness/wait.js';
import { busyShare, machine, quiet, warning } from './machine.js';
import { misses, replaced, section } from './report.js';

/** How long one bench may take, in milliseconds. */
const BENCH_MS = 15 * 60_000;

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PAGE = join(ROOT, 'docs', 'BENCHMARKS.md');

const args = process.argv.slice(2);
const isDry = args.includes('--dry');
const words = args.filter((arg) => arg !== '--dry');

const names = readdirSync(HERE)
  .filter((file) => file.endsWith('.bench.js'))
  .map((file) => file.replace('.bench.js', ''))
  .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
  .sort();
if (names.length === 0) {
  console.error(`no bench is called ${words.join(' or ')}`);
  process.exit(1);
}

/** The rows of one bench, in a network of its own. */
async function measured(name, bench) {
  const net = new Network();
  try {
    return await within(BENCH_MS, `the bench ${name}`, bench.measure(net));
  } finally {
    await net.close();
  }
}

/** Does one bench and writes its section; gives a sentence for every goal that it misses. */
async function bench(name) {
  const about = await import(`./${name}.bench.js`);
  console.log(`\n${about.title}`);
  const before = await quiet();
  const begun = performance.now();
  const rows = await measured(name, about);
  const warn = warning(before, await busyShare());
  const text = section(name, about, rows, where, warn);
  console.log(text.split('\n').filter((line) => line.startsWith('|')).join('\n'));
  console.log(`(${Math.round((performance.now() - begun) / 1000)} s)`);
  if (warn) console.error(`warning: ${warn}`);
  if (!isDry) writeFileSync(PAGE, replaced(readFileSync(PAGE, 'utf8'), name, text));
  return misses(name, rows);
}

const where = machine();
const troubles = [];
for (const name of names) {
  try {
    troubles.push(...(await bench(name)));
  } catch (error) {
    // The others are worth their while all the same; the old section stays.
    console.error(error);
    troubles.push(`${name} failed: ${error.message}`);
  }
}
if (troubles.length > 0) {
  console.error(`\nfailed, or missed a goal:\n  ${troubles.join('\n  ')}`);
  process.exit(1);
}
