// How streams end, in words that pages without streams do not load.

import * as CODE from '../codes.js';
import { type Entry, MeshError } from '../errors.js';
import * as STATUS from '../status.js';

const ENTRIES: Readonly<Record<number, Entry>> = {
  200: ['BadRequest', 'The stream was broken off: one end broke its rules. Open it again, and renew both ends.'],
  201: ['Unauthorized', 'The other end is not sure who asks: try again once it is linked.'],
  202: ['Forbidden', 'The other end does not want the stream.'],
  203: ['NotFound', 'Nobody listens there for a stream of this name: check the name, and that the other end listens.'],
  205: ['TooManyRequests', 'Too many streams are open, here or at the other end: close one, or try again later.'],
  301: ['NotImplemented', 'The node takes no streams: a page does once it has called streamsOf, a native peer once the command tabmesh stream has run there.'],
  303: ['Unavailable', 'The other end cannot be reached, has left, or broke the stream off: what came until then is whole, and more may have arrived there.'],
  304: ['TimedOut', 'Nothing was heard of the other end for long: what came until then is whole, and more may have arrived there.'],
};

/** The error of a stream that ended so. */
export function ended(status: number): MeshError {
  return new MeshError(status, undefined, { entry: ENTRIES[status] });
}

/** The error of a stream that did not open. */
export function notOpened(status: number): MeshError {
  if (status !== STATUS.unavailable) return ended(status);
  const entry: Entry = ['Unavailable', 'No way to this node was found: check the id, and that the node is open or running and has joined this network.'];
  return new MeshError(status, undefined, { entry });
}

/** The error of a name that is not listened for. */
export function notHeard(name: string, status: number): MeshError {
  if (status !== STATUS.tooManyRequests) return ended(status);
  return new MeshError(status, name, { entry: ['TooManyRequests', 'As many names are listened for as there can be, and not this one: close one first.'] });
}

/** The error of a stream that this end broke off. */
export function reset(): MeshError {
  const entry: Entry = ['Unavailable', 'This end broke the stream off: some of what was written may have arrived. Open another one to go on.'];
  return new MeshError(STATUS.unavailable, undefined, { entry });
}

/** The error of what cannot be written into a stream. */
export function notTaken(detail: string): MeshError {
  return new MeshError(CODE.badData, detail, { entry: ['BadData', 'A stream takes texts and bytes, and this ended it: pipe a Blob by blob.stream().'] });
}
