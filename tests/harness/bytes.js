// Test data from a seed: the same bytes in Node.js and in a page.

/** `size` bytes that follow from `seed`, a whole number (xorshift32); incompressible enough to catch mix-ups. */
export function seededBytes(seed, size) {
  const words = new Uint32Array(Math.ceil(size / 4));
  // A xorshift generator never leaves zero; the constant spreads small seeds.
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0 || 1;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, size);
}

/** SHA-256 in hexadecimal. */
export async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The bytes that hexadecimal digits stand for. */
export const bytesOfHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
