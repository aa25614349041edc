// Goal: what stands in Rust, in the document and in TypeScript about tasks is the same.
// Method: read the sources.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Command } from '../dist/task/command.js';
import * as limits from '../dist/task/limits.js';
import { STATUS_NUMBERS } from '../dist/task/outcome.js';
import { INVALID } from '../dist/task/prepared.js';
import { COUNTED, FEATURES, IMPORTS, OTHERS, REASONS, SWITCHES, WAYS, worded } from '../dist/task/words.js';
import { prepareHere, refusalHere } from './task-host.js';
import { WASI, assemble } from './task-modules.js';

const source = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** A text as Rust writes it, and what it says: each letter a byte or more. */
const TEXT = '"((?:[^"\\\\]|\\\\.)*)"';
const read = (text) =>
  text.replace(/\\(x..|.)/g, (_, escape) => (escape[0] === 'x' ? String.fromCharCode(Number.parseInt(escape.slice(1), 16)) : escape === '0' ? '\0' : escape));

const byReason = (text) =>
  Object.fromEntries([...text.matchAll(new RegExp(`\\(\\s*Reason::(\\w+),\\s*${TEXT},?\\s*\\)`, 'g'))].map(([, name, words]) => [name, read(words)]));

test('every reason and feature of the meter has the same words here', () => {
  const text = source('task-meter/src/refusal.rs');
  const names = [...text.slice(text.indexOf('pub enum Reason')).matchAll(/^ {4}(\w+)(?: = \d+)?,$/gm)].map(([, name]) => name);
  const sentences = byReason(text);
  assert.ok(names.length >= 20 && text.includes(`${names[0]} = 1,`));
  assert.deepEqual(REASONS.slice(1), names.map((name) => sentences[name]));
  const features = [...text.matchAll(/\((0x\w+), (0x\w+), "(.*?)"\)/g)].map(([, first, last, name]) => [Number(first), Number(last), name]);
  assert.ok(features.length >= 10);
  assert.deepEqual(FEATURES, features);
  const unknown = /map_or\("(.*?)"/.exec(text)[1];
  const refusal = (code) => worded({ code, offset: 7, found: 9 });
  assert.equal(refusal(0x1ff).feature, unknown);
  assert.deepEqual(refusal(0x1fd), { code: 0x1fd, offset: 7, feature: 'SIMD', wayOut: refusal(0x1fd).wayOut });
  assert.match(refusal(0x1fd).wayOut, /-mno-simd128/);
  assert.match(refusal(INVALID).feature, /invalid/);
});

test('what is to be done about a refusal is the same here', () => {
  const text = source('task-meter/src/advice.rs');
  const part = (from, to) => text.slice(text.indexOf(`const ${from}`), text.indexOf(to));
  const texts = (part, count) => [...part.matchAll(new RegExp(`\\(\\s*${Array(count).fill(`b?${TEXT}`).join(',\\s*')},?\\s*\\)`, 'g'))].map((found) => found.slice(1).map(read));
  const ways = byReason(text);
  assert.deepEqual(WAYS.slice(1), Object.values(ways));
  assert.equal(WAYS.length, REASONS.length);
  const switches = [...text.matchAll(new RegExp(`\\(\\s*(0x\\w+),\\s*(0x\\w+),\\s*${TEXT},?\\s*\\)`, 'g'))];
  assert.deepEqual(SWITCHES, switches.map(([, first, last, way]) => [Number(first), Number(last), read(way)]));
  assert.deepEqual(IMPORTS, texts(part('IMPORTS', 'const OTHERS'), 3));
  assert.deepEqual(OTHERS, texts(part('OTHERS', 'impl Refusal'), 3));
  const reasons = source('task-meter/src/refusal.rs');
  const counted = [...reasons.slice(reasons.indexOf('const COUNTED')).matchAll(/Reason::(\w+),/g)].map(([, name]) => Object.keys(ways).indexOf(name) + 1);
  assert.deepEqual([...COUNTED], counted);
});

test('what is no module is called by its name, and what an import wants is said', () => {
  const why = (bytes) => refusalHere(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : Uint8Array.from(bytes));
  assert.match(why('').feature, /no bytes/);
  assert.match(why('  (module)').feature, /text of a module/);
  assert.match(why('\ufeff<!DOCTYPE html>').feature, /HTML/);
  assert.match(why([0x1f, 0x8b, 8]).wayOut, /gunzip/);
  assert.match(why([0, 0x61, 0x73, 0x6d, 13, 0, 1, 0]).wayOut, /wasm32-wasip1/);
  assert.match(why('something else').wayOut, /\.wasm file/);
  for (const [name, way] of [['abort', /--use abort=/], ['seed', /--use seed=/], ['emscripten_notify_memory_growth', /ALLOW_MEMORY_GROWTH/], ['other', /preview 1/]]) {
    const refusal = refusalHere(assemble(`(module (import "env" "${name}" (func)))`));
    assert.match(refusal.wayOut, way);
    assert.match(refusal.where, new RegExp(`env.${name}`));
  }
  const refusal = refusalHere(assemble(`(module (func ${'(local i64)'.repeat(15_000)}))`));
  assert.deepEqual([refusal.found, refusal.where], [15_000, 'function 0']);
});

test('the bounds are those of the meter and of the document', () => {
  const value = (name) => {
    const [, formula] = new RegExp(`pub const ${name}: \\w+ = ([\\d_ <]+);`).exec(source('task-meter/src/limits.rs'));
    const [base, shift = '0'] = formula.split('<<');
    return Number(base.replaceAll('_', '')) * 2 ** Number(shift);
  };
  assert.equal(limits.MODULE_BYTES_MAX, value('FILE_BYTES_MAX'));
  assert.equal(limits.PAGES_MAX, value('PAGES_MAX'));
  assert.equal(limits.STACK_KIB_USUAL * 2 ** 10, value('STACK_BYTES'));
  assert.equal(limits.STACK_KIB_MAX * 2 ** 10, value('STACK_BYTES_MAX'));
  assert.ok(limits.STACK_MIB * 2 ** 20 >= 4 * value('STACK_BYTES_MAX'));
  const document = source('docs/TASKS.md');
  for (const row of [`| gas | 0 to 2^62 | ${limits.GAS_USUAL.toLocaleString('en')} |`, `| 1 to 65,536 | ${limits.PAGES_USUAL.toLocaleString('en')} |`]) {
    assert.ok(document.includes(row), row);
  }
  assert.equal(limits.GAS_MAX, 2n ** 62n);
});

test('the statuses have the numbers of the document', () => {
  const rows = [...source('docs/TASKS.md').matchAll(/^\| (\d) \| `(\w+)` \|/gm)].map(([, number, name]) => [name, Number(number)]);
  assert.equal(rows.length, 9);
  assert.deepEqual(Object.fromEntries(rows), { ...STATUS_NUMBERS });
});

test('a command is given exactly what the meter lets it import', () => {
  const text = source('task-meter/src/imports.rs');
  // A name stands behind its length.
  const names = [...text.matchAll(/\\x([0-9a-f]{2})([a-z_]+)/g)].filter(([, length, name]) => Number.parseInt(length, 16) === name.length);
  const accepted = names.map(([, , name]) => name);
  assert.equal(new Set(accepted).size, 46);
  const { imports } = new Command(new Uint8Array(0), new Uint8Array(32), 0n);
  assert.deepEqual(Object.keys(imports).sort(), [...WASI].sort());
  assert.deepEqual(Object.keys(imports).filter((name) => !accepted.includes(name)), []);
});

test('bytes that are no module are refused, whatever they are', () => {
  let state = 1;
  for (let round = 0; round < 300; round += 1) {
    const bytes = Uint8Array.from({ length: round }, () => (state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff) >> 16);
    bytes.set([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0].slice(0, round % 9));
    const prepared = prepareHere(bytes);
    assert.ok(prepared.refused || prepared.lacks.length === 3, `${round}`);
    assert.equal(prepared.module, undefined);
  }
});
