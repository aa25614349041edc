// Work that takes turns.

import { type Operation, errorOf } from './errors.js';
import * as STATUS from './status.js';

/** Runs so much at once; the rest waits, in its order, up to a bound. */
export class Queue {
  readonly #lanes: number;
  readonly #waitingMax: number;
  readonly #operation: Operation;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  /** `operation` is what the work is, for whoever is refused. */
  constructor(lanes: number, waitingMax: number, operation: Operation) {
    this.#lanes = lanes;
    this.#waitingMax = waitingMax;
    this.#operation = operation;
  }

  get isEmpty(): boolean {
    return this.#running === 0;
  }

  /**
   * Runs `work` when it is its turn.
   *
   * @throws MeshError TooManyRequests where too much waits
   * @throws the reason of `signal` when it aborts before
   */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#running < this.#lanes) this.#running += 1;
    else await this.#turn(signal);
    try {
      return await work();
    } finally {
      const [next] = this.#waiting;
      if (next) next();
      else this.#running -= 1;
    }
  }

  /** Resolves once a lane was handed over. */
  #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#waiting.size >= this.#waitingMax) throw errorOf(this.#operation, STATUS.tooManyRequests);
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#waiting.delete(onTurn);
        signal.removeEventListener('abort', onAbort);
      };
      const onTurn = (): void => {
        end();
        resolve();
      };
      const onAbort = (): void => {
        end();
        reject(signal.reason as Error);
      };
      this.#waiting.add(onTurn);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
