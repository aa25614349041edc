// One ask to a Worker of its own, from its start to its end. Whatever happens, the Worker is ended. One that is stopped in the middle of its
// work may take long to go, since engines look for that only now and then: nobody waits for it.

import * as CODE from '../codes.js';
import { MeshError } from '../errors.js';
import { type TaskWorker, startWorker } from './host.js';
import { PROGRESS_MS, TIMEOUT_MAX_MS } from './limits.js';
import type { Answer, Ask } from './messages.js';
import type { Settled } from './options.js';
import { type Outcome, without } from './outcome.js';
import type { Prepared } from './prepared.js';
import type { TaskProgress } from './types.js';

/** How a Worker ended: by its last answer, or by the watchdog. */
export type Ending = Exclude<Answer, { kind: 'stage' } | { kind: 'prepared' } | { kind: 'steps' }> | { readonly kind: 'late' };

/**
 * Asks a fresh Worker, and waits until it is gone again; `keep` is given the end of one that was stopped at work.
 *
 * @throws MeshError NoWorker
 * @throws the reason of the signal when it aborts; what `onProgress` throws
 */
export async function session(
  ask: Ask,
  settled: Settled,
  onPrepared: (prepared: Prepared) => void,
  keep: (until: Promise<unknown>) => void,
): Promise<Ending> {
  const run = new Session(settled, onPrepared);
  let isAtWork = true;
  try {
    const ending = await run.ending(ask);
    isAtWork = ending.kind === 'late';
    return ending;
  } finally {
    const gone = run.stop();
    if (isAtWork) keep(gone);
    else await gone;
  }
}

class Session {
  readonly #settled: Settled;
  readonly #onPrepared: (prepared: Prepared) => void;
  #worker: TaskWorker | undefined;
  #resolve: (ending: Ending) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  /** Whether the Worker has answered anything: one that never did could not start. */
  #hasAnswered = false;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #ticks: ReturnType<typeof setInterval> | undefined;
  /** How many steps are known to be done; `undefined` for a task that has none. */
  #steps: number | undefined;

  constructor(settled: Settled, onPrepared: (prepared: Prepared) => void) {
    this.#settled = settled;
    this.#onPrepared = onPrepared;
  }

  ending(ask: Ask): Promise<Ending> {
    const { signal, timeoutMs } = this.#settled;
    if (ask.invocation?.pieceBytes !== undefined) this.#steps = 0;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#worker = startWorker({
        onMessage: (message) => this.#onAnswer(message as Answer),
        onFailed: (detail) => this.#onFailed(detail),
      });
      signal?.addEventListener('abort', this.#onAbort, { once: true });
      if (timeoutMs <= TIMEOUT_MAX_MS) this.#watchdog = setTimeout(() => resolve({ kind: 'late' }), timeoutMs);
      this.#worker.post(ask, buffersOf(ask));
    });
  }

  /** Ends the Worker, and everything that waits for it. */
  async stop(): Promise<void> {
    clearTimeout(this.#watchdog);
    clearInterval(this.#ticks);
    this.#settled.signal?.removeEventListener('abort', this.#onAbort);
    await this.#worker?.end();
  }

  readonly #onAbort = (): void => this.#reject(this.#settled.signal?.reason);

  #onAnswer(answer: Answer): void {
    this.#hasAnswered = true;
    if (answer.kind === 'stage') this.#onStage(answer.stage);
    else if (answer.kind === 'steps') this.#steps = answer.steps;
    else if (answer.kind === 'prepared') this.#onPrepared(answer.prepared);
    else this.#resolve(answer);
  }

  #onStage(stage: TaskProgress['stage']): void {
    if (stage !== 'running') return this.#tell({ stage });
    const start = performance.now();
    const tell = (): void => {
      const progress = { stage, elapsedMs: performance.now() - start };
      this.#tell(this.#steps === undefined ? progress : { ...progress, steps: this.#steps });
    };
    this.#ticks = setInterval(tell, PROGRESS_MS);
    tell();
  }

  #tell(progress: TaskProgress): void {
    try {
      this.#settled.onProgress(progress);
    } catch (error) {
      this.#reject(error);
    }
  }

  #onFailed(detail: string): void {
    if (this.#hasAnswered) this.#resolve({ kind: 'failed', detail });
    else this.#reject(new MeshError(CODE.noWorker, detail));
  }
}

/** The outcome of what did not run to its end. */
export function notRun(prepared: Prepared | undefined, ending: Ending, gas: bigint): Outcome {
  if (ending.kind === 'late') return without('LATE', 0n);
  if (ending.kind === 'failed') return without('ABORT', 0n);
  return prepared?.refused ? without('REFUSED', 0n, prepared.refused.code) : without('BAD_ABI', gas);
}

/** What the Worker is given for good. */
function buffersOf({ source, invocation }: Ask): Transferable[] {
  const buffers = invocation ? [invocation.input.buffer] : [];
  if (invocation?.state) buffers.push(invocation.state.buffer);
  return 'meter' in source ? [...buffers, source.bytes.buffer] : buffers;
}
