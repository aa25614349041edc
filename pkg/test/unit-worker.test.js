// Goal: the Worker of tasks is delivered as one file, and that runs tasks.
// Method: it is bundled as the package does it, into a folder of its own, and asked in a thread.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { utf8 } from '../dist/bytes.js';
import { bundle } from '../scripts/worker.js';
import { prepareHere, runHere } from './task-host.js';
import { MODULES } from './task-modules.js';

test('the Worker in one file imports nothing, and comes to the same', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'worker-'));
  const file = join(folder, 'worker.mjs');
  try {
    await bundle(fileURLToPath(new URL('../dist/task/worker.js', import.meta.url)), file);
    assert.doesNotMatch(await readFile(file, 'utf8'), /\b(import|from)\s*["'`(]\s*["'`]?\./);
    const worker = new Worker(file);
    const invocation = { input: utf8('hello'), gas: 1_000n, seed: new Uint8Array(32), time: 0n };
    const { module, interface: kind, bytes, lacks, lacksForSteps } = prepareHere(MODULES.echo);
    const ran = new Promise((resolve) => worker.on('message', (answer) => answer.kind === 'ran' && resolve(answer)));
    worker.postMessage({ source: { module, interface: kind, bytes, lacks, lacksForSteps }, invocation });
    const { outcome } = await ran;
    assert.deepEqual(outcome, runHere(MODULES.echo, utf8('hello'), { gas: 1_000n }));
    await worker.terminate();
  } finally {
    await rm(folder, { recursive: true });
  }
});
