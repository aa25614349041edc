// Goal: numbers that stand in Rust and in TypeScript are the same.
// Method: read the Rust sources.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { MeshError, SENTENCES, reasonOf, refusalOf } from '../dist/errors.js';
import * as limits from '../dist/limits.js';
import * as STATUS from '../dist/status.js';

const source = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const core = (path) => source(`core-wasm/${path}`);
const camel = (name) => name.toLowerCase().replace(/_(.)/g, (_, letter) => letter.toUpperCase());

test('the bounds', () => {
  const text = core('engine/src/limits.rs') + core('port/src/limits.rs') + source('signalling-server/bounds/src/lib.rs');
  const value = (name) => {
    const [, formula] = new RegExp(`pub const ${name}: (?:\\w+|\\[usize; 3\\]) = (?:if .+ else \\{ |\\[)?([\\d_ *]+?)(?: \\}|,[^;]*)?;`).exec(text) ?? assert.fail(`no ${name}`);
    return formula.split('*').reduce((product, factor) => product * Number(factor.replaceAll('_', '')), 1);
  };
  for (const name of ['BLOCK_MAX', 'REPLICAS', 'PACKET_MAX', 'MESSAGE_MAX', 'WITHIN_MS_MAX', 'PUBLISH_MAX', 'TOPICS_MAX', 'ADDRESS_MAX', 'ADDRESSES_MAX', 'LEVEL_MAX', 'DRAINED_STEP']) {
    assert.equal(limits[name], value(name), name);
  }
});

test('every status, reason and refusal of the engine has a name, a sentence and the way out', () => {
  const status = core('port/src/status.rs');
  const [, statuses, reasons] = status.split(/pub enum (?:Status|Reason) \{/);
  const refusals = core('engine/src/wire/signal.rs').split('pub enum Refusal {')[1];
  const entries = (text) =>
    [...text.slice(0, text.indexOf('\n}')).matchAll(/^ {4}(\w+) = (\d+),/gm)].map(([, name, number]) => [name, Number(number)]);
  assert.deepEqual(Object.fromEntries(entries(statuses).map(([name, number]) => [camel(name.replace(/(?<=[a-z])(?=[A-Z])/g, '_')), number])), { ...STATUS });
  const codes = [
    ...entries(statuses).filter(([, number]) => number !== STATUS.ok),
    ...entries(reasons).map(([name, number]) => [name, reasonOf(number)]),
    ...entries(refusals).map(([name, number]) => [`Signal${name}`, refusalOf(number)]),
  ];
  assert.ok(codes.length > 25);
  for (const [name, code] of codes) assert.equal(new MeshError(code).name, name);
});

test('names are told apart, and sentences are sentences', () => {
  const errors = Object.keys(SENTENCES).map((code) => new MeshError(Number(code)));
  assert.equal(new Set(errors.map(({ name }) => name)).size, errors.length);
  for (const operation of ['put', 'get', 'find', 'send', 'ask', 'topic', 'publish']) {
    for (const code of Object.values(STATUS).filter((code) => code !== STATUS.ok)) errors.push(new MeshError(code, undefined, { operation }));
  }
  for (const { code, message } of errors) assert.match(message, /^[A-Z].*\w \w.*\.$/, `${code}`);
  assert.match(new MeshError(9999).message, /update it/);
  const error = new MeshError(203, 'block 7');
  assert.ok(error instanceof Error);
  assert.deepEqual([error.code, error.name], [203, 'NotFound']);
  assert.match(error.message, /\(block 7\)$/);
});
