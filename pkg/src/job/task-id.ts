// What names a task: every shell comes to the same hash (`docs/JOBS.md`, "What shells do").

import { type Bytes, concat, u32 } from '../bytes.js';
import { hashNow } from './hash.js';
import { u64 } from './outcome.js';

/** What the tasks of a module have in common, beside the limit of gas. */
export interface Frame {
  /** The hash of the module. */
  readonly module: Bytes;
  readonly moduleLength: number;
  readonly pages: number;
  /** 32 bytes. */
  readonly seed: Bytes;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** 0 where tasks are run whole. */
  readonly piece: number;
}

/** An input by its hash and its length. */
export interface InputName {
  readonly hash: Bytes;
  readonly length: number;
}

/** The version of tasks and of batches. */
export const VERSION = 1;

/** The id of a task: 32 bytes, the hash in its CID. */
export const taskId = ({ module, pages, seed, time, piece }: Frame, gas: bigint, { hash, length }: InputName): Bytes =>
  hashNow(concat(Uint8Array.of(VERSION), module, hash, u32(length), u64(gas), u32(pages), seed, u64(time), u32(piece)));
