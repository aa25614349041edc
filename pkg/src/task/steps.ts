// T0 by steps: each is a pure function of seed, state and piece, in an instance of its own.

import { type Bytes, NO_BYTES } from '../bytes.js';
import type { Given, Guest } from './guest.js';
import { type Called, callFresh } from './instance.js';
import { OUTPUT_BYTES_MAX, PAGE_BYTES } from './limits.js';
import { type Invocation, type Outcome, without } from './outcome.js';
import { handOver, named } from './pure.js';
import { Sink } from './sink.js';
import type { TaskFlag } from './types.js';

/** Gas for a step: about what a fresh instance takes, */
const STEP_GAS = 100_000;
/** for each byte of the module, because its globals, exports and segments are made anew, */
const MODULE_BYTE_GAS = 8;
/** and for each page that the memory has at the start. */
const PAGE_GAS = 4_096;

/** One gas moves so many bytes. */
const BYTES_A_GAS = 8;

/** In front of the state: the flag and the state's length. */
const HEAD_BYTES = 8;

/** What a step wants next, by its number. */
export const FLAGS: readonly TaskFlag[] = ['continue', 'done', 'wait'];

interface Answer {
  readonly flag: TaskFlag;
  readonly state: Bytes;
  readonly emitted: Bytes;
}

/**
 * Runs one step from a state, with the input as its piece. Never throws: where this host fails the status is `ABORT`.
 *
 * @param bytes of the module before it was metered
 */
export function executeStep(module: WebAssembly.Module, bytes: number, invocation: Invocation, state: Bytes): Outcome {
  const { seed, input } = invocation;
  const called = callStep(module, bytes, seed, state, input, invocation);
  if (called.status !== 'OK') return without(called.status, called.gasUsed);
  const { flag, state: next, emitted } = called.answer;
  return { ...without('OK', called.gasUsed), output: emitted, next: { flag, state: next } };
}

/**
 * Runs a task by steps to its end; `onStep` hears how many were done. Never throws, as {@link executeStep}.
 *
 * @param bytes of the module before it was metered
 */
export function executeSteps(
  module: WebAssembly.Module,
  bytes: number,
  invocation: Invocation,
  pieceBytes: number,
  onStep: (steps: number) => void,
): Outcome {
  const { seed, input, gas, stack } = invocation;
  const output = new Sink(OUTPUT_BYTES_MAX);
  let [flag, state, used, steps, at]: [TaskFlag, Bytes, bigint, number, number] = ['wait', NO_BYTES, 0n, 0, 0];
  try {
    // Behind the last piece comes an empty one, the end of the input, and none behind that.
    while (flag === 'continue' || at <= input.length) {
      const piece = flag === 'wait' ? input.subarray(at, at + pieceBytes) : NO_BYTES;
      if (flag === 'wait') at = piece.length > 0 ? at + piece.length : Infinity;
      const called = callStep(module, bytes, seed, state, piece, { gas: gas - used, stack });
      steps += 1;
      const { status } = called;
      if (status !== 'OK') return { ...without(status, status === 'ABORT' ? 0n : gas), steps };
      const { emitted } = called.answer;
      used += called.gasUsed;
      if (emitted.length > output.room) break;
      output.push(emitted, 0, emitted.length);
      ({ flag, state } = called.answer);
      if (flag === 'done') return { ...without('OK', used), output: output.bytes(), steps };
      onStep(steps);
    }
    return { ...without('BAD_ABI', gas), steps };
  } catch {
    return { ...without('ABORT', 0n), steps };
  }
}

function callStep(module: WebAssembly.Module, bytes: number, seed: Uint8Array, state: Bytes, piece: Bytes, given: Given): Called<Answer> {
  return callFresh(module, {}, given, (guest) => {
    const pages = guest.look().memory.length / PAGE_BYTES;
    guest.charge(STEP_GAS + MODULE_BYTE_GAS * bytes + PAGE_GAS * pages + Math.floor((state.length + piece.length) / BYTES_A_GAS));
    if (!guest.begin()) return undefined;
    const place = handOver(guest, [seed, state, piece]);
    if (place === undefined) return undefined;
    const own = seed.length + state.length;
    const answer = answerOf(guest, guest.exports.step(place, own, place + own, piece.length));
    if (answer) guest.charge(Math.floor((answer.state.length + answer.emitted.length) / BYTES_A_GAS));
    return answer;
  });
}

/** Flag, length of the state, state, emitted bytes: copies, the instance is not kept. */
function answerOf(guest: Guest, answer: bigint): Answer | undefined {
  const bytes = named(guest, answer, HEAD_BYTES + OUTPUT_BYTES_MAX);
  if (!bytes || bytes.length < HEAD_BYTES) return undefined;
  const head = new DataView(bytes.buffer, bytes.byteOffset, HEAD_BYTES);
  const flag = FLAGS[head.getUint32(0, true)];
  const end = HEAD_BYTES + head.getUint32(4, true);
  if (!flag || end > bytes.length) return undefined;
  return { flag, state: bytes.slice(HEAD_BYTES, end) as Bytes, emitted: bytes.slice(end) as Bytes };
}
