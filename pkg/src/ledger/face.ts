// What crosses the border to the ledger's module (`core-wasm/ledger/src/group/{face,event}.rs`): a byte that says which, then the fields,
// numbers big-endian.

import { type Bytes, pieces, u32 } from '../bytes.js';
import { Reader } from '../module/reader.js';

/** In parts, so that what is long is not copied to be joined. */
export type Command = readonly Uint8Array[];

const command = (kind: number, ...parts: Uint8Array[]): Command => [Uint8Array.of(kind), ...parts];

const u16 = (value: number): Bytes => u32(value).slice(2);

function u64(value: bigint): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

export const begin = (genesis: Bytes): Command => command(0, genesis);
export const replay = (block: Bytes): Command => command(1, block);
export const journal = (record: Bytes): Command => command(2, record);
export const start = (isNew: boolean): Command => command(3, Uint8Array.of(Number(isNew)));
export const kept = (number: number): Command => command(4, u32(number));
/** Nothing, if there is none. */
export const give = (ticket: number, bytes: Uint8Array): Command => command(5, u32(ticket), bytes);
export const submit = (operation: Bytes): Command => command(6, operation);
export const account = (ticket: number, id: Bytes): Command => command(7, u32(ticket), id);
/** `until`: the last epoch in which it may be done; 0 for the usual. */
export const transfer = (ticket: number, to: Bytes, amount: bigint, until: number): Command => command(8, u32(ticket), to, u64(amount), u32(until));
/** What the faucet here says: a tab has none. */
export const drip = (ticket: number, status: number): Command => command(9, u32(ticket), u16(status));
export const request = (ticket: number, of: Bytes): Command => command(10, u32(ticket), of);

export const MODES = ['following', 'strong', 'eventual'] as const;

export type Mode = (typeof MODES)[number];

export interface Record {
  /** In grains. */
  readonly balance: bigint;
  readonly sequence: number;
  /** In credits. */
  readonly bond: number;
}

export type Event =
  | { readonly kind: 'keep'; readonly number: number; readonly record: Bytes }
  | { readonly kind: 'final'; readonly height: number; readonly bytes: Bytes }
  | { readonly kind: 'fetch'; readonly ticket: number; readonly height: number }
  | { readonly kind: 'look'; readonly ticket: number; readonly operation: Bytes }
  | { readonly kind: 'certified' | 'settled'; readonly operation: Bytes }
  | { readonly kind: 'included'; readonly operation: Bytes; readonly height: number }
  /** For now. */
  | { readonly kind: 'refused'; readonly operation: Bytes; readonly why: number }
  /** For good. */
  | { readonly kind: 'dropped'; readonly operation: Bytes; readonly why: number }
  | AccountSays
  | { readonly kind: 'made'; readonly ticket: number; readonly operation: Bytes }
  | { readonly kind: 'unmade'; readonly ticket: number; readonly why: number }
  | HeadSays
  /** They vote from this block on. */
  | { readonly kind: 'voters'; readonly height: number; readonly ids: Bytes[] }
  | { readonly kind: 'requested'; readonly ticket: number }
  | { readonly kind: 'dripped'; readonly ticket: number; readonly status: number; readonly operation: Bytes };

export interface AccountSays {
  readonly kind: 'account';
  readonly ticket: number;
  readonly height: number;
  readonly epoch: number;
  /** In grains: by operations that are in no block yet. */
  readonly promised: bigint;
  /** Of the next operation. */
  readonly sequence: number;
  /** None where there is no account. */
  readonly record: Record | undefined;
}

export interface HeadSays {
  readonly kind: 'head';
  readonly height: number;
  readonly epoch: number;
  /** Of the block that is to come. */
  readonly view: number;
  readonly hash: Bytes;
  readonly operations: number;
  readonly mode: Mode;
}

const ACCOUNT = 1;

/** @throws RangeError where the bytes are none */
export function read(bytes: Bytes): Event {
  const reader = new Reader(bytes);
  const event = fields(reader);
  reader.end();
  return event;
}

/** Fields are read in the order in which they stand here. */
function fields(reader: Reader): Event {
  const which = reader.number(1);
  switch (which) {
    case 1:
      return { kind: 'keep', number: reader.number(4), record: reader.rest() };
    case 2:
      return { kind: 'final', height: reader.number(4), bytes: reader.rest() };
    case 3:
      return { kind: 'fetch', ticket: reader.number(4), height: reader.number(4) };
    case 4:
    case 5:
      return { kind: which === 4 ? 'certified' : 'settled', operation: reader.take(32) };
    case 6:
      return { kind: 'included', operation: reader.take(32), height: reader.number(4) };
    case 7:
    case 15:
      return { kind: which === 7 ? 'refused' : 'dropped', operation: reader.take(32), why: reader.number(1) };
    case 8:
      return { kind: 'look', ticket: reader.number(4), operation: reader.take(32) };
    case 9:
      return accountOf(reader);
    case 10:
      return { kind: 'made', ticket: reader.number(4), operation: reader.rest() };
    case 11:
      return { kind: 'unmade', ticket: reader.number(4), why: reader.number(1) };
    case 12:
      return headOf(reader);
    case 13: {
      const ticket = reader.number(4);
      reader.take(32);
      return { kind: 'requested', ticket };
    }
    case 14:
      return { kind: 'dripped', ticket: reader.number(4), status: reader.status(), operation: reader.rest() };
    case 16:
      return { kind: 'voters', height: reader.number(4), ids: pieces(reader.rest(), 32).map((id) => id.slice() as Bytes) };
    default:
      throw new RangeError(`no event of a ledger has the number ${which}`);
  }
}

function headOf(reader: Reader): HeadSays {
  const [height, epoch, view] = [reader.number(4), reader.number(4), reader.number(4)];
  const [hash, operations, mode] = [reader.take(32), reader.number(2), MODES[reader.number(1)]];
  if (!mode) throw new RangeError('no mode');
  return { kind: 'head', height, epoch, view, hash, operations, mode };
}

function accountOf(reader: Reader): AccountSays {
  const [ticket, height, epoch] = [reader.number(4), reader.number(4), reader.number(4)];
  const [promised, sequence] = [reader.big(), reader.number(4)];
  const bytes = reader.rest();
  const record = bytes.length > 0 ? readRecord(bytes) : undefined;
  return { kind: 'account', ticket, height, epoch, promised, sequence, record };
}

/** An account as it lies in the table (`core-wasm/ledger/src/record.rs`): 64 bytes. @throws RangeError */
export function readRecord(bytes: Bytes): Record {
  const reader = new Reader(bytes);
  reader.take(32);
  if (reader.number(1) !== ACCOUNT) throw new RangeError('no account');
  reader.take(3);
  const [balance, sequence, bond] = [reader.big(), reader.number(4), reader.number(4)];
  // When its bond is free, up to when its rent is paid, since when it bonded.
  reader.take(12);
  reader.end();
  return { balance, sequence, bond };
}

