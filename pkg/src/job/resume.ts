// Goes on with a job from its checkpoint.

import { need } from '../check.js';
import type { Mesh } from '../types.js';
import { open } from './checkpoint.js';
import { JobFace } from './job.js';
import { readJournal } from './journal.js';
import { begin, settleJob } from './make.js';
import { Missing } from './missing.js';
import { needOnly } from './module.js';
import { Requester } from './requester.js';
import { type Given, Source } from './source.js';
import type { Job, ResumeOptions } from './types.js';
import { WORD, wrong } from './words.js';

/**
 * Goes on with the job of a checkpoint, as `checkpoint()` named it. What was accepted before is given again, without receipts; what was
 * out is given out again. The job is within an object, because who awaits a job awaits its outputs.
 *
 * @throws MeshError NoCheckpoint, BadCid or BadOption; as `mesh.get`; the reason of `signal`
 */
export async function resume(mesh: Mesh, name: string, options: ResumeOptions = {}): Promise<{ job: Job }> {
  needOnly(options, ['validation', 'where', 'ownCores', 'deadline', 'priority', 'budget', 'group', 'signal', 'expectedMs', 'coordinator'], 'resume');
  need(mesh, 'resume takes a mesh');
  // Before anything is fetched.
  settleJob(mesh, options, 'resume');
  const { signal, coordinator } = options;
  const saved = await open(mesh, name, signal);
  const settled = settleJob(mesh, { gas: saved.gas, validation: saved.validation as 0, ...options }, 'resume');
  const known = await readJournal(saved.journal).catch((cause: unknown) => {
    throw wrong(WORD.noCheckpoint, undefined, { cause });
  });
  if (!settled.isLocal) (await Requester.of(mesh, coordinator)).learn(saved.records);
  const source = new Source(saved.invocations, (item) => item as Given);
  const [first, ...parts] = saved.stages;
  const { gas, validation: level } = settled;
  const work = begin(mesh, settled, { source, missing: new Missing(mesh), gas, validation: level, usesOf: usesOf(saved.invocations), known }, first!.modules);
  for (const { kind, modules } of parts) work.derive(kind, modules[0]!);
  return { job: new JobFace(work, parts.length) };
}

function usesOf(invocations: readonly Given[]): (index: number) => number {
  const uses = new Map<number, number>();
  for (const given of invocations) for (const number of 'awaits' in given ? given.awaits : []) uses.set(number, (uses.get(number) ?? 0) + 1);
  return (index) => uses.get(index) ?? 0;
}
