import { batch, signal } from '@preact/signals';
import type { Job, JobOptions, JobState, Progress, Quote, Result } from 'tabmesh/job';
import type { Mesh } from 'tabmesh';
import { type Trouble, isCancel, troubleOf } from '../words.ts';
import { type Kept, keptLink } from './kept.ts';
import type { Example, Saved, Work } from './work.ts';
import { Results } from './works/own.tsx';
import { zipOf } from './zip.ts';

/** The package's functions for jobs; loaded when they are first needed. */
export interface Jobs {
  map(mesh: Mesh, module: Uint8Array<ArrayBuffer>, inputs: Work['inputs'], options: JobOptions): Job;
  resume(mesh: Mesh, name: string, options: { signal: AbortSignal }): Promise<{ job: Job }>;
  quote(mesh: Mesh, module: Uint8Array<ArrayBuffer>, inputs: Work['inputs'], options: JobOptions): Promise<Quote>;
}

/** Where a page gets the mesh from. */
export interface Joined {
  joined(signal: AbortSignal): Promise<Mesh>;
}

/** How far the page is with some work. */
export type Step = 'none' | 'preparing' | 'ready' | 'under way' | 'ended';

/** What one executor was given, and did. */
export interface Share {
  readonly id: string | null;
  /** Parts that it was given, and answers of it that count. */
  readonly given: number;
  readonly done: number;
  readonly isLiar: boolean;
}

/** Tasks that are run here to estimate what all cost. */
const SAMPLE = 3;

/** Work of one person: prepared, estimated, shared out, checked, saved. */
export class Asking {
  readonly step = signal<Step>('none');
  readonly work = signal<Work | null>(null);
  readonly quote = signal<Quote | null>(null);
  readonly state = signal<JobState | null>(null);
  /** Why it does not go on, in words. */
  readonly hint = signal('');
  readonly progress = signal<Progress | null>(null);
  readonly shares = signal<readonly Share[]>([]);
  readonly root = signal('');
  /** Names the job for another tab, and for later. */
  readonly checkpoint = signal('');
  readonly failed = signal<readonly { readonly index: number; readonly why: string }[]>([]);
  readonly trouble = signal<Trouble | null>(null);
  readonly validation = signal<NonNullable<JobOptions['validation']>>(2);
  readonly isLocal = signal(false);
  readonly #jobs: () => Promise<Jobs>;
  readonly #session: Joined;
  #attempt = new AbortController();
  #job: Job | null = null;
  #results: Result[] = [];
  #origin: Omit<Kept, 'name'> | null = null;

  constructor(jobs: () => Promise<Jobs>, session: Joined) {
    this.#jobs = jobs;
    this.#session = session;
  }

