// Makes one file of the Worker of tasks, in its place: one that loads a dozen modules one after another starts ten times as slowly. After `tsc`.
import { rename } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { build } from 'rolldown';

/** Makes one file of a module and all that it imports. */
export const bundle = (input, file) => build({ input, platform: 'neutral', logLevel: 'warn', output: { file, format: 'esm', minify: true } });

if (process.argv[1] === import.meta.filename) {
  const worker = fileURLToPath(new URL('../dist/task/worker.js', import.meta.url));
  await bundle(worker, `${worker}.one`);
  await rename(`${worker}.one`, worker);
}
