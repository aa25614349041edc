// Small things done to bytes.

/** Bytes with memory of their own; what WebCrypto, IndexedDB and sockets take. */
export type Bytes = Uint8Array<ArrayBuffer>;

export const NO_BYTES: Bytes = new Uint8Array(0);

const encoder = new TextEncoder();

export const utf8 = (text: string): Bytes => encoder.encode(text) as Bytes;

/** The bytes as UTF-8; what is none is shown as U+FFFD. */
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** What something is, whatever realm it is of: `Uint8Array`, `Blob`, `Undefined`. */
export const kindOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

/**
 * The bytes of a buffer, or of any view of one, where they lie; `undefined` for what is neither.
 *
 * @throws TypeError where the buffer was transferred
 */
export function viewOf(data: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return /^(Shared)?ArrayBuffer$/.test(kindOf(data)) ? new Uint8Array(data as ArrayBuffer) : undefined;
}

/**
 * A copy of them.
 *
 * @throws TypeError where the buffer was transferred, RangeError where there is no memory
 */
export const copyOf = (data: unknown): Bytes | undefined => viewOf(data)?.slice() as Bytes | undefined;

/** Bytes as lower-case hexadecimal digits. */
export function hex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** The bytes that hexadecimal digits stand for; `undefined` if they are none, or not `length` bytes. */
export function fromHex(text: string, length: number): Bytes | undefined {
  if (text.length !== length * 2 || !/^[0-9a-f]*$/i.test(text)) return undefined;
  return Uint8Array.from({ length }, (_, index) => Number.parseInt(text.slice(index * 2, index * 2 + 2), 16));
}

/** A number as four bytes, big-endian. */
export function u32(value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** One character a byte: a key for a `Map`, half as long as {@link hex}, in the order of the bytes. */
export function keyOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** The bytes of a {@link keyOf}. */
export function bytesOfKey(key: string): Bytes {
  return Uint8Array.from(key, (character) => character.charCodeAt(0));
}

/** The parts, one after another. */
export function concat(...parts: Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** The pieces of `size` bytes that `bytes` consists of, as views. */
export function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

/** SHA-256 by the browser: 32 bytes. */
export async function sha256(bytes: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Bytes));
}
