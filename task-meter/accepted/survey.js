// Which modules of npm packages the profile accepts: `node survey.js FOLDER` packs each package of `packages.json` into the folder, meters
// every module in it, compiles what comes out, and prints the tables of README.md. What was packed once is not packed again.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { Meter } from '../../pkg/dist/task/meter.js';
import { worded } from '../../pkg/dist/task/words.js';
import { unimport } from './unimport.js';

const MINUTES = 5;
const COMMAND = 1;
const PAGES = 65_536;

const here = (path) => new URL(path, import.meta.url);
const meter = new WebAssembly.Module(readFileSync(here('../../pkg/wasm/tabmesh_meter.wasm')));
const [folder = 'packed'] = process.argv.slice(2);

/** The folder with a package's files; `undefined` if the registry has it not. */
function packed(name) {
  const place = join(folder, name.replace('/', '+'));
  if (!existsSync(join(place, 'package'))) {
    mkdirSync(place, { recursive: true });
    try {
      const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: MINUTES * 60_000 };
      const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', name, '--json', '--ignore-scripts', '--pack-destination', place], options));
      execFileSync('tar', ['-xzf', join(place, filename.replace('@', '').replace('/', '-')), '-C', place]);
    } catch (error) {
      console.error(`${name}: ${error.message.split('\n')[0]}`);
      return undefined;
    }
  }
  return place;
}

/** Every different module of a package. */
function modulesOf(place) {
  const modules = new Map();
  for (const entry of readdirSync(place, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.wasm')) continue;
    const bytes = new Uint8Array(readFileSync(join(entry.parentPath, entry.name)));
    if (Buffer.from(bytes.subarray(0, 4)).toString('latin1') !== '\0asm') continue;
    modules.set(createHash('sha256').update(bytes).digest('hex'), { name: entry.name, bytes });
  }
  return [...modules.values()];
}

/** What the profile says of a module, `undefined` where it is accepted; what it imports is nobody's fault here. */
function refusalOf(bytes) {
  let alone;
  try {
    alone = unimport(bytes);
  } catch (error) {
    return { reason: error.message, foreign: [] };
  }
  const foreign = alone.imports.filter(({ module }) => module !== 'wasi_snapshot_preview1').map(({ module }) => module);
  const started = performance.now();
  const metered = new Meter(meter).instrument(alone.module, PAGES, COMMAND);
  const meterMs = performance.now() - started;
  if (!(metered instanceof Uint8Array)) return { reason: worded(metered).feature, foreign };
  try {
    const start = performance.now();
    new WebAssembly.Module(metered);
    return { foreign, meterMs, compileMs: performance.now() - start, meteredBytes: metered.length };
  } catch (error) {
    return { reason: `invalid: ${error.message}`, foreign };
  }
}

/** Accepted as it is: imports of WASI preview 1 at most. */
const asItIs = (bytes) => new Meter(meter).instrument(bytes, PAGES, COMMAND) instanceof Uint8Array;

function survey(names) {
  const rows = [];
  for (const name of names) {
    const place = packed(name);
    const modules = place ? modulesOf(place) : [];
    if (modules.length === 0) {
      console.error(`${name}: no module in a file of its own`);
      continue;
    }
    const looked = modules.map(({ name, bytes }) => ({ name, bytes: bytes.length, asItIs: asItIs(bytes), ...refusalOf(bytes) }));
    const accepted = looked.filter(({ reason }) => reason === undefined);
    const version = JSON.parse(readFileSync(join(place, 'package', 'package.json'))).version;
    rows.push({ name, version, looked, accepted });
    const why = [...new Set(looked.flatMap(({ reason }) => reason ?? []))].join('; ');
    const door = accepted.length > 0 && !looked.some((one) => one.asItIs) ? [...new Set(accepted.flatMap(({ foreign }) => foreign))].slice(0, 3).join(', ') : '';
    const largest = Math.max(...looked.map(({ bytes }) => bytes));
    const cells = [name, version, modules.length, accepted.length, looked.filter((one) => one.asItIs).length, (largest / 2 ** 20).toFixed(1), why || '', door.replaceAll('|', '')];
    console.log(`| ${cells.join(' | ')} |`);
  }
  return rows;
}

function summary(what, rows) {
  const modules = rows.flatMap(({ looked }) => looked);
  const accepted = modules.filter(({ reason }) => reason === undefined);
  const packages = rows.filter(({ accepted }) => accepted.length > 0);
  const share = (part, whole) => `${part} of ${whole} (${Math.round((100 * part) / whole)} %)`;
  console.log(`\n${what}: packages with a module that is accepted ${share(packages.length, rows.length)}; modules ${share(accepted.length, modules.length)}; as they are ${share(modules.filter((one) => one.asItIs).length, modules.length)}`);
  const reasons = new Map();
  for (const { looked, accepted } of rows) {
    for (const reason of new Set(looked.flatMap(({ reason }) => reason ?? []))) {
      const [modules, alone] = reasons.get(reason) ?? [0, 0];
      reasons.set(reason, [modules + looked.filter((one) => one.reason === reason).length, alone + (accepted.length === 0 ? 1 : 0)]);
    }
  }
  console.log('\n| refused for | modules | packages without another build |\n|---|---:|---:|');
  for (const [reason, [modules, alone]] of [...reasons].sort((one, other) => other[1][0] - one[1][0])) console.log(`| ${reason} | ${modules} | ${alone} |`);
  const large = accepted.sort((one, other) => other.bytes - one.bytes).slice(0, 8);
  console.log('\n| the largest accepted | MB | metered MB | metering, ms | compiling, ms |\n|---|---:|---:|---:|---:|');
  for (const one of large) console.log(`| ${one.name} | ${(one.bytes / 1e6).toFixed(1)} | ${(one.meteredBytes / 1e6).toFixed(1)} | ${one.meterMs.toFixed(0)} | ${one.compileMs.toFixed(0)} |`);
}

const lists = JSON.parse(readFileSync(here('packages.json')));
for (const [what, names] of Object.entries(lists)) {
  console.log(`\n## ${what}\n\n| package | version | modules | accepted | as they are | largest, MiB | refused for | imports from |\n|---|---|---:|---:|---:|---:|---|---|`);
  summary(what, survey(names));
}
