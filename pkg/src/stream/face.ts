// What a page says to its streams module, and what it hears: `core-wasm/stream/src/face.rs`.

import { type Bytes, u32, utf8 } from '../bytes.js';

export type Event =
  | { readonly kind: 'listening'; readonly status: number; readonly name: string }
  | { readonly kind: 'opened'; readonly stream: number }
  | { readonly kind: 'incoming'; readonly stream: number; readonly from: Bytes; readonly name: string }
  | { readonly kind: 'room'; readonly stream: number; readonly bytes: number }
  | { readonly kind: 'came'; readonly stream: number; readonly bytes: Bytes }
  | { readonly kind: 'finished'; readonly stream: number }
  | { readonly kind: 'ended'; readonly stream: number; readonly status: number };

const u16 = (value: number): Bytes => u32(value).slice(2);

/** In parts, so that what is long is not copied to be joined. */
export type Command = readonly Uint8Array[];

const command = (kind: number, ...parts: Uint8Array[]): Command => [Uint8Array.of(kind), ...parts];

export const listen = (name: string): Command => command(1, utf8(name));
export const unlisten = (name: string): Command => command(2, utf8(name));
export const open = (stream: number, to: Bytes, name: string): Command => command(3, u32(stream), to, utf8(name));
export const write = (stream: number, bytes: Uint8Array): Command => command(4, u32(stream), bytes);
export const read = (stream: number, count: number): Command => command(5, u32(stream), u32(count));
export const finish = (stream: number): Command => command(6, u32(stream));
export const reset = (stream: number, status: number): Command => command(7, u32(stream), u16(status));

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export function eventOf(bytes: Bytes): Event {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (from: number): string => decoder.decode(bytes.subarray(from));
  if (bytes[0] === 1) return { kind: 'listening', status: view.getUint16(1), name: text(3) };
  const stream = view.getUint32(1);
  switch (bytes[0]) {
    case 2:
      return { kind: 'opened', stream };
    case 3:
      return { kind: 'incoming', stream, from: bytes.slice(5, 37), name: text(37) };
    case 4:
      return { kind: 'room', stream, bytes: view.getUint32(5) };
    case 5:
      return { kind: 'came', stream, bytes: bytes.slice(5) };
    case 6:
      return { kind: 'finished', stream };
    case 7:
      return { kind: 'ended', stream, status: view.getUint16(5) };
    default:
      throw new RangeError(`no event has the number ${bytes[0]}`);
  }
}
