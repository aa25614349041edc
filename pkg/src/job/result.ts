// Results as they are given out.

import { type Bytes, NO_BYTES, hex } from '../bytes.js';
import { RAW, cidText } from '../cid.js';
import { hashNow } from './hash.js';
import { statusName } from './outcome.js';
import { runTask } from './own-run.js';
import type { Decided, Task } from './runner.js';
import type { FailedReason, Result } from './types.js';

/** A result with what belongs to it and is not given out. */
export interface TaskResult {
  readonly number: number;
  readonly result: Result;
  /** Bytes that it keeps in memory. */
  readonly bytes: number;
}

/** What else is known of a result. */
interface Known {
  /** Of the task; `undefined` where that is not kept. */
  readonly input: () => Bytes | undefined;
  /** The number of the invocation that failed before it. */
  readonly cause?: number | undefined;
}

const known = new WeakMap<() => Promise<string>, Known>();

/** The input of the task that a result is of, and what failed before it. A copy of a result is known too. */
export const knownOf = ({ log }: Result): Known => known.get(log) ?? { input: () => undefined };

/** About what a result takes beside its output and its input. */
const ENTRY_BYTES = 512;

const EMPTY_ID = cidText({ codec: RAW, hash: hashNow(NO_BYTES) });

/** @param reread reads the input again, where it need not be kept */
export function resultOf(index: number, task: Task, decided: Decided, replaces: boolean, reread: (() => Bytes | undefined) | undefined): TaskResult {
  const { number, module, gas } = task;
  const { outcome, output, code, executor, isChecked, votes, receipt } = decided;
  const input = reread ?? (() => task.input);
  const log = async (): Promise<string> => {
    const again = input();
    return again ? (await runTask({ module, gas, input: again }, { isFirst: true })).done.outcome.log : '';
  };
  known.set(log, { input });
  const result: Result = {
    index,
    status: statusName(outcome.status) ?? 'ABORT',
    code,
    gasUsed: outcome.gas,
    output,
    id: cidText({ codec: RAW, hash: outcome.output }),
    executor: executor ? hex(executor) : null,
    isChecked,
    votes,
    replaces,
    ...(receipt && { receipt }),
    log,
  };
  return { number, result, bytes: ENTRY_BYTES + output.length + (reread ? 0 : task.input.length) };
}

/** What else is known of what failed; `cause`: the number of what failed before it. */
interface Failing {
  readonly cause: number | undefined;
  readonly replaces: boolean;
  readonly input: Bytes | undefined;
}

export function failedResult(index: number, number: number, failed: FailedReason, { cause, replaces, input }: Failing): TaskResult {
  const log = async (): Promise<string> => '';
  known.set(log, { input: () => input, cause });
  const result: Result = {
    index,
    status: 'ABORT',
    code: 0,
    gasUsed: 0n,
    output: NO_BYTES,
    id: EMPTY_ID,
    executor: null,
    isChecked: false,
    votes: 0,
    replaces,
    log,
    failed,
  };
  return { number, result, bytes: ENTRY_BYTES + (input?.length ?? 0) };
}
