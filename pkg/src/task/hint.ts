// What to do about an end that says little by itself.

import { CLOCK_READS_MANY, STACK_KIB_MAX, STACK_KIB_USUAL } from './limits.js';
import type { Invocation } from './outcome.js';
import type { TaskStatus } from './types.js';

/** Bytes that the smallest call takes, as metering counts them. */
const CALL_BYTES = 48;

/** The hint for a task that ended so, if there is one; `clockReads` is how often it asked for the time. */
export function hintOf(status: TaskStatus, { stack = STACK_KIB_USUAL }: Pick<Invocation, 'stack'>, clockReads = 0): { readonly hint?: string } {
  if (status === 'STACK') {
    const calls = Math.floor((stack * 1_024) / CALL_BYTES).toLocaleString('en');
    const more = stack < STACK_KIB_MAX ? `give the task more by the option stack, at most ${STACK_KIB_MAX}; ` : '';
    return { hint: `the module's calls go deeper than ${stack} KiB of stack, which hold ${calls} of the smallest functions and fewer of larger ones; ${more}turn its recursion into a loop, or split what calls itself into smaller functions` };
  }
  if (status !== 'OUT_OF_GAS' || clockReads < CLOCK_READS_MANY) return {};
  return { hint: `the module asked for the time ${clockReads} times: a task's clock stands still, so it must not wait for time to pass` };
}
