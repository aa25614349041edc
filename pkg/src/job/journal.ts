// What tasks of a job came to, in a few bytes each, so that nothing of it need run twice: the larger part of a checkpoint.

import { type Bytes, concat, keyOf } from '../bytes.js';
import { Reader } from '../module/reader.js';
import { hashOf } from './hash.js';
import { type Outcome, outcomeBytes, readOutcome } from './outcome.js';
import type { Decided, Task } from './runner.js';

/** Task 32, outcome 45 or 77, executor 32 (zeros: this tab), flags 1, votes 1, and the output. */
const HEAD_MAX = 32 + 77 + 32 + 2;

const CHECKED = 1;

/** What came of a task, by its id. */
export interface Known {
  readonly size: number;
  of(id: Uint8Array): Decided | undefined;
}

export class Journal {
  readonly #most: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  /** @param most bytes; what is beyond is not noted, and runs again */
  constructor(most: number) {
    this.#most = most;
  }

  note({ id }: Task, { outcome, output, executor, isChecked, votes }: Decided): void {
    if (this.#bytes + HEAD_MAX + output.length > this.#most) return;
    const flags = Uint8Array.of(isChecked ? CHECKED : 0, Math.min(votes, 255));
    const head = concat(id, outcomeBytes(outcome), executor ?? new Uint8Array(32), flags);
    this.#parts.push(head, output);
    this.#bytes += head.length + output.length;
    // Many small parts cost more than what is in them.
    if (this.#parts.length > 1_024) this.#parts = [concat(...this.#parts)];
  }

  get bytes(): Bytes {
    return concat(...this.#parts);
  }
}

/** Reads a journal; the last word on a task counts. @throws RangeError where the bytes are none, or an output is not what its outcome says */
export async function readJournal(bytes: Uint8Array): Promise<Known> {
  const all = new Map<string, Decided>();
  for (let at = 0; at < bytes.length;) {
    const reader = new Reader(bytes.subarray(at, at + HEAD_MAX));
    const [id, outcome, executor] = [reader.take(32), readOutcome(reader), reader.take(32)];
    const [flags, votes] = [reader.number(1), reader.number(1)];
    at = Math.min(at + HEAD_MAX, bytes.length) - reader.rest().length;
    const output = bytes.slice(at, at + outcome.length) as Bytes;
    if (!(await isOf(output, outcome))) throw new RangeError(`no output of ${outcome.length} bytes`);
    const isOwn = executor.every((byte) => byte === 0);
    all.set(keyOf(id), { outcome, output, code: 0, executor: isOwn ? undefined : executor, isChecked: (flags & CHECKED) > 0, votes, receipt: undefined });
    at += outcome.length;
  }
  return { size: all.size, of: (id) => all.get(keyOf(id)) };
}

async function isOf(output: Bytes, outcome: Outcome): Promise<boolean> {
  return output.length === outcome.length && keyOf(await hashOf(output)) === keyOf(outcome.output);
}

