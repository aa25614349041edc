// The words of what goes wrong, from where they lie: pages download them when they are needed, and then only.

import { CLOCK_READS_MANY, STACK_KIB_MAX, STACK_KIB_USUAL } from './limits.js';
import type { Invocation, Outcome } from './outcome.js';
import type { Refused } from './prepared.js';
import type { TaskRefusal } from './types.js';

/** By its address, not by its name: bundlers hand it out as it is, and add nothing of theirs. */
const WORDS = new URL('./words.js', import.meta.url);

/** What the words say; nothing where they cannot be loaded. */
const say = <T>(what: (words: typeof import('./words.js')) => T): Promise<T | undefined> => import(/* @vite-ignore */ /* webpackIgnore: true */ WORDS.href).then(what, () => undefined);

/** Why a module is refused, in words, or with its number alone. */
export const explained = async (refused: Refused): Promise<TaskRefusal> =>
  (await say(({ worded }) => worded(refused))) ?? { code: refused.code, offset: refused.offset, feature: `refusal ${refused.code}` };

/** The outcome with a hint, where its end says little by itself. */
export async function hinted({ clockReads = 0, ...outcome }: Outcome, { stack = STACK_KIB_USUAL }: Invocation): Promise<Omit<Outcome, 'clockReads'> & { hint?: string }> {
  const { status } = outcome;
  if (status !== 'STACK' && (status !== 'OUT_OF_GAS' || clockReads < CLOCK_READS_MANY)) return outcome;
  const hint = await say(({ hintOf }) => hintOf({ status, stack, stackMax: STACK_KIB_MAX, clockReads }));
  return hint === undefined ? outcome : { ...outcome, hint };
}
