// Runs tasks of jobs in this tab.

import { STATUS_NUMBERS } from '../task/outcome.js';
import { type Done, thePool } from '../task/pool.js';
import { hashOf } from './hash.js';
import type { Outcome } from './outcome.js';
import type { Task } from './runner.js';

/** The watchdog of a task, in milliseconds: half a minute, and what its gas takes on a slow device. */
export const watchdogMs = (gas: bigint): number => 30_000 + Math.min(Number(gas / 20_000n), 3_600_000);

/** What came of a task that ran here. */
export interface OwnRun {
  readonly outcome: Outcome;
  readonly done: Done;
}

/**
 * @throws MeshError NoWorker, NoMeter, NotChecked or TooManyTasks; the reason of `signal`
 */
export async function runTask(
  { module, gas, input }: Pick<Task, 'module' | 'gas' | 'input'>,
  { signal, isFirst = false, timeoutMs = watchdogMs(gas) }: { signal?: AbortSignal | undefined; isFirst?: boolean; timeoutMs?: number } = {},
): Promise<OwnRun> {
  const { seed, time, piece } = module.frame;
  const invocation = { input, gas, seed, time, ...(piece > 0 && { pieceBytes: piece }) };
  const done = await thePool().run({ module: module.pool, invocation, timeoutMs, signal, isFirst });
  const { status, gasUsed, output } = done.outcome;
  return { outcome: { status: STATUS_NUMBERS[status], gas: gasUsed, length: output.length, output: await hashOf(output) }, done };
}

