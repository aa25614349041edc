// SHA-256 of what is small, at once; of what is large, by the browser.

import { type Bytes, sha256 } from '../bytes.js';
import { START, compress } from '../task/sha256.js';

/** So many bytes take as long here as WebCrypto takes to begin. */
const SMALL = 4_096;

/** SHA-256 of bytes of any length, here and now: 32 bytes. */
export function hashNow(bytes: Uint8Array): Bytes {
  const hash = Uint32Array.from(START);
  const whole = bytes.length - (bytes.length % 64);
  const view = new DataView(bytes.buffer, bytes.byteOffset, whole);
  for (let at = 0; at < whole; at += 64) compress(hash, view, at);
  // The rest, a bit that is set, and the length in bits behind it.
  const rest = bytes.length - whole;
  const last = new Uint8Array(rest < 56 ? 64 : 128);
  last.set(bytes.subarray(whole));
  last[rest] = 0x80;
  const end = new DataView(last.buffer);
  end.setBigUint64(last.length - 8, 8n * BigInt(bytes.length));
  for (let at = 0; at < last.length; at += 64) compress(hash, end, at);
  const digest = new DataView(new ArrayBuffer(32));
  for (let index = 0; index < 8; index += 1) digest.setUint32(4 * index, hash[index]!);
  return new Uint8Array(digest.buffer);
}

/** SHA-256 of bytes of any length: 32 bytes, at once or later. */
export const hashOf = (bytes: Uint8Array): Bytes | Promise<Bytes> => (bytes.length <= SMALL ? hashNow(bytes) : sha256(bytes));
