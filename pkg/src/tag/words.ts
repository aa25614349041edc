// What becomes of what a member tells, in words that pages without tags do not load.

import type { Bytes } from '../bytes.js';
import { type Entry, MeshError } from '../errors.js';
import { takeMessage } from '../message.js';
import * as STATUS from '../status.js';

const ENDS: Readonly<Record<number, Entry>> = {
  [STATUS.tooManyRequests]: ['TooManyRequests', 'Too much is under way, here or at a member on the way: wait a few seconds, then tell it again.'],
  [STATUS.unavailable]: ['Unavailable', 'No linked member leads there, or none is linked yet: wait until onMembers tells of one, then tell it again.'],
  [STATUS.timedOut]: ['TimedOut', 'No word of it came back in time: it may have come all the same. Check that the member takes part, then tell it again.'],
};

/** The error of an operation that ended so. */
export function ended(status: number): MeshError {
  return new MeshError(status, undefined, { entry: ENDS[status] });
}

/**
 * A copy of what is to be told.
 *
 * @throws MeshError BadData or TooLong
 */
export function taken(data: unknown, most: number): Bytes {
  return takeMessage(data, most, ['TooLong', `This takes ${most} bytes at most: put what is longer, and tell its content id.`]);
}
