// Tasks whose results are written down, and the page of the web app that runs them.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from './places.js';

/** The gas that programs are given: the page's own. */
export const GAS = '10000000000';

const METER = join(ROOT, 'task-meter');

const jsonOf = (path) => JSON.parse(readFileSync(path, 'utf8'));

/**
 * The programs of a folder of task-meter, `{ guest, input, text, file, gas, output }`: what its expected.json says, the input's bytes,
 * the input as text where the list holds it, and the path of the module. Without a text the input is a file beside the module.
 */
export const programsOf = (folder) => jsonOf(join(METER, folder, 'expected.json')).map((listed) => programOf(folder, listed));

function programOf(folder, listed) {
  const built = (ending) => join(METER, folder, 'built', `${listed.guest}.${ending}`);
  const isFile = existsSync(built('in'));
  const input = isFile ? readFileSync(built('in')) : Buffer.from(listed.input);
  return { ...listed, input, text: isFile ? undefined : listed.input, file: built('wasm') };
}

/** CoreMark, of which no answer is written down; none where it was not built. */
export const coreMark = () => {
  const program = programOf('corpus', { guest: 'coremark', input: '' });
  return existsSync(program.file) ? [program] : [];
};

/** Those of every folder that has such a list. */
export const programs = () =>
  readdirSync(METER)
    .filter((folder) => existsSync(join(METER, folder, 'expected.json')))
    .flatMap(programsOf);

/** The vectors, `{ name, task, outcome }`, as the page's `runTask` takes a task and says what came of it. */
export function vectors() {
  return jsonOf(join(ROOT, 'tests/vectors/tasks.json')).map((vector) => {
    const { name, module, input, gas, pages, stack, seed, time, piece, state, status, code, offset, used, output, output_sha256 } = vector;
    const sha256 = output_sha256 ?? createHash('sha256').update(output, 'base64').digest('hex');
    return { name, task: { module, input, gas, pages, stack, seed, time, piece, state }, outcome: { status, code, offset, used, sha256 } };
  });
}

/** What the page tasks.html shows once a program is given to it with its input, and run: `{ status, gas, output }`. */
export async function runOnPage(page, { guest, input, text, file }) {
  const files = [{ name: `${guest}.wasm`, mimeType: 'application/wasm', buffer: readFileSync(file) }];
  // Files are taken in turn: the input is there when the module is accepted.
  if (text === undefined) files.unshift({ name: `${guest}.in`, mimeType: 'application/octet-stream', buffer: input });
  await page.getByTestId('task-files').setInputFiles(files);
  await page.locator(`[data-testid=task-module][data-accepted=true]`, { hasText: `${guest}.wasm` }).waitFor();
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
