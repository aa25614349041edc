// What somebody sees who has tasks run by others, or runs those of others.

import type { MeshError } from '../errors.js';
import type { AttachOptions } from '../module/types.js';
import type { TaskStatus } from '../task/types.js';

/** An input of a task: bytes, or a text as UTF-8; at most 16 MiB. By its content id it is fetched from the network once it is wanted. */
export type JobInput = Uint8Array | ArrayBuffer | string | { cid: string };

/**
 * Inputs in order. Of an array tasks can be run again and a checkpoint can be made: leave it as it is until the job has ended. Of a content id
 * it is a list in the network: the content id of an input in each line.
 */
export type JobInputs = readonly JobInput[] | Iterable<JobInput> | AsyncIterable<JobInput> | { cid: string };

/** A task of a graph: its module's place among the modules (default: 0), and its input, which may be the outputs of earlier ones. */
export interface JobInvocation {
  module?: number;
  /** `await` one: its output as it is. A list of at most 1,024: their count, the lengths of their outputs, 32 bits each, and the outputs. */
  input: JobInput | { await: number | readonly number[] };
}

export type JobInvocations = readonly JobInvocation[] | Iterable<JobInvocation> | AsyncIterable<JobInvocation>;

/** What the tasks of one module have in common. */
export interface StageOptions {
  /** Pages of 64 KiB that the memory of a task may have, 1 to 65,536. Default: 1,024. */
  pages?: number;
  /** 32 bytes. Default: zeros. */
  seed?: Uint8Array;
  /** What tasks take for the time: nanoseconds since 1970, 64 bits. Default: 0. */
  time?: bigint | number;
  /** Runs pure modules by steps, which are given the input in pieces of so many bytes. */
  pieceBytes?: number;
}

/** Where the coordinator of jobs lies. */
export interface CoordinatorOptions {
  /** `tabmesh_tasks.wasm`: where it lies, its bytes, or compiled. Default: where the package has it. The first call for a mesh decides. */
  coordinator?: AttachOptions['module'];
}

export interface JobOptions extends StageOptions, CoordinatorOptions {
  /** The limit of each task, 0 to 2^62. Default: 1,000,000,000. */
  gas?: bigint | number;
  /**
   * How outcomes are checked. 0: not at all; 1: by chance, which finds out who is broken or lazy; 2 to 4: a task is accepted with so many
   * votes more than any other answer. Default: 2.
   */
  validation?: 0 | 1 | 2 | 3 | 4;
  /** `local` runs all of it in this tab, `both` in this tab beside others, and comes to the same. Default: `mesh`. */
  where?: 'mesh' | 'local' | 'both';
  /** Tasks that this tab runs at a time beside others, 1 to 64. Default: with `both`, or in the group, as many as tasks run on at once, else none. */
  ownCores?: number;
  /** Ends the job then, in milliseconds from now on, or at a time: what came until then stands, and who waits for it meets JobLate. */
  deadline?: number | Date;
  /** Jobs of this tab take turns: one of a priority four times as often as one of the priority below. 0 to 3. Default: 0. */
  priority?: 0 | 1 | 2 | 3;
  /** What the job may cost. Nothing is paid for tasks yet: 0, or it is refused. Default: 0. */
  budget?: bigint;
  /**
   * Ids of the only executors that get the module and the inputs, 64 at most: a class, a lab, one's own devices. Where this tab is among them, it
   * runs tasks too. Default: all who offer.
   */
  group?: readonly string[];
  /** Cancels the job. */
  signal?: AbortSignal | undefined;
  /** How long a task is expected to take, in milliseconds. Default: nobody knows. */
  expectedMs?: number;
}

export interface ReduceOptions extends StageOptions {
  /** So many results become one, 2 to 1,024. Default: 16. */
  arity?: number;
}

/** `starting`: nothing runs yet. `done`: all tasks were decided, whatever came of them. `failed`: the job itself could not go on. */
export type JobState = 'starting' | 'running' | 'paused' | 'stalled' | 'done' | 'cancelled' | 'failed';

