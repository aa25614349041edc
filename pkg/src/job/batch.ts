// A batch of tasks on its way from a requester's shell to an executor's (`docs/JOBS.md`, "What shells do").

import { type Bytes, concat, u32 } from '../bytes.js';
import { Reader } from '../module/reader.js';
import { INPUT_INLINE_MAX, PACKED_MAX } from './limits.js';
import { u64 } from './outcome.js';
import { type Frame, type InputName, VERSION } from './task-id.js';

/** An input as a batch has it: its bytes, or its name where it is to be fetched. */
export type BatchInput = { readonly bytes: Bytes } | InputName;

export interface Batch {
  readonly frame: Frame;
  readonly inputs: readonly BatchInput[];
}

/** How an input is in a batch. */
const [BYTES, HASH] = [0, 1];

const headOf = ({ module, moduleLength, pages, seed, time, piece }: Frame): Bytes =>
  concat(Uint8Array.of(VERSION), module, u32(moduleLength), u32(pages), seed, u64(time), u32(piece));

/** The bytes of a batch of as many of the inputs, from the first on, as there is room for; and how many those are. */
export function packBatch(frame: Frame, inputs: Iterable<{ readonly bytes: Bytes; readonly hash: Bytes }>): { readonly count: number; readonly bytes: Bytes } {
  const parts: Uint8Array[] = [headOf(frame)];
  let [count, length] = [0, parts[0]!.length];
  for (const { bytes, hash } of inputs) {
    const isInline = bytes.length <= INPUT_INLINE_MAX;
    const body = isInline ? bytes : hash;
    length += 5 + body.length;
    if (length > PACKED_MAX) break;
    parts.push(concat(u32(bytes.length), Uint8Array.of(isInline ? BYTES : HASH)), body);
    count += 1;
  }
  return { count, bytes: concat(...parts) };
}

/** Reads a batch of `count` tasks. @throws RangeError where the bytes are none */
export function readBatch(flat: Uint8Array, count: number): Batch {
  const reader = new Reader(flat);
  const version = reader.number(1);
  if (version !== VERSION) throw new RangeError(`a batch of version ${version}`);
  const frame: Frame = {
    module: reader.take(32),
    moduleLength: reader.number(4),
    pages: reader.number(4),
    seed: reader.take(32),
    time: reader.big(),
    piece: reader.number(4),
  };
  const inputs = Array.from({ length: count }, () => readInput(reader));
  reader.end();
  return { frame, inputs };
}

function readInput(reader: Reader): BatchInput {
  const [length, how] = [reader.number(4), reader.number(1)];
  if (how === BYTES && length <= INPUT_INLINE_MAX) return { bytes: reader.take(length) };
  if (how === HASH && length > INPUT_INLINE_MAX) return { hash: reader.take(32), length };
  throw new RangeError(`an input of ${length} bytes in the way ${how}`);
}
