// Begins jobs.

import { type Bytes, hex } from '../bytes.js';
import { idOf, need, needSignal, wholeOf } from '../check.js';
import { GAS_USUAL } from '../task/limits.js';
import { settleInvocation } from '../task/options.js';
import type { Mesh } from '../types.js';
import { checkpointer } from './checkpoint.js';
import { JobFace } from './job.js';
import { thePool } from '../task/pool.js';
import { CORES_MAX, GROUP_MAX, MODULES_MAX, PRIORITY_MAX } from './limits.js';
import { bringList } from './list.js';
import { LocalRunner } from './local.js';
import { MeshRunner } from './mesh-runner.js';
import { Missing } from './missing.js';
import { STAGE_OPTIONS, type StageGiven, needOnly, settleLevel, settleStage } from './module.js';
import { settlePrice } from './price.js';
import type { Runner } from './runner.js';
import { Source, cidOf, isNamed, takeInput, takeInvocation, usesOf } from './source.js';
import type { Job, JobInputs, JobInvocations, JobOptions } from './types.js';
import type { Plan } from './plan.js';
import { Work } from './work.js';

/** Options of a job with everything decided. */
export interface Settled {
  readonly gas: bigint;
  readonly validation: number;
  readonly expectedMs: number;
  /** The only executors. */
  readonly group: Bytes[] | undefined;
  readonly signal: AbortSignal | undefined;
  readonly isLocal: boolean;
  /** Tasks that run here at a time beside others. */
  readonly ownCores: number;
  readonly priority: number;
  /** When it ends, however far it is: as `Date.now` tells. */
  readonly deadline: number | undefined;
  readonly coordinator: JobOptions['coordinator'];
}

/** A clock that is set forth or back is noticed within this, and timers know no longer times anyway. */
const LOOK_MAX_MS = 60_000;

export const JOB_OPTIONS: readonly string[] = ['gas', 'validation', 'where', 'ownCores', 'deadline', 'priority', 'budget', 'group', 'signal', 'expectedMs', 'coordinator'];

/** @throws MeshError BadOption */
export function settleJob(mesh: Mesh | undefined, options: JobOptions, call: string): Settled {
  needOnly(options, [...STAGE_OPTIONS, ...JOB_OPTIONS], call);
  const { gas = GAS_USUAL, validation = 2, where = 'mesh', group, signal, expectedMs = 0, coordinator } = options;
  const { ownCores, deadline, priority = 0, budget = 0n } = options;
  need(where === 'mesh' || where === 'local' || where === 'both', "where is 'mesh', 'local' or 'both'");
  settlePrice(budget, 'budget');
  wholeOf(priority, 0, PRIORITY_MAX, 'priority');
  need(ownCores === undefined || where !== 'local', 'ownCores are beside others');
  if (ownCores !== undefined) wholeOf(ownCores, 1, CORES_MAX, 'ownCores');
  need(group === undefined || (Array.isArray(group) && group.length > 0 && group.length <= GROUP_MAX), `group has 1 to ${GROUP_MAX} ids of executors`);
  need(where === 'local' || mesh, `${call} takes a mesh, or { where: 'local' }`);
  const ids = group?.map(idOf);
  const isWanted = where === 'both' || (where === 'mesh' && ids?.some((id) => hex(id) === mesh?.id));
  needSignal(signal);
  wholeOf(expectedMs, 0, 2 ** 32 - 1, 'expectedMs');
  return {
    gas: settleInvocation('', { gas }).gas,
    validation: settleLevel(validation),
    expectedMs,
    group: ids,
    signal,
    isLocal: where === 'local',
    ownCores: ownCores ?? (isWanted ? Math.min(thePool().size, CORES_MAX) : 0),
    priority,
    deadline: settleDeadline(deadline),
    coordinator,
  };
}

