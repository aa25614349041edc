// Makes the tasks of the corpus: for each one of list.js, built/GUEST.wasm and built/GUEST.in; and built/list.json, which says
// what they are.
//
//     node build.js [GUEST …]
//
// CoreMark is in no package: COREMARK names wasm3's coremark-minimal.wasm, if it is to be among them.
//
// A module of an npm package becomes a task by a door: a few lines of WAT that export what a task exports and call what the
// module exports. `wasm-merge` puts both into one module and optimises nothing, so the code is the package's own.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import binaryen from 'binaryen';

import { BUILT, bytes, built, version } from './files.js';
import { COREMARK, GUESTS } from './list.js';

const sha256 = (data) => createHash('sha256').update(data).digest('hex');

const HERE = fileURLToPath(new URL('.', import.meta.url));
const MERGE = join(HERE, 'node_modules/.bin/wasm-merge');
const TASK = new Set(['memory', 'alloc', 'run']);

/** Features that the profile accepts, and that compilers of these packages use. */
const FEATURES = ['bulk-memory', 'bulk-memory-opt', 'mutable-globals', 'nontrapping-float-to-int', 'sign-ext', 'multivalue', 'reference-types'];
const FLAGS =
  binaryen.Features.BulkMemory |
  binaryen.Features.BulkMemoryOpt |
  binaryen.Features.MutableGlobals |
  binaryen.Features.NontrappingFPToInt |
  binaryen.Features.SignExt |
  binaryen.Features.Multivalue |
  binaryen.Features.ReferenceTypes;

const read = (wasm) => {
  const module = binaryen.readBinary(wasm);
  module.setFeatures(FLAGS);
  return module;
};

/** A file of doors/ with its words filled in, and the imports from the package's module under that module's own names. */
function door(file, { names = {}, words = {}, memory }) {
  let text = readFileSync(join(HERE, 'doors', file), 'utf8');
  for (const [word, value] of Object.entries(words)) text = text.replaceAll(new RegExp(`\\b${word}\\b`, 'g'), value);
  text = text.replaceAll(/\(import "module" "(\w+)"/g, (_, name) =>
    name === 'memory' && memory ? `(import "${memory.from[0]}" "${memory.from[1]}"` : `(import "module" "${names[name] ?? name}"`,
  );
  const module = binaryen.parseText(text);
  module.setFeatures(FLAGS);
  return module;
}

/** The names of what a module exports. */
const exported = (module) => Array.from({ length: module.getNumExports() }, (_, at) => binaryen.getExportInfo(module.getExportByIndex(at)).name);

/**
 * Gives each function that the module imports its source: a function of a door, a number that it answers, or, where the
 * list says nothing, a trap.
 */
function supply(module, imports, doors) {
  const functions = Array.from({ length: module.getNumFunctions() }, (_, at) => module.getFunctionByIndex(at));
  for (const { name, module: from, base, params, results } of functions.map(binaryen.getFunctionInfo)) {
    if (!from) continue;
    const source = imports[`${from}.${base}`] ?? imports[base];
    module.removeFunction(name);
    if (typeof source === 'string') {
      const owner = doors.find(({ module: one }) => exported(one).includes(source));
      if (!owner) throw new Error(`no door exports ${source}`);
      module.addFunctionImport(name, owner.name, source, params, results);
    } else {
      module.addFunction(name, params, results, [], source === undefined ? module.unreachable() : answer(module, results, source));
    }
  }
}

function answer(module, results, number) {
  if (results === binaryen.none) return module.nop();
  if (results === binaryen.f64) return module.f64.const(number);
  return results === binaryen.i64 ? module.i64.const(number, number < 0 ? -1 : 0) : module.i32.const(number);
}

async function link(guest, dir) {
  const doors = [
    { name: 'common', module: door('common.wat', guest) },
    { name: 'door', module: door(guest.door, guest) },
  ];
  const original = await bytes(guest);
  if (guest.sha256 && guest.sha256 !== sha256(original)) throw new Error(`another module of ${guest.guest} is wanted`);
  const module = read(original);
  supply(module, guest.imports ?? {}, doors);
  // The first of equal exports keeps its name: a door's.
  const parts = [...doors, { name: 'module', module }];
  if (guest.memory) {
    const { from, pages } = guest.memory;
    parts.unshift({ name: from[0], module: binaryen.parseText(`(module (memory (export "${from[1]}") ${pages.join(' ')}))`) });
  }
  const merged = join(dir, 'merged.wasm');
  const inputs = parts.flatMap(({ name, module: part }) => {
    const file = join(dir, `${name}.wasm`);
    writeFileSync(file, part.emitBinary());
    return [file, name];
  });
  execFileSync(MERGE, [...inputs, '--rename-export-conflicts', ...FEATURES.map((one) => `--enable-${one}`), '-o', merged]);
  const whole = exposed(read(readFileSync(merged)));
  return (guest.isUnbounded ? unbounded(whole) : whole).emitBinary();
}

/** The module with a task's exports alone. */
function exposed(module) {
  for (const name of exported(module)) if (!TASK.has(name)) module.removeExport(name);
  return module;
}

/** The same without its maximum of memory, which would leave no room for an input. */
function unbounded(module) {
  const grown = binaryen.parseText(module.emitText().replace(/\(memory (\S+) (\d+) \d+\)/, '(memory $1 $2)'));
  grown.setFeatures(FLAGS);
  return grown;
}

async function build(guest) {
  const dir = mkdtempSync(join(tmpdir(), 'corpus-'));
  try {
    writeFileSync(built(`${guest.guest}.wasm`), await link(guest, dir));
    writeFileSync(built(`${guest.guest}.in`), guest.input());
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** What a task is, for the list of what it gives. */
function described({ guest, package: name, about, of }) {
  return { guest, package: name, version: version(name), about, input: of, sha256: sha256(readFileSync(built(`${guest}.wasm`))) };
}

const wanted = process.argv.slice(2);
mkdirSync(BUILT, { recursive: true });
for (const guest of GUESTS) if (wanted.length === 0 || wanted.includes(guest.guest)) await build(guest);
if (process.env.COREMARK) await build({ ...COREMARK, given: process.env.COREMARK });
else rmSync(built('coremark.wasm'), { force: true });
writeFileSync(built('list.json'), JSON.stringify(GUESTS.map(described), null, 1));
