// An executor that lies: it signs an answer of its own for every task that it is given, as fast as it can.

import { concat } from '../dist/bytes.js';
import { readBatch } from '../dist/job/batch.js';
import { Coordinator } from '../dist/job/coordinator.js';
import * as face from '../dist/job/face.js';
import { hashNow } from '../dist/job/hash.js';
import { taskId } from '../dist/job/task-id.js';
import * as STATUS from '../dist/status.js';

/** Offers at a mesh. `outcomeOf` the number of a task so far, and its input, makes what is signed. */
export async function lie(mesh, coordinator, outcomeOf) {
  const attached = await Coordinator.of(mesh, coordinator);
  const liar = { tasks: 0, lies: 0 };
  attached.offering = {
    hear: (event) => {
      // It gives nothing of what it says it has.
      if (event.kind === 'wantOutput') attached.say(face.giveOutput(event.ticket, STATUS.notFound, new Uint8Array(0)));
      if (event.kind !== 'run') return;
      const { frame, inputs } = readBatch(event.bytes, event.count);
      inputs.forEach((input, index) => {
        const bytes = input.bytes ?? new Uint8Array(0);
        const name = input.bytes ? { hash: hashNow(bytes), length: bytes.length } : input;
        liar.tasks += 1;
        const { outcome, output } = outcomeOf(liar, bytes, frame);
        attached.say(face.ran(event.assignment, index, taskId(frame, event.gas, name), outcome, output.length > 1_024 ? new Uint8Array(0) : output));
      });
    },
    end: () => undefined,
  };
  attached.say(face.offer(1, 2n ** 62n, 60_000, 2 ** 40));
  return liar;
}

/** What the module that answers with seed and input comes to, for so much gas. */
export function echoed(gas, bytes, { seed }) {
  const output = concat(seed, bytes);
  return { outcome: { status: 0, gas, length: output.length, output: hashNow(output) }, output };
}
