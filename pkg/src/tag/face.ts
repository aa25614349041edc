// What crosses the border to a tag's module (`core-wasm/tag/src/face.rs`): a byte that says which, then the fields, numbers big-endian.

import { type Bytes, concat, hex, pieces, u32 } from '../bytes.js';
import type { Members, Published, Received } from './types.js';

/** What one message carries, in bytes; a test compares. */
export const PUBLISH_MAX = 879;
export const SEND_MAX = 949;

export const publish = (op: number, bytes: Bytes): Bytes => concat(Uint8Array.of(1), u32(op), bytes);

export const send = (op: number, to: Bytes, bytes: Bytes): Bytes => concat(Uint8Array.of(2), u32(op), to, bytes);

export const sendClosest = (op: number, key: Bytes, bytes: Bytes): Bytes => concat(Uint8Array.of(3), u32(op), key, bytes);

/** What a tag tells its application. */
export type Event =
  | { readonly kind: 'members'; readonly members: Members }
  | { readonly kind: 'published'; readonly message: Published }
  | { readonly kind: 'received'; readonly message: Received }
  | { readonly kind: 'ended'; readonly op: number; readonly status: number }
  | { readonly kind: 'refused'; readonly status: number };

/** @throws RangeError where the bytes are none */
export function read(bytes: Bytes): Event {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const which = view.getUint8(0);
  switch (which) {
    case 1:
      return { kind: 'members', members: membersOf(bytes, view) };
    case 2: {
      const [run, number] = [view.getUint32(33), view.getUint32(37)];
      return { kind: 'published', message: { from: hex(bytes.subarray(1, 33)), run, number, bytes: bytes.slice(41) } };
    }
    case 3: {
      const isProven = view.getUint8(33) === 1;
      return { kind: 'received', message: { from: hex(bytes.subarray(1, 33)), isProven, bytes: bytes.slice(34) } };
    }
    case 4:
      return { kind: 'ended', op: view.getUint32(1), status: view.getUint16(5) };
    case 5:
      return { kind: 'refused', status: view.getUint16(1) };
    default:
      throw new RangeError(`no event of a tag has the number ${which}`);
  }
}

function membersOf(bytes: Bytes, view: DataView): Members {
  const named = 2 + view.getUint8(1) * 32;
  const end = named + 1 + view.getUint8(named) * 32;
  if (end !== bytes.length) throw new RangeError(`${bytes.length} bytes where members take ${end}`);
  const ids = (from: number, to: number): string[] => pieces(bytes.subarray(from, to), 32).map(hex);
  return { linked: ids(2, named), named: ids(named + 1, end) };
}
