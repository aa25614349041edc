// A Worker of the plain pool: the same code over the same metered module as a job's, and nothing around it.

import { perform } from '/pkg/dist/task/execute.js';

let runnable;

onmessage = ({ data }) => {
  if (data.runnable) {
    runnable = data.runnable;
    return;
  }
  const { output } = perform(runnable, data.invocation, () => undefined);
  postMessage(output, [output.buffer]);
};
