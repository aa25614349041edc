// Goal: a listener that throws stops no other, and its error is reported as any uncaught one, in Node too, which has no `reportError`.
// Method: a process of its own, whose uncaught errors are counted.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const SCRIPT = `
import { Events, tellAll } from '${new URL('../dist/events.js', import.meta.url)}';
const uncaught = [];
process.on('uncaughtException', (error) => uncaught.push(error.message));
const heard = [];
const throwing = () => { throw new Error('mine'); };
tellAll([throwing, (detail) => heard.push(detail)], 1);
const events = new Events();
events.on('state', throwing);
events.on('state', (detail) => heard.push(detail));
events.emit('state', 2);
setTimeout(() => console.log(JSON.stringify({ heard, uncaught })));
`;

test('a listener that throws stops no other, and its error is uncaught', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', SCRIPT], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), { heard: [1, 2], uncaught: ['mine', 'mine'] });
});