export interface Progress {
  /** Tasks of all stages that came to a result, and that failed. */
  accepted: number;
  failed: number;
  /** Tasks of the job, where that is known. */
  total?: number;
  /** Tasks that were given out, or wait for that; so many of them are done, executors say. */
  open: number;
  done: number;
  /** What accepted tasks used. */
  gas: bigint;
  /** The time that is left, by the pace so far. */
  etaMs?: number;
  /** Who was given tasks so far, or came to a result in an earlier run. */
  executors: number;
}

/** Why a task has no result. */
export type FailedReason = 'NoResult' | 'NoMargin' | 'TooFewExecutors' | 'TaskTooLarge' | 'InputFailed' | 'InputTooLarge' | 'InputGone';

/** What came of a task. */
export interface Result {
  /** Its place: of its input, for results of `map` and `pipe`. */
  index: number;
  /** `ABORT` where it `failed`. */
  status: TaskStatus;
  /** With `EXIT` the exit code, where this tab ran the task; else it is not known, and 0. */
  code: number;
  gasUsed: bigint;
  /** Empty but for `OK` and `EXIT`. */
  output: Uint8Array<ArrayBuffer>;
  /** The content id of the output. */
  id: string;
  /** Who ran it, or one of them; `null` where this tab did. */
  executor: string | null;
  /** Others, or this tab, came to the same; otherwise it is what one executor says. */
  isChecked: boolean;
  /** So many executors came to it. */
  votes: number;
  /** It takes the place of an earlier result of this index, whose executor was found to lie. */
  replaces: boolean;
  /** The proof that `executor` said so: see {@link verifyReceipt}. Missing where this tab ran it. */
  receipt?: () => Promise<Uint8Array<ArrayBuffer>>;
  /** What the task wrote to file 2: runs it again here, which comes to the same. */
  log(): Promise<string>;
  /** Why there is no result. */
  failed?: FailedReason;
}

/** What executors did. */
export interface Bill {
  /** Tasks that came to a result, and the gas that they used. */
  accepted: number;
  gas: bigint;
  /** The same by the ids of executors; those beyond 4,096 are not told apart, under the empty id. */
  byExecutor: Map<string, { tasks: number; gas: bigint }>;
}

/** What {@link Job} rejects with where it came to its deadline: what came until then. */
export interface LateError extends MeshError {
  results: Result[];
}

/** What {@link Job} rejects with where a task failed. */
export interface TaskError extends MeshError {
  index: number;
  status: TaskStatus;
  input: Uint8Array<ArrayBuffer> | undefined;
  log: string;
  executor: string | null;
  receipt?: () => Promise<Uint8Array<ArrayBuffer>>;
}

export interface JobEvents {
  progress: Progress;
  /** A batch was given to an executor. */
  assigned: { executor: string; indices: number[] };
  /** An executor was proven to lie about a task. */
  dispute: { index: number; liar: string };
}

/**
 * Tasks that are run by others. It is a promise of all outputs in order, which rejects with the first task that fails or ends otherwise
 * than `OK` ({@link TaskError}); the job goes on then.
 */
export interface Job extends Pick<Promise<Uint8Array<ArrayBuffer>[]>, 'then' | 'catch' | 'finally'> {
  readonly state: JobState;
  readonly progress: Progress;
  /** Listens; the answer stops listening. `hint` says what holds a stalled job up, or why it failed. */
  on(event: 'state', listener: (state: JobState, hint?: string) => void): () => void;
  on<E extends keyof JobEvents>(event: E, listener: (detail: JobEvents[E]) => void): () => void;
  /**
   * Results as they come, or by their index. What nobody read holds new tasks back: 1,024 results, or 64 MiB of them. A job keeps what was
   * read while that is at most 4,096 results of 16 MiB; who begins to read after that meets ResultsTaken.
   */
  results(options?: { ordered?: boolean }): AsyncIterable<Result>;
  /** All results in order, whatever came of them. */
  settled(): Promise<Result[]>;
  /** Tasks of another module that join the results, so many at a time, up to one: a part of the same job. */
  reduce(module: Uint8Array | ArrayBuffer, options?: ReduceOptions): Job;
  /** A task of another module for each result, which has its output for input: a part of the same job. */
  pipe(module: Uint8Array | ArrayBuffer, options?: StageOptions): Job;
  /** Nothing new is given out; what is out goes on. */
  pause(): void;
  resume(): void;
  /** Ends the job, with all its parts; who waits for it meets Cancelled. Tells what was done. */
  cancel(reason?: unknown): Promise<Bill>;
  /** Seals what the job has so far, puts it into the network, and answers `CID#key`, by which {@link resume} goes on with it. */
  checkpoint(): Promise<string>;
  /**
   * What names the job: modules, parameters and inputs, whoever runs it and however it is checked. Resolves once all its inputs were read; parts
   * that are added later make another job of it.
   */
  cid(): Promise<string>;
  /** The root over all tasks of the job, once it has ended: 64 hexadecimal digits. It is the same whoever ran them, and in which order. */
  root(): Promise<string>;
}

