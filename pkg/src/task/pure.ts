// T0: seed and input go into the module's memory, its output comes out of it.

import type { Bytes } from '../bytes.js';
import type { Guest } from './guest.js';
import { OUTPUT_BYTES_MAX } from './limits.js';

/** The output; `undefined` if the module does not keep to the interface, or ran out of gas. */
export function runPure(guest: Guest, seed: Uint8Array, input: Uint8Array): Bytes | undefined {
  const place = handOver(guest, [seed, input]);
  if (place === undefined) return undefined;
  const answer = guest.exports.run(place, seed.length + input.length);
  return named(guest, answer, OUTPUT_BYTES_MAX)?.slice() as Bytes | undefined;
}

/** Asks the module for room and writes the parts there, one behind the other; answers their place. */
export function handOver(guest: Guest, parts: readonly Uint8Array[]): number | undefined {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const place = guest.exports.alloc(length) >>> 0;
  if (guest.isOutOfGas) return undefined;
  const room = guest.look().bytes(place, length);
  if (!room) return undefined;
  let at = 0;
  for (const part of parts) {
    room.set(part, at);
    at += part.length;
  }
  return place;
}

/** The bytes that an answer names, where they lie: its upper half is their place, its lower half their number. */
export function named(guest: Guest, answer: bigint, most: number): Uint8Array | undefined {
  const unsigned = BigInt.asUintN(64, answer);
  const length = Number(unsigned & 0xffff_ffffn);
  if (guest.isOutOfGas || length > most) return undefined;
  return guest.look().bytes(Number(unsigned >> 32n), length);
}
