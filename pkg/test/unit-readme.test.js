// Goal: the tasks that the README shows run as they are written.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** What a program prints that imports the package. */
const printedBy = (code) =>
  execFileSync(process.execPath, ['--input-type=module', '--eval', code], { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8' });

test('the steps of the README run in Node and say what it says', () => {
  const [, code] = /```js\n(import [^;]*;\nimport \{ stepTask \}[\s\S]*?)```/.exec(readme) ?? assert.fail('no example of steps');
  const guest = fileURLToPath(new URL('../../task-meter/guests/built/pack.wasm', import.meta.url));
  const printed = printedBy(code.replace("'pack.wasm'", JSON.stringify(guest)));
  const said = [...printed.matchAll(/^(OK \w+) bafkrei/gm)].map(([, flag]) => flag);
  assert.deepEqual(said, ['OK wait', 'OK wait', 'OK done'], printed);
});

test('the task of the README runs in Node and says what it says', () => {
  const [, code] = /```js\n(import \{ runTask \}[\s\S]*?)```/.exec(readme) ?? assert.fail('no example of a task');
  const [, comment] = /\/\/ (OK .*?), and the output's content id/.exec(code);
  const printed = printedBy(code);
  assert.ok(printed.startsWith(`${comment} `), printed);
  assert.match(printed, / bafkrei[a-z2-7]{52}\n$/);
});

test('the job of the README runs in Node and says what it says', () => {
  const [, code] = /```js\n(import \{ map, offer \}[\s\S]*?)```/.exec(readme) ?? assert.fail('no example of a job');
  const [, comment] = /console\.log\(await job\.root\(\)\); \/\/ ([0-9a-f]{8})…/.exec(code);
  // Here, as there is no mesh in Node; it comes to the same root.
  const here = code.replace(/^const offered .*$/m, '').replace('map(mesh, ', 'map(undefined, ').replace('{ gas: ', "{ where: 'local', gas: ");
  assert.notEqual(here, code);
  const printed = printedBy(here);
  assert.match(printed, /^1 hello, one$/m);
  assert.match(printed, new RegExp(`^${comment}[0-9a-f]{56}$`, 'm'));
});
