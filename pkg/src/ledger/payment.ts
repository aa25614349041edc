// A transfer on its way.

import type { Bytes } from '../bytes.js';
import { need, needSignal, needTimeout } from '../check.js';
import type { MeshError } from '../errors.js';
import type { Finality, Step, Transfer, TransferError, Transferred, UntilOptions } from './types.js';
import { WORD, wrong } from './words.js';

const ORDER: readonly Finality[] = ['tentative', 'certified', 'settled', 'final'];

const rankOf = (finality: Finality): number => ORDER.indexOf(finality);

export class Payment implements Transfer {
  id: string | undefined;
  readonly to: string;
  readonly amount: bigint;
  readonly fee: bigint;
  readonly steps: Step[] = [];
  /** The operation, once it is made. */
  operation: Bytes | undefined;
  error: TransferError | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #since = performance.now();
  #waiting: (() => void)[] = [];

  /** @param signal who waits gives up when it aborts */
  constructor(to: string, amount: bigint, fee: bigint, signal?: AbortSignal) {
    this.#signal = signal;
    this.to = to;
    this.amount = amount;
    this.fee = fee;
  }

  get isOver(): boolean {
    return this.error !== undefined || this.#has('final');
  }

  /** It came so far. What it had come to before, or beyond, says nothing new. */
  reach(finality: Finality): void {
    if (this.isOver || this.#has(finality)) return;
    this.steps.push({ finality, ms: Math.round(performance.now() - this.#since) });
    this.#tell();
  }

  /** It ends. `isFinal`: it will never be done. */
  fail(error: MeshError, isFinal: boolean): void {
    if (this.isOver) return;
    this.error = Object.assign(error, { isFinal });
    this.#tell();
  }

  then<A = Transferred, B = never>(onDone?: ((done: Transferred) => A | PromiseLike<A>) | null, onFailed?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<A | B> {
    return this.until('settled').then(onDone, onFailed);
  }

  async until(finality: Finality, { timeoutMs, signal }: UntilOptions = {}): Promise<Transferred> {
    need(ORDER.includes(finality), `finality is ${ORDER.join(', ')}`);
    if (timeoutMs !== undefined) needTimeout(timeoutMs);
    needSignal(signal);
    const signals = [this.#signal, signal];
    const late = timeoutMs === undefined ? undefined : this.#lateAfter(timeoutMs);
    try {
      for (;;) {
        for (const each of signals) each?.throwIfAborted();
        const step = this.#at(finality);
        if (step) return { ...step, id: this.id! };
        if (this.error) throw this.error;
        if (late?.isOver) throw wrong(WORD.notYet, this.steps.at(-1)?.finality);
        await this.#change(signals);
      }
    } finally {
      late?.end();
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Step, void, void> {
    for (let at = 0; ; at += 1) {
      while (at >= this.steps.length && !this.isOver) {
        this.#signal?.throwIfAborted();
        await this.#change([this.#signal]);
      }
      const step = this.steps[at];
      if (step) yield step;
      else if (this.error) throw this.error;
      else return;
    }
  }

  #has(finality: Finality): boolean {
    return this.#at(finality) !== undefined;
  }

  /** The first step that is as sure as this one. */
  #at(finality: Finality): Step | undefined {
    return this.steps.find((step) => rankOf(step.finality) >= rankOf(finality));
  }

  #lateAfter(ms: number): { isOver: boolean; end(): void } {
    const timer = setTimeout(() => {
      late.isOver = true;
      this.#tell();
    }, ms);
    const late = { isOver: false, end: (): void => clearTimeout(timer) };
    return late;
  }

  /** Something is new, or one of the signals aborts. */
  #change(signals: readonly (AbortSignal | undefined)[]): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        for (const signal of signals) signal?.removeEventListener('abort', go);
        resolve();
      };
      for (const signal of signals) signal?.addEventListener('abort', go, { once: true });
      this.#waiting.push(go);
    });
  }

  #tell(): void {
    for (const go of this.#waiting.splice(0)) go();
  }
}

