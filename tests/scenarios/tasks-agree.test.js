// Goal: whoever drops a module on the page gets the answer and the gas that the command line gives, and Node.
// Method: the guests of the guide, each dropped with its input onto the built page, run by `tabmesh task run`, and by the
// package in Node; all against task-meter/guests/expected.json, to which both native engines are held by their own test.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { scenario } from '../harness/network.js';
import { ROOT, native, pkg } from '../harness/places.js';
import { run } from '../harness/run.js';

const GUESTS = join(ROOT, 'task-meter/guests');

const GAS = '10000000000';

const built = (guest) => join(GUESTS, 'built', `${guest}.wasm`);

const list = async () => JSON.parse(await readFile(join(GUESTS, 'expected.json'), 'utf8'));

/** What the page shows once the module is dropped with its input and run. */
async function onPage(page, { guest, input }) {
  const files = [{ name: `${guest}.wasm`, mimeType: 'application/wasm', buffer: await readFile(built(guest)) }];
  await page.getByTestId('task-files').setInputFiles(files);
  await page.locator(`[data-testid=task-module][data-accepted=true]`, { hasText: `${guest}.wasm` }).waitFor();
  await page.getByTestId('task-input').fill(input);
  await page.getByTestId('task-run').click();
  await page.locator('[data-testid=task-outcome][data-step=ended]').waitFor({ timeout: 60_000 });
  const text = (id) => page.getByTestId(id).textContent();
  return {
    status: await page.getByTestId('task-status').getAttribute('data-status'),
    gas: Number((await text('task-gas-used')).replaceAll(',', '')),
    output: await text('task-id'),
  };
}

/** What `tabmesh task run` says. */
async function onCommandLine(dir, { guest, input }) {
  const file = join(dir, `${guest}.in`);
  await writeFile(file, input);
  const { stdout } = await run(native(), ['task', 'run', built(guest), '--input', file, '--gas', GAS, '--json']);
  const said = JSON.parse(stdout);
  return { status: said.status, gas: said.gas_used, output: said.output };
}

async function inNode({ guest, input }) {
  const { runTask } = await import(pathToFileURL(join(pkg(), 'dist/task/index.js')).href);
  const result = await runTask(await readFile(built(guest)), Buffer.from(input), { gas: BigInt(GAS) });
  return { status: result.status, gas: Number(result.gasUsed), output: result.id };
}

scenario('i3: a module dropped on the page gives what the command line and Node give', 180_000, async (net) => {
  await net.startSignalling();
  const page = await (await net.browser()).page({ url: `${net.signalling.http}/tasks.html`, name: 'tasks' });
  for (const expected of await list()) {
    const { guest, gas, output } = expected;
    const answer = { status: 'OK', gas, output };
    assert.deepEqual(await onPage(page, expected), answer, `${guest} on the page`);
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
