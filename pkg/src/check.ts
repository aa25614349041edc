// Checks of what callers give; each says in words what is wrong.

import { type Bytes, fromHex, utf8 } from './bytes.js';
import * as CODE from './codes.js';
import { MeshError } from './errors.js';

/** @throws MeshError BadOption */
export function need(holds: unknown, detail: string): asserts holds {
  if (!holds) throw new MeshError(CODE.badOption, detail);
}

/** Options that `call` does not have. */
export function needNone(unknown: object, call: string): void {
  const [option] = Object.keys(unknown);
  need(option === undefined, `${call} has no option ${option}`);
}

/**
 * The id of a node, or a place among them.
 *
 * @throws MeshError BadId
 */
export function idOf(text: unknown): Bytes {
  const id = typeof text === 'string' ? fromHex(text, 32) : undefined;
  if (!id) throw new MeshError(CODE.badId);
  return id;
}

/** A text of 1 to `most` bytes as UTF-8, which has none for half a surrogate pair: two names would become one. */
export function nameOf(text: unknown, option: string, most: number): string {
  const length = typeof text === 'string' ? utf8(text).length : 0;
  const holds = typeof text === 'string' && length >= 1 && length <= most && !/\p{Cs}/u.test(text);
  need(holds, `${option} is a text of 1 to ${most} bytes, without half a surrogate pair`);
  return text;
}

export function wholeOf(number: unknown, least: number, most: number, option: string): number {
  const holds = typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most;
  need(holds, `${option} is a whole number from ${least} to ${most}`);
  return number;
}

export function needSignal(signal: unknown): void {
  need(signal === undefined || signal instanceof AbortSignal, 'signal is no AbortSignal');
}

export function needTimeout(timeoutMs: unknown): void {
  need(typeof timeoutMs === 'number' && timeoutMs > 0, 'timeoutMs is a number above 0');
}