  /** Makes the parts of some work, and runs some here to say what all will cost. Ends what was before. */
  async prepare(example: Example, values: Readonly<Record<string, string>>, files: readonly File[]): Promise<void> {
    const { signal } = this.#begin();
    this.#origin = { example, values };
    try {
      const work = await example.begin(values, files);
      signal.throwIfAborted();
      this.work.value = work;
      const [jobs, mesh] = await Promise.all([this.#jobs(), this.#session.joined(signal)]);
      // Of a part that gives no answer the others may be worth their while all the same: a person decides.
      const tell = (error: unknown): null => {
        if (Object(error).name !== 'TaskFailed') throw error;
        if (!signal.aborted) this.trouble.value = troubleOf(error);
        return null;
      };
      const quote = await jobs.quote(mesh, work.module, sampleOf(work.inputs), { gas: work.gas, signal }).catch(tell);
      if (!signal.aborted) batch(() => ([this.quote.value, this.step.value] = [quote, 'ready']));
    } catch (error) {
      this.#fail(error, signal);
    }
  }

  /** Shares the work out. */
  async start(): Promise<void> {
    const [work, { signal }] = [this.work.value, this.#attempt];
    if (!work || this.step.value !== 'ready') return;
    // What a part that was tried here met is told again where it matters.
    this.trouble.value = null;
    await this.#see(work, signal, async () => {
      const [jobs, mesh] = await Promise.all([this.#jobs(), this.#session.joined(signal)]);
      const where = this.isLocal.value ? 'local' : 'mesh';
      const expectedMs = Math.ceil(this.quote.value?.msATask ?? 0);
      return { job: jobs.map(mesh, work.module, work.inputs, { gas: work.gas, validation: this.validation.value, where, expectedMs, signal }) };
    });
  }

  /** Goes on with work that was kept, here or in another tab. */
  async goOn({ name, example, values }: Kept): Promise<void> {
    const { signal } = this.#begin();
    this.#origin = { example, values };
    // What was made of files cannot be made again without them: then the bare results are shown.
    const made = example && !example.files ? example.begin(values, []) : new Results();
    try {
      const work = await made;
      this.work.value = work;
      await this.#see(work, signal, async () => {
        const [jobs, mesh] = await Promise.all([this.#jobs(), this.#session.joined(signal)]);
        return jobs.resume(mesh, name, { signal });
      });
    } catch (error) {
      this.#fail(error, signal);
    }
  }

  /** A job from its beginning to its end. It comes within an object: whoever awaits a job awaits all of its outputs. */
  async #see(work: Work, signal: AbortSignal, begin: () => Promise<{ readonly job: Job }>): Promise<void> {
    this.step.value = 'under way';
    try {
      const { job } = await begin();
      this.#job = job;
      this.#follow(job, signal);
      for await (const result of job.results({ ordered: false })) this.#take(work, result);
      signal.throwIfAborted();
      const root = await job.root();
      batch(() => ([this.progress.value, this.root.value, this.step.value] = [job.progress, root, 'ended']));
    } catch (error) {
      this.#fail(error, signal);
    }
  }

  pause(): void {
    if (this.state.value === 'paused') this.#job?.resume();
    else this.#job?.pause();
  }

  /** Keeps what there is, sealed, in the network. */
  async keep(): Promise<void> {
    try {
      const name = await this.#job?.checkpoint();
      this.checkpoint.value = name && this.#origin ? keptLink({ name, ...this.#origin }) : '';
    } catch (error) {
      this.trouble.value = troubleOf(error);
    }
  }

  /** Ends it; what has come stays. */
  async cancel(): Promise<void> {
    const job = this.#job;
    this.#attempt.abort();
    await job?.cancel();
    if (job && job === this.#job) batch(() => ([this.progress.value, this.step.value] = [job.progress, 'ended']));
    else if (this.step.value !== 'ended') this.step.value = 'none';
  }

  /** The receipts of what others computed, for `tabmesh job verify`. */
  async receipts(): Promise<Saved> {
    const files = this.#results.flatMap(({ index, receipt }) => (receipt ? [{ name: `part-${index + 1}.receipt`, receipt }] : []));
    return zipOf('receipts.zip', await Promise.all(files.map(async ({ name, receipt }) => ({ name, blob: new Blob([await receipt()]) }))));
  }

  #begin(): AbortController {
    this.#attempt.abort();
    this.#attempt = new AbortController();
    this.#job = null;
    this.#results = [];
    batch(() => {
      this.step.value = 'preparing';
      [this.work.value, this.quote.value, this.state.value, this.progress.value, this.trouble.value] = [null, null, null, null, null];
      [this.shares.value, this.failed.value] = [[], []];
      [this.hint.value, this.root.value, this.checkpoint.value] = ['', '', ''];
    });
    return this.#attempt;
  }

  #follow(job: Job, signal: AbortSignal): void {
    const off = [
      job.on('state', (state, hint) => batch(() => ([this.state.value, this.hint.value] = [state, hint ?? '']))),
      job.on('progress', (progress) => (this.progress.value = progress)),
      job.on('assigned', ({ executor, indices }) => this.#change(executor, (share) => ({ ...share, given: share.given + indices.length }))),
      job.on('dispute', ({ liar }) => this.#change(liar, (share) => ({ ...share, isLiar: true }))),
    ];
    signal.addEventListener('abort', () => off.forEach((unsubscribe) => unsubscribe()));
  }

  #take(work: Work, result: Result): void {
    this.#results.push(result);
    if (result.status !== 'OK') this.#explain(result);
    work.take(result);
    this.#change(result.executor, (share) => ({ ...share, done: share.done + 1 }));
  }

  #explain(result: Result): void {
    const tell = (log: string): void => {
      const why = [result.failed ?? result.status, log.trim()].filter(Boolean).join(': ');
      this.failed.value = [...this.failed.value, { index: result.index, why }];
    };
    result.log().then(tell, () => tell(''));
  }

  #change(id: string | null, change: (share: Share) => Share): void {
    const before = this.shares.value;
    const at = before.findIndex((share) => share.id === id);
    if (at < 0) this.shares.value = [...before, change({ id, given: 0, done: 0, isLiar: false })];
    else this.shares.value = before.map((share, place) => (place === at ? change(share) : share));
  }

  #fail(error: unknown, signal: AbortSignal): void {
    if (signal.aborted || isCancel(error)) return;
    batch(() => {
      this.trouble.value = troubleOf(error, 'Change what was given, and try again.');
      this.step.value = 'none';
    });
  }
}

/** Some inputs from all over: the first ones may be the easiest. */
function sampleOf(inputs: Work['inputs']): Work['inputs'] {
  const count = Math.min(SAMPLE, inputs.length);
  return Array.from({ length: count }, (_, at) => inputs[Math.floor(((at + 0.5) * inputs.length) / count)]!);
}
