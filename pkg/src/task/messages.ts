// What a task's owner and its Worker say to each other: one ask, then the answers.

import type { Bytes } from '../bytes.js';
import type { Runnable } from './execute.js';
import type { Invocation, Outcome } from './outcome.js';
import type { Prepared } from './prepared.js';
import type { TaskProgress } from './types.js';

/** What the Worker is to do. Its source is a module that was prepared before, or the bytes of one and the meter's Wasm. */
export interface Ask {
  readonly source: Runnable | { readonly bytes: Bytes; readonly pages: number; readonly meter: WebAssembly.Module };
  /** Absent: only prepare the module. */
  readonly invocation?: Invocation;
}

/** What a Worker that stays is to do. */
export interface HandAsk {
  /** Or the name of a module that it keeps. Absent: only be there; this has no answer. */
  readonly source?: Ask['source'] | string;
  /** It keeps a module that was prepared before by this name, among the last few. */
  readonly name?: string;
  readonly invocation?: Invocation;
}

/** Modules that a Worker keeps. */
export const KEPT_A_WORKER = 8;

export type Answer =
  | { readonly kind: 'stage'; readonly stage: TaskProgress['stage'] }
  | { readonly kind: 'prepared'; readonly prepared: Prepared }
  /** So many steps were done. */
  | { readonly kind: 'steps'; readonly steps: number }
  /** The last, if something ran; with the name of the output, and of the state that a single step left. */
  | { readonly kind: 'ran'; readonly outcome: Outcome }
  /** The last, if there was nothing to run. */
  | { readonly kind: 'done' }
  /** The last: this host failed. */
  | { readonly kind: 'failed'; readonly detail: string };
