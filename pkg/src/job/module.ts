// A module of a job, with what its tasks have in common.

import { type Bytes, hex } from '../bytes.js';
import { need, needNone, wholeOf } from '../check.js';
import { MODULE_BYTES_MAX, PAGES_USUAL } from '../task/limits.js';
import { copyOf, settleCheck, settleInvocation } from '../task/options.js';
import type { PoolModule } from '../task/pool.js';
import { hashOf } from './hash.js';
import { AWAITED_MAX } from './limits.js';
import type { Frame } from './task-id.js';
import type { ReduceOptions, StageOptions } from './types.js';

/** What a caller gave, checked. */
export interface StageGiven extends Omit<Frame, 'module' | 'moduleLength'> {
  readonly bytes: Bytes;
}

export interface JobModule {
  readonly pool: PoolModule;
  readonly frame: Frame;
}

/** What the options of a stage are called. */
export const STAGE_OPTIONS: readonly string[] = ['pages', 'seed', 'time', 'pieceBytes'];

/** Options of these names alone. @throws MeshError BadOption */
export function needOnly(options: unknown, names: readonly string[], call: string): asserts options is object {
  need(typeof options === 'object' && options !== null, `${call} takes an object of options`);
  needNone(Object.fromEntries(Object.entries(options).filter(([name]) => !names.includes(name))), call);
}

/** A copy of what is given. @throws MeshError BadOption */
export function settleStage(module: unknown, { pages = PAGES_USUAL, seed, time, pieceBytes }: StageOptions): StageGiven {
  const { bytes } = settleCheck(module, { pages });
  need(bytes.length <= MODULE_BYTES_MAX, 'a module has at most 64 MiB');
  const given = settleInvocation('', { ...(seed && { seed }), ...(time !== undefined && { time }), ...(pieceBytes !== undefined && { pieceBytes }) });
  return { bytes: copyOf(bytes), pages, seed: given.seed as Bytes, time: given.time, piece: given.pieceBytes ?? 0 };
}

/** @throws MeshError BadOption */
export function settleArity({ arity = 16 }: ReduceOptions): number {
  return wholeOf(arity, 2, AWAITED_MAX, 'arity');
}

/** @throws MeshError BadOption */
export const settleLevel = (validation: unknown): number => wholeOf(validation, 0, 4, 'validation');

export async function jobModule({ bytes, pages, seed, time, piece }: StageGiven): Promise<JobModule> {
  const module = await hashOf(bytes);
  return {
    pool: { bytes, pages, name: `${hex(module)}:${pages}` },
    frame: { module, moduleLength: bytes.length, pages, seed, time, piece },
  };
}
