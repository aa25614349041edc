// One step of a task that two executors differ about, run here from the state that both agree about.

import { type Bytes, hex } from '../bytes.js';
import * as face from './face.js';
import type { Fetching } from './fetching.js';
import { hashOf } from './hash.js';
import { watchdogMs } from './own-run.js';
import type { Task } from './runner.js';
import { type Step, split } from './trail.js';
import { type Course, courseBehind, walk } from './walk.js';

/** What the step came to; `silent`: neither gave what the one before left; `undefined`: it cannot be run here. */
export type OwnStep = Step | 'silent' | undefined;

export interface StepWays {
  readonly fetching: Fetching;
  readonly signal: AbortSignal;
  say(command: face.Command): void;
}

export async function runStep(task: Task, { step, before, sides }: face.RunStep, { fetching, signal, say }: StepWays): Promise<OwnStep> {
  let from: Course | undefined;
  for (const side of before ? sides : []) {
    const ask = (fetch: number, offset: number): void => say(face.fetchLeft(fetch, side, step - 1, offset));
    const left = await fetching.left({ from: hex(side.executor), ask, signal });
    const found = left && (await courseOf(before!, left));
    if (found) {
      from = found;
      break;
    }
  }
  if (before && !from) return 'silent';
  let found: Step | undefined;
  const seen = (taken: { readonly step: Step }): boolean => {
    found = taken.step;
    return false;
  };
  await walk(task, { signal, isFirst: true, timeoutMs: watchdogMs(task.gas), seen, ...(from && { from }) });
  return found;
}

async function courseOf(before: Step, left: Bytes): Promise<Course | undefined> {
  const parts = await split(before, left, hashOf);
  return parts && courseBehind(before, ...parts);
}
