// Goal: whoever drops a module on the page gets the answer and the gas that the command line gives, and Node.
// Method: the guests of the guide with their inputs as text, and real modules of npm packages with theirs as files, each dropped
// onto the built page, run by `tabmesh task run`, and by the package in Node; all against what is written down in the two lists
// `expected.json`, to which both native engines are held by their own test. CoreMark too, where `COREMARK` names it.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { scenario } from '../harness/network.js';
import { ROOT, native, pkg } from '../harness/places.js';
import { run } from '../harness/run.js';

const GUESTS = join(ROOT, 'task-meter/guests');
const CORPUS = join(ROOT, 'task-meter/corpus');

const GAS = '10000000000';

const list = async (folder) => JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8'));

/** A task of the guide: a small program and some text. */
async function guest({ guest: name, input, gas, output }) {
  const module = join(GUESTS, 'built', `${name}.wasm`);
  return { name, module, text: input, input: Buffer.from(input), answer: { status: 'OK', gas, output } };
}

/** A task of the corpus: a real module and a file. */
async function real({ guest: name, gas, output }) {
  const [module, file] = ['wasm', 'in'].map((ending) => join(CORPUS, 'built', `${name}.${ending}`));
  return { name, module, input: await readFile(file), answer: { status: 'OK', gas, output } };
}

/** What the page shows once the module is dropped with its input and run. */
async function onPage(page, { name, module, text, input }) {
  const files = [{ name: `${name}.wasm`, mimeType: 'application/wasm', buffer: await readFile(module) }];
  // Files are taken in turn: the input is there when the module is accepted.
  if (text === undefined) files.unshift({ name: `${name}.in`, mimeType: 'application/octet-stream', buffer: input });
  await page.getByTestId('task-files').setInputFiles(files);
  await page.locator(`[data-testid=task-module][data-accepted=true]`, { hasText: `${name}.wasm` }).waitFor();
  if (text !== undefined) await page.getByTestId('task-input').fill(text);
  await page.getByTestId('task-run').click();
  await page.locator('[data-testid=task-outcome][data-step=ended]').waitFor({ timeout: 60_000 });
  const shown = (id) => page.getByTestId(id).textContent();
  return {
    status: await page.getByTestId('task-status').getAttribute('data-status'),
    gas: Number((await shown('task-gas-used')).replaceAll(',', '')),
    output: await shown('task-id'),
  };
}

/** What `tabmesh task run` says. */
async function onCommandLine(dir, { name, module, input }) {
  const file = join(dir, `${name}.in`);
  await writeFile(file, input);
  const args = ['task', 'run', module, '--input', file, '--gas', GAS, '--json'];
  // A build for development takes its time to compile a module of megabytes.
  const { stdout } = await run(native(), args, { ms: 300_000 });
  const said = JSON.parse(stdout);
  return { status: said.status, gas: said.gas_used, output: said.output };
}

async function inNode({ module, input }) {
  const { runTask } = await import(pathToFileURL(join(pkg(), 'dist/task/index.js')).href);
  const result = await runTask(await readFile(module), input, { gas: BigInt(GAS) });
  return { status: result.status, gas: Number(result.gasUsed), output: result.id };
}

/** Runs each task everywhere; one without an answer that is written down must at least get the same one. */
async function agree(net, tasks) {
  await net.startSignalling();
  const page = await (await net.browser()).page({ url: `${net.signalling.http}/tasks.html`, name: 'tasks' });
  for (const task of tasks) {
    const ways = [onPage(page, task), onCommandLine(net.dir, task), inNode(task)];
    const [shown, said, given] = await Promise.all(ways);
    const answer = task.answer ?? { ...said, status: 'OK' };
    assert.deepEqual(shown, answer, `${task.name} on the page`);
    assert.deepEqual(said, answer, `${task.name} on the command line`);
    assert.deepEqual(given, answer, `${task.name} in Node`);
  }
}

scenario('i3: a module dropped on the page gives what the command line and Node give', 180_000, async (net) => {
  await agree(net, await Promise.all((await list(GUESTS)).map(guest)));
});

scenario('i3: real modules of npm packages give the same on the page, the command line and in Node', 600_000, async (net) => {
  const tasks = await Promise.all((await list(CORPUS)).map(real));
  if (existsSync(join(CORPUS, 'built/coremark.wasm'))) tasks.push({ ...(await real({ guest: 'coremark' })), answer: undefined });
  await agree(net, tasks);
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
