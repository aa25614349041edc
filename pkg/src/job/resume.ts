// Goes on with a job from its checkpoint.

import { need } from '../check.js';
import type { Mesh } from '../types.js';
import { open } from './checkpoint.js';
import { JobFace } from './job.js';
import { readJournal } from './journal.js';
import { JOB_OPTIONS, begin, settleJob } from './make.js';
import { jobCid, pagesOf } from './manifest.js';
import { Missing } from './missing.js';
import { needOnly } from './module.js';
import { Requester } from './requester.js';
import { type Given, Source, usesOf } from './source.js';
import type { Job, ResumeOptions } from './types.js';
import { WORD, wrong } from './words.js';

/**
 * Goes on with the job of a checkpoint, as `checkpoint()` named it. What was accepted before is given again, without receipts; what was
 * out is given out again. The job is within an object, because who awaits a job awaits its outputs.
 *
 * @throws MeshError NoCheckpoint, BadCid or BadOption; as `mesh.get`; the reason of `signal`
 */
export async function resume(mesh: Mesh, name: string, options: ResumeOptions = {}): Promise<{ job: Job }> {
  // Its limit of gas is the checkpoint's.
  needOnly(options, JOB_OPTIONS.filter((name) => name !== 'gas'), 'resume');
  need(mesh, 'resume takes a mesh');
  // Before anything is fetched.
  settleJob(mesh, options, 'resume');
  const { signal, coordinator } = options;
  const saved = await open(mesh, name, signal);
  const settled = settleJob(mesh, { gas: saved.gas, validation: saved.validation as 0, ...options }, 'resume');
  const known = await readJournal(saved.journal).catch((cause: unknown) => {
    throw wrong(WORD.noCheckpoint, undefined, { cause });
  });
  const source = new Source(saved.invocations, (item) => item as Given);
  // Whoever wrote it may have named another job.
  if ((await jobCid(saved.gas, saved.stages, await pagesOf(source))) !== saved.cid) throw wrong(WORD.noCheckpoint);
  if (!settled.isLocal) (await Requester.of(mesh, coordinator)).learn(saved.records);
  const [first, ...parts] = saved.stages;
  const { gas, validation: level } = settled;
  const uses = usesOf(saved.invocations.map((given) => ('awaits' in given ? given.awaits : [])));
  const work = begin(mesh, settled, { source, missing: new Missing(mesh), gas, validation: level, usesOf: uses, known }, first!.modules);
  for (const { kind, modules } of parts) work.derive(kind, modules[0]!);
  return { job: new JobFace(work, parts.length) };
}
