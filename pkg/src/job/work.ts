// A job at work: reads its inputs as there is room, has tasks run, and hands results on. `docs/JOBS.md` says what it comes to.

import { type Bytes, concat, hex, isEqual } from '../bytes.js';
import { thePool } from '../task/pool.js';
import { pause as turn } from '../wait.js';
import { Account } from './account.js';
import { Doubts } from './doubts.js';
import { Graph, type GraphHearer } from './graph.js';
import { Intake } from './intake.js';
import { BAD, FAILED, GOOD, type Level, UNKNOWN } from './level.js';
import type { Saved } from './file.js';
import { Journal } from './journal.js';
import { HELD_BYTES_MAX, JOURNAL_BYTES_MAX, UNREAD_MAX } from './limits.js';
import { Listeners } from './listeners.js';
import { Manifest, jobCid } from './manifest.js';
import { bringInput } from './missing.js';
import { leafOf, rootOf } from './merkle.js';
import { type JobModule, type StageGiven, jobModule } from './module.js';
import { nowAndThen } from './now-and-then.js';
import { Outlet } from './outlet.js';
import { type TaskResult, failedResult, resultOf } from './result.js';
import type { Decided, Hearer, Runner, Task } from './runner.js';
import type { Failure, Plan, Stage } from './plan.js';
import { type StageKind, totalOf } from './shape.js';
import type { Bill, FailedReason, JobEvents, JobState, Progress } from './types.js';
import { WORD, refusedModule, wrong } from './words.js';

/** Makes a checkpoint of a job, and names it. */
export type Checkpointer = (work: Work) => Promise<string>;

export type WorkEvents = { [E in keyof JobEvents]: [detail: JobEvents[E]] } & { state: [state: JobState, hint?: string] };

