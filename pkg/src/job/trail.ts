// The steps of a task as whoever ran it keeps them, and what is said about them: `core-wasm/tasks/src/bisect`.

import { type Bytes, concat, isEqual, u32 } from '../bytes.js';
import type { Reader } from '../module/reader.js';
import { hashNow } from './hash.js';
import { nodeOf, rootNow } from './merkle.js';
import { u64 } from './outcome.js';

/** What is so after a step. One that is not `OK` leaves an empty state and an empty output, and has used all of the task's gas. */
export interface Step {
  /** From 0. */
  readonly number: number;
  /** The hash of the state that it left. */
  readonly state: Bytes;
  /** The gas that it and those before it used. */
  readonly gas: bigint;
  /** 0 continue, 1 done, 2 wait; {@link NOT_OK} and its status where it is not `OK`. */
  readonly flag: number;
  /** How many bytes of the input were given by then, and one more where its end was. */
  readonly position: number;
  /** The output by then. */
  readonly length: number;
  readonly output: Bytes;
}

export const NOT_OK = 128;

/** What is asked about steps; of what one left, the piece from `offset` on. */
export type Ask =
  | { readonly kind: 'open' }
  | { readonly kind: 'nodes'; readonly level: number; readonly number: number }
  | { readonly kind: 'step'; readonly number: number }
  | { readonly kind: 'left'; readonly number: number; readonly offset: number };

/** Levels of the tree in one answer. */
const LEVELS = 6;

/** Hashes over equal runs of steps; of one more the runs become twice as long. */
const RUNS_MAX = 4_096;

const HASH = 32;

export const stepBytes = ({ number, state, gas, flag, position, length, output }: Step): Bytes =>
  concat(u32(number), state, u64(gas), Uint8Array.of(flag), u32(position), u32(length), output);

/** @throws RangeError where there are too few bytes */
export const readStep = (reader: Reader): Step => ({
  number: reader.number(4),
  state: reader.take(HASH),
  gas: reader.big(),
  flag: reader.number(1),
  position: reader.number(4),
  length: reader.number(4),
  output: reader.take(HASH),
});

/** SHA-256(2 ‖ its bytes). */
export const leafOfStep = (step: Step): Bytes => hashNow(concat(Uint8Array.of(2), stepBytes(step)));

/** SHA-256(3 ‖ count ‖ top): what an executor signs. */
export const stepsRoot = (count: number, top: Bytes): Bytes => hashNow(concat(Uint8Array.of(3), u32(count), top));

/** @throws RangeError where the bytes are no question */
export function readAsk(reader: Reader): Ask {
  const [kind, level, number, offset] = [reader.number(1), reader.number(1), reader.number(4), reader.number(4)];
  if (kind === 1) return { kind: 'open' };
  if (kind === 2 && level <= 32) return { kind: 'nodes', level, number };
  if (kind === 3) return { kind: 'step', number };
  if (kind === 4) return { kind: 'left', number, offset };
  throw new RangeError(`no question about steps has the number ${kind}`);
}

/** Steps that were run again: the first one's number and how many; `undefined` where they were not. */
export type Again = (first: number, count: number) => readonly Step[] | undefined;

/** How far the root of so many leaves is above them. */
const height = (count: number): number => (count > 1 ? 32 - Math.clz32(count - 1) : 0);

/** Numbers of steps have up to 32 bits: they are not shifted, but multiplied. */
const width = (level: number): number => 2 ** level;

export class Trail {
  count = 0;
  /** A run has 2 to the power of this steps. */
  level = 0;
  #runs: Bytes[] = [];
  /** Nodes over what is no whole run yet, each of a lower level than the one before. */
  #tail: { readonly level: number; readonly hash: Bytes }[] = [];
  #last: Step | undefined;

