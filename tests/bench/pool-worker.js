// A Worker of the package `workerpool`: the same code over the same metered module as a job's.

import { perform } from '/pkg/dist/task/execute.js';
import '/node_modules/workerpool/dist/workerpool.min.js';

let runnable;

globalThis.workerpool.worker({
  begin: (given) => void (runnable = given),
  run: (invocation) => perform(runnable, invocation, () => undefined).output,
});
