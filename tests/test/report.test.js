// Goal: a figure that misses its goal is seen, and one bench never spoils another's figures.
// Method: rows and pages made by hand.

import assert from 'node:assert/strict';
import test from 'node:test';

import { misses, percentile, reaches, replaced, section } from '../bench/report.js';

test('a row reaches its goal or it does not', () => {
  assert.ok(reaches({ ours: 12, bare: 10, goal: { ratioMax: 1.5 } }));
  assert.ok(!reaches({ ours: 16, bare: 10, goal: { ratioMax: 1.5 } }));
  assert.ok(!reaches({ ours: 7, bare: 10, goal: { ratioMin: 0.8 } }));
  assert.ok(!reaches({ ours: 12, bare: 10, goal: { plusMax: 1 } }));
  assert.ok(reaches({ ours: 0, bare: 0, goal: { plusMax: 1, ratioMax: 2 } }));
  assert.ok(!reaches({ ours: 1, bare: 0, goal: { ratioMax: 2 } }));
  assert.ok(!reaches({ ours: 61, goal: { max: 60 } }));
  assert.ok(reaches({ ours: 61 }));
  assert.deepEqual(misses('x', [{ what: 'memory', ours: 61, unit: 'MB', goal: { max: 60 } }]), [
    'x: memory: 61.0 MB, goal ≤ 60 MB',
  ]);
});

test('a section replaces its older self and nothing else', () => {
  const rows = [{ what: 'speed', ours: 8, bare: 10, unit: 'MB/s', goal: { ratioMin: 0.8 } }];
  const one = section('one', { title: 'One', about: 'A.' }, rows, 'here', undefined, new Date(0));
  assert.match(one, /\| speed \| 8\.00 MB\/s \| 10\.0 MB\/s \| 0\.80 \| ≥ 0\.8 × bare \| met \|/);
  let page = replaced('# Page\n', 'one', one);
  page = replaced(page, 'two', 'second');
  const again = replaced(page, 'one', 'new');
  assert.equal(again, '# Page\n\n<!-- bench: one -->\nnew\n<!-- end: one -->\n\n<!-- bench: two -->\nsecond\n<!-- end: two -->\n');
});

test('percentiles are values that were measured', () => {
  assert.equal(percentile([5, 1, 3], 0.5), 3);
  assert.equal(percentile([1, 2, 3, 4], 0.95), 4);
});
