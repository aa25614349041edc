// The requester's half of the coordinator: which job and which batch an event is of.

import { type Bytes, fromHex } from '../bytes.js';
import type { MeshError } from '../errors.js';
import * as STATUS from '../status.js';
import type { Mesh } from '../types.js';
import { Coordinator, type Half } from './coordinator.js';
import * as face from './face.js';
import { Fetching } from './fetching.js';
import { FETCHES_MAX, JOBS_MAX, JOBS_WAITING_MAX, LEARNT_MAX, MODULE_INDEX, PIECE_MAX } from './limits.js';
import { type RecordBook, theBook } from './records.js';
import type { Task } from './runner.js';
import type { ExecutorRecord, JobOptions } from './types.js';
import { WORD, wrong } from './words.js';

/** A batch that an executor has, or is to have. */
export interface Assignment {
  readonly to: Bytes;
  readonly tasks: readonly Task[];
}

/** A job of the coordinator's. */
export interface AskedJob {
  /** It has a place: it may begin, under this number. */
  begun(number: number): void;
  hear(event: Exclude<face.AskEvent, { kind: 'wantInput' | 'fetchedOutput' | 'record' | 'dropped' | 'outcomes' }>): void;
  onOutcomes(assignment: number, batch: Assignment, said: face.Said): void;
  onDropped(batch: Assignment): void;
  end(error: MeshError): void;
}

const requesters = new WeakMap<Mesh, Requester>();

export class Requester implements Half<face.AskEvent> {
  readonly coordinator: Coordinator;
  readonly fetching = new Fetching(FETCHES_MAX);
  readonly #jobs = new Map<number, AskedJob>();
  readonly #waiting: AskedJob[] = [];
  readonly #assignments = new Map<number, Assignment & { readonly job: AskedJob }>();
  readonly #book: RecordBook;
  #last = 0;

  /** The one of a mesh. @throws as {@link Coordinator.of} */
  static async of(mesh: Mesh, module: JobOptions['coordinator']): Promise<Requester> {
    const coordinator = await Coordinator.of(mesh, module);
    const book = await theBook();
    const known = coordinator.asking as Requester | undefined;
    if (known) return known;
    const made = new Requester(coordinator, book);
    coordinator.asking = made;
    requesters.set(mesh, made);
    made.know(book.list());
    return made;
  }

  /** The same, where it was asked for before. */
  static known = (mesh: Mesh): Requester | undefined => requesters.get(mesh);

  /** Takes records that another tab made, of executors of which there is none here. */
  learn(records: readonly ExecutorRecord[]): void {
    const known = new Set(this.#book.list().map(({ executor }) => executor));
    const fresh = records.filter(({ executor }) => !known.has(executor) && fromHex(executor, 32));
    // A checkpoint may be anybody's: what it says spares an executor the first checks, and no more.
    const news = fresh.map(({ executor, confirmed }) => ({ executor, confirmed: Math.min(confirmed, LEARNT_MAX) }));
    this.know(news);
    for (const { executor, confirmed } of news) this.#book.note(fromHex(executor, 32)!, confirmed);
  }

  /** Tells the coordinator of records. */
  know(records: readonly ExecutorRecord[]): void {
    for (const { executor, confirmed } of records) this.coordinator.say(face.know(fromHex(executor, 32)!, confirmed));
  }

  private constructor(coordinator: Coordinator, book: RecordBook) {
    this.coordinator = coordinator;
    this.#book = book;
  }

  /** Begins a job as soon as there is a place for it. @throws MeshError TooManyJobs */
  add(job: AskedJob): void {
    if (this.#waiting.length >= JOBS_WAITING_MAX) throw wrong(WORD.tooManyJobs);
    this.#waiting.push(job);
    this.#serve();
  }

  /** A job has ended, or is not wanted any more. */
  leave(job: AskedJob): void {
    for (const [number, other] of this.#jobs) if (other === job) this.#jobs.delete(number);
    for (const [number, assignment] of this.#assignments) if (assignment.job === job) this.#assignments.delete(number);
    const at = this.#waiting.indexOf(job);
    if (at >= 0) this.#waiting.splice(at, 1);
    this.#serve();
  }

  /** Whether a batch of a job is on its way, or at an executor. */
  isOut(job: AskedJob): boolean {
    return [...this.#assignments.values()].some((assignment) => assignment.job === job);
  }

  /** A batch is on its way. */
  assign(number: number, job: AskedJob, assignment: Assignment): void {
    this.#assignments.set(number, { ...assignment, job });
  }

  hear(event: face.AskEvent): void {
    switch (event.kind) {
      case 'fetchedOutput':
        return this.fetching.came(event.fetch, event.status, event.bytes);
      case 'wantInput':
        return this.#give(event);
      case 'record':
        return this.#book.note(event.executor, event.confirmed);
      case 'dropped':
        return this.#take(event.assignment)((job, batch) => job.onDropped(batch));
      case 'outcomes':
        return this.#take(event.assignment)((job, batch) => job.onOutcomes(event.assignment, batch, event.said));
      case 'refused':
        return this.#refused(event);
      default:
        this.#jobs.get(event.job)?.hear(event);
    }
  }

  end(error: MeshError): void {
    this.fetching.close();
    const jobs = [...this.#jobs.values(), ...this.#waiting.splice(0)];
    this.#jobs.clear();
    for (const job of jobs) job.end(error);
  }

  #serve(): void {
    while (this.#jobs.size < JOBS_MAX && this.#waiting.length > 0) {
      const job = this.#waiting.shift()!;
      do this.#last = (this.#last + 1) >>> 0;
      while (this.#jobs.has(this.#last));
      this.#jobs.set(this.#last, job);
      job.begun(this.#last);
    }
  }

  /** Nothing more comes of a batch. */
  #take(number: number): (tell: (job: AskedJob, batch: Assignment) => void) => void {
    const found = this.#assignments.get(number);
    this.#assignments.delete(number);
    return (tell) => found && tell(found.job, found);
  }

  #refused(event: Extract<face.AskEvent, { kind: 'refused' }>): void {
    if (event.command === face.FETCH || event.command === face.FETCH_LEFT) this.fetching.came(event.of, event.status, new Uint8Array(0));
    // Others name a batch or a question, which nobody wants any more.
    if (event.command <= LAST_OF_JOBS) this.#jobs.get(event.of)?.hear(event);
  }

  /** Gives an executor a piece of what its batch names. */
  #give({ ticket, assignment, index, offset }: face.Want): void {
    const batch = this.#assignments.get(assignment);
    const task = batch?.tasks[index === MODULE_INDEX ? 0 : index];
    const bytes = index === MODULE_INDEX ? task?.module.pool.bytes : task?.input;
    const isThere = bytes !== undefined && offset < bytes.length;
    const piece = isThere ? bytes.subarray(offset, offset + PIECE_MAX) : new Uint8Array(0);
    this.coordinator.say(face.giveInput(ticket, isThere ? STATUS.ok : STATUS.notFound, piece));
  }
}

/** Commands up to this are refused by the number of their job; those that fetch, by their own. */
const LAST_OF_JOBS = 6;