/** When that is. A time that is past ends the job at once. @throws MeshError BadOption */
function settleDeadline(deadline: unknown): number | undefined {
  if (deadline === undefined) return undefined;
  const isDate = deadline instanceof Date;
  const at = isDate ? deadline.getTime() : Date.now() + wholeOf(deadline, 0, Number.MAX_SAFE_INTEGER / 2, 'deadline');
  need(Number.isFinite(at), 'deadline is a number of milliseconds, or a valid date');
  return at;
}

/** A job of these at work. @throws the reason of the signal */
export function begin(mesh: Mesh | undefined, settled: Settled, plan: Plan, modules: readonly StageGiven[]): Work {
  const { signal } = settled;
  signal?.throwIfAborted();
  const runner: Runner = settled.isLocal || !mesh ? new LocalRunner() : new MeshRunner(mesh, settled);
  const work = new Work(plan, modules, runner, checkpointer(mesh));
  const cancel = (): void => void work.cancel(signal?.reason);
  signal?.addEventListener('abort', cancel, { once: true });
  const lates = settled.deadline === undefined ? undefined : endAt(work, settled.deadline);
  void work.over.then(() => {
    signal?.removeEventListener('abort', cancel);
    lates?.();
  });
  return work;
}

/** Ends a job at a time; the answer takes that back. */
function endAt(work: Work, at: number): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const look = (): void => {
    const left = at - Date.now();
    if (left <= 0) work.onLate();
    else timer = setTimeout(look, Math.min(left, LOOK_MAX_MS));
  };
  // A deadline that is past is one too; whoever makes the job has it by then.
  timer = setTimeout(look);
  return () => clearTimeout(timer);
}

/**
 * Has a task run for each input: `module` over it, with the limits and options of all of them.
 *
 * @throws MeshError BadOption; the reason of `signal`
 */
export function map(mesh: Mesh | undefined, module: Uint8Array | ArrayBuffer, inputs: JobInputs, options: JobOptions = {}): Job {
  const settled = settleJob(mesh, options, 'map');
  const missing = new Missing(mesh);
  const source = sourceOf(inputs, missing);
  const { gas, validation } = settled;
  return new JobFace(begin(mesh, settled, { source, missing, gas, validation, usesOf: () => 0 }, [settleStage(module, options)]), 0);
}

/**
 * Has tasks run that may await the outputs of earlier ones.
 *
 * @throws MeshError BadOption; the reason of `signal`
 */
export function graph(
  mesh: Mesh | undefined,
  modules: readonly (Uint8Array | ArrayBuffer)[],
  invocations: JobInvocations,
  options: JobOptions = {},
): Job {
  const settled = settleJob(mesh, options, 'graph');
  need(Array.isArray(modules) && modules.length >= 1 && modules.length <= MODULES_MAX, `modules are an array of 1 to ${MODULES_MAX}`);
  const source = new Source(invocations, takeInvocation(modules.length));
  const { gas, validation } = settled;
  const given = modules.map((module) => settleStage(module, options));
  return new JobFace(begin(mesh, settled, { source, missing: new Missing(mesh), gas, validation, usesOf: usesIn(invocations) }, given), 0);
}

/** @throws MeshError BadOption, BadCid */
export const sourceOf = (inputs: JobInputs, missing: Missing): Source => new Source(isNamed(inputs) ? listOf(inputs, missing) : inputs, takeInput);

/** How the inputs of a list are had. @throws MeshError BadCid, BadOption */
function listOf(list: { cid: string }, missing: Missing): () => Promise<{ cid: string }[]> {
  const cid = cidOf(list, 'the list of inputs');
  return () => bringList(cid, missing);
}

/** How many await the output of each; where the invocations come from an iterator, any number may. */
function usesIn(invocations: unknown): (index: number) => number {
  if (!Array.isArray(invocations)) return () => Infinity;
  const all = invocations as readonly { input?: { await?: number | readonly number[] } }[];
  return usesOf(all.map((each) => [each?.input?.await ?? []].flat() as number[]));
}
