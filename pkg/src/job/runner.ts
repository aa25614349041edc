// Who has the tasks of a job run: other nodes, or this tab alone.

import type { Bytes } from '../bytes.js';
import type { JobModule } from './module.js';
import type { Outcome } from './outcome.js';
import type { FailedReason } from './types.js';

/** A task that is ready to be run. */
export interface Task {
  /** Its number for the runner. */
  readonly number: number;
  readonly module: JobModule;
  readonly gas: bigint;
  readonly input: Bytes;
  /** The hash of its input. */
  readonly hash: Bytes;
  /** 32 bytes. */
  readonly id: Bytes;
}

/** What came of a task. */
export interface Decided {
  readonly outcome: Outcome;
  readonly output: Bytes;
  /** The exit code, where it is known. */
  readonly code: number;
  /** `undefined`: this node. */
  readonly executor: Bytes | undefined;
  readonly isChecked: boolean;
  readonly votes: number;
  readonly receipt: (() => Promise<Bytes>) | undefined;
}

/** What a runner tells its job. */
export interface Hearer {
  /** So many tasks more may be added. */
  onRoom(tasks: number): void;
  onDecided(task: Task, decided: Decided): void;
  onFailed(task: Task, reason: FailedReason): void;
  /** So many of the open tasks are done, executors say. */
  onDone(done: number): void;
  /** The first of the tasks runs, or was given out. */
  onStarted(): void;
  /** What holds the job up; `undefined`: nothing any more. */
  onStalled(hint: string | undefined): void;
  onAssigned(executor: Bytes, numbers: number[]): void;
  /** Whatever this one alone said is to be added again. */
  onDispute(number: number, liar: Bytes): void;
  /** Everything that was added is decided, and it was closed. */
  onEnded(): void;
  /** It cannot go on. */
  onFault(error: unknown): void;
}

export interface Runner {
  /** What holds the job up, as far as that shows before {@link Hearer.onStalled} is told. */
  readonly heldUp: string | undefined;
  begin(hearer: Hearer): void;
  /** No more than there was room for. */
  add(tasks: readonly Task[]): void;
  /** There are no more; those that come all the same open it again. */
  close(): void;
  pause(): void;
  resume(): void;
  cancel(): void;
}
