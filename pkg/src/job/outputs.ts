// Outputs that later invocations await, until the last of these has them.

import type { Bytes } from '../bytes.js';
import { AGAIN_BYTES_MAX, AWAITED_BYTES_MAX } from './limits.js';
import { Store } from './store.js';

export class Outputs {
  readonly #held = new Store<number>(AWAITED_BYTES_MAX);
  readonly #uses = new Map<number, number>();
  /** Those that were used: an executor may be found to lie about what came of them. */
  readonly #used: Store<number> | undefined;

  /** @param isDoubtful what is used may be replaced later */
  constructor(isDoubtful: boolean) {
    this.#used = isDoubtful ? new Store(AGAIN_BYTES_MAX) : undefined;
  }

  get bytes(): number {
    return this.#held.bytes;
  }

  /** Holds an output for so many. */
  hold(number: number, bytes: Bytes, uses: number): void {
    this.#held.put(number, bytes);
    this.#uses.set(number, uses);
  }

  get(number: number): Bytes | undefined {
    return this.#held.get(number) ?? this.#used?.get(number);
  }

  /** One of those that await it has it. */
  use(number: number): void {
    const left = (this.#uses.get(number) ?? 1) - 1;
    if (left > 0) return void this.#uses.set(number, left);
    const bytes = this.#held.get(number);
    this.#uses.delete(number);
    this.#held.delete(number);
    if (bytes) this.#used?.put(number, bytes);
  }

  /** Another one takes its place. */
  replace(number: number, bytes: Bytes): void {
    if (this.#held.get(number)) this.#held.put(number, bytes);
    else this.#used?.put(number, bytes);
  }

  clear(): void {
    this.#held.clear();
    this.#uses.clear();
    this.#used?.clear();
  }
}
