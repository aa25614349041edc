// Has the tasks of a job run by other nodes: packs batches, checks and brings outputs, and runs here what is to be run here.

import { type Bytes, NO_BYTES, hex, isEqual } from '../bytes.js';
import type { MeshError } from '../errors.js';
import { OUTPUT_BYTES_MAX } from '../task/limits.js';
import type { Mesh } from '../types.js';
import { addings } from './adding.js';
import { packBatch } from './batch.js';
import * as face from './face.js';
import { hashOf } from './hash.js';
import { Lanes } from './lanes.js';
import { HELD_BYTES_MAX, LOST_MAX, RAN_HERE_MAX, WITHHOLDERS_MAX } from './limits.js';
import { type Outcome, isResult, isSame } from './outcome.js';
import { type OwnRun, decidedHere, runTask } from './own-run.js';
import { runStep } from './own-step.js';
import { type SignedBatch, receiptOf } from './receipt.js';
import { type AskedJob, type Assignment, Requester } from './requester.js';
import type { Hearer, Runner, Task } from './runner.js';
import { hintOf } from './stalled.js';
import type { FailedReason, JobOptions } from './types.js';
import { WORD, wrong } from './words.js';

/** A vote on a task: a place in a batch that its executor signed. */
interface Vote {
  readonly assignment: number;
  readonly executor: Bytes;
  readonly batch: SignedBatch;
  readonly index: number;
  /** The output, where it came along. */
  readonly output: Bytes | undefined;
}

/** A task that the coordinator has. */
interface Open {
  readonly task: Task;
  readonly votes: Vote[];
  /** What came of it here. */
  own: OwnRun | undefined;
  /** How often its output could not be had. */
  lost: number;
}

/** Tasks that are run here at once, or wait for a Worker. */
const OWN_AT_ONCE = 8;

const FAILED: readonly FailedReason[] = ['NoResult', 'NoResult', 'NoMargin', 'TooFewExecutors', 'TaskTooLarge'];

/** What the runner needs of a job's options. */
export interface MeshOptions {
  readonly gas: bigint;
  readonly validation: number;
  readonly expectedMs: number;
  readonly coordinator: JobOptions['coordinator'];
  readonly group: readonly Bytes[] | undefined;
  readonly priority: number;
  readonly ownCores: number;
}

export class MeshRunner implements Runner, AskedJob {
  readonly #mesh: Mesh;
  readonly #options: MeshOptions;
  #hearer!: Hearer;
  #requester: Requester | undefined;
  /** Its number; 0 while it has none. */
  #job = 0;
  readonly #open = new Map<number, Open>();
  /** Tasks that were run here: the coordinator may give some of them out, though it knows what they come to. */
  readonly #ran = new Map<number, Task>();
  /** Tasks to be added as soon as there is room. */
  #toAdd: Task[] = [];
  #room = 0;
  #isClosed = false;
  /** It was told that there is no more. */
  #isCloseSaid = false;
  #isPaused = false;
  /** Its job of the coordinator has ended. */
  #hasEnded = false;
  #isOver = false;
  /** A batch was packed, and outcomes came. */
  #wasGivenOut = false;
  #hasCome = false;
  /** Who withheld outputs: the coordinator is told again where it gets the job anew. */
  readonly #withholders = new Map<string, Bytes>();
  /** Outputs that are being brought. */
  #bringing = 0;
  readonly #stop = new AbortController();
  /** Tasks that run here. */
  readonly #lanes: Lanes;

  constructor(mesh: Mesh, options: MeshOptions) {
    this.#mesh = mesh;
    this.#options = options;
    this.#lanes = new Lanes(Math.max(OWN_AT_ONCE, options.ownCores));
  }

  get heldUp(): string | undefined {
    const { ownCores, group } = this.#options;
    const isAtWork = ownCores > 0 || this.#hasCome || this.#requester?.isOut(this);
    return this.#open.size === 0 || isAtWork ? undefined : hintOf(this.#wasGivenOut ? 'none fits' : 'no offers', group !== undefined);
  }

  // What its job wants.

