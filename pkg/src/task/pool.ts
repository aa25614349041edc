// Workers that stay, one for each core: what runs many tasks gives each an instance of its own, but no Worker of its own.

import type { Bytes } from '../bytes.js';
import * as CODE from '../codes.js';
import { MeshError } from '../errors.js';
import { type Runnable, isFit } from './execute.js';
import { Hand, type HandEnding } from './hand.js';
import { loadMeter, workersAtOnce } from './host.js';
import { KeptModules } from './kept.js';
import { WAITING_MAX } from './limits.js';
import type { Invocation, Outcome } from './outcome.js';
import type { Prepared } from './prepared.js';
import { notRun } from './session.js';

/** Metering and compiling take no longer, in milliseconds. */
const PREPARE_MS = 60_000;

/** Workers that have had nothing to do for so long end, unless somebody keeps them. */
const IDLE_MS = 2_000;

/** A module of at most 4 MiB, by what names it with its pages. */
export interface PoolModule {
  readonly bytes: Bytes;
  readonly pages: number;
  /** As `keyOf` of kept.ts gives it. */
  readonly name: string;
}

export interface Order {
  readonly module: PoolModule;
  readonly invocation: Invocation;
  /** The watchdog of the run, in milliseconds; waiting for a Worker does not count. */
  readonly timeoutMs: number;
  /** Ends the run, and its Worker. */
  readonly signal?: AbortSignal | undefined;
  /** Is run before what waits and is not. */
  readonly isFirst?: boolean;
}

/** What came of an order. */
export interface Done {
  readonly outcome: Outcome;
  readonly prepared: Prepared;
  /** The Worker had to be ended, or failed. */
  readonly isKilled: boolean;
  /** How long it ran, in milliseconds. */
  readonly ms: number;
}

/** Somebody who waits for a Worker. */
interface Waiting {
  readonly isFirst: boolean;
  readonly take: (hand: Hand) => void;
  readonly fail: (error: unknown) => void;
}

export class Pool {
  /** How many tasks run at once. */
  #size = workersAtOnce();
  readonly #hands = new Set<Hand>();
  /** Those that somebody has. */
  readonly #given = new Set<Hand>();
  /** One that is warm, in place of the next that has to be ended. */
  #spare: Hand | undefined;
  #waiting: Waiting[] = [];
  readonly #kept = new KeptModules();
  readonly #preparing = new Map<string, Promise<Prepared>>();
  #keepers = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;

  get size(): number {
    return this.#size;
  }

  /** Runs so many tasks at once at least, from now on. */
  grow(size: number): void {
    this.#size = Math.max(this.#size, size);
    this.#serve();
  }

  /** Workers stay until what this gives is called, though they have nothing to do. */
  keep(): () => void {
    this.#keepers += 1;
    clearTimeout(this.#idle);
    return () => {
      this.#keepers -= 1;
      this.#rest();
    };
  }

  /**
   * The module metered and compiled, or why it is refused.
   *
   * @throws MeshError NoWorker, NoMeter, NotChecked or TooManyTasks; the reason of `signal` when it aborts
   */
  prepare(module: PoolModule, isFirst = true, signal?: AbortSignal, timeoutMs = PREPARE_MS): Promise<Prepared> {
    const kept = this.#kept.get(module.name);
    if (kept) return Promise.resolve(kept);
    const known = this.#preparing.get(module.name);
    // Whoever began may have given up.
    if (known) return known.catch((error) => (error instanceof MeshError ? Promise.reject(error) : this.prepare(module, isFirst, signal, timeoutMs)));
    const preparing = this.#prepare(module, isFirst, signal, timeoutMs).finally(() => this.#preparing.delete(module.name));
    this.#preparing.set(module.name, preparing);
    return preparing;
  }

  /**
   * Runs a task. Whatever the module does ends in an outcome.
   *
   * @throws as {@link prepare}; the reason of `signal` when it aborts
   */
  async run({ module, invocation, timeoutMs, signal, isFirst = false }: Order): Promise<Done> {
    signal?.throwIfAborted();
    const prepared = await this.prepare(module, isFirst, signal);
    signal?.throwIfAborted();
    if (!isFit(prepared, invocation)) {
      return { outcome: notRun(prepared, { kind: 'done' }, invocation.gas), prepared, isKilled: false, ms: 0 };
    }
    const hand = await this.#hand(isFirst, signal);
    const stop = (): void => hand.end();
    signal?.addEventListener('abort', stop, { once: true });
    // It may have been given while the signal aborted.
    if (signal?.aborted) stop();
    const start = performance.now();
    const own = { ...invocation, input: new Uint8Array(invocation.input) };
    const source = hand.has(module.name) ? module.name : runnableOf(prepared);
    const ending = await hand.ask({ source, name: module.name, invocation: own }, [own.input.buffer], timeoutMs);
    const ms = performance.now() - start;
    signal?.removeEventListener('abort', stop);
    const done = doneOf(ending, prepared, invocation.gas, hand.isOver, ms);
    // What this host has not got any more a new Worker may have.
    if (done.outcome.status === 'ABORT') hand.end();
    this.#release(hand);
    signal?.throwIfAborted();
    return done;
  }

  async #prepare({ bytes, pages, name }: PoolModule, isFirst: boolean, signal: AbortSignal | undefined, timeoutMs: number): Promise<Prepared> {
    const meter = await loadMeter();
    signal?.throwIfAborted();
    const hand = await this.#hand(isFirst, signal);
    const stop = (): void => hand.end();
    signal?.addEventListener('abort', stop, { once: true });
    let prepared: Prepared | undefined;
    const ending = await hand.ask({ source: { bytes, pages, meter } }, [], timeoutMs, (news) => (prepared = news));
    signal?.removeEventListener('abort', stop);
    this.#release(hand);
    if (ending.kind === 'ended') signal?.throwIfAborted();
    const detail = ending.kind === 'failed' ? ending.detail : 'it took too long';
    if (!prepared) throw new MeshError(hand.hasAnswered || ending.kind === 'late' ? CODE.notChecked : CODE.noWorker, detail);
    this.#kept.keep(name, prepared);
    return prepared;
  }

