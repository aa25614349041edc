// Goal: what stands in Rust, in the document and in TypeScript about tasks is the same.
// Method: read the sources.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Command } from '../dist/task/command.js';
import * as limits from '../dist/task/limits.js';
import { STATUS_NUMBERS } from '../dist/task/outcome.js';
import { FEATURES, INVALID, REASONS, refusal } from '../dist/task/refusal.js';
import { prepareHere } from './task-host.js';
import { WASI } from './task-modules.js';

const source = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('every reason and feature of the meter has the same words here', () => {
  const text = source('task-meter/src/refusal.rs');
  const names = [...text.slice(text.indexOf('pub enum Reason')).matchAll(/^ {4}(\w+)(?: = \d+)?,$/gm)].map(([, name]) => name);
  const sentences = Object.fromEntries([...text.matchAll(/\(Reason::(\w+), "(.*?)"\)/g)].map(([, name, sentence]) => [name, sentence]));
  assert.ok(names.length >= 20 && text.includes(`${names[0]} = 1,`));
  assert.deepEqual(REASONS.slice(1), names.map((name) => sentences[name]));
  const features = [...text.matchAll(/\((0x\w+), (0x\w+), "(.*?)"\)/g)].map(([, first, last, name]) => [Number(first), Number(last), name]);
  assert.ok(features.length >= 15);
  assert.deepEqual(FEATURES, features);
  const unknown = /map_or\("(.*?)"/.exec(text)[1];
  assert.equal(refusal(0x1ff, 7).feature, unknown);
  assert.deepEqual(refusal(0x1fd, 7), { code: 0x1fd, offset: 7, feature: 'SIMD' });
  assert.match(refusal(INVALID, 0).feature, /invalid/);
});

test('the bounds are those of the meter and of the document', () => {
  const value = (name) => {
    const [, formula] = new RegExp(`pub const ${name}: \\w+ = ([\\d_ <]+);`).exec(source('task-meter/src/limits.rs'));
    const [base, shift = '0'] = formula.split('<<');
    return Number(base.replaceAll('_', '')) * 2 ** Number(shift);
  };
  assert.equal(limits.MODULE_BYTES_MAX, value('MODULE_BYTES_MAX'));
  assert.equal(limits.PAGES_MAX, value('PAGES_MAX'));
  assert.ok(limits.STACK_MIB * 2 ** 20 >= 4 * value('STACK_BYTES'));
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
    assert.ok(prepared.refusal || prepared.lacks.length === 3, `${round}`);
    assert.equal(prepared.module, undefined);
  }
});