  /** A step was run. Of more than 2^32 - 1 the last ones are left out. */
  push(step: Step): void {
    if (this.count === 2 ** 32 - 1) return;
    this.count += 1;
    this.#last = step;
    let [level, hash] = [0, leafOfStep(step)];
    for (let last = this.#tail.at(-1); last?.level === level; last = this.#tail.at(-1)) {
      hash = nodeOf(last.hash, hash);
      level += 1;
      this.#tail.pop();
    }
    if (level < this.level) return void this.#tail.push({ level, hash });
    this.#runs.push(hash);
    if (this.#runs.length > RUNS_MAX) this.#halve();
  }

  /** How many hashes it has. */
  get kept(): number {
    return this.#runs.length + this.#tail.length;
  }

  get root(): Bytes {
    return stepsRoot(this.count, this.#overRuns(0, Infinity) ?? new Uint8Array(HASH));
  }

  /** What is said to a question but for {@link Ask} `left`; `undefined` where there is nothing to say, or `again` has not what is needed. */
  answer(ask: Ask, again: Again): Bytes | undefined {
    if (ask.kind === 'nodes') return this.#nodes(ask.level, ask.number, again);
    if (ask.kind === 'step') return this.#placed(ask.number, again);
    if (ask.kind === 'left' || this.count === 0) return undefined;
    const [last, nodes] = [this.#placed(this.count - 1, again), this.#nodes(height(this.count), 0, again)];
    return last && nodes && concat(u32(this.count), last, nodes);
  }

  /** One is left over: the first half of a longer run. */
  #halve(): void {
    this.#tail.push({ level: this.level, hash: this.#runs.pop()! });
    this.level += 1;
    const runs = this.#runs;
    this.#runs = Array.from({ length: runs.length / 2 }, (_, at) => nodeOf(runs[2 * at]!, runs[2 * at + 1]!));
  }

  #nodes(level: number, number: number, again: Again): Bytes | undefined {
    const below = Math.max(0, level - LEVELS);
    const many = width(level - below);
    const nodes: Bytes[] = [];
    for (let at = number * many; at < (number + 1) * many && at * width(below) < this.count; at += 1) {
      const node = this.#node(below, at, again);
      if (!node) return undefined;
      nodes.push(node);
    }
    return concat(...nodes);
  }

  /** A step with the way from its leaf to the top. */
  #placed(number: number, again: Again): Bytes | undefined {
    if (number >= this.count) return undefined;
    const step = this.#last?.number === number ? this.#last : again(number, 1)?.[0];
    const path: Bytes[] = [];
    for (let [level, at] = [0, number]; level < height(this.count); [level, at] = [level + 1, Math.floor(at / 2)]) {
      const partner = at % 2 === 0 ? at + 1 : at - 1;
      if (partner * width(level) >= this.count) continue;
      const node = this.#node(level, partner, again);
      if (!node) return undefined;
      path.push(node);
    }
    return step && concat(stepBytes(step), Uint8Array.of(path.length), ...path);
  }

  /** The node of that level and number, which has leaves. */
  #node(level: number, number: number, again: Again): Bytes | undefined {
    if (level >= this.level) {
      const runs = width(level - this.level);
      return this.#overRuns(number * runs, (number + 1) * runs);
    }
    const first = number * width(level);
    const count = Math.min(width(level), this.count - first);
    const steps = again(first, count);
    return steps?.length === count ? rootNow(concat(...steps.map(leafOfStep))) : undefined;
  }

  /** The node over these runs; what is no whole run is behind the last. */
  #overRuns(from: number, to: number): Bytes | undefined {
    const all = this.#runs.slice(from, to);
    if (to > this.#runs.length && this.#tail.length > 0) {
      all.push(this.#tail.map(({ hash }) => hash).reduceRight((right, left) => nodeOf(left, right)));
    }
    return all.length > 0 ? rootNow(concat(...all)) : undefined;
  }
}

/** The output by then and the state, where these bytes are what a step left. */
export async function split(step: Step, left: Bytes, hashOf: (bytes: Uint8Array) => Bytes | Promise<Bytes>): Promise<[output: Bytes, state: Bytes] | undefined> {
  if (left.length < step.length) return undefined;
  const [output, state] = [left.slice(0, step.length) as Bytes, left.slice(step.length) as Bytes];
  return isEqual(await hashOf(output), step.output) && isEqual(await hashOf(state), step.state) ? [output, state] : undefined;
}
