// Runs tasks of jobs in this tab.

import { STATUS_NUMBERS } from '../task/outcome.js';
import { type Done, thePool } from '../task/pool.js';
import { hashOf } from './hash.js';
import { type Outcome, isResult } from './outcome.js';
import type { Decided, Task } from './runner.js';
import { Trail } from './trail.js';
import { type Taken, walk } from './walk.js';

/** The watchdog of a task, in milliseconds: half a minute, and what its gas takes on a slow device. */
export const watchdogMs = (gas: bigint): number => 30_000 + Math.min(Number(gas / 20_000n), 3_600_000);

/** What came of a task that ran here. */
export interface OwnRun {
  readonly outcome: Outcome;
  readonly done: Done;
  /** Where it was run by steps. */
  readonly trail?: Trail;
}

/**
 * @throws MeshError NoWorker, NoMeter, NotChecked or TooManyTasks; the reason of `signal`
 */
export async function runTask(
  { module, gas, input }: Pick<Task, 'module' | 'gas' | 'input'>,
  { signal, isFirst = false, timeoutMs = watchdogMs(gas) }: { signal?: AbortSignal | undefined; isFirst?: boolean; timeoutMs?: number } = {},
): Promise<OwnRun> {
  const { seed, time, piece } = module.frame;
  if (piece > 0) {
    const trail = new Trail();
    const seen = ({ step }: Taken): boolean => {
      trail.push(step);
      return true;
    };
    const done = await walk({ module, gas, input }, { signal, isFirst, timeoutMs, seen });
    const outcome = await outcomeOf(done);
    return isResult(outcome) ? { outcome: { ...outcome, steps: trail.root }, done, trail } : { outcome, done };
  }
  const done = await thePool().run({ module: module.pool, invocation: { input, gas, seed, time }, timeoutMs, signal, isFirst });
  return { outcome: await outcomeOf(done), done };
}

/** What a job is told of it. */
export function decidedHere({ outcome, done }: OwnRun): Decided {
  const { code, output } = done.outcome;
  return { outcome, output, code, executor: undefined, isChecked: true, votes: 0, receipt: undefined };
}

async function outcomeOf({ outcome }: Done): Promise<Outcome> {
  const { status, gasUsed, output } = outcome;
  return { status: STATUS_NUMBERS[status], gas: gasUsed, length: output.length, output: await hashOf(output) };
}

