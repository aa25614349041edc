// What others ask of this node's application, and who answers.

import { type Bytes, NO_BYTES, concat, hex, textOf } from './bytes.js';
import * as CODE from './codes.js';
import { MeshError } from './errors.js';
import * as STATUS from './status.js';
import * as INPUT from './kinds/input.js';
import { MESSAGE_MAX } from './limits.js';
import { takeMessage } from './message.js';
import { MESSAGE, QUESTION } from './operations.js';
import { report } from './report.js';
import { linkOf, surplus, withinOf } from './tickets.js';
import type { MeshEvents, MessageData, Question } from './types.js';

/** Questions that wait for their answers; at a further one whoever's link brought most is answered with TooManyRequests. */
const OPEN_MAX = 64;

type Handler = (question: Question) => MessageData | Promise<MessageData>;

export class Questions {
  readonly #input: (kind: number, status: number, answer: Bytes) => void;
  readonly #onMessage: (message: MeshEvents['message']) => void;
  /** The tickets of questions that may still be answered. */
  readonly #open = new Set<Bytes>();
  #handler: Handler | undefined;

  constructor(
    input: (kind: number, status: number, answer: Bytes) => void,
    onMessage: (message: MeshEvents['message']) => void,
  ) {
    this.#input = input;
    this.#onMessage = onMessage;
  }

  /** @throws MeshError Answering */
  answer(handler: Handler): () => void {
    if (this.#handler) throw new MeshError(CODE.answering);
    const own: Handler = (question) => handler(question);
    this.#handler = own;
    return () => {
      if (this.#handler === own) this.#handler = undefined;
    };
  }

  /** A message or a question came; `ticket` says by whom, how long its answer is waited for, and the way back. */
  async take(value: number, ticket: Bytes, bytes: Bytes): Promise<void> {
    const kind = value & 255;
    const message = { from: hex(ticket.subarray(0, 32)), bytes, text: textOf(bytes) };
    if (kind === MESSAGE) {
      this.#reply(STATUS.ok, ticket);
      return this.#onMessage(message);
    }
    const handler = this.#handler;
    if (kind !== QUESTION || !handler) return this.#reply(STATUS.notImplemented, ticket);
    if (this.#open.size >= OPEN_MAX) {
      const leaves = surplus(this.#open, ticket, linkOf);
      this.#reply(STATUS.tooManyRequests, leaves ?? ticket);
      if (!leaves) return;
      this.#open.delete(leaves);
    }
    const within = withinOf(ticket);
    const late = setTimeout(() => this.#open.delete(ticket), within);
    this.#open.add(ticket);
    let status: number = STATUS.ok;
    let answer = NO_BYTES;
    try {
      answer = takeMessage(await handler({ ...message, proven: value > 255, within }), MESSAGE_MAX);
    } catch (error) {
      status = STATUS.internalError;
      report(error);
    }
    clearTimeout(late);
    if (this.#open.delete(ticket)) this.#reply(status, ticket, answer);
  }

  #reply(status: number, ticket: Bytes, answer = NO_BYTES): void {
    this.#input(INPUT.reply, status, concat(ticket, answer));
  }
}
