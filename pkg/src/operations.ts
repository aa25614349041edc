// What the application asked the engine for and has no answer to yet.

import { type Bytes, NO_BYTES, concat, hex, keyOf, pieces, textOf, u32 } from './bytes.js';
import * as CODE from './codes.js';
import { need, needNone } from './check.js';
import { MeshError, type Operation, errorOf } from './errors.js';
import * as INPUT from './kinds/input.js';
import { WITHIN_MS_MAX } from './limits.js';
import { Queue } from './queue.js';
import * as STATUS from './status.js';
import type { Answer } from './types.js';
import { pause, unlessAborted } from './wait.js';

/** How often a request is sent that failed for a reason that passes. */
const TRIES_MAX = 5;

/** The first wait before it is sent again; every further one is twice as long. */
const WAIT_MS = 250;

/** No wait is longer. */
const WAIT_MAX_MS = 4000;

/** Reasons that pass. */
const PASSING: readonly number[] = [STATUS.tooManyRequests, STATUS.unavailable, STATUS.timedOut];

/** Messages to one receiver that the engine has at once, and as many questions; and of all together. */
const SENDS_MAX = 12;
const ASKS_MAX = 24;

/** Messages to one receiver that wait for their turn; a further one fails with TooManyRequests. */
const SENDS_WAITING_MAX = 1024;

/** Messages of topics that wait for their turn; a further one fails with TooManyRequests. */
const PUBLISHES_WAITING_MAX = 1024;

/** A message of a topic that comes too fast for others is tried again after this, and given up after that. */
const ROOM_AGAIN_MS = 20;
const ROOM_MAX_MS = 60_000;

/** How something ended. */
export interface Ended {
  readonly status: number;
  /** Put: how many others hold the block. Ask: {@link IS_HERE} and {@link IS_PROVEN}. */
  readonly more: number;
  readonly ids: string[];
  /** What was answered. */
  readonly bytes: Bytes;
}

/** An ask was ended by this node; it was answered over the own link of who was asked. */
export const IS_HERE = 1;
export const IS_PROVEN = 2;

/** The application's port, and what is asked there. */
const APPLICATION = 0;
export const MESSAGE = 0;
export const QUESTION = 1;

/** An answer is waited for so long, in milliseconds. */
const WITHIN_MS = 30_000;

interface Waiting {
  ids: string[];
  readonly message: Bytes | undefined;
  readonly end: (ended: Ended) => void;
}

/** What an operation may be told. */
export interface Options {
  readonly signal?: AbortSignal | undefined;
}

/** What a question may be told. */
export interface AskOptions extends Options {
  /** How long the answer is waited for once it was asked, in milliseconds. */
  readonly within?: number | undefined;
}

/** What a put may be told. */
export interface PutOptions extends Options {
  /** How many others must hold the block. */
  readonly minHolders?: number | undefined;
  /** So many hold it: too few, and it is tried again. */
  onHolders?(holders: number): void;
}

export class Operations {
  readonly #input: (kind: number, op: number, bytes?: Uint8Array) => void;
  readonly #waiting = new Map<number, Waiting>();
  /** Messages on their way, by their receiver. */
  readonly #queues = new Map<string, Queue>();
  /** Those that the engine has, and the others whose receivers could take them. */
  readonly #asks = new Queue(ASKS_MAX, SENDS_WAITING_MAX);
  /** Messages of topics go one by one, so in their order. */
  readonly #publishes = new Queue(1, PUBLISHES_WAITING_MAX);
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

  /** The engine has room for a message; `undefined` if it was given up. */
  message(op: number): Bytes | undefined {
    return this.#waiting.get(op)?.message;
  }

  /** The engine ended an operation. */
  onDone(op: number, status: number, more: number, bytes = NO_BYTES): void {
    const waiting = this.#waiting.get(op);
    this.#waiting.delete(op);
    waiting?.end({ status, more, ids: waiting.ids, bytes });
  }

  /** Begins what the engine ends once, and maybe at once; its number. The engine asks for a `message` when it has room. */
  begin(kind: number, bytes: Bytes, end: (ended: Ended) => void, message?: Bytes): number {
    this.#last = (this.#last + 1) >>> 0;
    const op = this.#last;
    this.#waiting.set(op, { ids: [], message, end });
    this.#input(kind, op, bytes);
    return op;
  }

  /** Gives up what was begun: it has no end. */
  cancel(op: number): void {
    this.#waiting.delete(op);
    this.#input(INPUT.cancel, op);
  }

  /** Everything under way fails with Closed, and so does whatever comes. */
  close(): void {
    this.#closed.abort(new MeshError(CODE.closed));
  }

