// What the application asked the engine for and has no answer to yet.

import { type Bytes, hex, pieces } from './bytes.js';
import { CODE, MeshError, STATUS, errorOf } from './errors.js';
import { INPUT } from './kinds.js';
import { MESSAGE_MAX } from './limits.js';

/** How often a request is sent that failed for a reason that passes. */
const TRIES_MAX = 5;

/** The first wait before it is sent again; every further one is twice as long. */
const WAIT_MS = 250;

/** Reasons that pass. */
const PASSING: readonly number[] = [STATUS.tooManyRequests, STATUS.unavailable, STATUS.timedOut];

interface Ended {
  readonly status: number;
  readonly holders: number;
  readonly ids: string[];
}

interface Waiting {
  ids: string[];
  readonly end: (ended: Ended) => void;
}

/** What an operation may be told. */
export interface Options {
  readonly signal?: AbortSignal | undefined;
}

export class Operations {
  /** Copies the bytes if it keeps them. */
  readonly #input: (kind: number, op: number, bytes?: Uint8Array) => void;
  readonly #waiting = new Map<number, Waiting>();
  /** Where a message is put behind its receiver's id; {@link #input} is done with it when it returns. */
  readonly #scratch = new Uint8Array(32 + MESSAGE_MAX);
  readonly #closed = new AbortController();
  #last = 0;

  constructor(input: (kind: number, op: number, bytes?: Uint8Array) => void) {
    this.#input = input;
  }

  /** The engine named the nodes that a search found. */
  onFound(op: number, ids: Uint8Array): void {
    const waiting = this.#waiting.get(op);
    if (waiting) waiting.ids = pieces(ids, 32).map(hex);
  }

  /** The engine ended an operation. */
  onDone(op: number, status: number, holders: number): void {
    const waiting = this.#waiting.get(op);
    this.#waiting.delete(op);
    waiting?.end({ status, holders, ids: waiting.ids });
  }

  /** Everything under way fails with Closed, and so does whatever comes. */
  close(): void {
    this.#closed.abort(new MeshError(CODE.closed));
  }

  /** Puts a block that is in the store; how many nodes hold it. It may be fewer than wanted. */
  async put(hash: Bytes, options: Options): Promise<number> {
    const { status, holders } = await this.#retried(INPUT.put, hash, options);
    if (status === STATUS.ok || (status === STATUS.partial && holders > 0)) return holders;
    throw status === STATUS.partial ? new MeshError(CODE.notReplicated) : errorOf(status);
  }

  /** Fetches a block into the store. */
  async get(hash: Bytes, options: Options): Promise<void> {
    const { status } = await this.#retried(INPUT.get, hash, options);
    if (status !== STATUS.ok) throw errorOf(status);
  }

  /** The nodes nearest to an id, nearest first. */
  async find(target: Bytes, options: Options): Promise<string[]> {
    const { status, ids } = await this.#retried(INPUT.find, target, options);
    if (status !== STATUS.ok && status !== STATUS.partial) throw errorOf(status);
    return ids;
  }

  /** Sends a message of at most {@link MESSAGE_MAX} bytes, once: it never arrives twice by our doing. */
  async send(to: Bytes, bytes: Uint8Array, options: Options): Promise<void> {
    this.#scratch.set(to);
    this.#scratch.set(bytes, to.length);
    const { status } = await this.#once(INPUT.send, this.#scratch.subarray(0, to.length + bytes.length), options);
    if (status !== STATUS.ok) throw errorOf(status);
  }

  async #retried(kind: number, bytes: Bytes, options: Options): Promise<Ended> {
    for (let tries = 1, wait = WAIT_MS; ; tries += 1, wait *= 2) {
      const ended = await this.#once(kind, bytes, options);
      const isPassing = PASSING.includes(ended.status) || (ended.status === STATUS.partial && ended.holders === 0);
      if (!isPassing || tries === TRIES_MAX) return ended;
      await pause(wait * (0.75 + Math.random() / 2), this.#either(options));
    }
  }

  #once(kind: number, bytes: Uint8Array, options: Options): Promise<Ended> {
    const signal = this.#either(options);
    signal.throwIfAborted();
    this.#last = (this.#last + 1) >>> 0;
    const op = this.#last;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.delete(op);
        this.#input(INPUT.cancel, op);
        reject(signal.reason as Error);
      };
      const end = (ended: Ended): void => {
        signal.removeEventListener('abort', onAbort);
        resolve(ended);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.set(op, { ids: [], end });
      this.#input(kind, op, bytes);
    });
  }

  #either({ signal }: Options): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closed.signal]) : this.#closed.signal;
  }
}

/** Waits; rejects with the signal's reason when it aborts first. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
