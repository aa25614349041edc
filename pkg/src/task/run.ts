// Runs and checks tasks: the module is prepared once, each run has a Worker and an instance of its own.

import { NO_BYTES } from '../bytes.js';
import { contentId } from '../cid.js';
import * as CODE from '../codes.js';
import { MeshError } from '../errors.js';
import { Queue } from '../queue.js';
import { type Runnable, isFit } from './execute.js';
import { explained, hinted } from './explained.js';
import { loadMeter, workersAtOnce } from './host.js';
import { KeptModules, keyOf } from './kept.js';
import { MODULE_BYTES_MAX, WAITING_MAX } from './limits.js';
import { type Settled, copyOf, settleCheck, settleInvocation, settleStep } from './options.js';
import type { Invocation, Outcome } from './outcome.js';
import { type Prepared, refused } from './prepared.js';
import { type Ending, notRun, session } from './session.js';
import type { CheckOptions, StepOptions, TaskCheck, TaskOptions, TaskResult, TaskStep } from './types.js';

const kept = new KeptModules();
const queue = new Queue(workersAtOnce(), WAITING_MAX);

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
  const tried = await attempt(settled, invocation);
  return resultOf(tried, invocation);
}

/**
 * Runs one step of a pure module, from the state that the step before it left and over a piece of at most 16 MiB of the input, in a
 * Worker of its own: for checkpoints, and to look at one step of a task again. The first state is empty.
 *
 * @throws as {@link runTask}
 */
export async function stepTask(
  module: Uint8Array | ArrayBuffer,
  state: Uint8Array | ArrayBuffer = NO_BYTES,
  piece: Uint8Array | ArrayBuffer | string = NO_BYTES,
  options: StepOptions = {},
): Promise<TaskStep> {
  const settled = settleCheck(module, options);
  const invocation = settleStep(state, piece, options);
  const tried = await attempt(settled, invocation);
  const { log, next, ...result } = await resultOf(tried, invocation);
  return next ? { ...result, next: { ...next, id: await contentId(next.state) } } : result;
}

async function resultOf({ prepared, ending }: Attempt, invocation: Invocation): Promise<TaskResult & Pick<Outcome, 'next'>> {
  const outcome = ending.kind === 'ran' ? ending.outcome : notRun(prepared, ending, invocation.gas);
  const result = { ...(await hinted(outcome, invocation)), id: await contentId(outcome.output) };
  return prepared?.refused && outcome.status === 'REFUSED' ? { ...result, refusal: await explained(prepared.refused) } : result;
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
  const { module: compiled, refused: why, ...known } = prepared;
  const refusal = why && { refusal: await explained(why) };
  // A copy: what is kept is not the caller's to change.
  return structuredClone({ accepted: compiled !== undefined && known.lacks.length === 0, ...known, ...refusal });
}

async function attempt(settled: Settled, invocation?: Invocation): Promise<Attempt> {
  const { signal } = settled;
  signal?.throwIfAborted();
  if (!globalThis.crypto?.subtle) throw new MeshError(CODE.insecureContext);
  return queue.run((keep) => begin(settled, invocation, keep), signal, () => new MeshError(CODE.tooManyTasks));
}

async function begin(settled: Settled, invocation: Invocation | undefined, keep: (until: Promise<unknown>) => void): Promise<Attempt> {
  const { bytes, pages, signal } = settled;
  if (bytes.length > MODULE_BYTES_MAX) {
    const prepared = refused({ imports: [], exports: [] }, bytes.length, { code: 1, offset: 0, found: bytes.length });
    return { prepared, ending: NOTHING_TO_RUN };
  }
  // Copies: what is hashed is what is metered, and a Worker is not given what lies around a view.
  const module = copyOf(bytes);
  const own = invocation && ownOf(invocation);
  const key = await keyOf(module, pages);
  let prepared = kept.get(key);
  if (prepared && !(invocation && isFit(prepared, invocation))) return { prepared, ending: NOTHING_TO_RUN };
  const source = prepared ? runnableOf(prepared) : { bytes: module, pages, meter: await loadMeter() };
  signal?.throwIfAborted();
  const ask = own ? { source, invocation: own } : { source };
  const onPrepared = (news: Prepared): void => {
    prepared = news;
    kept.keep(key, news);
  };
  const ending = await session(ask, settled, onPrepared, keep);
  return { prepared, ending };
}

/** What a Worker needs of a module: not the names of its imports and exports. */
function runnableOf({ module, interface: kind, bytes, lacks, lacksForSteps }: Prepared): Runnable {
  return { ...(module && { module }), interface: kind, bytes, lacks, lacksForSteps };
}

/** The same with bytes that may be given away. */
function ownOf(invocation: Invocation): Invocation {
  const { input, state } = invocation;
  return { ...invocation, input: copyOf(input), ...(state && { state: copyOf(state) }) };
}
