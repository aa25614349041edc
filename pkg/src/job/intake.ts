// Reads the invocations of a job and hands its runner tasks, as there is room for them.

import type { Bytes } from '../bytes.js';
import type { Graph, Ready } from './graph.js';
import { hashOf } from './hash.js';
import type { Level } from './level.js';
import type { Known } from './journal.js';
import type { Cid } from '../cid.js';
import { HELD_BYTES_MAX, OPEN_MAX, WAITING_MAX } from './limits.js';
import type { JobModule } from './module.js';
import type { Decided, Runner, Task } from './runner.js';
import type { Given, Source } from './source.js';
import { taskId } from './task-id.js';
import type { FailedReason } from './types.js';

/** Tasks that the runner is handed at once. */
const TOGETHER = 256;

/** What the intake needs of its job. */
export interface IntakeWays {
  readonly graph: Graph;
  readonly source: Source;
  readonly gas: bigint;
  readonly runner: Runner;
  /** Hands the content of a name on and waits until it was taken; `undefined` where it has too many bytes for an input. */
  bring(cid: Cid, take: (input: Bytes | undefined) => Promise<void> | void): Promise<void>;
  modulesOf(stage: number): Promise<readonly JobModule[]>;
  /** Whether new tasks are wanted. */
  isWanted(): boolean;
  isOver(): boolean;
  /** What tasks came to before. */
  readonly known: Known | undefined;
  onKnown(task: Task, decided: Decided): void;
  onFailed(level: Level, index: number, reason: FailedReason): void;
  /** Invocations were read: some may have failed at once. */
  onRead(): void;
  onFault(error: unknown): void;
  /** Everything was handed over for which there is room. */
  onPumped(): void;
  /** An invocation of the source was read. */
  onGiven(given: Given): void;
}

export class Intake {
  /** There are no more invocations to read. */
  isSourceOver = false;
  readonly #ways: IntakeWays;
  /** Tasks that the runner has. */
  readonly #open = new Map<number, Task>();
  #openBytes = 0;
  /** Tasks that are run again as they are. */
  readonly #again: Task[] = [];
  #toAdd: Task[] = [];
  #room = 0;
  /** Invocations whose inputs are fetched. */
  #fetching = 0;
  #isReading = false;
  #isClosed = false;
  #isPumping = false;
  #isPumpWanted = false;

  constructor(ways: IntakeWays) {
    this.#ways = ways;
  }

  get open(): number {
    return this.#open.size;
  }

  /** Everything was handed over and is decided. */
  get isDone(): boolean {
    return this.#isClosed && this.#fetching === 0 && this.#open.size === 0 && this.#again.length === 0 && !this.#ways.graph.hasReady;
  }

  /** There is nothing to do before an input comes. */
  get isWaiting(): boolean {
    const { source, graph } = this.#ways;
    const isListLate = source.isKept && source.total === undefined;
    return this.#open.size === 0 && !graph.hasReady && (isListLate || this.isSourceOver || this.#fetching >= WAITING_MAX);
  }

  has(number: number): boolean {
    return this.#open.has(number);
  }

  addRoom(tasks: number): void {
    this.#room += tasks;
    this.pump();
  }

