// Final blocks and what is in them, as `core-wasm/ledger/src/{block,header,operation,group/statement}.rs` write them. The module checked them.

import { type Bytes, concat, isEqual, pieces } from '../bytes.js';
import { hashNow } from '../job/hash.js';
import { Reader } from '../module/reader.js';

/** Bytes of a header, by its version, which is its first. */
const HEADERS: Readonly<Record<number, number>> = { 1: 282, 2: 322 };
export const OPERATION = 184;

/** Bytes of a seat in a list of who votes. */
const SEAT = 82;

/** Content of an operation: all but key and signature. */
const CONTENT = 56;

/** The byte before what is hashed of an operation. */
const OPERATION_TAG = 5;

const TRANSFER = 1;
export const KINDS: Readonly<Record<number, OperationKind>> = { [TRANSFER]: 'transfer', 2: 'bond', 3: 'leave', 4: 'join', 5: 'thaw', 6: 'set', 7: 'renew' };

export type OperationKind = 'transfer' | 'bond' | 'leave' | 'join' | 'thaw' | 'set' | 'renew';

export interface Block {
  readonly height: number;
  readonly epoch: number;
  readonly view: number;
  /** Which voters signed its certificate, by their numbers. */
  readonly signers: readonly number[];
  /** 184 bytes each. */
  readonly operations: readonly Bytes[];
}

/** Heights of a term: where one begins, beyond the first, who votes stands between certificate and block. */
const TERM_HEIGHTS = 720;

function opensTerm(height: number): boolean {
  return height > TERM_HEIGHTS && height % TERM_HEIGHTS === 1;
}

/** Three lists: who votes, is frozen, waits. */
function skipVoters(reader: Reader): void {
  reader.take(1);
  for (let list = 0; list < 3; list++) reader.take(SEAT * reader.number(1));
}

/** A block with its certificate, as the module gives it. @throws RangeError where the bytes are none */
export function readBlock(bytes: Bytes): Block {
  const reader = new Reader(bytes);
  // What it says, and the view.
  reader.take(1 + 4);
  const opens = opensTerm(reader.number(4));
  reader.take(4 + 32);
  const bits = reader.big();
  const signers = Array.from({ length: 64 }, (_, voter) => voter).filter((voter) => (bits >> BigInt(voter)) & 1n);
  reader.take(64 * signers.length);
  if (opens) skipVoters(reader);
  const version = reader.number(1);
  const length = HEADERS[version];
  if (!length) throw new RangeError(`a header of version ${version}`);
  const header = new Reader(reader.take(length - 1));
  // Genesis, prefix, generation.
  header.take(32 + 9 + 4);
  const [view, height, epoch] = [header.number(4), header.number(4), header.number(4)];
  const rest = reader.rest();
  if (rest.length % OPERATION !== 0) throw new RangeError(`${rest.length} bytes of operations`);
  return { height, epoch, view, signers, operations: pieces(rest, OPERATION).map((operation) => operation.slice() as Bytes) };
}

export interface Operation {
  /** SHA-256(5 ‖ content ‖ key), 32 bytes. */
  readonly id: Bytes;
  readonly kind: OperationKind;
  /** In grains. */
  readonly fee: bigint;
  readonly sequence: number;
  /** The last epoch in which it may be done. */
  readonly until: number;
  /** Of a transfer: to whom. */
  readonly to: Bytes | undefined;
  /** Of a transfer: in grains. */
  readonly amount: bigint;
  /** X ‖ Y: 64 bytes. */
  readonly key: Bytes;
}

/** @throws RangeError where the bytes are none */
export function readOperation(bytes: Bytes): Operation {
  const reader = new Reader(bytes);
  const kind = KINDS[reader.number(1)];
  if (!kind || bytes.length !== OPERATION) throw new RangeError('no operation');
  const [fee, sequence, until] = [BigInt(reader.number(4)), reader.number(4), reader.number(4)];
  const [subject, amount] = [reader.take(32), reader.big()];
  const key = keyOf(bytes);
  const id = hashNow(concat(Uint8Array.of(OPERATION_TAG), bytes.subarray(0, CONTENT), key));
  const isTransfer = kind === 'transfer';
  return { id, kind, fee, sequence, until, to: isTransfer ? subject : undefined, amount: isTransfer ? amount : 0n, key };
}

const keyOf = (operation: Bytes): Bytes => operation.slice(CONTENT, CONTENT + 64);

/** The last bit of an id says nothing about its account. */
export const accountOf = (id: Uint8Array): Bytes => Uint8Array.from(id, (byte, at) => (at === 31 ? byte & 0xfe : byte));

/** Whether an operation is by this key, or gives credits to this account. */
export function concerns(operation: Bytes, key: Uint8Array, account: Uint8Array): boolean {
  if (isEqual(operation.subarray(CONTENT, CONTENT + 64), key)) return true;
  return operation[0] === TRANSFER && isEqual(accountOf(operation.subarray(13, 45)), account);
}

/** Whether another operation of the block has its account and number: then neither was done. */
export function isConflict(operations: readonly Bytes[], operation: Bytes): boolean {
  const place = (one: Bytes): Bytes => concat(one.subarray(5, 9), one.subarray(CONTENT, CONTENT + 64));
  const own = place(operation);
  return operations.filter((other) => isEqual(place(other), own)).length > 1;
}
