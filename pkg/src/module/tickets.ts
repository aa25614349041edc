// Questions of others that a module may answer: the numbers that it knows them by, and the way back.

import type { Bytes } from '../bytes.js';
import { TICKETS_MAX } from './limits.js';

export class Tickets {
  /** With the time until which the answer is waited for, in milliseconds. */
  readonly #open = new Map<number, readonly [ticket: Bytes, untilMs: number]>();
  #last = 0;

  /** The number of a question; `undefined` where too many wait. */
  add(ticket: Bytes, withinMs: number): number | undefined {
    const now = performance.now();
    for (const [number, [, untilMs]] of this.#open) if (untilMs < now) this.#open.delete(number);
    if (this.#open.size >= TICKETS_MAX) return undefined;
    this.#last = (this.#last + 1) >>> 0;
    this.#open.set(this.#last, [ticket, now + withinMs]);
    return this.#last;
  }

  /** The way back, once; `undefined` where nobody waits for the answer. */
  take(number: number): Bytes | undefined {
    const [ticket, untilMs = 0] = this.#open.get(number) ?? [];
    this.#open.delete(number);
    return untilMs < performance.now() ? undefined : ticket;
  }

  get all(): Bytes[] {
    return [...this.#open.values()].map(([ticket]) => ticket);
  }
}
