// Reads what a caller gives: everything is checked before anything is begun.

import { type Bytes, NO_BYTES, utf8 } from '../bytes.js';
import { need, needSignal, needTimeout, wholeOf } from '../check.js';
import * as CODE from '../codes.js';
import { MeshError } from '../errors.js';
import { GAS_MAX, GAS_USUAL, INPUT_BYTES_MAX, OUTPUT_BYTES_MAX, PAGES_MAX, PAGES_USUAL, SEED_BYTES, STACK_KIB_MAX, STACK_KIB_USUAL, TIMEOUT_USUAL_MS, TIME_MAX } from './limits.js';
import type { Invocation } from './outcome.js';
import type { CheckOptions, StepOptions, TaskOptions, TaskProgress } from './types.js';

/** Options with everything decided. */
export interface Settled {
  readonly bytes: Bytes;
  readonly pages: number;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  readonly onProgress: (progress: TaskProgress) => void;
}

/** @throws MeshError BadOption, saying which */
export function settleCheck(module: unknown, options: CheckOptions): Settled {
  need(typeof options === 'object' && options !== null, 'the options are an object');
  const { pages = PAGES_USUAL, signal, timeoutMs = TIMEOUT_USUAL_MS, onProgress } = options;
  wholeOf(pages, 1, PAGES_MAX, 'pages');
  needSignal(signal);
  needTimeout(timeoutMs);
  need(onProgress === undefined || typeof onProgress === 'function', 'onProgress is no function');
  const settled = { pages, signal, timeoutMs, onProgress: (progress: TaskProgress) => onProgress?.(progress) };
  return { bytes: bytesOf(module, 'the module is'), ...settled };
}

/** @throws MeshError BadOption, saying which */
export function settleInvocation(input: unknown, options: TaskOptions): Invocation {
  const { time = 0n, pieceBytes } = options;
  if (pieceBytes !== undefined) wholeOf(pieceBytes, 1, INPUT_BYTES_MAX, 'pieceBytes');
  const invocation = {
    ...settleGiven(input, options, 'the input'),
    time: whole(time, TIME_MAX, 'time is a whole number of nanoseconds from 0 to 2^64 - 1'),
  };
  return pieceBytes === undefined ? invocation : { ...invocation, pieceBytes };
}

/** @throws MeshError BadOption, saying which */
export function settleStep(state: unknown, piece: unknown, options: StepOptions): Invocation & { readonly state: Bytes } {
  const from = bytesOf(state ?? NO_BYTES, 'the state is');
  need(from.length <= OUTPUT_BYTES_MAX, 'the state has at most 16 MiB');
  return { ...settleGiven(piece, options, 'the piece'), time: 0n, state: from };
}

function settleGiven(input: unknown, { gas = GAS_USUAL, stack = STACK_KIB_USUAL, seed = new Uint8Array(SEED_BYTES) }: StepOptions, what: string): Omit<Invocation, 'time'> {
  wholeOf(stack, 1, STACK_KIB_MAX, 'stack');
  const bytes = bytesOf(seed, 'the seed is');
  need(bytes.length === SEED_BYTES, 'seed has 32 bytes');
  const given = typeof input === 'string' ? utf8(input) : bytesOf(input ?? NO_BYTES, `${what} is a text or`);
  need(given.length <= INPUT_BYTES_MAX, `${what} has at most 16 MiB`);
  return {
    input: given,
    gas: whole(gas, GAS_MAX, 'gas is a whole number from 0 to 2^62'),
    stack,
    seed: copyOf(bytes),
  };
}

/**
 * The same bytes in memory of their own, to be given away: not `slice`, which in Node's `Buffer` is a view.
 *
 * @throws MeshError BadOption
 */
export function copyOf(bytes: Uint8Array): Bytes {
  return stillThere(() => new Uint8Array(bytes));
}

function stillThere(read: () => Bytes): Bytes {
  try {
    return read();
  } catch (cause) {
    throw new MeshError(CODE.badOption, 'these bytes were transferred to somebody else', { cause });
  }
}

/** The bytes of a buffer or of any view of one, also of another realm: a frame's, a test runner's. */
function bytesOf(given: unknown, what: string): Bytes {
  if (ArrayBuffer.isView(given)) return stillThere(() => new Uint8Array(given.buffer as ArrayBuffer, given.byteOffset, given.byteLength));
  const tag = Object.prototype.toString.call(given).slice(8, -1);
  need(tag === 'ArrayBuffer', `${what} a Uint8Array or an ArrayBuffer, not ${tag}`);
  return stillThere(() => new Uint8Array(given as ArrayBuffer));
}

function whole(given: unknown, most: bigint, detail: string): bigint {
  need(typeof given === 'bigint' || Number.isSafeInteger(given), detail);
  const number = BigInt(given as bigint | number);
  need(number >= 0n && number <= most, detail);
  return number;
}
