// The shape of jobs: what an invocation that awaits others is given, and the tree of a reduction.

import { type Bytes, concat, u32 } from '../bytes.js';

/** How a stage follows from the one before. */
export type StageKind = { readonly kind: 'list' | 'each' } | { readonly kind: 'reduce'; readonly arity: number };

/** What an invocation is given that awaits a list: their count, the lengths of their outputs, and the outputs. */
export const awaitedInput = (outputs: readonly Uint8Array[]): Bytes =>
  concat(u32(outputs.length), ...outputs.map(({ length }) => u32(length)), ...outputs);

/** How long that is. */
export const awaitedLength = (lengths: readonly number[]): number => lengths.reduce((sum, length) => sum + length, 4 + 4 * lengths.length);

/** How many invocations each level of a reduction of `count` results has: none where there is one result. */
export function levelsOf(count: number, arity: number): number[] {
  const levels: number[] = [];
  for (let width = count; width > 1; levels.push(width)) width = Math.ceil(width / arity);
  return levels;
}

/** How many invocations a job has of a first stage of so many, and the stages behind it. */
export function totalOf(first: number, stages: readonly StageKind[]): number {
  let [total, width] = [first, first];
  for (const stage of stages) {
    const levels = stage.kind === 'reduce' ? levelsOf(width, stage.arity) : [width];
    total += levels.reduce((sum, each) => sum + each, 0);
    width = levels.at(-1) ?? width;
  }
  return total;
}
