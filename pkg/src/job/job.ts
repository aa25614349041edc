// The face of a job, or of a part of it.

import { hex } from '../bytes.js';
import { need, needNone } from '../check.js';
import { MeshError } from '../errors.js';
import { STAGES_MAX } from './limits.js';
import type { StageKind } from './shape.js';
import { STAGE_OPTIONS, type StageGiven, needOnly, settleArity, settleStage } from './module.js';
import { knownOf } from './result.js';
import type { Bill, Job, JobEvents, JobState, Progress, ReduceOptions, Result, StageOptions, TaskError } from './types.js';
import type { Work } from './work.js';
import { type Word, WORD, wrong } from './words.js';

type Output = Uint8Array<ArrayBuffer>;

export class JobFace implements Job {
  readonly #work: Work;
  readonly #stage: number;
  #outputs: Promise<Output[]> | undefined;
  #settled: Promise<Result[]> | undefined;

  constructor(work: Work, stage: number) {
    this.#work = work;
    this.#stage = stage;
  }

  get state(): JobState {
    return this.#work.state;
  }

  get progress(): Progress {
    return this.#work.progress;
  }

  on(event: 'state', listener: (state: JobState, hint?: string) => void): () => void;
  on<E extends keyof JobEvents>(event: E, listener: (detail: JobEvents[E]) => void): () => void;
  on(event: keyof JobEvents | 'state', listener: (...details: never[]) => void): () => void {
    need(['state', 'progress', 'assigned', 'dispute'].includes(event), `a job has no event ${event}`);
    need(typeof listener === 'function', 'a listener is a function');
    return this.#work.events.on(event, listener as never);
  }

  results({ ordered = false, ...unknown }: { ordered?: boolean } = {}): AsyncIterableIterator<Result> {
    needNone(unknown, 'results');
    return this.#work.outlet(this.#stage).read(ordered);
  }

  then<T = Output[], E = never>(
    onOutputs?: ((outputs: Output[]) => T | PromiseLike<T>) | null,
    onError?: ((error: unknown) => E | PromiseLike<E>) | null,
  ): Promise<T | E> {
    this.#outputs ??= this.#collectOutputs();
    return this.#outputs.then(onOutputs, onError);
  }

  catch<E = never>(onError?: ((error: unknown) => E | PromiseLike<E>) | null): Promise<Output[] | E> {
    return this.then(undefined, onError);
  }

  finally(onEnd?: (() => void) | null): Promise<Output[]> {
    return this.then().finally(onEnd);
  }

  settled(): Promise<Result[]> {
    return (this.#settled ??= this.#collect());
  }

  reduce(module: Uint8Array | ArrayBuffer, options: ReduceOptions = {}): Job {
    needOnly(options, [...STAGE_OPTIONS, 'arity'], 'reduce');
    return this.#part({ kind: 'reduce', arity: settleArity(options) }, settleStage(module, options));
  }

  pipe(module: Uint8Array | ArrayBuffer, options: StageOptions = {}): Job {
    needOnly(options, STAGE_OPTIONS, 'pipe');
    return this.#part({ kind: 'each' }, settleStage(module, options));
  }

  pause(): void {
    this.#work.pause();
  }

  resume(): void {
    this.#work.resume();
  }

  async cancel(reason?: unknown): Promise<Bill> {
    const detail = typeof reason === 'string' ? reason : undefined;
    return this.#work.cancel(wrong(WORD.cancelled, detail, { cause: reason }));
  }

  checkpoint(): Promise<string> {
    return this.#work.checkpoint();
  }

  cid(): Promise<string> {
    return this.#work.cid();
  }

  async root(): Promise<string> {
    return hex(await this.#work.root());
  }

  #part(kind: StageKind, module: StageGiven): Job {
    need(this.#stage === this.#work.stages - 1, 'the results of this job go on to another part of it already');
    need(this.#work.stages < STAGES_MAX, `a job has at most ${STAGES_MAX} parts`);
    return new JobFace(this.#work, this.#work.derive(kind, module));
  }

  /** Rejects with the first that failed. */
  async #collectOutputs(): Promise<Output[]> {
    const outputs: Output[] = [];
    const take = async (result: Result): Promise<void> => {
      if (result.status !== 'OK') throw await errorOf(result);
      outputs[result.index] = result.output;
    };
    await this.#each(take);
    return outputs;
  }

  #collect(): Promise<Result[]> {
    return this.#each(async () => undefined);
  }

  /** All in order. Where the job comes to its deadline, the error has what there is. */
  async #each(take: (result: Result) => Promise<void>): Promise<Result[]> {
    const all: Result[] = [];
    try {
      for await (const result of this.results()) {
        all[result.index] = result;
        await take(result);
      }
    } catch (error) {
      if (error instanceof MeshError && error.code === WORD.jobLate) throw Object.assign(wrong(WORD.jobLate, error.detail), { results: all.filter(Boolean) });
      throw error;
    }
    return all;
  }
}

const WORDS: Readonly<Record<NonNullable<Result['failed']>, Word>> = {
  NoResult: WORD.noResult,
  NoMargin: WORD.noMargin,
  TooFewExecutors: WORD.tooFewExecutors,
  TaskTooLarge: WORD.taskTooLarge,
  InputFailed: WORD.inputFailed,
  InputTooLarge: WORD.inputTooLarge,
  InputGone: WORD.inputGone,
};

/** The error of a task that has no output. */
export async function errorOf(result: Result): Promise<TaskError> {
  const { index, status, executor, failed, receipt } = result;
  const { input, cause } = knownOf(result);
  const log = await result.log().catch(() => '');
  const detail = failed ? `task ${index}${cause === undefined ? '' : `; it awaits task ${cause}`}` : `task ${index}: ${status}`;
  const error = wrong(failed ? WORDS[failed] : WORD.taskFailed, detail);
  return Object.assign(error, { index, status, executor, log, input: input(), ...(receipt && { receipt }) });
}
