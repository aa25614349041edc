// SHA-256 of what is small, at once; of what is large, by the browser.

import { type Bytes, concat, sha256 } from '../bytes.js';
import { START, compress } from '../task/sha256.js';

/** So many bytes take as long here as WebCrypto takes to begin. */
const SMALL = 4_096;

/** SHA-256 of bytes that come one after the other, at each moment. */
export class RunningHash {
  readonly #hash = Uint32Array.from(START);
  #length = 0;
  /** What is no whole block yet. */
  #rest: Uint8Array = new Uint8Array(0);

  constructor(bytes: Uint8Array) {
    this.push(bytes);
  }

  push(bytes: Uint8Array): void {
    this.#length += bytes.length;
    const all = this.#rest.length > 0 ? concat(this.#rest, bytes) : bytes;
    const whole = all.length - (all.length % 64);
    const view = new DataView(all.buffer, all.byteOffset, whole);
    for (let at = 0; at < whole; at += 64) compress(this.#hash, view, at);
    this.#rest = all.slice(whole);
  }

  /** 32 bytes. */
  digest(): Bytes {
    const hash = this.#hash.slice();
    // The rest, a bit that is set, and the length in bits behind it.
    const rest = this.#rest.length;
    const last = new Uint8Array(rest < 56 ? 64 : 128);
    last.set(this.#rest);
    last[rest] = 0x80;
    const end = new DataView(last.buffer);
    end.setBigUint64(last.length - 8, 8n * BigInt(this.#length));
    for (let at = 0; at < last.length; at += 64) compress(hash, end, at);
    const digest = new DataView(new ArrayBuffer(32));
    for (let index = 0; index < 8; index += 1) digest.setUint32(4 * index, hash[index]!);
    return new Uint8Array(digest.buffer);
  }
}

/** SHA-256 of bytes of any length, here and now: 32 bytes. */
export const hashNow = (bytes: Uint8Array): Bytes => new RunningHash(bytes).digest();

/** SHA-256 of bytes of any length: 32 bytes, at once or later. */
export const hashOf = (bytes: Uint8Array): Bytes | Promise<Bytes> => (bytes.length <= SMALL ? hashNow(bytes) : sha256(bytes));
