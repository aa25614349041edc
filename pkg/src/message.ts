// What applications say to each other, on its way in.

import { type Bytes, copyOf, kindOf, utf8 } from './bytes.js';
import * as CODE from './codes.js';
import { type Entry, MeshError } from './errors.js';

const NOT_TAKEN: Entry = ['BadData', 'A message is a text or bytes: give await blob.arrayBuffer() of a Blob.'];

/**
 * A copy of what is to be sent, or what else `take` makes of it: bytes of any kind and realm, or a text as UTF-8. `tooLong` are the words
 * where it has more than `most`.
 *
 * @throws MeshError BadData or TooLong
 */
export function takeMessage(data: unknown, most: number, tooLong?: Entry, take: (data: unknown) => Uint8Array | undefined = copyOf): Bytes {
  let bytes: Uint8Array | undefined;
  try {
    bytes = typeof data === 'string' ? utf8(data) : take(data);
  } catch (cause) {
    throw new MeshError(CODE.badData, 'the buffer of the message was transferred', { cause });
  }
  if (!bytes) throw new MeshError(CODE.badData, `this is of type ${kindOf(data)}`, { entry: NOT_TAKEN });
  if (bytes.length > most) throw new MeshError(CODE.tooLong, `this one has ${bytes.length}`, { entry: tooLong });
  return bytes as Bytes;
}
