// What a job would take, by some of its tasks that are run here.

import { need, wholeOf } from '../check.js';
import type { MeshError } from '../errors.js';
import { thePool } from '../task/pool.js';
import type { Outcome } from '../task/outcome.js';
import type { Mesh } from '../types.js';
import { settleJob } from './make.js';
import { jobModule, settleStage } from './module.js';
import { runTask } from './own-run.js';
import { Source, takeInput } from './source.js';
import type { JobInputs, Quote, QuoteOptions } from './types.js';
import { WORD, refusedModule, wrong } from './words.js';

const SAMPLE_MAX = 1_000;

/**
 * Runs some tasks of a job here, and says what all of it would take. Inputs of an iterator are used up by that.
 *
 * @throws MeshError BadOption, ModuleRefused or TaskFailed; as `runTask` of `tabmesh/task`; the reason of `signal`
 */
export async function quote(mesh: Mesh | undefined, module: Uint8Array | ArrayBuffer, inputs: JobInputs, options: QuoteOptions = {}): Promise<Quote> {
  need(typeof options === 'object' && options !== null, 'quote takes an object of options');
  const { sample = 3, ...job } = options;
  wholeOf(sample, 1, SAMPLE_MAX, 'sample');
  const { gas, signal } = settleJob(mesh, { ...job, where: 'local' }, 'quote');
  const source = new Source(inputs, takeInput);
  const made = await jobModule(settleStage(module, job));
  const runs = [];
  for (let count = 0; count < sample; count += 1) {
    const given = await source.next();
    if (!given || !('input' in given)) break;
    const { done } = await runTask({ module: made, gas, input: given.input }, { signal, isFirst: true });
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
  return { ...all, gasATask, msATask, outputs: runs.map(({ outcome }) => outcome.output) };
}

const failed = (index: number, { status, log }: Outcome): MeshError => wrong(WORD.taskFailed, [`task ${index}`, status, log.trim()].filter(Boolean).join(': '));
