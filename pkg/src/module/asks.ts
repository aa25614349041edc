// What a module asked, and which lists it wants, and is not told the end of yet.

import { type Bytes, NO_BYTES, concat, pieces, u32 } from '../bytes.js';
import * as STATUS from '../status.js';
import * as INPUT from '../kinds/input.js';
import { MESSAGE_MAX, WITHIN_MS_MAX } from '../limits.js';
import { type Ended, IS_HERE, IS_PROVEN } from '../operations.js';
import { answered, listed } from './flat.js';
import { ASKS_MAX, LIST_MAX } from './limits.js';

/** Where a port stands in the engine's `ASK`: the node closest to a place is asked for the list that it keeps there. */
const LISTS = 0xffff_ffff;

interface Ask {
  readonly to: Bytes;
  readonly isList: boolean;
  /** The engine's number for it. */
  number: number;
  hasEnded: boolean;
}

export interface AsksWays {
  begin(kind: number, bytes: Bytes, end: (ended: Ended) => void, message: Bytes): number;
  cancel(number: number): void;
}

export class Asks {
  readonly #port: number;
  readonly #ways: AsksWays;
  readonly #hear: (input: () => Bytes) => void;
  /** By the module's own numbers. */
  readonly #asks = new Map<number, Ask>();

  /** `hear` has the module told, and calls what it is given when that is done. */
  constructor(port: number, ways: AsksWays, hear: (input: () => Bytes) => void) {
    this.#port = port;
    this.#ways = ways;
    this.#hear = hear;
  }

  get hasRoom(): boolean {
    return this.#asks.size < ASKS_MAX;
  }

  begin(op: number, to: Bytes, withinMs: number, bytes: Bytes): void {
    this.#begin(op, { to, isList: false, number: 0, hasEnded: false }, this.#port, withinMs, bytes, 0);
  }

  /** Wants the list of a place, and to stay on it. */
  list(op: number, place: Bytes, stays: boolean, withinMs: number): void {
    this.#begin(op, { to: place, isList: true, number: 0, hasEnded: false }, LISTS, withinMs, NO_BYTES, Number(stays));
  }

  #begin(op: number, ask: Ask, port: number, withinMs: number, bytes: Bytes, kind: number): void {
    // Two ends under one number would be taken for each other's.
    if (this.#asks.has(op)) return;
    this.#asks.set(op, ask);
    if (bytes.length > MESSAGE_MAX) return this.#endHere(op, ask, STATUS.badRequest);
    const wish = concat(ask.to, u32(port), u32(Math.min(withinMs, WITHIN_MS_MAX)), u32(bytes.length), Uint8Array.of(kind));
    ask.number = this.#ways.begin(INPUT.ask, wish, (ended) => this.#end(op, ask, ended), bytes);
  }

  /** It may have happened. */
  cancel(op: number): void {
    const ask = this.#asks.get(op);
    if (!ask || ask.hasEnded) return;
    this.#ways.cancel(ask.number);
    this.#endHere(op, ask, STATUS.timedOut);
  }

  /** Nobody waits for anything any more. */
  close(): void {
    for (const { number, hasEnded } of this.#asks.values()) if (!hasEnded) this.#ways.cancel(number);
  }

  #endHere(op: number, ask: Ask, status: number): void {
    this.#end(op, ask, { status, more: IS_HERE, ids: [], bytes: NO_BYTES });
  }

  #end(op: number, ask: Ask, { status, more, bytes }: Ended): void {
    if (ask.hasEnded) return;
    ask.hasEnded = true;
    this.#hear(() => {
      this.#asks.delete(op);
      if (ask.isList) return listed(op, status, pieces(bytes, 32).slice(0, LIST_MAX));
      return answered({ op, from: ask.to, isProven: (more & IS_PROVEN) > 0, isHere: (more & IS_HERE) > 0, status, bytes });
    });
  }
}
