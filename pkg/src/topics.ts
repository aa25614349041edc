// The topics that this tab takes part in. Whoever opens one that is open already shares it.

import { type Bytes, hex, keyOf, textOf } from './bytes.js';
import { nameOf, needSignal } from './check.js';
import * as CODE from './codes.js';
import { MeshError } from './errors.js';
import { tellAll } from './events.js';
import * as INPUT from './kinds/input.js';
import { PUBLISH_MAX } from './limits.js';
import { takeMessage } from './message.js';
import type { Operations } from './operations.js';
import { payloadIn, topicId, topicOf } from './topic-wire.js';
import type { MessageData, Topic, TopicMessage } from './types.js';

const NAME_MAX = 255;

/** Bytes of whole messages kept for subscribers that missed them; beyond it the oldest is forgotten. */
const KEPT_MAX = 1024 * 1024;

/** Messages that a loop over a topic may be behind; beyond it the oldest is missed. */
const BEHIND_MAX = 256;

interface Options {
  readonly signal?: AbortSignal | undefined;
}

type Listener = (message: TopicMessage) => void;

/** One subscription, and all who opened it. */
interface Shared {
  readonly subscribed: Promise<void>;
  readonly parts: Set<Part>;
}

export class Topics {
  readonly #self: string;
  readonly #operations: Operations;
  readonly #input: (kind: number, number: number, bytes: Uint8Array) => void;
  readonly #shared = new Map<string, Shared>();
  /** Whole messages by the {@link keyOf} their names, the oldest first. */
  readonly #kept = new Map<string, Bytes>();
  #keptBytes = 0;

  constructor(
    self: string,
    operations: Operations,
    input: (kind: number, number: number, bytes: Uint8Array) => void,
  ) {
    this.#self = self;
    this.#operations = operations;
    this.#input = input;
  }

  /** @throws MeshError BadOption, TooManyRequests or Closed, or the signal's reason */
  async open(name: unknown, { signal }: Options): Promise<Topic> {
    const named = nameOf(name, 'the name of a topic', NAME_MAX);
    needSignal(signal);
    signal?.throwIfAborted();
    const id = await topicId(named);
    const key = keyOf(id);
    const shared = this.#shared.get(key) ?? { subscribed: this.#operations.subscribe(id), parts: new Set() };
    this.#shared.set(key, shared);
    const part: Part = new Part(named, {
      publish: (bytes, options) => this.#operations.publish(id, bytes, options),
      leave: () => this.#leave(key, id, shared, part),
    });
    shared.parts.add(part);
    try {
      await shared.subscribed;
      signal?.throwIfAborted();
      return part;
    } catch (error) {
      part.leave();
      throw error;
    }
  }

  /** Keeps a message for those that miss it. */
  keep(name: Uint8Array, raw: Bytes): void {
    const key = keyOf(name);
    if (this.#kept.has(key)) return;
    this.#kept.set(key, raw);
    this.#keptBytes += raw.length;
    for (const [oldest, { length }] of this.#kept) {
      if (this.#keptBytes <= KEPT_MAX) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= length;
    }
  }

  /** A message that somebody missed, if it is still there. */
  recall(name: Uint8Array): Bytes | undefined {
    return this.#kept.get(keyOf(name));
  }

  /** Tells a message to all who take part in its topic, unless it is this tab's own; `ids` are its sender, its name and when it was sent. */
  tell(ids: Bytes, raw: Bytes): void {
    const sender = ids.subarray(0, 32);
    const from = hex(sender);
    const shared = this.#shared.get(keyOf(topicOf(raw)));
    if (from === this.#self || !shared) return;
    const bytes = payloadIn(raw);
    const message: TopicMessage = {
      from,
      id: hex(ids.subarray(32, 44)),
      sent: Number(new DataView(ids.buffer, ids.byteOffset).getBigUint64(44)),
      bytes,
      text: textOf(bytes),
    };
    for (const part of shared.parts) part.tell(message);
  }

  /** The mesh is closed. */
  close(): void {
    for (const { parts } of this.#shared.values()) {
      for (const part of parts) part.end(new MeshError(CODE.closed));
    }
    this.#shared.clear();
    this.#kept.clear();
  }

  #leave(key: string, id: Bytes, shared: Shared, part: Part): void {
    if (!shared.parts.delete(part) || shared.parts.size > 0) return;
    this.#shared.delete(key);
    this.#input(INPUT.unsubscribe, 0, id);
  }
}

interface Ways {
  publish(bytes: Uint8Array, options: Options): Promise<void>;
  leave(): void;
}

/** A topic, as one who opened it has it. */
class Part implements Topic {
  readonly name: string;
  readonly #ways: Ways;
  readonly #listeners = new Set<Listener>();
  /** Wake the loops over this topic when it is over. */
  readonly #wakes = new Set<() => void>();
  #over: MeshError | undefined;

  constructor(name: string, ways: Ways) {
    this.name = name;
    this.#ways = ways;
  }

  async publish(data: MessageData, options: Options = {}): Promise<void> {
    if (this.#over) throw this.#over;
    return this.#ways.publish(takeMessage(data, PUBLISH_MAX), options);
  }

  on(_event: 'message', listener: Listener): () => void {
    // Wrapped, so that one function given twice is two listeners.
    const own: Listener = (message) => listener(message);
    if (!this.#over) this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TopicMessage, void, undefined> {
    const waiting: TopicMessage[] = [];
    let wake = (): void => {};
    const onOver = (): void => wake();
    const stop = this.on('message', (message) => {
      if (waiting.push(message) > BEHIND_MAX) waiting.shift();
      wake();
    });
    this.#wakes.add(onOver);
    try {
      for (;;) {
        const message = waiting.shift();
        if (message) yield message;
        else if (this.#over) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      stop();
      this.#wakes.delete(onOver);
    }
  }

  leave(): void {
    if (this.#over) return;
    this.#ways.leave();
    this.end(new MeshError(CODE.left));
  }

  tell(message: TopicMessage): void {
    tellAll(this.#listeners, message);
  }

  /** Nothing comes any more, and nothing goes. */
  end(why: MeshError): void {
    this.#over = why;
    this.#listeners.clear();
    for (const wake of this.#wakes) wake();
  }
}
