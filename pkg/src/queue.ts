// Work that takes turns.

import type { MeshError } from './errors.js';
import { unlessAborted } from './wait.js';

/** Runs so much at once; the rest waits, in its order, up to a bound. */
export class Queue {
  readonly #lanes: number;
  readonly #waitingMax: number;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(lanes: number, waitingMax: number) {
    this.#lanes = lanes;
    this.#waitingMax = waitingMax;
  }

  get isEmpty(): boolean {
    return this.#running === 0;
  }

  /**
   * Runs `work` when it is its turn. What it gives to `keep` keeps the turn beyond its own end, until that is settled.
   *
   * @throws what `refusal` makes, where too much waits
   * @throws the reason of `signal` when it aborts before
   */
  async run<T>(
    work: (keep: (until: Promise<unknown>) => void) => Promise<T>,
    signal: AbortSignal | undefined,
    refusal: () => MeshError,
  ): Promise<T> {
    if (this.#running < this.#lanes) this.#running += 1;
    else await this.#turn(signal, refusal);
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
  #turn(signal: AbortSignal | undefined, refusal: () => MeshError): Promise<void> {
    signal?.throwIfAborted();
    if (this.#waiting.size >= this.#waitingMax) throw refusal();
    return unlessAborted<void>(signal, (turn) => this.#waiting.add(turn), (turn) => this.#waiting.delete(turn));
  }
}
