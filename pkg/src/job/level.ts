// The invocations of one level of a job, by their places: what is known of each in a few bytes.

import { type Bytes, hex } from '../bytes.js';
import { INVOCATIONS_MAX } from './limits.js';

/** What became of an invocation. `BAD`: it ended otherwise than `OK`. */
export const [UNKNOWN, GOOD, BAD, FAILED] = [0, 1, 2, 3];

const FIRST = 64;
const EXECUTORS_MAX = 65_534;

export class Level {
  /** Names it within its job: numbers of its invocations begin at `id` times {@link INVOCATIONS_MAX}. */
  readonly id: number;
  /** The stage that it is of. */
  readonly stage: number;
  /** How many invocations it has so far. */
  count = 0;
  /** There are no more. */
  isFull = false;
  /** How many came to an end. */
  decided = 0;
  #leaves: Bytes = new Uint8Array(32 * FIRST);
  #marks: Uint8Array = new Uint8Array(FIRST);
  /** Who alone said what came of it, as a place in {@link #executors} from 1 on. */
  #singles = new Uint16Array(FIRST);
  readonly #executors = new Map<string, number>();

  constructor(id: number, stage: number) {
    this.id = id;
    this.stage = stage;
  }

  /** The number of an invocation within its job. */
  numberOf(index: number): number {
    return this.id * INVOCATIONS_MAX + index;
  }

  mark(index: number): number {
    return this.#marks[index] ?? UNKNOWN;
  }

  /** Sets what became of one, and its leaf; zeros where it failed. Answers what was there before. */
  set(index: number, mark: number, leaf?: Uint8Array): number {
    this.#grow(index);
    const before = this.mark(index);
    if (before === UNKNOWN) this.decided += 1;
    this.#marks[index] = mark;
    this.#leaves.fill(0, 32 * index, 32 * index + 32);
    if (leaf) this.#leaves.set(leaf, 32 * index);
    this.#singles[index] = 0;
    return before;
  }

  leaf(index: number): Bytes {
    return this.#leaves.slice(32 * index, 32 * index + 32);
  }

  /** The leaves of all, packed. */
  get leaves(): Uint8Array {
    this.#grow(Math.max(0, this.count - 1));
    return this.#leaves.subarray(0, 32 * this.count);
  }

  /** Notes that one executor alone said it; those beyond the bound are not noted. */
  setSingle(index: number, executor: Uint8Array): void {
    const name = hex(executor);
    const place = this.#executors.get(name) ?? this.#executors.size + 1;
    if (place > EXECUTORS_MAX) return;
    this.#executors.set(name, place);
    this.#singles[index] = place;
  }

  /** The places of what an executor alone said. */
  singlesOf(executor: Uint8Array): number[] {
    const place = this.#executors.get(hex(executor));
    const found: number[] = [];
    for (let index = 0; place !== undefined && index < this.#singles.length; index += 1) if (this.#singles[index] === place) found.push(index);
    return found;
  }

  #grow(index: number): void {
    if (index < this.#marks.length) return;
    const length = Math.max(2 * this.#marks.length, index + 1);
    this.#leaves = copied(new Uint8Array(32 * length), this.#leaves);
    this.#marks = copied(new Uint8Array(length), this.#marks);
    this.#singles = copied(new Uint16Array(length), this.#singles);
  }
}

function copied<T extends Uint8Array | Uint16Array>(to: T, from: T): T {
  to.set(from);
  return to;
}
