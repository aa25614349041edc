// Questions that a module may answer, of other nodes and of this node's own modules: the numbers that it knows them by, and the way back.

import type { Bytes } from '../bytes.js';
import { surplus } from '../tickets.js';
import { HERE_MAX, TICKETS_MAX } from './limits.js';

/** Ends a question of this node's own. `isHere`: who was asked did not answer it. */
export type EndHere = (status: number, bytes: Bytes, isHere: boolean) => void;

/** What the engine has for an answer, or who hears it here. */
export type Way = Bytes | EndHere;

const isTicket = (way: Way): way is Bytes => typeof way !== 'function';

export class Tickets {
  /** With the time until which the answer is waited for, in milliseconds. */
  readonly #open = new Map<number, readonly [way: Way, untilMs: number]>();
  #last = 0;

  /** The number of a question, and at the bound the ticket of whoever is refused for it; that may be this one, which then has none. */
  add(ticket: Bytes, withinMs: number): readonly [number: number | undefined, refused: Bytes | undefined] {
    this.#forgetLate();
    const tickets = this.all.filter(isTicket);
    const isFull = tickets.length >= TICKETS_MAX;
    const leaves = isFull ? surplus(tickets, ticket) : undefined;
    if (isFull && !leaves) return [undefined, ticket];
    for (const [number, [other]] of this.#open) if (other === leaves) this.#open.delete(number);
    return [this.#keep(ticket, withinMs), leaves];
  }

  /** The number of a question of this node's own; `undefined` at the bound. */
  addHere(end: EndHere, withinMs: number): number | undefined {
    this.#forgetLate();
    return this.all.filter((way) => !isTicket(way)).length < HERE_MAX ? this.#keep(end, withinMs) : undefined;
  }

  /** The way back, once; `undefined` where nobody waits for the answer. */
  take(number: number): Way | undefined {
    const [way, untilMs = 0] = this.#open.get(number) ?? [];
    this.#open.delete(number);
    return untilMs < performance.now() ? undefined : way;
  }

  get all(): Way[] {
    return [...this.#open.values()].map(([way]) => way);
  }

  #keep(way: Way, withinMs: number): number {
    this.#last = (this.#last + 1) >>> 0;
    this.#open.set(this.#last, [way, performance.now() + withinMs]);
    return this.#last;
  }

  #forgetLate(): void {
    const now = performance.now();
    for (const [number, [, untilMs]] of this.#open) if (untilMs < now) this.#open.delete(number);
  }
}
