// The executor's half of the coordinator: runs batches of others, within the limits of an offer.

import { type Bytes, NO_BYTES, hex } from '../bytes.js';
import * as CODE from '../codes.js';
import { MeshError } from '../errors.js';
import * as STATUS from '../status.js';
import { PAGE_BYTES } from '../task/limits.js';
import { thePool } from '../task/pool.js';
import { Recent } from '../task/recent.js';
import { unlessAborted } from '../wait.js';
import { type Batch, type BatchInput, readBatch } from './batch.js';
import type { Coordinator, Half } from './coordinator.js';
import * as face from './face.js';
import { Fetching, type Wish } from './fetching.js';
import { hashOf } from './hash.js';
import { Lanes } from './lanes.js';
import { BOMBS_MAX, COMPILE_MS, DEADLY_MAX, INLINE_MAX, MODULES_BYTES_MAX, MODULE_INDEX, OUTPUTS_BYTES_MAX, PIECE_MAX } from './limits.js';
import type { JobModule } from './module.js';
import { type OwnRun, runTask } from './own-run.js';
import { Pace } from './pace.js';
import type { Task } from './runner.js';
import { Store } from './store.js';
import { taskId } from './task-id.js';
import { Trails, type Wish as StepsWish } from './trails.js';

/** What an offer gives. */
export interface Limits {
  readonly cores: number;
  readonly gas: bigint;
  readonly memoryBytes: number;
  readonly moduleBytes: number;
  readonly inputBytes: number;
  /** What is fetched; the coordinator divides it among requesters. */
  readonly bytesAnHour: number;
  readonly mayTake: (from: string) => boolean;
  /** How long a task may take, and a batch while others wait, in milliseconds. */
  readonly turnMs: number;
  /** The watchdog of a task with so much gas, in milliseconds, where that is less. */
  readonly watchdogMs: (gas: bigint) => number;
}

/** A batch that runs, or whose outputs are kept. */
export interface Served {
  readonly from: string;
  readonly tasks: number;
  done: number;
  isRunning: boolean;
}

interface Serving extends Served {
  readonly assignment: number;
  readonly stop: AbortController;
  /** Those of its outputs that are kept. */
  readonly kept: number[];
}

/** Why a batch cannot be run. */
class Declined {
  constructor(readonly why: face.Refusal) {}
}

/** Modules that ended their Worker, by who gave them: as long as the page lives. How many each gave, too. */
const deadly = new Recent<true>(DEADLY_MAX);
const bombs = new Recent<number>(DEADLY_MAX);

export class Executor implements Half<face.OfferEvent | Extract<face.AskEvent, { kind: 'refused' }>> {
  /** A batch came, went on, or is over. */
  onChange: () => void = () => undefined;
  /** A task of somebody was run. */
  onRan: (from: string, gas: bigint) => void = () => undefined;
  onEnd: (error: MeshError) => void = () => undefined;
  readonly #coordinator: Coordinator;
  readonly #limits: Limits;
  readonly #lanes: Lanes;
  readonly #fetching = new Fetching(Infinity);
  readonly #served = new Map<number, Serving>();
  readonly #modules = new Store<string>(MODULES_BYTES_MAX);
  readonly #outputs = new Store<string>(OUTPUTS_BYTES_MAX);
  readonly #trails = new Trails();
  /** Steps of some task are run again. */
  #isRunningAgain = false;
  /** Tasks that run. */
  readonly #running = new Set<AbortController>();
  readonly #pace: Pace;