  /** A Worker that has nothing to do, once there is one. */
  #hand(isFirst: boolean, signal: AbortSignal | undefined): Promise<Hand> {
    clearTimeout(this.#idle);
    if (this.#waiting.length >= WAITING_MAX) throw new MeshError(CODE.tooManyTasks);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting = this.#waiting.filter((one) => one !== waiting);
        reject(signal?.reason as Error);
      };
      const waiting: Waiting = {
        isFirst,
        take: (hand) => {
          signal?.removeEventListener('abort', leave);
          resolve(hand);
        },
        fail: reject,
      };
      signal?.addEventListener('abort', leave, { once: true });
      const before = isFirst ? this.#waiting.findIndex((one) => !one.isFirst) : -1;
      this.#waiting.splice(before < 0 ? this.#waiting.length : before, 0, waiting);
      this.#serve();
    });
  }

  /** Gives Workers to those that wait. */
  #serve(): void {
    while (this.#waiting.length > 0) {
      let hand = [...this.#hands].find((one) => !this.#given.has(one));
      if (!hand && this.#hands.size >= this.#size) return;
      const next = this.#waiting.shift()!;
      try {
        hand ??= this.#fresh();
      } catch (error) {
        next.fail(error);
        continue;
      }
      this.#given.add(hand);
      next.take(hand);
    }
  }

  #fresh(): Hand {
    const hand = this.#spare && !this.#spare.isOver ? this.#spare : new Hand();
    this.#spare = undefined;
    this.#hands.add(hand);
    return hand;
  }

  #release(hand: Hand): void {
    this.#given.delete(hand);
    if (hand.isOver || this.#hands.size > this.#size) {
      this.#hands.delete(hand);
      hand.end();
    }
    this.#serve();
    this.#rest();
  }

  /** Has a Worker ready in place of one that will have to be ended; those that have nothing to do end in a while. */
  #rest(): void {
    const isIdle = this.#given.size === 0 && this.#waiting.length === 0;
    if (this.#keepers > 0 && (!this.#spare || this.#spare.isOver)) {
      this.#spare = this.#warm();
    }
    clearTimeout(this.#idle);
    if (isIdle && this.#keepers === 0) this.#idle = setTimeout(() => this.#endAll(), IDLE_MS);
  }

  #warm(): Hand | undefined {
    try {
      const hand = new Hand();
      hand.warm();
      return hand;
    } catch {
      return undefined;
    }
  }

  #endAll(): void {
    for (const hand of this.#hands) hand.end();
    this.#hands.clear();
    this.#spare?.end();
    this.#spare = undefined;
  }
}

function doneOf(ending: HandEnding, prepared: Prepared, gas: bigint, isKilled: boolean, ms: number): Done {
  if (ending.kind === 'ran') return { outcome: ending.outcome, prepared, isKilled, ms };
  const outcome = notRun(prepared, ending.kind === 'late' ? ending : { kind: 'failed', detail: '' }, gas);
  return { outcome, prepared, isKilled, ms };
}

/** What a Worker needs of a module: not the names of its imports and exports. */
function runnableOf({ module, interface: kind, bytes, lacks, lacksForSteps }: Prepared): Runnable {
  return { ...(module && { module }), interface: kind, bytes, lacks, lacksForSteps };
}

let pool: Pool | undefined;

/** The one of this page. */
export const thePool = (): Pool => (pool ??= new Pool());
