// What crosses the border between a module and its seat: a byte that says which, then the fields in their order, numbers big-endian.
// `core-wasm/port/src/{wish,told,job,module}.rs` say what each means.

import { type Bytes, concat, u32 } from '../bytes.js';
import { Reader } from './reader.js';

/** Bytes in parts, one after another. */
export type Parts = readonly Uint8Array[];

export const lengthOf = (parts: Parts): number => parts.reduce((sum, { length }) => sum + length, 0);

/** What a module gives. */
export type Output =
  | { readonly kind: 'tell'; readonly to: Uint8Array[]; readonly bytes: Bytes }
  | { readonly kind: 'ask'; readonly op: number; readonly to: Bytes; readonly withinMs: number; readonly bytes: Bytes }
  | { readonly kind: 'list'; readonly op: number; readonly place: Bytes; readonly stays: boolean; readonly withinMs: number }
  | { readonly kind: 'reply'; readonly ticket: number; readonly status: number; readonly bytes: Bytes }
  | { readonly kind: 'cancel'; readonly op: number }
  | { readonly kind: 'hold'; readonly ids: Uint8Array[] }
  | { readonly kind: 'askHere'; readonly op: number; readonly port: number; readonly withinMs: number; readonly bytes: Bytes }
  | { readonly kind: 'sign'; readonly job: number; readonly bytes: Bytes }
  | { readonly kind: 'verify'; readonly job: number; readonly key: Bytes; readonly signature: Bytes; readonly bytes: Bytes }
  | { readonly kind: 'event'; readonly bytes: Bytes };

/** The bits of asks and lists among the kinds of wishes. */
export const ASK = 2;
export const LIST = 6;
export const ASK_HERE = 7;

/** @throws RangeError where the bytes are none */
export function read(flat: Uint8Array): Output {
  const reader = new Reader(flat);
  const output = fields(reader);
  reader.end();
  return output;
}

/** Fields are read in the order in which they stand here. */
function fields(reader: Reader): Output {
  const which = reader.number(1);
  switch (which) {
    case 1:
      return { kind: 'tell', to: reader.ids(), bytes: reader.rest() };
    case ASK:
      return { kind: 'ask', op: reader.number(4), to: reader.take(32), withinMs: reader.number(4), bytes: reader.rest() };
    case 3:
      return { kind: 'reply', ticket: reader.number(4), status: reader.status(), bytes: reader.rest() };
    case 4:
      return { kind: 'cancel', op: reader.number(4) };
    case 5:
      return { kind: 'hold', ids: reader.ids() };
    case LIST:
      return { kind: 'list', op: reader.number(4), place: reader.take(32), stays: reader.flag(), withinMs: reader.number(4) };
    case ASK_HERE:
      return { kind: 'askHere', op: reader.number(4), port: reader.number(4), withinMs: reader.number(4), bytes: reader.rest() };
    case 64:
      return { kind: 'sign', job: reader.number(4), bytes: reader.rest() };
    case 65:
      return { kind: 'verify', job: reader.number(4), key: reader.take(64), signature: reader.take(64), bytes: reader.rest() };
    case 96:
      return { kind: 'event', bytes: reader.rest() };
    default:
      throw new RangeError(`a module gives nothing of the kind ${which}`);
  }
}

const byte = (value: number | boolean): Bytes => Uint8Array.of(Number(value));

const u16 = (value: number): Bytes => Uint8Array.of(value >> 8, value);

const u64 = (value: number): Bytes => concat(u32(Math.floor(value / 2 ** 32)), u32(value % 2 ** 32));

/** The time that a module wanted has come. */
export const TIME: Parts = [byte(0)];

export const said = (from: Uint8Array, isProven: boolean, bytes: Uint8Array): Parts => [concat(byte(1), from, byte(isProven)), bytes];

export const asked = (from: Uint8Array, isProven: boolean, ticket: number, withinMs: number, bytes: Uint8Array): Parts => [
  concat(byte(2), from, byte(isProven), u32(ticket), u32(withinMs)),
  bytes,
];

export interface Answered {
  readonly op: number;
  readonly from: Uint8Array;
  readonly isProven: boolean;
  readonly isHere: boolean;
  readonly status: number;
  readonly bytes: Uint8Array;
}

export const answered = ({ op, from, isProven, isHere, status, bytes }: Answered): Parts => [
  concat(byte(3), u32(op), from, byte(isProven), byte(isHere), u16(status)),
  bytes,
];

export const linked = (id: Uint8Array, rttUs: number, isRelayed: boolean): Parts => [byte(4), id, u32(rttUs), byte(isRelayed)];

export const unlinked = (id: Uint8Array, reason: number): Parts => [byte(5), id, byte(reason)];

export const view = (version: number, ids: Parts): Parts => [byte(6), u32(version), byte(ids.length), ...ids];

export const clock = (wallMs: number, isDoubtful: boolean): Parts => [byte(7), u64(wallMs), byte(isDoubtful)];

export const listed = (op: number, status: number, ids: Parts): Parts => [byte(8), u32(op), u16(status), byte(ids.length), ...ids];

export const askedHere = (port: number, ticket: number, withinMs: number, bytes: Uint8Array): Parts => [
  byte(9),
  u32(port),
  u32(ticket),
  u32(withinMs),
  bytes,
];

export const signed = (job: number, signature: Uint8Array): Parts => [byte(64), u32(job), signature];

export const verified = (job: number, holds: boolean): Parts => [byte(65), u32(job), byte(holds)];

export const failed = (job: number): Parts => [byte(66), u32(job)];

export const command = (parts: Parts): Parts => [byte(96), ...parts];