  /** A task was decided; whether it is one that is open. */
  leave(task: Task): boolean {
    if (this.#open.get(task.number) !== task) return false;
    this.#open.delete(task.number);
    this.#openBytes -= task.input.length;
    return true;
  }

  /** Has a task run again. */
  again(task: Task): void {
    this.#again.push(task);
  }

  /** There may be more tasks, though it was closed. */
  reopen(): void {
    this.#isClosed = false;
    this.pump();
  }

  clear(): void {
    this.#open.clear();
    this.#again.length = 0;
    this.#ways.source.stop();
  }

  /** Hands over what there is room for. */
  pump(): void {
    this.#isPumpWanted = true;
    if (this.#isPumping) return;
    this.#isPumping = true;
    this.#pumpAll().catch((error: unknown) => this.#ways.onFault(error));
  }

  async #pumpAll(): Promise<void> {
    try {
      while (this.#isPumpWanted) {
        this.#isPumpWanted = false;
        // What caused it comes to its end first.
        await undefined;
        while (this.#mayBegin()) {
          const task = this.#again.shift();
          const ready = task ? undefined : this.#ways.graph.take();
          if (task) this.#begin(task);
          else if (ready && 'codec' in ready.input) this.#fetch(ready, ready.input);
          else if (ready) await this.#make(ready);
          else if (!this.#read()) break;
        }
        // One by one would cost the runner more than the tasks do.
        if (this.#isReading) setTimeout(() => this.#flush());
        else this.#flush();
        this.#closeIfAll();
        if (!this.#ways.isOver()) this.#ways.onPumped();
      }
    } finally {
      this.#isPumping = false;
    }
  }

  #mayBegin(): boolean {
    if (this.#ways.isOver() || this.#room < 1 || this.#openBytes >= HELD_BYTES_MAX) return false;
    return this.#open.size < OPEN_MAX && this.#ways.isWanted();
  }

  /** Reads the next invocation; `false` where there is none just now. */
  #read(): boolean {
    if (this.isSourceOver || this.#isReading || this.#ways.graph.waiting + this.#fetching >= WAITING_MAX) return false;
    const given = this.#ways.source.next();
    if (!(given instanceof Promise)) {
      this.#heard(given);
      return true;
    }
    this.#isReading = true;
    given
      .finally(() => (this.#isReading = false))
      .then((later) => {
        if (!this.#ways.isOver()) this.#heard(later);
        this.pump();
      })
      .catch((error: unknown) => this.#ways.onFault(error));
    return false;
  }

  #heard(given: Given | undefined): void {
    if (given) {
      this.#ways.onGiven(given);
      this.#ways.graph.add(given);
    } else {
      this.isSourceOver = true;
      this.#ways.graph.end();
    }
    this.#ways.onRead();
  }

  /** Has the input of an invocation come. */
  #fetch(ready: Ready, cid: Cid): void {
    const { level, index } = ready;
    this.#fetching += 1;
    const take = (input: Bytes | undefined): Promise<void> =>
      new Promise((taken) => {
        this.#fetching -= 1;
        if (input) this.#ways.graph.redo({ ...ready, input, taken });
        else this.#ways.onFailed(level, index, 'InputTooLarge');
        if (!input) taken();
        this.pump();
      });
    this.#ways.bring(cid, take).catch((error: unknown) => this.#ways.isOver() || this.#ways.onFault(error));
  }

  /** Makes a task of an invocation. */
  async #make(ready: Ready): Promise<void> {
    const { graph, gas } = this.#ways;
    const { level, index } = ready;
    const input = graph.inputOf(ready);
    if (!input) return this.#ways.onFailed(level, index, input === null ? 'InputTooLarge' : 'InputGone');
    graph.took(ready);
    ready.taken?.();
    const module = (await this.#ways.modulesOf(level.stage))[ready.module]!;
    const hash = await hashOf(input);
    const id = taskId(module.frame, gas, { hash, length: input.length });
    const task: Task = { number: level.numberOf(index), module, gas, input, hash, id };
    const decided = this.#ways.known?.of(id);
    if (!decided) return this.#begin(task);
    this.#open.set(task.number, task);
    this.#openBytes += input.length;
    this.#ways.onKnown(task, decided);
  }

  #begin(task: Task): void {
    this.#room -= 1;
    this.#open.set(task.number, task);
    this.#openBytes += task.input.length;
    this.#toAdd.push(task);
    if (this.#toAdd.length >= TOGETHER) this.#flush();
  }

  #flush(): void {
    const tasks = this.#toAdd;
    this.#toAdd = [];
    if (tasks.length > 0 && !this.#ways.isOver()) this.#ways.runner.add(tasks);
  }

  /** Closes the runner's job once nothing can come any more. */
  #closeIfAll(): void {
    const { graph } = this.#ways;
    if (this.#isClosed || this.#ways.isOver() || !this.isSourceOver) return;
    if (this.#fetching > 0 || this.#again.length > 0 || graph.hasReady || graph.waiting > 0) return;
    if (![...this.#open.keys()].every((number) => graph.isLast(number))) return;
    this.#isClosed = true;
    this.#ways.runner.close();
  }
}
