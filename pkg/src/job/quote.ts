// What a job would take, by some of its tasks that are run here.

import { type Bytes, NO_BYTES } from '../bytes.js';
import { need, wholeOf } from '../check.js';
import type { Cid } from '../cid.js';
import type { MeshError } from '../errors.js';
import { thePool } from '../task/pool.js';
import type { Outcome } from '../task/outcome.js';
import type { Mesh } from '../types.js';
import { INPUT_BYTES_MAX } from '../task/limits.js';
import { settleJob, sourceOf } from './make.js';
import { Missing } from './missing.js';
import { jobModule, settleStage } from './module.js';
import { runTask } from './own-run.js';
import type { JobInputs, Quote, QuoteOptions } from './types.js';
import { WORD, refusedModule, wrong } from './words.js';

const SAMPLE_MAX = 1_000;

/**
 * Runs the first tasks of a job here, and says what all of it would take if they are like the others. Inputs of an iterator are used up by that.
 *
 * @throws MeshError BadOption, ModuleRefused or TaskFailed; as `runTask` of `tabmesh/task`; the reason of `signal`
 */
export async function quote(mesh: Mesh | undefined, module: Uint8Array | ArrayBuffer, inputs: JobInputs, options: QuoteOptions = {}): Promise<Quote> {
  need(typeof options === 'object' && options !== null, 'quote takes an object of options');
  const { sample = 3, ownCores: _beside, ...job } = options;
  wholeOf(sample, 1, SAMPLE_MAX, 'sample');
  const { gas, signal } = settleJob(mesh, { ...job, where: 'local' }, 'quote');
  const missing = new Missing(mesh);
  const source = sourceOf(inputs, missing);
  const made = await jobModule(settleStage(module, job));
  const runs = [];
  for (let count = 0; count < sample; count += 1) {
    const given = await source.next();
    if (!given || 'awaits' in given) break;
    const input = 'input' in given ? given.input : await fetched(missing, given.cid, signal);
    const { done } = await runTask({ module: made, gas, input }, { signal, isFirst: true });
    if (done.prepared.refused) throw await refusedModule(done.prepared.refused);
    if (done.outcome.status !== 'OK') throw failed(count, done.outcome);
    runs.push(done);
  }
  source.stop();
  const average = (sum: number): number => (runs.length > 0 ? sum / runs.length : 0);
  const gasATask = BigInt(Math.ceil(average(runs.reduce((sum, { outcome }) => sum + Number(outcome.gasUsed), 0))));
  const msATask = average(runs.reduce((sum, { ms }) => sum + ms, 0));
  const tasks = source.total;
  const all = tasks === undefined ? {} : { tasks, gas: gasATask * BigInt(tasks), secondsHere: (tasks * msATask) / thePool().size / 1_000 };
  return { price: 0n, ...all, gasATask, msATask, outputs: runs.map(({ outcome }) => outcome.output) };
}

async function fetched(missing: Missing, cid: Cid, signal: AbortSignal | undefined): Promise<Bytes> {
  let input = NO_BYTES;
  const stop = (): void => missing.stop();
  signal?.addEventListener('abort', stop, { once: true });
  await missing.bring(cid, INPUT_BYTES_MAX, (bytes) => void (input = bytes));
  signal?.removeEventListener('abort', stop);
  return input;
}

const failed = (index: number, { status, log }: Outcome): MeshError => wrong(WORD.taskFailed, [`task ${index}`, status, log.trim()].filter(Boolean).join(': '));
