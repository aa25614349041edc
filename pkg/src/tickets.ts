// What stands on the tickets of questions, and whose gives way where there are too many.

import type { Bytes } from './bytes.js';

/** From, how long the answer is waited for, a number, and how many links there are on the way back. */
const HEAD = 32 + 4 + 4 + 1;

/** One link of the way back: its number, and what only its node can make. */
const ENTRY = 6;

/** The link by which a question came; 0 for one of this node itself. */
const linkOf = (ticket: Bytes): number => (ticket.length > HEAD ? new DataView(ticket.buffer, ticket.byteOffset).getUint16(ticket.length - ENTRY) : 0);

/** A ticket of the link by which most came, if that has more of these than the link of `ticket` would have; else there is no room. */
export function surplus(open: Iterable<Bytes>, ticket: Bytes): Bytes | undefined {
  const all = [...open];
  const brought = (link: number): number => all.filter((other) => linkOf(other) === link).length;
  const [most] = all.sort((one, other) => brought(linkOf(other)) - brought(linkOf(one)));
  return most && brought(linkOf(most)) > brought(linkOf(ticket)) + 1 ? most : undefined;
}
