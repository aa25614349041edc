// The bytes that a task takes for random: SHA-256 of its seed and a counter. WebCrypto answers too late: a task asks in the middle of a
// call.

import { SEED_BYTES } from './limits.js';

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, §4.2.2). */
// prettier-ignore
const ROUNDS = Uint32Array.of(
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
);

/** Those of the square roots of the first 8 primes (FIPS 180-4, §5.3.3). */
// prettier-ignore
const START = Uint32Array.of(
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
);

/** Seed and counter: one block of SHA-256, its padding included. */
const MESSAGE_BYTES = SEED_BYTES + 8;

const turned = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

/** A stream of bytes: SHA-256(seed ‖ 0) ‖ SHA-256(seed ‖ 1) ‖ …, the numbers as 64 bits, little-endian. */
export class RandomStream {
  readonly #block = new DataView(new ArrayBuffer(64));
  readonly #schedule = new Int32Array(64);
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
    compress(this.#block, this.#schedule, new DataView(this.#digest.buffer));
  }
}

/** SHA-256 of a message that fills one block together with its padding (FIPS 180-4, §6.2.2). */
function compress(block: DataView, w: Int32Array, digest: DataView): void {
  for (let t = 0; t < 16; t += 1) w[t] = block.getInt32(4 * t);
  for (let t = 16; t < 64; t += 1) {
    const [early, late] = [w[t - 15]!, w[t - 2]!];
    const low = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3);
    const high = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10);
    w[t] = w[t - 16]! + low + w[t - 7]! + high;
  }
  let [a, b, c, d, e, f, g, h] = START as unknown as [number, number, number, number, number, number, number, number];
  for (let t = 0; t < 64; t += 1) {
    const choice = (e & f) ^ (~e & g);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const first = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + choice + ROUNDS[t]! + w[t]!) | 0;
    const second = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + majority) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, index) => digest.setUint32(4 * index, word + START[index]!));
}
