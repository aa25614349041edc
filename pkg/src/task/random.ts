// The bytes that a task takes for random: SHA-256 of its seed and a counter. WebCrypto answers too late: a task asks in the middle of a
// call.

import { SEED_BYTES } from './limits.js';
import { START, compress } from './sha256.js';

/** Seed and counter: one block of SHA-256, its padding included. */
const MESSAGE_BYTES = SEED_BYTES + 8;

/** A stream of bytes: SHA-256(seed ‖ 0) ‖ SHA-256(seed ‖ 1) ‖ …, the numbers as 64 bits, little-endian. */
export class RandomStream {
  readonly #block = new DataView(new ArrayBuffer(64));
  readonly #hash = new Uint32Array(8);
  readonly #digest = new Uint8Array(32);
  /** Bytes of the digest that were given out. */
  #taken = 32;
  #count = 0;

  /** @param seed 32 bytes */
  constructor(seed: Uint8Array) {
    new Uint8Array(this.#block.buffer).set(seed);
    this.#block.setUint8(MESSAGE_BYTES, 0x80);
    this.#block.setUint32(60, MESSAGE_BYTES * 8);
  }

  /** Fills `target` with the bytes that come next. */
  fill(target: Uint8Array): void {
    let at = 0;
    while (at < target.length) {
      if (this.#taken === 32) this.#next();
      const length = Math.min(32 - this.#taken, target.length - at);
      target.set(this.#digest.subarray(this.#taken, this.#taken + length), at);
      this.#taken += length;
      at += length;
    }
  }

  #next(): void {
    this.#block.setUint32(SEED_BYTES, this.#count % 2 ** 32, true);
    this.#block.setUint32(SEED_BYTES + 4, Math.floor(this.#count / 2 ** 32), true);
    this.#count += 1;
    this.#taken = 0;
    this.#hash.set(START);
    compress(this.#hash, this.#block, 0);
    const digest = new DataView(this.#digest.buffer);
    this.#hash.forEach((word, index) => digest.setUint32(4 * index, word));
  }
}
