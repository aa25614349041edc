// The words of a refusal, from where they lie: pages download them when a module is refused, and then only.

import type { Refused } from './prepared.js';
import type { TaskRefusal } from './types.js';

/** Why a module is refused, in words; with its number alone where those cannot be loaded. */
export async function explained(refused: Refused): Promise<TaskRefusal> {
  try {
    const { worded } = await import('./refusal.js');
    return worded(refused);
  } catch {
    return { code: refused.code, offset: refused.offset, feature: `refusal ${refused.code}` };
  }
}
