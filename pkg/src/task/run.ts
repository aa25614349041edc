// Runs and checks tasks: the module is prepared once, each run has a Worker and an instance of its own.

import { NO_BYTES } from '../bytes.js';
import { contentId } from '../cid.js';
import { CODE, MeshError } from '../errors.js';
import { type Invocation, type Outcome, without } from './execute.js';
import { loadMeter, workersAtOnce } from './host.js';
import { KeptModules, keyOf } from './kept.js';
import { MODULE_BYTES_MAX } from './limits.js';
import { type Settled, settleCheck, settleInvocation } from './options.js';
import { type Prepared, refused } from './prepare.js';
import { MODULE_BYTES, refusal } from './refusal.js';
import { type Ending, session } from './session.js';
import { Slots } from './slots.js';
import type { CheckOptions, TaskCheck, TaskOptions, TaskResult } from './types.js';

const kept = new KeptModules();
const slots = new Slots(workersAtOnce());

/** What became of a module, and of the Worker that was asked; `prepared` is missing only if that failed before. */
interface Attempt {
  readonly prepared: Prepared | undefined;
  readonly ending: Ending;
}

const NOTHING_TO_RUN: Ending = { kind: 'done' };

/**
 * Runs a Wasm module of at most 4 MiB over an input of at most 16 MiB, a text as UTF-8, in a Worker of its own. Module and input are
 * read when the task's turn comes: one task a core runs at once, less one core for the page.
 *
 * Whatever the module does ends in a status. What throws is the caller's doing, or says that no task can run here.
 *
 * @throws MeshError BadOption, InsecureContext, NoWorker, NoMeter or TooManyTasks
 * @throws the reason of `options.signal` when it aborts: an AbortError, unless another was given; and what `onProgress` throws
 */
export async function runTask(
  module: Uint8Array | ArrayBuffer,
  input: Uint8Array | ArrayBuffer | string = NO_BYTES,
  options: TaskOptions = {},
): Promise<TaskResult> {
  const settled = settleCheck(module, options);
  const invocation = settleInvocation(input, options);
  const { prepared, ending } = await attempt(settled, invocation);
  if (ending.kind === 'ran') return { ...ending.outcome, id: ending.id };
  const result = { ...notRun(prepared, ending, invocation.gas), id: await contentId(NO_BYTES) };
  return prepared?.refusal && result.status === 'REFUSED' ? { ...result, refusal: { ...prepared.refusal } } : result;
}

/**
 * Says whether tasks with this module would begin to run, and what it imports and exports. It is kept compiled for
 * {@link runTask}.
 *
 * @throws MeshError BadOption, InsecureContext, NoWorker, NoMeter, TooManyTasks or NotChecked
 * @throws the reason of `options.signal` when it aborts; and what `onProgress` throws
 */
export async function checkTask(module: Uint8Array | ArrayBuffer, options: CheckOptions = {}): Promise<TaskCheck> {
  const { prepared, ending } = await attempt(settleCheck(module, options));
  if (!prepared) throw new MeshError(CODE.notChecked, ending.kind === 'failed' ? ending.detail : 'it took too long');
  const { module: compiled, ...known } = prepared;
  // A copy: what is kept is not the caller's to change.
  return structuredClone({ accepted: compiled !== undefined, ...known });
}

async function attempt(settled: Settled, invocation?: Invocation): Promise<Attempt> {
  const { signal } = settled;
  signal?.throwIfAborted();
  if (!globalThis.crypto?.subtle) throw new MeshError(CODE.insecureContext);
  const release = await slots.take(signal);
  try {
    return await begin(settled, invocation);
  } finally {
    release();
  }
}

async function begin(settled: Settled, invocation: Invocation | undefined): Promise<Attempt> {
  const { bytes, pages, signal } = settled;
  if (bytes.length > MODULE_BYTES_MAX) {
    const prepared = refused({ imports: [], exports: [] }, bytes.length, refusal(MODULE_BYTES, 0));
    return { prepared, ending: NOTHING_TO_RUN };
  }
  // Copies: what is hashed is what is metered, and a Worker is not given what lies around a view.
  const module = bytes.slice();
  const key = await keyOf(module, pages);
  let prepared = kept.get(key);
  if (prepared && !(prepared.module && invocation)) return { prepared, ending: NOTHING_TO_RUN };
  const source = prepared ?? { bytes: module, pages, meter: await loadMeter() };
  signal?.throwIfAborted();
  const ask = invocation ? { source, invocation: { ...invocation, input: invocation.input.slice() } } : { source };
  const ending = await session(ask, settled, (news) => {
    prepared = news;
    kept.keep(key, news);
  });
  return { prepared, ending };
}

/** The outcome of what did not run to its end. */
function notRun(prepared: Prepared | undefined, ending: Ending, gas: bigint): Outcome {
  if (ending.kind === 'late') return without('LATE', 0n);
  if (ending.kind === 'failed') return without('ABORT', 0n);
  return prepared?.refusal ? without('REFUSED', 0n, prepared.refusal.code) : without('BAD_ABI', gas);
}
