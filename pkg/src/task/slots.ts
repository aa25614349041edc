// So many at once; the others wait their turn, in order.

import * as CODE from '../codes.js';
import { MeshError } from '../errors.js';
import { WAITING_MAX } from './limits.js';

export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Waits for a slot; what it answers gives the slot back.
   *
   * @throws MeshError TooManyTasks
   * @throws the reason of `signal` when it aborts
   */
  async take(signal: AbortSignal | undefined): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
    return () => {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    };
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.length >= WAITING_MAX) throw new MeshError(CODE.tooManyTasks);
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(turn);
    });
  }
}
