// Bytes that come piece by piece.

import type { Bytes } from '../bytes.js';

export class Sink {
  #bytes: Bytes = new Uint8Array(1024);
  #length = 0;
  readonly #most: number;

  /** @param most how many bytes it takes */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many bytes it still takes. */
  get room(): number {
    return this.#most - this.#length;
  }

  /** Takes `bytes`, as far as there is room. */
  push(bytes: Uint8Array): void {
    const taken = bytes.subarray(0, this.room);
    const length = this.#length + taken.length;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(this.#most, Math.max(length, 2 * this.#bytes.length)));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(taken, this.#length);
    this.#length = length;
  }

  /** What it took, a copy. */
  bytes(): Bytes {
    return this.#bytes.slice(0, this.#length);
  }
}
