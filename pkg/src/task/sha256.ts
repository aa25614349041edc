// SHA-256 (FIPS 180-4) that answers at once: WebCrypto answers too late for what asks in the middle of a call, and for what is small.

/** The first 64 primes. */
const PRIMES = primes(64);

/**
 * The first 32 bits behind the point. Of none of these roots are they nearer to others than 2^-8 of the last one, and no engine's
 * `Math.cbrt` is off by more than 2^-16 of it.
 */
const fraction = (root: number): number => (root % 1) * 2 ** 32;

/** Of the cube roots of the first 64 primes (§4.2.2). */
const ROUNDS = Uint32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));

/** Of the square roots of the first 8 (§5.3.3): what a hash begins with. */
export const START = Uint32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));

function primes(count: number): number[] {
  const found: number[] = [];
  for (let number = 2; found.length < count; number += 1) {
    if (found.every((prime) => number % prime !== 0)) found.push(number);
  }
  return found;
}

const turned = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

/** Of one block. */
const w = new Int32Array(64);

/** Takes 64 bytes of `view` from `at` into a hash of 8 words (§6.2.2). */
export function compress(hash: Uint32Array, view: DataView, at: number): void {
  for (let t = 0; t < 16; t += 1) w[t] = view.getInt32(at + 4 * t);
  for (let t = 16; t < 64; t += 1) {
    const early = w[t - 15]!;
    const late = w[t - 2]!;
    const low = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3);
    const high = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10);
    w[t] = w[t - 16]! + low + w[t - 7]! + high;
  }
  // By their places: to take them apart as a list would cost as much as all that follows.
  let [a, b, c, d] = [hash[0]! | 0, hash[1]! | 0, hash[2]! | 0, hash[3]! | 0];
  let [e, f, g, h] = [hash[4]! | 0, hash[5]! | 0, hash[6]! | 0, hash[7]! | 0];
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
  hash[0]! += a;
  hash[1]! += b;
  hash[2]! += c;
  hash[3]! += d;
  hash[4]! += e;
  hash[5]! += f;
  hash[6]! += g;
  hash[7]! += h;
}
