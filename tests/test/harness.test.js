// Goal: the harness itself can be trusted. Method: each tool against something that goes wrong on purpose.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { seededBytes, sha256 } from '../harness/bytes.js';
import { Part } from '../harness/part.js';
import { run } from '../harness/run.js';
import { sleep, until, within } from '../harness/wait.js';

test('equal seeds give equal bytes, other seeds others', async () => {
  assert.deepEqual(seededBytes(7, 1001), seededBytes(7, 1001));
  assert.notDeepEqual(seededBytes(7, 1001), seededBytes(8, 1001));
  assert.equal(seededBytes(7, 1001).length, 1001);
  assert.equal(new Set(seededBytes(3, 65536)).size, 256);
  assert.equal(await sha256(new Uint8Array()), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

test('a wait ends in time and says for what it waited', async () => {
  await assert.rejects(within(20, 'the moon', sleep(300)), /the moon took more than 20 ms/);
  const tired = until(120, 'the tide', () => {
    throw new Error('still low');
  });
  await assert.rejects(tired, (error) => /the tide did not happen/.test(error.message) && /low/.test(error.cause.message));
  let looks = 0;
  assert.equal(await until(1000, 'three looks', () => (looks += 1) === 3 && 'seen'), 'seen');
});

test('a program that ignores its end is ended, and one that dies early is noticed', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tabmesh-harness-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const stubborn = new Part(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { log: join(dir, 'a.log') });
  assert.equal(await stubborn.kill(), 'SIGKILL');
  assert.equal(stubborn.isRunning, false);
  const script = 'console.log("no room"); process.exit(3)';
  const early = new Part(process.execPath, ['-e', script], { log: join(dir, 'b.log') });
  await assert.rejects(early.fileLine(join(dir, 'never'), 5000), /exit code 3[^]*no room/);
});

test('what a program prints and how it ended is told', async () => {
  const script = 'process.stdin.pipe(process.stdout); console.error("well"); process.exitCode = 2';
  const { code, stdout, stderr } = await run(process.execPath, ['-e', script], { input: 'bytes' });
  assert.deepEqual({ code, stdout: stdout.toString(), stderr }, { code: 2, stdout: 'bytes', stderr: 'well\n' });
});