  begin(hearer: Hearer): void {
    this.#hearer = hearer;
    Requester.of(this.#mesh, this.#options.coordinator).then(
      (requester) => {
        if (this.#isOver) return;
        this.#requester = requester;
        this.#try(() => requester.add(this));
      },
      (error: unknown) => this.#fault(error),
    );
  }

  add(tasks: readonly Task[]): void {
    for (const task of tasks) this.#open.set(task.number, { task, votes: [], own: undefined, lost: 0 });
    this.#toAdd.push(...tasks);
    this.#advance();
  }

  close(): void {
    this.#isClosed = true;
    this.#advance();
  }

  pause(): void {
    this.#isPaused = true;
    if (this.#job > 0) this.#say(face.pause(this.#job));
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#job > 0) this.#say(face.resume(this.#job));
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stop.abort();
    if (this.#job > 0) this.#say(face.cancel(this.#job));
    this.#requester?.leave(this);
  }

  // What the coordinator tells.

  begun(number: number): void {
    const { validation, gas, expectedMs, group, priority, ownCores } = this.#options;
    this.#job = number;
    this.#isCloseSaid = false;
    this.#room = 0;
    this.#say(face.begin(number, validation, gas, expectedMs));
    if (group) this.#say(face.only(number, group));
    if (priority > 0) this.#say(face.priority(number, priority));
    if (ownCores > 0) this.#say(face.ownCores(number, ownCores));
    if (this.#isPaused) this.#say(face.pause(number));
    for (const executor of this.#withholders.values()) this.#say(face.withheld(number, executor, true));
    this.#advance();
  }

  hear(event: Parameters<AskedJob['hear']>[0]): void {
    if (this.#isOver) return;
    switch (event.kind) {
      case 'room':
        return this.#onRoom(event.tasks);
      case 'pack':
        return this.#pack(event.assignment, event.to, event.numbers);
      case 'runHere':
        return void this.#runHere(event.number);
      case 'runStep':
        return void this.#runStep(event);
      case 'accepted':
        return void this.#accept(event);
      case 'failed':
        return this.#failed(event.number, FAILED[event.why] ?? 'NoResult');
      case 'progress':
        return this.#hearer.onDone(event.done);
      case 'stalled':
        return this.#hearer.onStalled(event.why === 'not' ? undefined : hintOf(event.why, this.#options.group !== undefined));
      case 'dispute':
        this.#isCloseSaid = false;
        this.#isClosed = false;
        return this.#hearer.onDispute(event.number, event.liar);
      case 'ended':
        return this.#ended();
      case 'refused':
        if (event.command === BEGIN) this.#fault(wrong(WORD.tooManyJobs));
        if (event.command === ADD) this.#fault(new RangeError(`the coordinator took no tasks: ${event.status}`));
    }
  }

  onOutcomes(assignment: number, { to, tasks }: Assignment, { nonce, key, signature, outcomes, outputs }: face.Said): void {
    this.#hasCome = true;
    const { self, network } = this.#requester!.coordinator;
    const batch: SignedBatch = { network, requester: self, nonce, key, signature, tasks: tasks.map(({ id }) => id), outcomes };
    tasks.forEach((task, index) => {
      this.#ran.delete(task.number);
      const open = this.#open.get(task.number);
      if (open?.task === task) open.votes.push({ assignment, executor: to, batch, index, output: outputs[index] });
    });
  }

  /** What was to check somebody is not given out a second time. */
  onDropped({ tasks }: Assignment): void {
    for (const { number } of tasks) this.#ran.delete(number);
  }

  end(error: MeshError): void {
    this.#fault(error);
  }

  #onRoom(tasks: number): void {
    const left = Math.max(0, tasks - this.#toAdd.length);
    this.#room += tasks;
    this.#advance();
    this.#hearer.onRoom(left);
  }

  /** Says what is to be added, and then that there is no more. */
  #advance(): void {
    if (this.#isOver || !this.#requester) return;
    if (this.#job === 0) {
      if (this.#toAdd.length > 0 && this.#hasEnded) this.#reopen();
      return;
    }
    if (this.#isCloseSaid) return;
    const tasks = this.#toAdd.splice(0, this.#room);
    this.#room -= tasks.length;
    this.#say(...addings(this.#job, tasks));
    if (!this.#isClosed || this.#toAdd.length > 0) return;
    this.#isCloseSaid = true;
    this.#say(face.close(this.#job));
  }

  /** The coordinator's job has ended, and some of its tasks are to be run again: another one has them. */
  #reopen(): void {
    this.#hasEnded = false;
    this.#try(() => this.#requester?.add(this));
  }

  #ended(): void {
    this.#job = 0;
    this.#ran.clear();
    this.#requester?.leave(this);
    this.#hasEnded = true;
    this.#advance();
    this.#endIfAll();
  }

  #endIfAll(): void {
    if (this.#job === 0 && this.#hasEnded && this.#open.size === 0 && this.#bringing === 0 && !this.#isOver) this.#hearer.onEnded();
  }

  #pack(assignment: number, to: Bytes, numbers: readonly number[]): void {
    const tasks: Task[] = [];
    for (const number of numbers) {
      const task = this.#open.get(number)?.task ?? this.#ran.get(number);
      // A batch is of one module: those behind the first other one wait for another batch.
      if (!task || (tasks[0] && task.module !== tasks[0].module)) break;
      tasks.push(task);
    }
    const [first] = tasks;
    const { count, bytes } = first
      ? packBatch(first.module.frame, tasks.map(({ input, hash }) => ({ bytes: input, hash })))
      : { count: 0, bytes: NO_BYTES };
    const packed = tasks.slice(0, count);
    if (count > 0) {
      this.#wasGivenOut = true;
      this.#requester?.assign(assignment, this, { to, tasks: packed });
      this.#hearer.onAssigned(to, packed.map(({ number }) => number));
    }
    this.#say(face.packed(assignment, count, bytes));
  }

  async #runHere(number: number): Promise<void> {
    const open = this.#open.get(number);
    if (!open) return;
    this.#hearer.onStarted();
    const own = await this.#own(open.task);
    if (this.#isOver || this.#job === 0) return;
    if (!own || !isResult(own.outcome)) return this.#say(face.cannotRun(this.#job, number));
    open.own = own;
    this.#ran.set(number, open.task);
    const bytes = (): number => [...this.#ran.values()].reduce((sum, { input }) => sum + input.length, 0);
    for (const oldest of this.#ran.keys()) if (this.#ran.size > RAN_HERE_MAX || bytes() > HELD_BYTES_MAX) this.#ran.delete(oldest);
    this.#say(face.ranHere(this.#job, number, own.outcome));
  }

  async #runStep(event: face.RunStep): Promise<void> {
    const { number } = event;
    const [task, requester] = [this.#open.get(number)?.task, this.#requester];
    const ways = { fetching: requester!.fetching, signal: this.#stop.signal, say: (command: face.Command) => this.#say(command) };
    const ran = task && (await runStep(task, event, ways).catch(() => undefined));
    if (this.#isOver || this.#job !== event.job) return;
    const came = typeof ran === 'object' ? face.ranStep(event.job, number, ran) : face.cannotStep(event.job, number, ran === 'silent');
    this.#say(came);
  }

  /** Runs a task here, a few at a time; `undefined` where that cannot be. */
  #own(task: Task): Promise<OwnRun | undefined> {
    const { signal } = this.#stop;
    const run = (): Promise<OwnRun> => runTask(task, { isFirst: true, signal });
    return this.#lanes.run(run).catch(() => undefined);
  }

  async #accept({ number, isChecked, votes, executor, assignment, index, outcome }: face.Accepted): Promise<void> {
    const open = this.#open.get(number);
    if (!open) return;
    this.#bringing += 1;
    const output = await this.#output(open, outcome);
    this.#bringing -= 1;
    if (this.#isOver) return;
    if (output === undefined) return this.#lose(open);
    this.#open.delete(number);
    const vote = open.votes.find((one) => one.assignment === assignment && one.index === index);
    const isOwn = isEqual(executor, this.#requester!.coordinator.self);
    this.#hearer.onDecided(open.task, {
      outcome,
      output,
      code: open.own?.done.outcome.code ?? 0,
      executor: isOwn ? undefined : executor,
      isChecked,
      votes,
      receipt: vote && (async () => receiptOf(vote.batch, vote.index)),
    });
    this.#endIfAll();
  }

  /** The output of an outcome, from whoever said it; `undefined` where nobody gives it. */
  async #output({ own, votes }: Open, outcome: Outcome): Promise<Bytes | undefined> {
    if (own && isSame(own.outcome, outcome)) return own.done.outcome.output;
    const those = votes.filter(({ batch, index }) => isSame(batch.outcomes[index]!, outcome));
    for (const { output } of those) {
      if (output?.length === outcome.length && isEqual(await hashOf(output), outcome.output)) return output;
    }
    const { fetching, coordinator } = this.#requester!;
    for (const { executor, batch, index } of those) {
      const { length, output: hash } = outcome;
      const ask = (fetch: number, offset: number): void => coordinator.say(face.fetchOutput(fetch, executor, batch.nonce, index, offset));
      const onWithheld = (): void => this.#withheld(executor);
      const wish = { length, hash, from: hex(executor), ask, onWithheld, signal: this.#stop.signal };
      const bytes = length > OUTPUT_BYTES_MAX ? undefined : await fetching.bring(wish);
      if (bytes || this.#isOver) return bytes;
    }
    return undefined;
  }

  #withheld(executor: Bytes): void {
    if (this.#withholders.size < WITHHOLDERS_MAX) this.#withholders.set(hex(executor), executor);
    this.#say(face.withheld(this.#job, executor, false));
  }

  /** Nobody gives what was accepted: the task runs again, and at last here. */
  #lose(open: Open): void {
    open.lost += 1;
    open.votes.length = 0;
    if (open.lost > LOST_MAX) return void this.#decideHere(open);
    this.#toAdd.push(open.task);
    this.#advance();
  }

  async #decideHere({ task }: Open): Promise<void> {
    const own = await this.#own(task);
    if (this.#isOver) return;
    this.#open.delete(task.number);
    if (!own || !isResult(own.outcome)) this.#hearer.onFailed(task, 'NoResult');
    else this.#hearer.onDecided(task, decidedHere(own));
    this.#endIfAll();
  }

  #failed(number: number, reason: FailedReason): void {
    const open = this.#open.get(number);
    if (!open) return;
    this.#open.delete(number);
    this.#hearer.onFailed(open.task, reason);
    this.#endIfAll();
  }

  #say(...commands: face.Command[]): void {
    this.#try(() => commands.forEach((command) => this.#requester?.coordinator.say(command)));
  }

  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fault(error);
    }
  }

  #fault(error: unknown): void {
    if (this.#isOver) return;
    this.cancel();
    this.#hearer.onFault(error);
  }
}

/** The numbers of the commands that begin a job, and that add tasks. */
const [BEGIN, ADD] = [1, 2];