export class Work implements Hearer, GraphHearer {
  state: JobState = 'starting';
  readonly events = new Listeners<WorkEvents>();
  readonly account = new Account();
  readonly manifest: Manifest;
  readonly plan: Plan;
  readonly #runner: Runner;
  readonly #checkpointer: Checkpointer;
  readonly #journal: Journal;
  readonly #graph: Graph;
  readonly #stages: Stage[] = [];
  readonly #intake: Intake;
  readonly #doubts: Doubts;
  /** Results of first invocations: whether they are those of their stage may be known later. */
  readonly #firsts = new Map<number, TaskResult>();
  /** The result that is being handed on. */
  #current: TaskResult | undefined;
  readonly #failures: Failure[] = [];
  /** The levels that stages end with, once those are full. */
  readonly #fullLevels = new Map<number, Level>();
  /** What holds its runner up. */
  #hint: string | undefined;
  /** Tells how far it is. */
  readonly #tell = nowAndThen(() => this.isOver || this.events.emit('progress', this.progress));
  /** What whoever waits meets, where it did not end well. */
  #error: unknown;
  #over!: () => void;
  /** Resolves once the job has ended, however. */
  readonly over = new Promise<void>((resolve) => (this.#over = resolve));

  constructor(plan: Plan, modules: readonly StageGiven[], runner: Runner, checkpointer: Checkpointer) {
    this.plan = plan;
    this.manifest = new Manifest(plan.source);
    this.#runner = runner;
    this.#checkpointer = checkpointer;
    this.#journal = new Journal(plan.source.isKept ? JOURNAL_BYTES_MAX : 0);
    this.#graph = new Graph(this, plan.validation === 1);
    this.#intake = new Intake({
      graph: this.#graph,
      runner,
      source: plan.source,
      gas: plan.gas,
      modulesOf: (stage) => this.#stages[stage]!.modules,
      isWanted: () => this.#isWanted(),
      isOver: () => this.isOver,
      known: plan.known,
      onKnown: (task, decided) => {
        this.account.restored();
        this.onDecided(task, decided);
      },
      onFailed: (level, index, reason) => this.#fail(level, index, reason),
      onRead: () => {
        if (this.#intake.isSourceOver) this.manifest.end();
        this.#settleFailures();
      },
      onFault: (error) => this.onFault(error),
      onPumped: () => this.#onStall(),
      onGiven: (given) => this.manifest.add(given),
      bring: (cid, take) => bringInput(plan.missing, cid, take),
    });
    plan.missing.onChange = () => this.#intake.pump();
    this.#doubts = new Doubts(this.#graph, this.#intake, plan.source, (level, index, reason) => this.#fail(level, index, reason));
    this.#addStage(modules);
    this.account.resume(plan.known?.size ?? 0);
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
    this.#intake.pump();
    return stage;
  }

  #addStage(given: readonly StageGiven[]): number {
    const outlet = new Outlet();
    outlet.onRead = () => this.#intake.pump();
    const modules = Promise.all(given.map(jobModule));
    this.#stages.push({ given, modules, outlet });
    void modules.then((all) => Promise.all(all.map((module) => this.#check(module)))).catch(() => undefined);
    return this.#stages.length - 1;
  }

  /** A module that is refused is refused everywhere. Where it cannot be looked at here, others will. */
  async #check({ pool }: JobModule): Promise<void> {
    const { refused } = await thePool().prepare(pool, true);
    if (refused) this.onFault(await refusedModule(refused));
  }

  get progress(): Progress {
    return this.account.progress(this.#intake.open, this.#total);
  }

  /** Tasks of all stages. */
  get #total(): number | undefined {
    const first = this.#intake.isSourceOver ? this.#graph.levels[0]!.count : this.plan.source.total;
    return first === undefined ? undefined : totalOf(first, this.#graph.stages.slice(1));
  }

  pause(): void {
    if (this.isOver || this.state === 'paused') return;
    this.account.rest();
    this.#runner.pause();
    this.#turn('paused');
  }

  resume(): void {
    if (this.state !== 'paused') return;
    this.account.run();
    this.#runner.resume();
    this.#turn('running');
    this.#intake.pump();
  }

  /** `error`: what whoever waits meets. */
  cancel(error: unknown): Bill {
    if (!this.isOver) {
      this.#runner.cancel();
      this.#end('cancelled', error);
    }
    return this.account.bill;
  }

  /** @throws why it ended before all its inputs were read */
  async cid(): Promise<string> {
    if (!this.plan.source.isKept) {
      for (const { outlet } of this.#stages) outlet.flow();
      this.#intake.pump();
    }
    const pages = await this.manifest.pages(this.over);
    if (!pages) throw this.#error;
    return jobCid(this.plan.gas, this.#stagesGiven, pages);
  }

  get #stagesGiven(): Saved['stages'] {
    return this.#stages.map(({ given }, at) => ({ kind: this.#graph.stages[at]!, modules: given }));
  }

  /** The root over all invocations. Who waits for it need not read the results. */
  async root(): Promise<Bytes> {
    for (const { outlet } of this.#stages) outlet.flow();
    this.#intake.pump();
    await this.over;
    if (this.state !== 'done') throw this.#error;
    return rootOf(concat(...this.#graph.inOrder().map(({ leaves }) => leaves)), () => turn(0));
  }

  /** @throws MeshError NotKept, CheckpointTooLarge or BadOption; as `mesh.put` */
  checkpoint(): Promise<string> {
    return this.#checkpointer(this);
  }

  /** What goes into a checkpoint, beside the invocations. */
  get saved(): Omit<Saved, 'cid' | 'records' | 'invocations'> {
    const { gas, validation } = this.plan;
    return { gas, validation, stages: this.#stagesGiven, journal: this.#journal.bytes };
  }

  // What the runner tells.

  onRoom(tasks: number): void {
    this.#intake.addRoom(tasks);
  }

  onDecided(task: Task, decided: Decided): void {
    const place = this.#leave(task);
    if (!place) return;
    const [level, index] = place;
    const { outcome, output, executor, isChecked } = decided;
    const [before, leaf] = [level.leaf(index), leafOf(task.id, outcome)];
    const replaces = level.set(index, outcome.status === 0 ? GOOD : BAD, leaf) !== UNKNOWN;
    this.account.accept(decided, replaces);
    this.#journal.note(task, decided);
    if (this.plan.validation === 1 && !isChecked && executor) this.#doubts.note(level, index, task, executor);
    this.#settle(level, index, resultOf(index, task, decided, replaces, this.#rereading(level, index)), replaces);
    if (replaces && !isEqual(before, leaf)) this.#doubts.replaced(level, index, output);
    this.#settleFailures();
  }

  onFailed(task: Task, reason: FailedReason): void {
    const place = this.#leave(task);
    if (place) this.#fail(...place, reason, task.input);
  }

  /** Whose a task is that is open no more; `undefined` where nothing that comes of it counts. */
  #leave(task: Task): [level: Level, index: number] | undefined {
    if (this.isOver || !this.#intake.leave(task)) return undefined;
    const place = this.#graph.level(task.number);
    if (this.#doubts.isStale(...place)) return void this.#intake.pump();
    return place;
  }

  onDone(done: number): void {
    this.account.done = done;
    this.#tell();
  }

  onStarted(): void {
    if (this.state === 'starting') this.#turn('running');
  }

  onStalled(hint: string | undefined): void {
    this.#hint = hint;
    this.#onStall();
  }

  /** What holds it up: executors, or else an input, where nothing else is open. */
  get #heldUp(): string | undefined {
    const { first } = this.plan.missing;
    return this.#hint ?? (first !== undefined && this.#intake.isWaiting ? `Input missing: ${first}. It is looked for again.` : undefined);
  }

  #onStall(): void {
    const hint = this.#heldUp;
    if (hint !== undefined && (this.state === 'running' || this.state === 'starting')) this.#turn('stalled', hint);
    else if (this.state === 'stalled' && hint === undefined) this.#turn('running');
  }

  onAssigned(executor: Bytes, numbers: number[]): void {
    this.onStarted();
    const name = hex(executor);
    this.account.assigned(name);
    this.events.emit('assigned', { executor: name, indices: numbers.map((number) => this.#placeOf(number)) });
  }

  onDispute(number: number, liar: Bytes): void {
    this.events.emit('dispute', { index: this.#placeOf(number), liar: hex(liar) });
    this.#doubts.dispute(liar);
    this.#settleFailures();
    this.#intake.reopen();
  }

  onEnded(): void {
    if (this.#intake.isDone) this.#end('done', undefined);
  }

  /** It came to its deadline. */
  onLate(): void {
    this.onFault(wrong(WORD.jobLate, this.state === 'paused' ? 'It was paused.' : (this.#heldUp ?? this.#runner.heldUp)));
  }

  onFault(error: unknown): void {
    if (this.isOver) return;
    this.#runner.cancel();
    this.#end('failed', error);
  }

  // What the graph tells.

  onGraphFailed(level: Level, index: number, reason: FailedReason, cause: number | undefined): void {
    this.#failures.push({ level, index, reason, cause });
  }

  onGiven(stage: number, level: Level, index: number, place: number): void {
    const number = level.numberOf(index);
    const found = this.#current?.number === number ? this.#current : this.#firsts.get(number);
    if (!found) return;
    this.#stages[stage]!.outlet.push({ number, result: { ...found.result, index: place }, bytes: found.bytes });
  }

  onStageFull(stage: number, level: Level): void {
    this.#fullLevels.set(stage, level);
    if (this.#graph.stages[stage]!.kind === 'reduce' && level.count === 0) this.#stages[stage]!.outlet.fail(wrong(WORD.nothingToReduce));
  }

  /** Hands a result on, and what follows from it. */
  #settle(level: Level, index: number, result: TaskResult, replaces: boolean): void {
    const { output } = result.result;
    if (index === 0) this.#firsts.set(result.number, result);
    this.#current = result;
    if (replaces) this.#graph.replaced(level, index);
    else this.#graph.decided(level, index, level.mark(index) === GOOD, output, level.id === 0 ? this.plan.usesOf(index) : 0);
    this.#current = undefined;
    this.#tell();
  }

  #fail(level: Level, index: number, reason: FailedReason, input?: Bytes): void {
    this.#failures.push({ level, index, reason, input });
    this.#settleFailures();
  }

  /** One after another, not each within the one before: there may be long rows of them. */
  #settleFailures(): void {
    if (this.#current) return;
    for (let next = this.#failures.shift(); next; next = this.#failures.shift()) {
      const { level, index, reason, input } = next;
      const cause = next.cause === undefined ? undefined : this.#placeOf(next.cause);
      const before = level.set(index, FAILED);
      const replaces = before !== UNKNOWN;
      if (before !== FAILED) this.account.fail(replaces);
      this.#settle(level, index, failedResult(index, level.numberOf(index), reason, { cause, replaces, input }), replaces);
      if (before === GOOD || before === BAD) this.#doubts.replaced(level, index, undefined);
    }
    this.#intake.pump();
  }

  #placeOf(number: number): number {
    const [level, index] = this.#graph.level(number);
    return this.#graph.placeOf(level, index) ?? index;
  }

  /** How an input is read again, where that costs no memory. */
  #rereading(level: Level, index: number): (() => Bytes | undefined) | undefined {
    if (level.id !== 0 || !this.plan.source.isKept) return undefined;
    return () => {
      const given = this.plan.source.at(index);
      return given && 'input' in given ? given.input : undefined;
    };
  }

  /** Whether results are read. */
  #isWanted(): boolean {
    if (this.state === 'paused') return false;
    const outlets = this.#stages.map(({ outlet }) => outlet);
    const bytes = Math.max(...outlets.map((outlet) => outlet.bytes));
    return Math.max(...outlets.map((outlet) => outlet.unread)) < UNREAD_MAX && bytes < HELD_BYTES_MAX;
  }

  #end(state: 'done' | 'cancelled' | 'failed', error: unknown): void {
    this.#error = error;
    this.account.rest();
    if (state === 'done') this.account.allRestored();
    this.plan.missing.stop();
    this.#intake.clear();
    this.#doubts.clear();
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
}

