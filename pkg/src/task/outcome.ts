// What a task is given, and what comes of it.

import { type Bytes, NO_BYTES } from '../bytes.js';
import type { TaskFlag, TaskStatus } from './types.js';

/** The numbers of statuses, the same for every host. */
export const STATUS_NUMBERS: Readonly<Record<TaskStatus, number>> = {
  OK: 0,
  EXIT: 1,
  TRAP: 2,
  OUT_OF_GAS: 3,
  STACK: 4,
  BAD_ABI: 5,
  ABORT: 6,
  REFUSED: 7,
  LATE: 8,
};

/** What a task gives its module. */
export interface Invocation {
  readonly input: Bytes;
  /** 0 to 2^62. */
  readonly gas: bigint;
  /** Stack in KiB; absent: the usual. */
  readonly stack?: number;
  /** 32 bytes. */
  readonly seed: Uint8Array;
  /** Nanoseconds since 1970, 64 bits. */
  readonly time: bigint;
  /** Present: the task is run by steps, with pieces of so many bytes. */
  readonly pieceBytes?: number;
  /** Present: one step is run, from this state and with the input as its piece. */
  readonly state?: Bytes;
}

/** How a run ended. */
export interface Outcome {
  readonly status: TaskStatus;
  readonly code: number;
  readonly gasUsed: bigint;
  readonly output: Bytes;
  readonly log: string;
  /** How often a command asked for the time. */
  readonly clockReads?: number;
  /** By steps: how many were begun. */
  readonly steps?: number;
  /** Of a single step that ended well. */
  readonly next?: { readonly flag: TaskFlag; readonly state: Bytes };
}

/** An outcome without an output. */
export function without(status: TaskStatus, gasUsed: bigint, code = 0): Outcome {
  return { status, code, gasUsed, output: NO_BYTES, log: '' };
}