  /**
   * Puts a block that is in the store; how many others hold it. By itself it ends at the first other one; with `minHolders` it goes on
   * until there are so many, as long as nobody aborts it.
   *
   * @throws MeshError NotReplicated where no other one could be found, and what a request may end in
   */
  async put(hash: Bytes, options: PutOptions): Promise<number> {
    const { minHolders, onHolders } = options;
    for (let tries = 1, wait = WAIT_MS; ; wait = Math.min(wait * 2, WAIT_MAX_MS)) {
      const ended = await this.#once(INPUT.put, hash, options);
      const holders = holdersOf(ended);
      if (holders !== undefined && holders >= (minHolders ?? 1)) return holders;
      if (holders !== undefined) onHolders?.(holders);
      const mayPass = isPassing(ended) || (minHolders !== undefined && holders !== undefined);
      if (!mayPass || tries === TRIES_MAX) throw putError(ended);
      // That too much is under way says nothing about the block: its turn comes.
      if (minHolders === undefined && ended.status !== STATUS.tooManyRequests) tries += 1;
      await pause(wait * (0.75 + Math.random() / 2), this.#either(options));
    }
  }

  /** Fetches a block into the store. */
  async get(hash: Bytes, options: Options): Promise<void> {
    const { status } = await this.#retried(INPUT.get, hash, options);
    if (status !== STATUS.ok) throw errorOf('get', status);
  }

  /** The nodes nearest to an id, nearest first. */
  async find(target: Bytes, options: Options): Promise<string[]> {
    const { status, ids } = await this.#retried(INPUT.find, target, options);
    if (status !== STATUS.ok && status !== STATUS.partial) throw errorOf('find', status);
    return ids;
  }

  /**
   * Sends a message or asks a question, once: it never arrives twice by our doing. Waits while others to the same receiver are under
   * way, or many to any.
   */
  async ask(to: Bytes, bytes: Uint8Array, options: AskOptions, kind = QUESTION): Promise<Answer> {
    const operation = kind === MESSAGE ? 'send' : 'ask';
    const { within = WITHIN_MS, signal: _, ...unknown } = options;
    needNone(unknown, operation);
    need(within > 0 && within <= WITHIN_MS_MAX, 'within is above 0 and at most 120,000');
    const message = new Uint8Array(bytes);
    const receiver = keyOf(to) + kind;
    const queue = this.#queues.get(receiver) ?? new Queue(SENDS_MAX, SENDS_WAITING_MAX);
    this.#queues.set(receiver, queue);
    try {
      const wish = concat(to, u32(APPLICATION), u32(within), u32(message.length), Uint8Array.of(kind));
      const signal = this.#either(options);
      const isFull = full(operation);
      const ask = (): Promise<Ended> => this.#once(INPUT.ask, wish, options, message);
      const { status, more, bytes } = await queue.run(() => this.#asks.run(ask, signal, isFull), signal, isFull);
      if (status !== STATUS.ok) throw errorOf(operation, status);
      return { bytes, text: textOf(bytes), proven: (more & IS_PROVEN) > 0 };
    } finally {
      if (queue.isEmpty) this.#queues.delete(receiver);
    }
  }

  /** Takes part in a topic. */
  async subscribe(topic: Bytes): Promise<void> {
    const { status } = await this.#once(INPUT.subscribe, topic, {});
    if (status !== STATUS.ok) throw errorOf('topic', status);
  }

  /** Tells all who take part in a topic; resolves once the message is on its way. */
  async publish(topic: Bytes, bytes: Uint8Array, options: Options): Promise<void> {
    const wish = concat(topic, bytes);
    const publish = (): Promise<Ended> => this.#paced(wish, options);
    const { status } = await this.#publishes.run(publish, this.#either(options), full('publish'));
    if (status !== STATUS.ok) throw errorOf('publish', status);
  }

  /** Publishes as soon as this tab's mates can take it in: what comes too fast waits. */
  async #paced(wish: Bytes, options: Options): Promise<Ended> {
    for (let waited = 0; ; waited += ROOM_AGAIN_MS) {
      const ended = await this.#once(INPUT.publish, wish, options);
      if (ended.status !== STATUS.tooManyRequests || waited >= ROOM_MAX_MS) return ended;
      await pause(ROOM_AGAIN_MS, this.#either(options));
    }
  }

  async #retried(kind: number, bytes: Bytes, options: Options): Promise<Ended> {
    for (let tries = 1, wait = WAIT_MS; ; tries += 1, wait *= 2) {
      const ended = await this.#once(kind, bytes, options);
      if (!isPassing(ended) || tries === TRIES_MAX) return ended;
      await pause(wait * (0.75 + Math.random() / 2), this.#either(options));
    }
  }

  #once(kind: number, bytes: Bytes, options: Options, message?: Bytes): Promise<Ended> {
    let op: number;
    return unlessAborted<Ended>(this.#either(options), (end) => (op = this.begin(kind, bytes, end, message)), () => this.cancel(op));
  }

  #either({ signal }: Options): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closed.signal]) : this.#closed.signal;
  }
}

const full = (operation: Operation) => (): MeshError => errorOf(operation, STATUS.tooManyRequests);

const isPassing = ({ status, more }: Ended): boolean =>
  PASSING.includes(status) || (status === STATUS.partial && more === 0);

/** How many others hold a block that was put; `undefined` where that is not known. */
function holdersOf({ status, more }: Ended): number | undefined {
  if (status === STATUS.ok || status === STATUS.partial) return more;
  // Nobody is there, or nobody has room.
  return status === STATUS.unavailable || status === STATUS.insufficientStorage ? 0 : undefined;
}

function putError(ended: Ended): MeshError {
  if (holdersOf(ended) === undefined) return errorOf('put', ended.status);
  const isFull = ended.status === STATUS.insufficientStorage;
  return new MeshError(CODE.notReplicated, isFull ? 'the peers that should keep it have no room' : undefined);
}
