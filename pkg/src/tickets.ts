// What stands on the tickets of questions, and whose gives way where there are too many.

import type { Bytes } from './bytes.js';
import { WITHIN_MS_MAX } from './limits.js';

/** From, how long the answer is waited for, a number, and how many links there are on the way back. */
const HEAD = 32 + 4 + 4 + 1;

/** One link of the way back: its number, and what only its node can make. */
const ENTRY = 6;

/** How long the answer is waited for, in milliseconds. */
export const withinOf = (ticket: Bytes): number => Math.min(new DataView(ticket.buffer, ticket.byteOffset).getUint32(32), WITHIN_MS_MAX);

/** The link by which a question came; 0 for one of this node itself. */
export const linkOf = (ticket: Bytes): number => (ticket.length > HEAD ? new DataView(ticket.buffer, ticket.byteOffset).getUint16(ticket.length - ENTRY) : 0);

/**
 * The newest of whoever brought most, if that has more of these than whoever brought `newcomer` would have; else there is no room. `from` says who
 * brought one.
 */
export function surplus<T>(open: Iterable<T>, newcomer: T, from: (one: T) => number): T | undefined {
  const all = [...open];
  const counts = new Map<number, number>();
  const brought = (one: T): number => counts.get(from(one)) ?? 0;
  for (const other of all) counts.set(from(other), brought(other) + 1);
  const most = all.findLast((other) => brought(other) === Math.max(...counts.values()));
  return most && brought(most) > brought(newcomer) + 1 ? most : undefined;
}
