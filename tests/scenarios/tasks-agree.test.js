// Goal: whoever drops a module on the page gets the answer and the gas that the command line gives, and Node.
// Method: the guests of the guide, each dropped with its input onto the built page, run by `tabmesh task run`, and by the
// package in Node; all against task-meter/guests/expected.json, to which both native engines are held by their own test.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { scenario } from '../harness/network.js';
import { native, pkg } from '../harness/places.js';
import { run } from '../harness/run.js';
import { GAS, programsOf, runOnPage } from '../harness/tasks.js';

/** What `tabmesh task run` says. */
async function onCommandLine(dir, { guest, input, file }) {
  const inputFile = join(dir, `${guest}.in`);
  await writeFile(inputFile, input);
  const { stdout } = await run(native(), ['task', 'run', file, '--input', inputFile, '--gas', GAS, '--json']);
  const said = JSON.parse(stdout);
  return { status: said.status, gas: said.gas_used, output: said.output };
}

async function inNode({ file, input }) {
  const { runTask } = await import(pathToFileURL(join(pkg(), 'dist/task/index.js')).href);
  const result = await runTask(await readFile(file), Buffer.from(input), { gas: BigInt(GAS) });
  return { status: result.status, gas: Number(result.gasUsed), output: result.id };
}

scenario('i3: a module dropped on the page gives what the command line and Node give', 180_000, async (net) => {
  await net.startSignalling();
  const page = await (await net.browser()).page({ url: `${net.signalling.http}/tasks.html`, name: 'tasks' });
  for (const expected of programsOf('guests')) {
    const { guest, gas, output } = expected;
    const answer = { status: 'OK', gas, output };
    assert.deepEqual(await runOnPage(page, expected), answer, `${guest} on the page`);
    assert.deepEqual(await onCommandLine(net.dir, expected), answer, `${guest} on the command line`);
    assert.deepEqual(await inNode(expected), answer, `${guest} in Node`);
  }
});

scenario('an example of the page draws its picture, and a module that is refused says why', 60_000, async (net) => {
  await net.startSignalling();
  const page = await (await net.browser()).page({ url: `${net.signalling.http}/tasks.html`, name: 'tasks' });
  await page.getByTestId('example-Maze').click();
  await page.locator('[data-testid=task-outcome] img').waitFor({ timeout: 30_000 });
  assert.equal(await page.getByTestId('task-status').getAttribute('data-status'), 'OK');
  // A memory that is shared: threads.
  const shared = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 4, 1, 3, 1, 1]);
  await page.getByTestId('task-files').setInputFiles([{ name: 'threads.wasm', mimeType: 'application/wasm', buffer: shared }]);
  await page.locator('[data-testid=task-module][data-accepted=false]', { hasText: 'Refused: a memory is' }).waitFor();
  assert.ok(await page.getByTestId('task-run').isDisabled());
});
