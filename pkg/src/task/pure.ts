// T0: seed and input go into the module's memory, its output comes out of it.

import type { Bytes } from '../bytes.js';
import type { Guest } from './guest.js';
import { OUTPUT_BYTES_MAX, SEED_BYTES } from './limits.js';

/** The output; `undefined` if the module does not keep to the interface, or ran out of gas. */
export function runPure(guest: Guest, seed: Uint8Array, input: Uint8Array): Bytes | undefined {
  const { alloc, run } = guest.exports;
  const length = SEED_BYTES + input.length;
  const place = alloc(length) >>> 0;
  if (guest.isOutOfGas) return undefined;
  const room = guest.bytes(place, length);
  if (!room) return undefined;
  room.set(seed);
  room.set(input, SEED_BYTES);
  const answer = BigInt.asUintN(64, run(place, length));
  const output = Number(answer & 0xffff_ffffn);
  if (guest.isOutOfGas || output > OUTPUT_BYTES_MAX) return undefined;
  return guest.bytes(Number(answer >> 32n), output)?.slice() as Bytes | undefined;
}