  constructor(coordinator: Coordinator, limits: Limits, pace = new Pace(undefined)) {
    this.#coordinator = coordinator;
    this.#limits = limits;
    this.#lanes = new Lanes(limits.cores);
    this.#pace = pace;
    pace.onStop = () => {
      for (const stop of this.#running) stop.abort();
    };
  }

  /** Takes batches from now on. @throws MeshError Closed or Detached */
  offer(): void {
    const { cores, gas, turnMs, bytesAnHour } = this.#limits;
    this.#coordinator.say(face.offer(cores, gas, turnMs, bytesAnHour));
  }

  /** Takes no more, and ends what runs. */
  withdraw(): void {
    this.#stopAll();
    this.#coordinator.say(face.withdraw());
  }

  get running(): Served[] {
    return [...this.#served.values()].filter(({ isRunning }) => isRunning);
  }

  hear(event: face.OfferEvent | Extract<face.AskEvent, { kind: 'refused' }>): void {
    switch (event.kind) {
      case 'run':
        return void this.#serve(event);
      case 'stop':
      case 'forget':
        return this.#forget(event.assignment);
      case 'wantOutput':
        return this.#give(event);
      case 'wantSteps':
        return this.#giveSteps(event);
      case 'fetchedInput':
        return this.#fetching.came(event.fetch, event.status, event.bytes);
      case 'refused':
        if (event.command === face.FETCH_INPUT) this.#fetching.came(event.of, event.status, NO_BYTES);
    }
  }

  end(error: MeshError): void {
    this.#stopAll();
    this.#fetching.close();
    this.onEnd(error);
  }

  #stopAll(): void {
    for (const assignment of [...this.#served.keys()]) this.#forget(assignment);
  }

  #forget(assignment: number): void {
    const serving = this.#served.get(assignment);
    if (!serving) return;
    this.#served.delete(assignment);
    serving.isRunning = false;
    serving.stop.abort();
    for (const index of serving.kept) {
      this.#outputs.delete(`${assignment}:${index}`);
      this.#trails.forget(`${assignment}:${index}`);
    }
    this.onChange();
  }

  async #serve({ assignment, from, gas, count, bytes }: Extract<face.OfferEvent, { kind: 'run' }>): Promise<void> {
    const serving: Serving = { assignment, from: hex(from), tasks: count, done: 0, isRunning: true, stop: new AbortController(), kept: [] };
    this.#served.set(assignment, serving);
    this.onChange();
    try {
      const batch = this.#taken(serving.from, gas, bytes, count);
      const module = await this.#module(serving, batch);
      await this.#runAll(serving, batch, module, gas);
      serving.isRunning = false;
    } catch (error) {
      // It was stopped, or another task of it was to blame.
      if (this.#served.get(assignment) !== serving) return;
      this.#forget(assignment);
      this.#say(face.decline(assignment, error instanceof Declined ? error.why : face.REFUSAL.busy));
    }
    this.onChange();
  }

  /** Reads a batch. @throws Declined where it is none for this offer */
  #taken(from: string, gas: bigint, bytes: Bytes, count: number): Batch {
    const { gas: most, memoryBytes, moduleBytes, inputBytes } = this.#limits;
    const { frame, inputs } = this.#read(bytes, count);
    const isLarge = gas > most || frame.pages * PAGE_BYTES > memoryBytes || frame.moduleLength > moduleBytes;
    if (isLarge || inputs.some((input) => lengthOf(input) > inputBytes)) throw new Declined(face.REFUSAL.tooLarge);
    const isBomb = deadly.get(deadlyKey(from, frame.module)) || (bombs.get(from) ?? 0) >= BOMBS_MAX;
    if (isBomb || !this.#limits.mayTake(from)) throw new Declined(face.REFUSAL.unwilling);
    const toFetch = inputs.reduce((sum, input) => sum + ('bytes' in input ? 0 : input.length), this.#modules.get(hex(frame.module)) ? 0 : frame.moduleLength);
    // No requester has more: the rest of it would never come.
    if (2 * toFetch > this.#limits.bytesAnHour) throw new Declined(face.REFUSAL.busy);
    return { frame, inputs };
  }

  #read(bytes: Bytes, count: number): Batch {
    try {
      const batch = readBatch(bytes, count);
      const { pages, piece, moduleLength } = batch.frame;
      if (pages < 1 || pages > 65_536 || piece > PIECE_BYTES_MAX || moduleLength < 1) throw new RangeError('a frame beyond the bounds of tasks');
      return batch;
    } catch {
      throw new Declined(face.REFUSAL.unwilling);
    }
  }

  async #module(serving: Serving, { frame }: Batch): Promise<JobModule> {
    const name = hex(frame.module);
    const known = this.#modules.get(name);
    const bytes = known?.length === frame.moduleLength ? known : await this.#bring(serving, MODULE_INDEX, frame.moduleLength, frame.module);
    this.#modules.put(name, bytes);
    return { pool: { bytes, pages: frame.pages, name: `${name}:${frame.pages}` }, frame };
  }

  /** Brings something from the requester of a batch. @throws Declined */
  async #bring({ assignment, from, stop }: Serving, index: number, length: number, hash: Bytes): Promise<Bytes> {
    const ask: Wish['ask'] = (fetch, offset) => this.#coordinator.say(face.fetchInput(fetch, assignment, index, offset));
    const bytes = await this.#fetching.bring({ length, hash, from: `${from}:${assignment}`, ask, signal: stop.signal });
    if (!bytes) throw new Declined(face.REFUSAL.busy);
    return bytes;
  }

  /** Runs the tasks of a batch, as many at once as there are cores that others leave. @throws Declined; where it was stopped */
  async #runAll(serving: Serving, { inputs }: Batch, module: JobModule, gas: bigint): Promise<void> {
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < inputs.length) {
        const index = next;
        next += 1;
        const given = inputs[index]!;
        // Before it takes a core: whoever lets an input wait would hold that.
        const input = 'bytes' in given ? given.bytes : await this.#bring(serving, index, given.length, given.hash);
        const hash = 'bytes' in given ? await hashOf(input) : given.hash;
        await this.#lanes.run(() => this.#run(serving, module, gas, { bytes: input, hash }, index), serving.stop.signal);
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#limits.cores, inputs.length) }, work));
  }

