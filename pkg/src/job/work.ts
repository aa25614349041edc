// A job at work: reads its inputs as there is room, has tasks run, and hands results on. `docs/JOBS.md` says what it comes to.

import { type Bytes, hex } from '../bytes.js';
import { thePool } from '../task/pool.js';
import { pause as turn } from '../wait.js';
import { Account } from './account.js';
import { Graph, type GraphHearer, type Ready, type StageKind } from './graph.js';
import { hashOf } from './hash.js';
import { BAD, FAILED, GOOD, type Level, UNKNOWN } from './level.js';
import { HELD_BYTES_MAX, UNREAD_MAX, WAITING_MAX } from './limits.js';
import { Listeners } from './listeners.js';
import { leafOf, rootOf } from './merkle.js';
import { type JobModule, type StageGiven, jobModule } from './module.js';
import { Outlet } from './outlet.js';
import { Outputs } from './outputs.js';
import { type TaskResult, failedResult, resultOf } from './result.js';
import type { Decided, Hearer, Runner, Task } from './runner.js';
import type { Given, Source } from './source.js';
import { levelsOf } from './shape.js';
import { taskId } from './task-id.js';
import type { Bill, FailedReason, JobEvents, JobState, Progress } from './types.js';
import { WORD, refusedModule, wrong } from './words.js';

/** Tasks that are handed to the runner at once. */
const TOGETHER = 256;

/** Between two words of progress, in milliseconds. */
const TELL_MS = 200;

/** What a job is. */
export interface Plan {
  readonly source: Source;
  readonly gas: bigint;
  /** 0 to 4. */
  readonly validation: number;
  /** How many others of the list await the output of one; those of an iterator nobody knows. */
  readonly usesOf: (index: number) => number;
}

interface Stage {
  readonly given: readonly StageGiven[];
  readonly modules: Promise<readonly JobModule[]>;
  readonly outlet: Outlet;
  /** How many results it has, once that is known. */
  count: number | undefined;
}

export type WorkEvents = { [E in keyof JobEvents]: [detail: JobEvents[E]] } & { state: [state: JobState, hint?: string] };

