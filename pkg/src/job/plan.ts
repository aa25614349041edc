// What a job is, and what of it is kept while it is at work.

import type { Bytes } from '../bytes.js';
import type { Known } from './journal.js';
import type { Level } from './level.js';
import type { Missing } from './missing.js';
import type { JobModule, StageGiven } from './module.js';
import type { Outlet } from './outlet.js';
import type { Source } from './source.js';
import type { FailedReason } from './types.js';

/** What a job is. */
export interface Plan {
  readonly source: Source;
  readonly gas: bigint;
  /** 0 to 4. */
  readonly validation: number;
  /** How many others of the list await the output of one; those of an iterator nobody knows. */
  readonly usesOf: (index: number) => number;
  /** What tasks came to before, in another run of the job. */
  readonly known?: Known;
  /** Fetches what is given by name alone. */
  readonly missing: Missing;
}

export interface Stage {
  readonly given: readonly StageGiven[];
  readonly modules: Promise<readonly JobModule[]>;
  readonly outlet: Outlet;
}

/** An invocation that has no result. */
export interface Failure {
  readonly level: Level;
  readonly index: number;
  readonly reason: FailedReason;
  /** The number of the one that failed before it. */
  readonly cause?: number | undefined;
  readonly input?: Bytes | undefined;
}
