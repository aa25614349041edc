// The genesis of a ledger (`core-wasm/ledger/src/genesis.rs`): what a page has to know of it. The module checks the rest.

import { type Bytes, concat } from '../bytes.js';
import { hashNow } from '../job/hash.js';
import { Reader } from '../module/reader.js';
import { GENESIS_BYTES_MAX, VOTERS_MAX, VOTERS_MIN } from './limits.js';
import { WORD, wrong } from './words.js';

const VERSION = 1;

/** The byte before what is hashed of a genesis. */
const GENESIS = 6;

export interface Genesis {
  readonly bytes: Bytes;
  /** SHA-256(6 ‖ bytes): the ledger's name. */
  readonly hash: Bytes;
  /** The first 8 bytes of the hash of the network's name. */
  readonly network: Bytes;
  /** When epoch 0 begins, in milliseconds since 1970. */
  readonly startsMs: number;
  readonly epochMs: number;
  readonly isTest: boolean;
  /** In credits. */
  readonly stake: number;
  /** In grains. */
  readonly fee: bigint;
  /** Ids, in the order in which certificates count them. */
  readonly voters: readonly Bytes[];
}

/** @throws MeshError BadGenesis */
export function readGenesis(bytes: Bytes): Genesis {
  try {
    return { ...fields(bytes), bytes, hash: hashNow(concat(Uint8Array.of(GENESIS), bytes)) };
  } catch (cause) {
    throw wrong(WORD.badGenesis, cause instanceof Error ? cause.message : undefined, { cause });
  }
}

function fields(bytes: Bytes): Omit<Genesis, 'bytes' | 'hash'> {
  if (bytes.length > GENESIS_BYTES_MAX) throw new RangeError(`${bytes.length} bytes`);
  const reader = new Reader(bytes);
  const version = reader.number(1);
  if (version !== VERSION) throw new RangeError(`version ${version}`);
  const network = reader.take(8);
  const startsMs = reader.number(8);
  const flags = reader.number(1);
  const [epochMs, stake, fee] = [reader.number(4), reader.number(4), BigInt(reader.number(4))];
  // Price, mint and units are the module's.
  reader.take(16);
  const count = reader.number(1);
  if (count < VOTERS_MIN || count > VOTERS_MAX || epochMs < 1 || flags > 3) throw new RangeError('not what a genesis has');
  const keys = Array.from({ length: count }, () => reader.take(72).slice(0, 64));
  if (reader.rest().length % 40 !== 0) throw new RangeError('it ends in the middle of an account');
  return { network, startsMs, epochMs, isTest: (flags & 1) !== 0, stake, fee, voters: keys.map(hashNow) };
}

/** The epoch at a time in milliseconds since 1970; 0 before the ledger starts. */
export const epochAt = ({ startsMs, epochMs }: Genesis, ms: number): number => Math.max(0, Math.floor((ms - startsMs) / epochMs));
