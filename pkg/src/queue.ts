// Work that takes turns.

import type { MeshError } from './errors.js';
import { unlessAborted } from './wait.js';

/** Runs so much at once; the rest waits, in its order, up to a bound. */
export class Queue {
  readonly #lanes: number;
  readonly #waitingMax: number;
  readonly #refusal: () => MeshError;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  /** `refusal` is what whoever finds too much waiting is told. */
  constructor(lanes: number, waitingMax: number, refusal: () => MeshError) {
    this.#lanes = lanes;
    this.#waitingMax = waitingMax;
    this.#refusal = refusal;
  }

  get isEmpty(): boolean {
    return this.#running === 0;
  }

  /**
   * Runs `work` when it is its turn. What it gives to `keep` keeps the turn beyond its own end, until that is settled.
   *
   * @throws MeshError where too much waits
   * @throws the reason of `signal` when it aborts before
   */
  async run<T>(work: (keep: (until: Promise<unknown>) => void) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (this.#running < this.#lanes) this.#running += 1;
    else await this.#turn(signal);
    let kept: Promise<unknown> | undefined;
    try {
      return await work((until) => void (kept = until));
    } finally {
      if (kept) void kept.then(this.#next, this.#next);
      else this.#next();
    }
  }

  /** Hands a lane over. */
  readonly #next = (): void => {
    const [next] = this.#waiting;
    if (next) {
      this.#waiting.delete(next);
      next();
    } else {
      this.#running -= 1;
    }
  };

  /** Resolves once a lane was handed over. */
  #turn(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#waiting.size >= this.#waitingMax) throw this.#refusal();
    return unlessAborted<void>(signal, (turn) => this.#waiting.add(turn), (turn) => this.#waiting.delete(turn));
  }
}
