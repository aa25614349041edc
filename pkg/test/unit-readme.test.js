// Goal: the task that the README shows runs as it is written.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

test('the task of the README runs in Node and says what it says', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, code] = /```js\n(import \{ runTask \}[\s\S]*?)```/.exec(readme) ?? assert.fail('no example of a task');
  const [, comment] = /\/\/ (OK .*?), and the output's content id/.exec(code);
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', code], { cwd, encoding: 'utf8' });
  assert.ok(printed.startsWith(`${comment} `), printed);
  assert.match(printed, / bafkrei[a-z2-7]{52}\n$/);
});
