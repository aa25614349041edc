// Bytes that are kept as long as there is room: of more the oldest are let go.

import type { Bytes } from '../bytes.js';

export class Store<K> {
  readonly #most: number;
  readonly #all = new Map<K, Bytes>();
  #bytes = 0;

  /** @param most how many bytes it keeps */
  constructor(most: number) {
    this.#most = most;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: K): Bytes | undefined {
    return this.#all.get(key);
  }

  put(key: K, bytes: Bytes): void {
    this.delete(key);
    this.#all.set(key, bytes);
    this.#bytes += bytes.length;
    for (const oldest of this.#all.keys()) {
      if (this.#bytes <= this.#most) return;
      this.delete(oldest);
    }
  }

  delete(key: K): void {
    this.#bytes -= this.#all.get(key)?.length ?? 0;
    this.#all.delete(key);
  }

  clear(): void {
    this.#all.clear();
    this.#bytes = 0;
  }
}
