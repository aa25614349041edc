// A Worker that stays: it runs one task after another, until it is ended.

import { type TaskWorker, startWorker } from './host.js';
import { TIMEOUT_MAX_MS } from './limits.js';
import { type Answer, type HandAsk, KEPT_A_WORKER } from './messages.js';
import type { Prepared } from './prepared.js';
import { Recent } from './recent.js';

/** How an ask ended: by the last answer, by the watchdog, or because its owner ended the Worker. */
export type HandEnding = Extract<Answer, { kind: 'ran' | 'done' | 'failed' }> | { readonly kind: 'late' } | { readonly kind: 'ended' };

export class Hand {
  /** It was ended, or failed: it takes nothing more. */
  isOver = false;
  /** It has answered something: one that never did could not start. */
  hasAnswered = false;
  readonly #worker: TaskWorker;
  /** The names of modules that it keeps. */
  readonly #kept = new Recent<true>(KEPT_A_WORKER);
  #resolve: ((ending: HandEnding) => void) | undefined;
  #onPrepared: (prepared: Prepared) => void = () => undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;

  /** @throws MeshError NoWorker */
  constructor() {
    this.#worker = startWorker({
      onMessage: (message) => this.#onAnswer(message as Answer),
      onFailed: (detail) => this.#end({ kind: 'failed', detail }, true),
    });
  }

  /** Has its code loaded, and Wasm ready, before there is something to do. */
  warm(): void {
    const nothing: HandAsk = {};
    this.#worker.post(nothing, []);
  }

  /** Whether it keeps a module of this name. */
  has(name: string): boolean {
    return this.#kept.get(name) !== undefined;
  }

  /** Has it do one thing; the thing before must have ended. It is over where that ends late. */
  ask(ask: HandAsk, transfer: Transferable[], timeoutMs: number, onPrepared?: (prepared: Prepared) => void): Promise<HandEnding> {
    if (this.isOver) return Promise.resolve({ kind: 'ended' });
    if (ask.name && typeof ask.source === 'object') this.#kept.set(ask.name, true);
    this.#onPrepared = onPrepared ?? (() => undefined);
    if (timeoutMs <= TIMEOUT_MAX_MS) this.#watchdog = setTimeout(() => this.#end({ kind: 'late' }, true), timeoutMs);
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#worker.post(ask, transfer);
    });
  }

  /** Ends it, whatever it does. */
  end(): void {
    this.#end({ kind: 'ended' }, true);
  }

  #onAnswer(answer: Answer): void {
    this.hasAnswered = true;
    if (answer.kind === 'prepared') this.#onPrepared(answer.prepared);
    else if (answer.kind === 'ran' || answer.kind === 'done' || answer.kind === 'failed') this.#end(answer, false);
  }

  #end(ending: HandEnding, isForGood: boolean): void {
    clearTimeout(this.#watchdog);
    if (isForGood && !this.isOver) {
      this.isOver = true;
      // It may take long to go where it is stopped at work: nobody waits for that.
      void this.#worker.end();
    }
    const resolve = this.#resolve;
    this.#resolve = undefined;
    resolve?.(ending);
  }
}
