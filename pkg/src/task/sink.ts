// Bytes that come piece by piece.

import type { Bytes } from '../bytes.js';

/** Below so many bytes a loop is faster than the two objects that `set` needs. */
const FEW = 64;

/** Copies `length` bytes between places that are there. */
export function copyBytes(from: Uint8Array, at: number, to: Uint8Array, place: number, length: number): void {
  if (length >= FEW) to.set(from.subarray(at, at + length), place);
  else for (let index = 0; index < length; index += 1) to[place + index] = from[at + index]!;
}

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

  /** Takes `length` bytes of `from`, as far as there is room. */
  push(from: Uint8Array, at: number, length: number): void {
    const taken = Math.min(length, this.room);
    const end = this.#length + taken;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(this.#most, Math.max(end, 2 * this.#bytes.length)));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    copyBytes(from, at, this.#bytes, this.#length, taken);
    this.#length = end;
  }

  /** What it took, a copy. */
  bytes(): Bytes {
    return this.#bytes.slice(0, this.#length);
  }
}