export class Work implements Hearer, GraphHearer {
  state: JobState = 'running';
  readonly events = new Listeners<WorkEvents>();
  readonly account = new Account();
  readonly plan: Plan;
  readonly #runner: Runner;
  readonly #graph: Graph;
  readonly #stages: Stage[] = [];
  /** Tasks that the runner has. */
  readonly #open = new Map<number, Task>();
  #openBytes = 0;
  /** Results of first invocations: whether they are those of their stage may be known later. */
  readonly #firsts = new Map<number, TaskResult>();
  #toAdd: Task[] = [];
  readonly #failures: [level: Level, index: number, reason: FailedReason, cause: number | undefined][] = [];
  #room = 0;
  #isSourceOver = false;
  #isReading = false;
  #isClosed = false;
  #isPumping = false;
  #isPumpWanted = false;
  #isTelling = false;
  #over!: () => void;
  /** Resolves once the job has ended, however. */
  readonly over = new Promise<void>((resolve) => (this.#over = resolve));

  constructor(plan: Plan, modules: readonly StageGiven[], runner: Runner) {
    this.plan = plan;
    this.#runner = runner;
    this.#graph = new Graph(this, new Outputs(plan.validation === 1));
    this.#addStage(modules);
    this.account.run();
    // Not before whoever makes it has it.
    queueMicrotask(() => this.isOver || runner.begin(this));
  }

  get isOver(): boolean {
    return this.state === 'done' || this.state === 'cancelled' || this.state === 'failed';
  }

  get stages(): number {
    return this.#stages.length;
  }

  outlet(stage: number): Outlet {
    return this.#stages[stage]!.outlet;
  }

  /** Results of a stage, where that is known. */
  countOf(stage: number): number | undefined {
    return this.#stages[stage]?.count;
  }

  /** Adds a stage behind the last one. @throws MeshError ResultsTaken */
  derive(kind: StageKind, module: StageGiven): number {
    if (this.isOver) throw wrong(WORD.resultsTaken, 'the job has ended');
    const last = this.#stages.length - 1;
    const given = this.#stages[last]!.outlet.pass();
    this.#graph.addStage(kind);
    const stage = this.#addStage([module]);
    for (const { number, result } of given) {
      const [level, index] = this.#graph.level(number);
      if (level.mark(index) === GOOD) this.#graph.outputs.hold(number, result.output, 1);
      this.#graph.feed(stage, level, index, result.index);
    }
    const full = this.#fullLevels.get(last);
    if (full) this.#graph.fillStage(stage, full);
    this.#settleFailures();
    this.#pump();
    return stage;
  }

  /** The levels that stages end with, once those are full. */
  readonly #fullLevels = new Map<number, Level>();

  #addStage(given: readonly StageGiven[]): number {
    const outlet = new Outlet();
    outlet.onRead = () => this.#pump();
    const modules = Promise.all(given.map(jobModule));
    this.#stages.push({ given, modules, outlet, count: undefined });
    void modules.then((all) => Promise.all(all.map((module) => this.#check(module)))).catch(() => undefined);
    return this.#stages.length - 1;
  }

  /** A module that is refused is refused everywhere. Where it cannot be looked at here, others will. */
  async #check({ pool }: JobModule): Promise<void> {
    const { refusal } = await thePool().prepare(pool, true);
    if (refusal) this.onFault(refusedModule(refusal));
  }

  get progress(): Progress {
    return this.account.progress(this.#open.size, this.#total);
  }

  /** Tasks of all stages. */
  get #total(): number | undefined {
    const first = this.#isSourceOver ? this.#graph.levels[0]!.count : this.plan.source.total;
    if (first === undefined) return undefined;
    let [total, width] = [first, first];
    for (const stage of this.#graph.stages.slice(1)) {
      const levels = stage.kind === 'reduce' ? levelsOf(width, stage.arity) : [width];
      total += levels.reduce((sum, each) => sum + each, 0);
      width = levels.at(-1) ?? width;
    }
    return total;
  }

  pause(): void {
    if (this.state !== 'running' && this.state !== 'stalled') return;
    this.account.rest();
    this.#runner.pause();
    this.#turn('paused');
  }

  resume(): void {
    if (this.state !== 'paused') return;
    this.account.run();
    this.#runner.resume();
    this.#turn('running');
    this.#pump();
  }

  /** `error`: what whoever waits meets. */
  cancel(error: unknown): Bill {
    if (!this.isOver) {
      this.#runner.cancel();
      this.#end('cancelled', error);
    }
    return this.account.bill;
  }

  /** The root over all invocations. */
  async root(): Promise<Bytes> {
    await this.over;
    if (this.state !== 'done') throw this.#error;
    const levels = this.#graph.inOrder();
    const leaves = new Uint8Array(levels.reduce((sum, { count }) => sum + 32 * count, 0));
    let at = 0;
    for (const level of levels) {
      leaves.set(level.leaves, at);
      at += level.leaves.length;
    }
    return rootOf(leaves, () => turn(0));
  }

  #error: unknown;

  // What the runner tells.

  onRoom(tasks: number): void {
    this.#room += tasks;
    this.#pump();
  }

  onDecided(task: Task, decided: Decided): void {
    if (!this.#leave(task)) return;
    const [level, index] = this.#graph.level(task.number);
    const isGood = decided.outcome.status === 0;
    const before = level.set(index, isGood ? GOOD : BAD, leafOf(task.id, decided.outcome));
    this.account.accept(decided, before !== UNKNOWN);
    this.#settle(level, index, resultOf(index, task, decided, before !== UNKNOWN, this.#rereading(level, index)));
  }

  onFailed(task: Task, reason: FailedReason): void {
    if (!this.#leave(task)) return;
    const [level, index] = this.#graph.level(task.number);
    this.#failures.push([level, index, reason, undefined]);
    this.#settleFailures(task.input);
  }

  onDone(done: number): void {
    this.account.done = done;
    this.#tell();
  }

  onStalled(hint: string | undefined): void {
    if (this.state === 'running' && hint !== undefined) this.#turn('stalled', hint);
    else if (this.state === 'stalled' && hint === undefined) this.#turn('running');
  }

  onAssigned(executor: Bytes, numbers: number[]): void {
    const name = hex(executor);
    this.account.assigned(name);
    this.events.emit('assigned', { executor: name, indices: numbers.map((number) => this.#placeOf(number)) });
  }

  onDispute(number: number, liar: Bytes): void {
    this.#isClosed = false;
    this.events.emit('dispute', { index: this.#placeOf(number), liar: hex(liar) });
    this.#pump();
  }

  onEnded(): void {
    if (this.#isClosed && this.#open.size === 0 && !this.#graph.hasReady) this.#end('done', undefined);
  }

  onFault(error: unknown): void {
    if (this.isOver) return;
    this.#runner.cancel();
    this.#end('failed', error);
  }

  // What the graph tells.

  onGraphFailed(level: Level, index: number, reason: FailedReason, cause: number | undefined): void {
    this.#failures.push([level, index, reason, cause]);
  }

  onGiven(stage: number, level: Level, index: number, place: number): void {
    const number = level.numberOf(index);
    const found = this.#current?.number === number ? this.#current : this.#firsts.get(number);
    if (!found) return;
    this.#stages[stage]!.outlet.push({ number, result: { ...found.result, index: place }, bytes: found.bytes });
  }

  onStageFull(stage: number, level: Level): void {
    this.#fullLevels.set(stage, level);
    const isReduced = this.#graph.stages[stage]!.kind === 'reduce';
    this.#stages[stage]!.count = isReduced ? Math.min(1, level.count) : level.count;
    if (isReduced && level.count === 0) this.#stages[stage]!.outlet.fail(wrong(WORD.nothingToReduce));
  }

  /** The result that is being handed on. */
  #current: TaskResult | undefined;

  #settle(level: Level, index: number, result: TaskResult): void {
    const uses = level.id === 0 ? this.plan.usesOf(index) : 0;
    if (index === 0) this.#firsts.set(result.number, result);
    this.#current = { ...result, number: level.numberOf(index) };
    this.#graph.decided(level, index, level.mark(index) === GOOD, result.result.output, uses);
    this.#current = undefined;
    this.#settleFailures();
    this.#tell();
    this.#pump();
  }

  /** One after another, not each within the one before: there may be long rows of them. */
  #settleFailures(input?: Bytes): void {
    for (let next = this.#failures.shift(); next; next = this.#failures.shift()) {
      const [level, index, reason, cause] = next;
      if (level.set(index, FAILED) === UNKNOWN) this.account.failed += 1;
      const number = level.numberOf(index);
      const result = failedResult(index, number, reason, cause === undefined ? undefined : this.#placeOf(cause), input);
      if (index === 0) this.#firsts.set(number, result);
      this.#current = result;
      this.#graph.decided(level, index, false, undefined, 0);
      this.#current = undefined;
      this.#tell();
    }
    this.#pump();
  }

  #placeOf(number: number): number {
    const [level, index] = this.#graph.level(number);
    return this.#graph.placeOf(level, index) ?? index;
  }

  /** How an input is read again, where that costs no memory. */
  #rereading(level: Level, index: number): (() => Bytes | undefined) | undefined {
    if (level.id !== 0 || !this.plan.source.isKept) return undefined;
    const given = (): ReturnType<Source['at']> => this.plan.source.at(index);
    return () => {
      const again = given();
      return again && 'input' in again ? again.input : undefined;
    };
  }

  #leave(task: Task): boolean {
    if (this.isOver || this.#open.get(task.number) !== task) return false;
    this.#open.delete(task.number);
    this.#openBytes -= task.input.length;
    return true;
  }

  #mayIssue(): boolean {
    if (this.isOver || this.state === 'paused' || this.#room < 1 || this.#openBytes >= HELD_BYTES_MAX) return false;
    const outlets = this.#stages.map(({ outlet }) => outlet);
    const unread = Math.max(...outlets.map((outlet) => outlet.unread));
    const bytes = Math.max(...outlets.map((outlet) => outlet.bytes));
    return unread + this.#open.size < UNREAD_MAX && bytes < HELD_BYTES_MAX;
  }

  /** Has tasks run as there is room for them. */
  #pump(): void {
    this.#isPumpWanted = true;
    if (this.#isPumping) return;
    this.#isPumping = true;
    this.#pumpAll().catch((error: unknown) => this.onFault(error));
  }

  async #pumpAll(): Promise<void> {
    try {
      while (this.#isPumpWanted) {
        this.#isPumpWanted = false;
        // What caused it comes to its end first.
        await undefined;
        while (this.#mayIssue()) {
          const ready = this.#graph.take();
          if (ready) await this.#issue(ready);
          else if (!this.#read()) break;
        }
        // One by one would cost the runner more than the tasks do.
        if (this.#isReading) setTimeout(() => this.#flush());
        else this.#flush();
        this.#closeIfAll();
      }
    } finally {
      this.#isPumping = false;
    }
  }

  /** Reads the next invocation; `false` where there is none just now. */
  #read(): boolean {
    if (this.#isSourceOver || this.#isReading || this.#graph.waiting >= WAITING_MAX) return false;
    const given = this.plan.source.next();
    if (!(given instanceof Promise)) {
      this.#heard(given);
      return true;
    }
    this.#isReading = true;
    given
      .finally(() => (this.#isReading = false))
      .then((later) => {
        if (!this.isOver) this.#heard(later);
        this.#pump();
      })
      .catch((error: unknown) => this.onFault(error));
    return false;
  }

  #heard(given: Given | undefined): void {
    if (given) {
      this.#graph.add(given);
    } else {
      this.#isSourceOver = true;
      this.#graph.end();
    }
    this.#settleFailures();
  }

  async #issue(ready: Ready): Promise<void> {
    const { level, index } = ready;
    const input = this.#graph.inputOf(ready);
    if (!input) {
      this.#failures.push([level, index, input === null ? 'InputTooLarge' : 'InputGone', undefined]);
      return this.#settleFailures();
    }
    this.#graph.took(ready);
    const module = (await this.#stages[level.stage]!.modules)[ready.module]!;
    const hash = await hashOf(input);
    const { gas } = this.plan;
    const id = taskId(module.frame, gas, { hash, length: input.length });
    const task: Task = { number: level.numberOf(index), module, gas, input, hash, id };
    this.#room -= 1;
    this.#open.set(task.number, task);
    this.#openBytes += input.length;
    this.#toAdd.push(task);
    if (this.#toAdd.length >= TOGETHER) this.#flush();
  }

  #flush(): void {
    const tasks = this.#toAdd;
    this.#toAdd = [];
    if (tasks.length > 0 && !this.isOver) this.#runner.add(tasks);
  }

  /** Closes the job once nothing can come any more. */
  #closeIfAll(): void {
    if (this.#isClosed || this.isOver || !this.#isSourceOver || this.#graph.hasReady || this.#graph.waiting > 0) return;
    if (![...this.#open.keys()].every((number) => this.#graph.isLast(number))) return;
    this.#isClosed = true;
    this.#runner.close();
  }

  #end(state: 'done' | 'cancelled' | 'failed', error: unknown): void {
    this.#error = error;
    this.account.rest();
    this.plan.source.stop();
    this.#open.clear();
    this.#graph.outputs.clear();
    this.#turn(state, state === 'failed' ? (error as Partial<Error> | undefined)?.message : undefined);
    this.events.emit('progress', this.progress);
    for (const { outlet } of this.#stages) {
      if (state === 'done') outlet.end();
      else outlet.fail(error);
    }
    this.#over();
  }

  #turn(state: JobState, hint?: string): void {
    if (this.isOver || this.state === state) return;
    this.state = state;
    this.events.emit('state', state, ...(hint === undefined ? [] : [hint]));
  }

  /** Tells how far it is, now and then. */
  #tell(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    setTimeout(() => {
      this.#isTelling = false;
      if (!this.isOver) this.events.emit('progress', this.progress);
    }, TELL_MS);
  }
}

