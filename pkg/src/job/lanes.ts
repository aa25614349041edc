// Work that takes turns, however much of it waits.

import { Queue } from '../queue.js';
import { WORD, wrong } from './words.js';

/** Runs so much at once; the rest waits, in its order. */
export class Lanes {
  readonly #queue: Queue;

  constructor(lanes: number) {
    this.#queue = new Queue(lanes, Infinity);
  }

  get isEmpty(): boolean {
    return this.#queue.isEmpty;
  }

  /** Runs `work` when it is its turn. @throws the reason of `signal` when it aborts before */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    // Any number may wait: nothing is refused.
    return this.#queue.run(work, signal, () => wrong(WORD.tooManyJobs));
  }
}
