// The bytes that a task takes for random: SHA-256 of its seed and a counter. WebCrypto answers too late: a task asks in the middle of a
// call.

import { SEED_BYTES } from './limits.js';

const PRIMES = primes(64);

/**
 * The first 32 bits behind the point. Of none of these roots are they nearer to others than 2^-8 of the last one, and no engine's
 * `Math.cbrt` is off by more than 2^-16 of it.
 */
const fraction = (root: number): number => (root % 1) * 2 ** 32;

/** Of the cube roots of the first 64 primes (FIPS 180-4, §4.2.2). */
const ROUNDS = Uint32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));

/** Of the square roots of the first 8 (FIPS 180-4, §5.3.3). */
const START = Uint32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));

function primes(count: number): number[] {
  const found: number[] = [];
  for (let number = 2; found.length < count; number += 1) {
    if (found.every((prime) => number % prime !== 0)) found.push(number);
  }
  return found;
}

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
    const early = w[t - 15]!;
    const late = w[t - 2]!;
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
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, index) => digest.setUint32(4 * index, word + START[index]!));
}
