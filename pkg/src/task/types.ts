// What somebody who runs tasks sees.

/**
 * How a task ended. The first six are results: every host that runs the task comes to the same. `REFUSED`, `ABORT` and `LATE` are
 * not; they say something about the module, or about this host alone.
 */
export type TaskStatus =
  | 'OK'
  | 'EXIT'
  | 'TRAP'
  | 'OUT_OF_GAS'
  | 'STACK'
  | 'BAD_ABI'
  | 'ABORT'
  | 'REFUSED'
  | 'LATE';

/** Why the profile does not accept a module. */
export interface TaskRefusal {
  /** A stable number: below 256 a reason, from 256 on an opcode, 65,535 for what the engine found invalid. */
  code: number;
  /** Where the refused thing starts, in bytes from the start of the module. */
  offset: number;
  /** The feature or the limit, in words. */
  feature: string;
  /** Of a limit that was counted: how many there are. */
  found?: number;
  /** What to do about it: the compiler's switch, the option to set, how to write it otherwise. */
  wayOut?: string;
  /** What stands there: `import env.abort: function i32 i32 →`, or `function 7, name`; missing where it is neither. */
  where?: string;
}

/** How far a task has come, for how long it has been running, in milliseconds, and by steps how many are done. */
export type TaskProgress = { stage: 'metering' | 'compiling' } | { stage: 'running'; elapsedMs: number; steps?: number };

/** What checking and running have in common. */
export interface CheckOptions {
  /** Pages of 64 KiB that the module's memory may have, 1 to 65,536. Default: 1,024. */
  pages?: number;
  /** Gives up, and ends the Worker. */
  signal?: AbortSignal;
  /**
   * The watchdog: when the Worker has had so many milliseconds it is ended, wherever it is. `Infinity`: no watchdog. Waiting for a
   * Worker does not count. Default: 60,000.
   */
  timeoutMs?: number;
  /** Hears of every stage as it begins, and a few times a second of one that is running. What it throws ends the task. */
  onProgress?(progress: TaskProgress): void;
}

/** The limits of a step, and what it can know beside its state and its piece. */
export interface StepOptions extends CheckOptions {
  /**
   * Stack in KiB, as metering counts it, 1 to 8,192. Default: 256, which every host has; where an engine has less than a larger one
   * the status is `ABORT`.
   */
  stack?: number;
  /** 0 to 2^62. Default: 1,000,000,000. */
  gas?: bigint | number;
  /** 32 bytes. Default: zeros. */
  seed?: Uint8Array;
}

/** The limits of a task, and what it can know beside its input. */
export interface TaskOptions extends StepOptions {
  /** What the task takes for the time: nanoseconds since 1970, 64 bits. Default: 0. */
  time?: bigint | number;
  /** Runs a pure module by steps, which are given the input in pieces of so many bytes, 1 to 16,777,216. */
  pieceBytes?: number;
}

/** What came of a task. */
export interface TaskResult {
  status: TaskStatus;
  /** With `EXIT` the module's exit code, with `REFUSED` the refusal's, otherwise 0. */
  code: number;
  /** The gas that is billed. */
  gasUsed: bigint;
  /** Empty but for `OK` and `EXIT`. */
  output: Uint8Array<ArrayBuffer>;
  /** What a command wrote to file 2, its first 64 KiB as UTF-8; no part of the result. */
  log: string;
  /** The name of the output: CIDv1, base32. */
  id: string;
  /** With `REFUSED`: why. */
  refusal?: TaskRefusal;
  /** With `STACK`, and with `OUT_OF_GAS` of a module that waited for time to pass: what to do, in words. */
  hint?: string;
  /** By steps: how many were begun. Missing if none was, and if the task did not come to its end. */
  steps?: number;
}

/** What a step wants next: another with an empty piece, nothing, or another with the next piece of the input. */
export type TaskFlag = 'continue' | 'done' | 'wait';

/** What came of a single step. */
export interface TaskStep extends Omit<TaskResult, 'log' | 'steps'> {
  /** With `OK`: what it wants next, the state to begin that with, and the state's name, a CIDv1. */
  next?: { flag: TaskFlag; state: Uint8Array<ArrayBuffer>; id: string };
}

/** An import of a module. */
export interface TaskImport {
  module: string;
  name: string;
  /** `function i32 i32 → i32`, `memory`, `table` or `global`. */
  type: string;
}

/** An export of a module. */
export interface TaskExport {
  name: string;
  /** `function i32 i32 → i32`, `memory`, `table` or `global`. */
  type: string;
}

/** What is known of a module without running it. */
export interface TaskCheck {
  /** Whether a task with this module would begin to run whole: nothing is refused, and nothing lacks. */
  accepted: boolean;
  /** Why the module is refused. */
  refusal?: TaskRefusal;
  /** `null`: refused before it could be told. */
  interface: 'pure' | 'command' | null;
  /** What the interface wants exported and the module has not: `run: function i32 i32 → i64`. */
  lacks: string[];
  /** The same for a task by steps, which begins to run if nothing lacks here. A command lacks `step`, whatever it exports. */
  lacksForSteps: string[];
  /** As far as they could be read. */
  imports: TaskImport[];
  exports: TaskExport[];
  /** Of the module. */
  bytes: number;
  /** Of the metered module, 0 for a refused one. */
  meteredBytes: number;
}