export interface QuoteOptions extends JobOptions {
  /** The tasks of so many first inputs are run here. Default: 3. */
  sample?: number;
}

/** What a job would take. */
export interface Quote {
  /** What all of it costs: nothing is paid for tasks yet. */
  price: bigint;
  /** Tasks of it; missing where the inputs do not tell. */
  tasks?: number;
  /** Of all, by the sample. */
  gas?: bigint;
  gasATask: bigint;
  msATask: number;
  /** All of it here, on as many cores as tasks are run on at once. */
  secondsHere?: number;
  /** Those of the sample. */
  outputs: Uint8Array<ArrayBuffer>[];
}

export interface ResumeOptions
  extends CoordinatorOptions,
    Pick<JobOptions, 'validation' | 'where' | 'ownCores' | 'deadline' | 'priority' | 'budget' | 'group' | 'signal' | 'expectedMs'> {}

export interface OfferOptions extends CoordinatorOptions {
  /** Tasks that run at once; in a page one less than there are cores at most. Default: that, half of it on battery. */
  cores?: number;
  /** The highest limit of a task. Default: 100,000,000,000. */
  gas?: bigint | number;
  /** Memory of a task, in MiB. Default: 256. */
  memoryMiB?: number;
  /** The longest module, and the longest input. Default: 64 MiB, and 16 MiB. */
  moduleBytes?: number;
  inputBytes?: number;
  /** Modules and inputs that are fetched in an hour, in bytes; no requester gets more than half of what others leave. Default: 1 GiB. */
  bytesAnHour?: number;
  /** How long a task may take, and a batch of tasks while others wait, in seconds. Default: 60. */
  seconds?: number;
  /** While whoever sits before the page does something no task runs, until 2 s after that. Default: true. */
  givesWay?: boolean;
  /** Whose this tab is, 1 to 32 bytes: who checks nodes of one owner asks another one too. Default: it is by itself. */
  owner?: string;
  /** What a giga of gas costs at least. Nothing is paid for tasks yet: 0, or it is refused. Default: 0. */
  leastPrice?: bigint;
  /** `visible`: while the page is hidden nothing is taken, and what was taken is given back. Default: `visible`. */
  when?: 'visible' | 'always';
  /** Is asked whether tasks of a node are taken. Default: all are. */
  onAsk?(from: string): boolean;
}

export interface OfferState {
  /** Tasks are taken just now. */
  isOn: boolean;
  /** Whose this tab is: the hash of the name that was given, 64 hexadecimal digits. */
  owner?: string;
  /** Batches that run: for whom, and how many of their tasks are done. */
  running: { for: string; tasks: number; done: number }[];
  /** Tasks that were run, and the gas that they used. */
  done: number;
  gas: bigint;
  /** The same by requester; those beyond 1,024 are not told apart, under the empty id. */
  byRequester: Map<string, { tasks: number; gas: bigint }>;
}

/** This tab runs tasks of others. */
export interface Offer {
  readonly state: OfferState;
  /** Hears when the state changes, a few times a second. */
  on(event: 'change', listener: (state: OfferState) => void): () => void;
  /** Takes no more and ends what runs. */
  stop(): void;
}

/** How often in a row an executor was checked and right. */
export interface ExecutorRecord {
  executor: string;
  confirmed: number;
}

/** What this tab remembers of executors. */
export interface Records {
  list(): Promise<ExecutorRecord[]>;
  clear(): Promise<void>;
}
