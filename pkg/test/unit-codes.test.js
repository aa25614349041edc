// Goal: whoever meets a code finds it in the table that is delivered with the package.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import * as CODE from '../dist/codes.js';
import * as STATUS from '../dist/status.js';
import { table } from '../scripts/codes.js';

const written = readFileSync(new URL('../CODES.md', import.meta.url), 'utf8');

test('CODES.md says what the package says', () => {
  assert.equal(written, table(), 'npm run codes writes it anew');
});

test('each code that the package gives has a row', () => {
  const { ok, ...statuses } = STATUS;
  const missing = Object.entries({ ...CODE, ...statuses }).filter(([, code]) => !written.includes(`\n| ${code} | `));
  assert.deepEqual(missing, []);
  assert.ok(ok < Math.min(...Object.values(statuses)), 'what went well needs no sentence');
});
