// Goal: whoever drops a module on the page gets the answer and the gas that the command line gives, and Node.
// Method: the guests of the guide with their inputs as text, and real modules of npm packages with theirs as files, each dropped
// onto the built page, run by `tabmesh task run`, and by the package in Node; all against what is written down in the two lists
// `expected.json`, to which both native engines are held by their own test. CoreMark too, where `COREMARK` names it.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { scenario } from '../harness/network.js';
import { native, pkg } from '../harness/places.js';
import { run } from '../harness/run.js';
import { GAS, coreMark, programsOf, runOnPage } from '../harness/tasks.js';

/** What `tabmesh task run` says. */
async function onCommandLine(dir, { guest, input, file }) {
  const inputFile = join(dir, `${guest}.in`);
  await writeFile(inputFile, input);
  const args = ['task', 'run', file, '--input', inputFile, '--gas', GAS, '--json'];
  // A build for development takes its time to compile a module of megabytes.
  const { stdout } = await run(native(), args, { ms: 300_000 });
  const said = JSON.parse(stdout);
  return { status: said.status, gas: said.gas_used, output: said.output };
}

async function inNode({ file, input }) {
  const { runTask } = await import(pathToFileURL(join(pkg(), 'dist/task/index.js')).href);
  const result = await runTask(await readFile(file), input, { gas: BigInt(GAS) });
  return { status: result.status, gas: Number(result.gasUsed), output: result.id };
}

/** Runs each program everywhere; one without an answer that is written down must at least get the same one. */
async function agree(net, programs) {
  await net.startSignalling();
  const page = await (await net.browser()).page({ url: `${net.signalling.http}/tasks.html`, name: 'tasks' });
  for (const program of programs) {
    const { guest } = program;
    const ways = [runOnPage(page, program), onCommandLine(net.dir, program), inNode(program)];
    const [shown, said, given] = await Promise.all(ways);
    const { gas = said.gas, output = said.output } = program;
    const answer = { status: 'OK', gas, output };
    assert.deepEqual(shown, answer, `${guest} on the page`);
    assert.deepEqual(said, answer, `${guest} on the command line`);
    assert.deepEqual(given, answer, `${guest} in Node`);
  }
}

scenario('i3: a module dropped on the page gives what the command line and Node give', 180_000, async (net) => {
  await agree(net, programsOf('guests'));
});

scenario('i3: real modules of npm packages give the same on the page, the command line and in Node', 600_000, async (net) => {
  await agree(net, [...programsOf('corpus'), ...coreMark()]);
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
