// Questions of others that a module may answer: the numbers that it knows them by, and the way back.

import type { Bytes } from '../bytes.js';
import { surplus } from '../tickets.js';
import { TICKETS_MAX } from './limits.js';

export class Tickets {
  /** With the time until which the answer is waited for, in milliseconds. */
  readonly #open = new Map<number, readonly [ticket: Bytes, untilMs: number]>();
  #last = 0;

  /** The number of a question, and at the bound the ticket of whoever is refused for it; that may be this one, which then has none. */
  add(ticket: Bytes, withinMs: number): readonly [number: number | undefined, refused: Bytes | undefined] {
    const now = performance.now();
    for (const [number, [, untilMs]] of this.#open) if (untilMs < now) this.#open.delete(number);
    const isFull = this.#open.size >= TICKETS_MAX;
    const leaves = isFull ? surplus(this.all, ticket) : undefined;
    if (isFull && !leaves) return [undefined, ticket];
    for (const [number, [other]] of this.#open) if (other === leaves) this.#open.delete(number);
    this.#last = (this.#last + 1) >>> 0;
    this.#open.set(this.#last, [ticket, now + withinMs]);
    return [this.#last, leaves];
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
