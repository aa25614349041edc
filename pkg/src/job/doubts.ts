// What only one executor said, until the job ends: if it is found to lie, all of that runs again, and what followed from it. Only where
// executors are checked by chance (level 1) is anything of this in doubt.

import type { Bytes } from '../bytes.js';
import type { Graph } from './graph.js';
import type { Intake } from './intake.js';
import { FAILED, type Level, UNKNOWN } from './level.js';
import { AGAIN_BYTES_MAX } from './limits.js';
import type { Task } from './runner.js';
import type { Source } from './source.js';
import type { FailedReason } from './types.js';

/** About what a task takes beside its input. */
const TASK_BYTES = 512;

export class Doubts {
  readonly #graph: Graph;
  readonly #intake: Intake;
  readonly #source: Source;
  readonly #onFailed: (level: Level, index: number, reason: FailedReason) => void;
  /** Tasks whose inputs cannot be read again; of too many the oldest are let go. */
  readonly #tasks = new Map<number, Task>();
  #bytes = 0;
  /** Open tasks whose input has changed meanwhile: what comes of them counts for nothing. */
  readonly #stale = new Set<number>();

  constructor(graph: Graph, intake: Intake, source: Source, onFailed: (level: Level, index: number, reason: FailedReason) => void) {
    this.#graph = graph;
    this.#intake = intake;
    this.#source = source;
    this.#onFailed = onFailed;
  }

  /** One executor alone said what came of a task. */
  note(level: Level, index: number, task: Task, executor: Bytes): void {
    level.setSingle(index, executor);
    if (this.#isReadAgain(level, index)) return;
    this.#tasks.set(task.number, task);
    this.#bytes += TASK_BYTES + task.input.length;
    for (const [number, { input }] of this.#tasks) {
      if (this.#bytes <= AGAIN_BYTES_MAX) return;
      this.#tasks.delete(number);
      this.#bytes -= TASK_BYTES + input.length;
    }
  }

  /** Has all run again that an executor alone said. */
  dispute(liar: Bytes): void {
    for (const level of this.#graph.levels) for (const index of level.singlesOf(liar)) this.#again(level, index);
  }

  /** What came of a task counts for nothing: it is run again with what its input is now. */
  isStale(level: Level, index: number): boolean {
    if (!this.#stale.delete(level.numberOf(index))) return false;
    this.#graph.rebegin(level, index);
    return true;
  }

  /** Something else came of an invocation than before: whatever follows from it runs again. */
  replaced(level: Level, index: number, output: Bytes | undefined): void {
    const number = level.numberOf(index);
    if (output) this.#graph.outputs.replace(number, output);
    for (const [below, at] of this.#graph.following(level, index)) {
      if (this.#intake.has(below.numberOf(at))) this.#stale.add(below.numberOf(at));
      else if (below.mark(at) !== UNKNOWN) this.#graph.rebegin(below, at);
    }
  }

  clear(): void {
    this.#tasks.clear();
    this.#stale.clear();
  }

  #isReadAgain(level: Level, index: number): boolean {
    const given = level.id === 0 ? this.#source.at(index) : undefined;
    return given !== undefined && 'input' in given;
  }

  #again(level: Level, index: number): void {
    const number = level.numberOf(index);
    if (this.#intake.has(number)) return;
    const task = this.#tasks.get(number);
    const given = this.#isReadAgain(level, index) ? this.#source.at(index) : undefined;
    if (task) this.#intake.again(task);
    else if (given && 'input' in given) this.#graph.redo({ level, index, module: given.module, input: given.input });
    else if (level.mark(index) !== FAILED) this.#onFailed(level, index, 'InputGone');
  }
}
