// One fresh instance of a metered module: started, called, judged.

import { Ended, GAS_ABORTED, type Given, Guest } from './guest.js';
import type { TaskStatus } from './types.js';

/** What came of the calls; an answer only where the module kept to its interface, and its gas sufficed. */
export type Called<T> =
  | { readonly status: 'OK'; readonly gasUsed: bigint; readonly answer: T }
  | { readonly status: Exclude<TaskStatus, 'OK'>; readonly gasUsed: bigint };

/** How the calls ended: with an answer, without a good one, by a trap, or because this host failed. */
type End<T> = { readonly answer: T } | 'bad answer' | 'trap' | 'host';

/**
 * Makes an instance and does `calls` with it, which answer `undefined` where the module does not keep to its interface or ran out
 * of gas.
 *
 * Never throws: where this host fails the status is `ABORT`.
 */
export function callFresh<T>(
  module: WebAssembly.Module,
  imports: WebAssembly.Imports,
  given: Given,
  calls: (guest: Guest) => T | undefined,
): Called<T> {
  const { gas } = given;
  let guest: Guest;
  try {
    guest = new Guest(new WebAssembly.Instance(module, imports), given);
  } catch (error) {
    return isTrap(error) ? { status: 'TRAP', gasUsed: gas } : { status: 'ABORT', gasUsed: 0n };
  }
  return judge(guest, endOf(guest, calls), gas);
}

function endOf<T>(guest: Guest, calls: (guest: Guest) => T | undefined): End<T> {
  try {
    const answer = calls(guest);
    return answer === undefined ? 'bad answer' : { answer };
  } catch (thrown) {
    if (isTrap(thrown)) return 'trap';
    return thrown instanceof Ended ? 'bad answer' : 'host';
  }
}

/**
 * Whether the module trapped. Everything else that is thrown is this host's: when its own stack ends, engines throw a `RangeError`
 * or an `InternalError`.
 */
const isTrap = (thrown: unknown): boolean => thrown instanceof WebAssembly.RuntimeError;

/** The first line that fits counts. */
function judge<T>(guest: Guest, end: End<T>, gas: bigint): Called<T> {
  const left = guest.gas;
  if (end === 'host' || left === GAS_ABORTED) return { status: 'ABORT', gasUsed: 0n };
  if (left < 0n) return { status: 'OUT_OF_GAS', gasUsed: gas };
  if (end === 'bad answer') return { status: 'BAD_ABI', gasUsed: gas };
  if (end === 'trap') return { status: guest.isOutOfStack ? 'STACK' : 'TRAP', gasUsed: gas };
  return { status: 'OK', gasUsed: gas - left, answer: end.answer };
}
