// The tree over outcomes, whose root an executor signs, and a job has: `core-wasm/tasks/src/outcome.rs`. Levels lie packed, 32 bytes each.

import { type Bytes, concat } from '../bytes.js';
import { hashNow } from './hash.js';
import { type Outcome, outcomeBytes } from './outcome.js';

const HASH = 32;

/** Nodes that are made before others have their turn. */
const NODES_A_TURN = 8_192;

/** The leaf of an outcome: SHA-256(0 ‖ task ‖ outcome). */
export const leafOf = (task: Uint8Array, outcome: Outcome): Bytes => hashNow(concat(Uint8Array.of(0), task, outcomeBytes(outcome)));

/** SHA-256(1 ‖ left ‖ right): no node passes for a leaf (RFC 9162 §2.1). */
export const nodeOf = (...halves: Uint8Array[]): Bytes => hashNow(concat(Uint8Array.of(1), ...halves));

/** Makes a part of the level above: pairs are joined, and a last one without a partner goes up as it is. */
function join(level: Uint8Array, above: Uint8Array, from: number, to: number): void {
  for (let at = from; at < to; at += HASH) {
    const pair = level.subarray(2 * at, 2 * at + 2 * HASH);
    above.set(pair.length > HASH ? nodeOf(pair) : pair, at);
  }
}

const roomAbove = (level: Uint8Array): Bytes => new Uint8Array(Math.ceil(level.length / HASH / 2) * HASH);

function levelAbove(level: Uint8Array): Bytes {
  const above = roomAbove(level);
  join(level, above, 0, above.length);
  return above;
}

/** The root over packed leaves; zeros of none. */
export function rootNow(leaves: Uint8Array): Bytes {
  let level = leaves;
  while (level.length > HASH) level = levelAbove(level);
  return level.length > 0 ? (level.slice() as Bytes) : new Uint8Array(HASH);
}

/** The same of any number of them, while others have their turns: `pause` is awaited between. */
export async function rootOf(leaves: Uint8Array, pause: () => Promise<void>): Promise<Bytes> {
  let level = leaves;
  while (level.length > NODES_A_TURN * HASH) {
    const above = roomAbove(level);
    for (let at = 0; at < above.length; at += NODES_A_TURN * HASH) {
      join(level, above, at, Math.min(above.length, at + NODES_A_TURN * HASH));
      await pause();
    }
    level = above;
  }
  return rootNow(level);
}

/** The same tree over leaves that come one after another: as many hashes are kept as the count has bits. */
export class GrowingTree {
  /** Whole subtrees, the largest first: no two are of one height. */
  readonly #parts: { readonly height: number; readonly hash: Bytes }[] = [];

  push(leaf: Bytes): void {
    let part = { height: 0, hash: leaf };
    for (let left = this.#parts.at(-1); left?.height === part.height; left = this.#parts.at(-1)) {
      this.#parts.pop();
      part = { height: part.height + 1, hash: nodeOf(left.hash, part.hash) };
    }
    this.#parts.push(part);
  }

  /** The root over what came so far; zeros of none. */
  get root(): Bytes {
    const [last, ...before] = this.#parts.map(({ hash }) => hash).reverse();
    return before.reduce((right, left) => nodeOf(left, right), last ?? new Uint8Array(HASH));
  }
}

/** The partners of a leaf on its way up to the root, the lowest first. */
export function pathOf(leaves: Uint8Array, index: number): Bytes[] {
  const path: Bytes[] = [];
  for (let [level, at] = [leaves, index]; level.length > HASH; [level, at] = [levelAbove(level), at >> 1]) {
    const partner = (at ^ 1) * HASH;
    if (partner < level.length) path.push(level.slice(partner, partner + HASH) as Bytes);
  }
  return path;
}

/** The root that follows from one leaf of `count` and its {@link pathOf}; `undefined` where the path is no such one. */
export function climb(leaf: Bytes, index: number, count: number, path: readonly Bytes[]): Bytes | undefined {
  if (index >= count) return undefined;
  let [hash, at, used] = [leaf, index, 0];
  for (let width = count; width > 1; width = Math.ceil(width / 2), at >>= 1) {
    if ((at ^ 1) >= width) continue;
    const partner = path[used];
    if (!partner) return undefined;
    used += 1;
    hash = at % 2 === 0 ? nodeOf(hash, partner) : nodeOf(partner, hash);
  }
  return used === path.length ? hash : undefined;
}
