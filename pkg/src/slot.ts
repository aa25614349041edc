// An identity slot per open tab, held by a Web Lock: two tabs of one origin never share an id, and a slot whose tab has gone is
// taken again, with its id and its blocks.

import * as CODE from './codes.js';
import { MeshError } from './errors.js';

/** Tabs of one origin in one network. */
const SLOTS_MAX = 256;

/** A reloaded tab waits this long for the lock that it held a moment ago. */
const AGAIN_MS = 400;

export interface Slot {
  readonly number: number;
  /** Lets another tab take it. */
  release(): void;
}

/** Takes the slot that this tab had before its reload, or the first that is free. */
export async function takeSlot(prefix: string): Promise<Slot> {
  const key = `${prefix}:slot`;
  const last = recall(key);
  const again = last === undefined ? undefined : await hold(prefix, last, AGAIN_MS);
  if (again) return again;
  for (let number = 0; number < SLOTS_MAX; number += 1) {
    const slot = await hold(prefix, number, 0);
    if (slot) {
      keep(key, number);
      return slot;
    }
  }
  throw new MeshError(CODE.tooManyTabs);
}

/** The slot, once its lock is ours; `undefined` if it is another's for longer than `waitMs`. */
export function hold(prefix: string, number: number, waitMs: number): Promise<Slot | undefined> {
  const options: LockOptions = waitMs > 0 ? { signal: AbortSignal.timeout(waitMs) } : { ifAvailable: true };
  return new Promise((resolve) => {
    const held = navigator.locks.request(`${prefix}:${number}`, options, (lock) => {
      if (!lock) return resolve(undefined);
      return new Promise<void>((release) => resolve({ number, release }));
    });
    held.catch(() => resolve(undefined));
  });
}

// Session storage belongs to the tab and survives its reload; without it a tab takes the first free slot.

function recall(key: string): number | undefined {
  try {
    const text = sessionStorage.getItem(key);
    const number = Number(text);
    return text !== null && Number.isInteger(number) && number >= 0 && number < SLOTS_MAX ? number : undefined;
  } catch {
    return undefined;
  }
}

function keep(key: string, number: number): void {
  try {
    sessionStorage.setItem(key, String(number));
  } catch {
    // The tab is given whatever slot is free when it comes back.
  }
}
