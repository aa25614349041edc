// Goal: where CI=true, a test that was not tried fails the run. Method: Node's runner with the reporter that `cargo xtask` adds, on
// files that hide something.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { ROOT } from '../harness/places.js';

/** Runs a file of tests with the reporter; how the run ended, and what the reporter said. */
function runOf(text) {
  const dir = mkdtempSync(join(tmpdir(), 'tabmesh-no-skips-'));
  try {
    const file = join(dir, 'some.test.mjs');
    writeFileSync(file, `import test from 'node:test';\n${text}`);
    const args = ['--test', `--test-reporter=${join(ROOT, 'tests/harness/no-skips.js')}`, '--test-reporter-destination=stdout', file];
    const { NODE_TEST_CONTEXT, NODE_OPTIONS, ...env } = process.env;
    const { status, stdout } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
    return { status, said: stdout };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

test('a run in which every test was tried says nothing', () => {
  assert.deepEqual(runOf(`test('tried', () => {});`), { status: 0, said: '' });
});

for (const [what, text, why] of [
  ['a skipped test', `test('hidden', { skip: 'no moon' }, () => {});`, /"hidden" was not tried: no moon/],
  ['a test that skips itself', `test('hidden', (t) => t.skip());`, /"hidden" was not tried/],
  ['a nested one', `test('outer', (t) => t.test('hidden', { skip: true }, () => {}));`, /"hidden" was not tried: no reason/],
  ['a test that is still to be written', `test.todo('hidden');`, /"hidden" was not tried/],
  ['a file without a test', `if (false) test('hidden', () => {});`, /some\.test\.mjs" was not tried: it is a file without a test/],
]) {
  test(`${what} fails the run and is named`, () => {
    const { status, said } = runOf(text);
    assert.equal(status, 1);
    assert.match(said, why);
  });
}
