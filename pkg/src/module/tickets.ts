// Questions that a module may answer, of other nodes and of this node's own modules: the numbers that it knows them by, and the way back.

import type { Bytes } from '../bytes.js';
import { linkOf, surplus } from '../tickets.js';
import { HERE_MAX, TICKETS_MAX } from './limits.js';

/** Ends a question of this node's own. `isHere`: who was asked did not answer it. */
export type EndHere = (status: number, bytes: Bytes, isHere: boolean) => void;

/** A question of this node's own: which module asks, and how it hears the end. */
export interface Here {
  readonly port: number;
  readonly end: EndHere;
}

/** What the engine has for an answer, or who hears it here. */
export type Way = Bytes | Here;

export const isHere = (way: Way): way is Here => 'end' in way;

const isTicket = (way: Way): way is Bytes => !isHere(way);

/** The number of a question, and at the bound who is refused for it; that may be this one, which then has none. */
type Added<W> = readonly [number: number | undefined, refused: W | undefined];

export class Tickets {
  /** With the time until which the answer is waited for, in milliseconds. */
  readonly #open = new Map<number, readonly [way: Way, untilMs: number]>();
  #last = 0;

  add(ticket: Bytes, withinMs: number): Added<Bytes> {
    return this.#add(ticket, withinMs, this.#all.filter(isTicket), TICKETS_MAX, linkOf);
  }

  addHere(here: Here, withinMs: number): Added<Here> {
    return this.#add(here, withinMs, this.#all.filter(isHere), HERE_MAX, ({ port }) => port);
  }

  /** The way back, once; `undefined` where nobody waits for the answer. */
  take(number: number): Way | undefined {
    const [way, untilMs = 0] = this.#open.get(number) ?? [];
    this.#open.delete(number);
    return untilMs < performance.now() ? undefined : way;
  }

  /** Nobody waits for the answer any more. */
  forget(way: Way): void {
    for (const [number, [other]] of this.#open) if (other === way) this.#open.delete(number);
  }

  /** Those for whose answers somebody waits. */
  get #all(): Way[] {
    const now = performance.now();
    for (const [number, [, untilMs]] of this.#open) if (untilMs < now) this.#open.delete(number);
    return this.all;
  }

  get all(): Way[] {
    return [...this.#open.values()].map(([way]) => way);
  }

  #add<W extends Way>(way: W, withinMs: number, open: W[], most: number, from: (way: W) => number): Added<W> {
    const isFull = open.length >= most;
    const leaves = isFull ? surplus(open, way, from) : undefined;
    if (isFull && !leaves) return [undefined, way];
    if (leaves) this.forget(leaves);
    this.#last = (this.#last + 1) >>> 0;
    this.#open.set(this.#last, [way, performance.now() + withinMs]);
    return [this.#last, leaves];
  }
}