  async #run(serving: Serving, module: JobModule, gas: bigint, { bytes: input, hash }: { bytes: Bytes; hash: Bytes }, index: number): Promise<void> {
    const { signal } = serving.stop;
    let run: OwnRun | 'stopped' | undefined = 'stopped';
    while (run === 'stopped') {
      await this.#pace.free(signal);
      run = await this.#once(serving, { module, gas, input });
    }
    if (!run || run.done.isKilled) {
      const key = deadlyKey(serving.from, module.frame.module);
      if (!deadly.get(key)) bombs.set(serving.from, (bombs.get(serving.from) ?? 0) + 1);
      deadly.set(key, true);
      throw new Declined(face.REFUSAL.unwilling);
    }
    if (run.trail) this.#trails.keep(`${serving.assignment}:${index}`, { task: { module, gas, input }, trail: run.trail });
    this.#ran(serving, index, taskId(module.frame, gas, { hash, length: input.length }), run);
  }

  /** One run: `stopped` where the page's person comes first; `undefined` where the module could not be compiled in time. */
  #once(serving: Serving, task: Pick<Task, 'module' | 'gas' | 'input'>): Promise<OwnRun | 'stopped' | undefined> {
    const timeoutMs = Math.min(this.#limits.turnMs, this.#limits.watchdogMs(task.gas));
    return this.#stoppable(serving, async (ending) => {
      // What others wait for too goes on where this one gives up.
      const prepare = (end: (prepared: Promise<unknown>) => void): void => {
        const prepared = thePool().prepare(task.module.pool, false, ending, COMPILE_MS);
        const over = (): void => end(prepared);
        prepared.then(over, over);
      };
      try {
        await unlessAborted(ending, prepare, () => undefined);
        return await runTask(task, { signal: ending, timeoutMs });
      } catch (error) {
        serving.stop.signal.throwIfAborted();
        if (error instanceof MeshError && error.code === CODE.notChecked) return undefined;
        if (ending.aborted) return 'stopped';
        throw error;
      }
    });
  }

  #ran(serving: Serving, index: number, task: Bytes, { outcome, done }: OwnRun): void {
    const { output } = done.outcome;
    const isInline = output.length <= INLINE_MAX;
    // The batch's one answer may have no room for a short one either.
    serving.kept.push(index);
    if (output.length > 0) this.#outputs.put(`${serving.assignment}:${index}`, output);
    serving.done += 1;
    this.#say(face.ran(serving.assignment, index, task, outcome, isInline ? output : NO_BYTES));
    this.onRan(serving.from, outcome.gas);
    this.onChange();
  }

  #give({ ticket, assignment, index, offset }: face.Want): void {
    const output = this.#outputs.get(`${assignment}:${index}`);
    const isThere = output !== undefined && offset < output.length;
    this.#say(face.giveOutput(ticket, isThere ? STATUS.ok : STATUS.notFound, isThere ? output.subarray(offset, offset + PIECE_MAX) : NO_BYTES));
  }

  /** Where steps have to be run again they are, unless those of another task are; it is asked again. */
  #giveSteps({ ticket, assignment, index, ask }: face.WantSteps): void {
    const place = `${assignment}:${index}`;
    const said = this.#trails.answer(place, ask);
    if (!('later' in said)) return this.#say(face.giveOutput(ticket, said.status, said.bytes));
    const serving = this.#served.get(assignment);
    if (serving && !this.#isRunningAgain) void this.#runAgain(serving, place, said.later);
    this.#say(face.giveOutput(ticket, serving ? STATUS.tooManyRequests : STATUS.notFound, NO_BYTES));
  }

  async #runAgain(serving: Serving, place: string, wish: StepsWish): Promise<void> {
    const { signal } = serving.stop;
    this.#isRunningAgain = true;
    const timeoutMs = Math.min(this.#limits.turnMs, this.#limits.watchdogMs(this.#limits.gas));
    const run = async (): Promise<void> => {
      await this.#pace.free(signal);
      await this.#stoppable(serving, (ending) => this.#trails.runAgain(place, wish, { signal: ending, timeoutMs }));
    };
    // Where it is stopped, it is tried again when it is asked for again, up to a bound.
    await this.#lanes.run(run, signal).catch(() => undefined);
    this.#isRunningAgain = false;
  }

  /** Work that ends with its batch, and where the page's person comes first. */
  async #stoppable<T>({ stop: { signal } }: Serving, work: (ending: AbortSignal) => Promise<T>): Promise<T> {
    const stop = new AbortController();
    const end = (): void => stop.abort(signal.reason);
    signal.addEventListener('abort', end, { once: true });
    this.#running.add(stop);
    try {
      return await work(stop.signal);
    } finally {
      this.#running.delete(stop);
      signal.removeEventListener('abort', end);
    }
  }

  /** The coordinator may be gone: then nobody waits for it. */
  #say(command: face.Command): void {
    try {
      this.#coordinator.say(command);
    } catch {
      this.#stopAll();
    }
  }
}

const lengthOf = (input: BatchInput): number => ('bytes' in input ? input.bytes.length : input.length);

const deadlyKey = (from: string, module: Bytes): string => `${from}:${hex(module)}`;

/** The longest piece of a task by steps. */
const PIECE_BYTES_MAX = 16 << 20;
