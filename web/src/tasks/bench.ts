import { signal } from '@preact/signals';
import type { TaskCheck, TaskProgress, TaskResult, checkTask, runTask } from 'tabmesh';
import { cleanName } from '../link.ts';
import { type Shown, shownOf } from '../preview.ts';
import { type Trouble, isCancel, troubleOf } from '../words.ts';
import type { Example } from './examples.ts';

/** The package's two functions for tasks. */
export interface Executor {
  readonly checkTask: typeof checkTask;
  readonly runTask: typeof runTask;
}

/** A module or an input, with the name under which it came. */
export interface Part {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What is known of the module. */
export interface Chosen extends Part {
  /** `null` while it is being checked. */
  readonly check: TaskCheck | null;
}

/** A run, under way or ended. */
export type Run =
  | { readonly step: 'under way'; readonly progress: TaskProgress }
  | { readonly step: 'ended'; readonly result: TaskResult; readonly tookMs: number; readonly shown: Shown }
  | { readonly step: 'failed'; readonly trouble: Trouble };

/** Gas that the page gives a task unless somebody says otherwise. */
export const GAS = 10_000_000_000n;

/** Gas that may be given at most. */
const GAS_MAX = 1n << 62n;

/** A module, an input, some gas, and what comes of them. */
export class Bench {
  readonly module = signal<Chosen | null>(null);
  readonly input = signal<Part>({ name: 'nothing', bytes: new Uint8Array() });
  readonly gas = signal(String(GAS));
  readonly run = signal<Run | null>(null);
  /** What was wrong with what was last dropped or typed. */
  readonly trouble = signal<Trouble | null>(null);
  readonly #executor: Executor;
  #running: AbortController | null = null;
  #checking: AbortController | null = null;
  #kind = '';

  constructor(executor: Executor) {
    this.#executor = executor;
  }

  /** Takes files: those that begin as a Wasm module does are modules, others inputs. `refused` says what else was not taken. */
  async take(files: readonly File[], refused = ''): Promise<void> {
    this.trouble.value = refused ? { what: refused, wayOut: '' } : null;
    for (const file of files) {
      try {
        const part = { name: cleanName(file.name), bytes: new Uint8Array(await file.arrayBuffer()) };
        if (isModule(part.bytes)) await this.#choose(part, '');
        else if (file.name.endsWith('.wasm')) throw new Error(`The file ${part.name} is no Wasm module, to judge by its first bytes`);
        else this.#give(part);
      } catch (error) {
        this.trouble.value = troubleOf(error, 'Choose another file.');
      }
    }
  }

  /** Takes text as the input. */
  write(text: string): void {
    this.#give({ name: text === '' ? 'nothing' : 'text', bytes: new TextEncoder().encode(text) });
  }

  /** Fetches an example and runs it. */
  async show(example: Example): Promise<void> {
    this.trouble.value = null;
    try {
      const answer = await fetch(example.module);
      if (!answer.ok) throw new Error(`The example was not found (${answer.status})`);
      const bytes = new Uint8Array(await answer.arrayBuffer());
      this.write(example.input);
      await this.#choose({ name: `${example.name.toLowerCase()}.wasm`, bytes }, example.kind);
      await this.start();
    } catch (error) {
      this.trouble.value = troubleOf(error, 'Load the page again.');
    }
  }

  /** Runs the module over the input. A run under way is cancelled. */
  async start(): Promise<void> {
    const module = this.module.value;
    const gas = this.#readGas();
    if (!module || gas === null) return;
    this.cancel();
    const running = new AbortController();
    this.#running = running;
    this.run.value = { step: 'under way', progress: { stage: 'metering' } };
    const show = (run: Run | null): void => {
      if (this.#running === running) this.run.value = run;
    };
    const began = performance.now();
    try {
      const onProgress = (progress: TaskProgress): void => show({ step: 'under way', progress });
      const options = { gas, signal: running.signal, timeoutMs: Infinity, onProgress };
      const result = await this.#executor.runTask(module.bytes, this.input.value.bytes, options);
      const tookMs = performance.now() - began;
      const shown = await shownOf(this.#outputName(module.name), new Blob([result.output]));
      show({ step: 'ended', result, tookMs, shown });
    } catch (error) {
      show(isCancel(error) ? null : { step: 'failed', trouble: troubleOf(error) });
    }
  }

  /** Ends the run that is under way. */
  cancel(): void {
    this.#running?.abort();
    this.#running = null;
    if (this.run.value?.step === 'under way') this.run.value = null;
  }

  #give(input: Part): void {
    this.input.value = input;
    this.#stale();
  }

  async #choose(part: Part, kind: string): Promise<void> {
    this.#stale();
    this.#checking?.abort();
    const checking = new AbortController();
    this.#checking = checking;
    this.#kind = kind;
    this.module.value = { ...part, check: null };
    try {
      const check = await this.#executor.checkTask(part.bytes, { signal: checking.signal });
      if (this.#checking === checking) this.module.value = { ...part, check };
    } catch (error) {
      if (!isCancel(error)) throw error;
    }
  }

  /** What was computed from something else is put away. */
  #stale(): void {
    this.cancel();
    this.run.value = null;
  }

  #readGas(): bigint | null {
    const text = this.gas.value.replace(/[\s,_']/g, '');
    const gas = /^\d{1,19}$/.test(text) ? BigInt(text) : null;
    const isGood = gas !== null && gas <= GAS_MAX;
    this.trouble.value = isGood ? null : { what: 'Gas is a whole number.', wayOut: `Up to ${GAS_MAX} are possible.` };
    return isGood ? gas : null;
  }

  #outputName(module: string): string {
    const stem = module.replace(/\.wasm$/, '');
    return this.#kind ? `${stem}.${this.#kind}` : `${stem}-output`;
  }
}

function isModule(bytes: Uint8Array): boolean {
  return [0, 0x61, 0x73, 0x6d].every((byte, place) => bytes[place] === byte);
}
