// What a module asked, and which lists it wants, and is not told the end of yet.

import { type Bytes, NO_BYTES, concat, pieces, u32 } from '../bytes.js';
import * as STATUS from '../status.js';
import * as INPUT from '../kinds/input.js';
import { MESSAGE_MAX, WITHIN_MS_MAX } from '../limits.js';
import { type Ended, IS_HERE, IS_PROVEN } from '../operations.js';
import { type Parts, answered, listed } from './flat.js';
import { ASKS_MAX, LIST_MAX } from './limits.js';
import type { EndHere } from './tickets.js';

/** Where a port stands in the engine's `ASK`: the node closest to a place is asked for the list that it keeps there. */
const LISTS = 0xffff_ffff;

interface Ask {
  readonly to: Bytes;
  readonly isList: boolean;
  /** Nobody waits for its end any more. */
  stop: () => void;
  hasEnded: boolean;
}

export interface AsksWays {
  begin(kind: number, bytes: Bytes, end: (ended: Ended) => void, message: Bytes): number;
  cancel(number: number): void;
  /** This node. */
  readonly self: Bytes;
  /** What this gives takes the question back. */
  askHere(port: number, withinMs: number, bytes: Bytes, end: EndHere): () => void;
}

export class Asks {
  readonly #port: number;
  readonly #ways: AsksWays;
  readonly #hear: (input: () => Parts) => void;
  /** By the module's own numbers. */
  readonly #asks = new Map<number, Ask>();

  /** `hear` has the module told, and calls what it is given when that is done. */
  constructor(port: number, ways: AsksWays, hear: (input: () => Parts) => void) {
    this.#port = port;
    this.#ways = ways;
    this.#hear = hear;
  }

  get hasRoom(): boolean {
    return this.#asks.size < ASKS_MAX;
  }

  begin(op: number, to: Bytes, withinMs: number, bytes: Bytes): void {
    this.#begin(op, to, bytes, (ask) => this.#send(op, ask, this.#port, withinMs, bytes, 0));
  }

  /** Wants the list of a place, and to stay on it. */
  list(op: number, place: Bytes, stays: boolean, withinMs: number): void {
    this.#begin(op, place, undefined, (ask) => this.#send(op, ask, LISTS, withinMs, NO_BYTES, Number(stays)));
  }

  /** Asks another module of this node. */
  here(op: number, port: number, withinMs: number, bytes: Bytes): void {
    this.#begin(op, this.#ways.self, bytes, (ask) => {
      const within = Math.min(withinMs, WITHIN_MS_MAX);
      const takeBack = this.#ways.askHere(port, within, bytes, (status, answer, isHere) => {
        ask.stop();
        this.#end(op, ask, { status, more: isHere ? IS_HERE : IS_PROVEN, ids: [], bytes: answer });
      });
      // It may have ended, or its asker left, meanwhile.
      if (ask.hasEnded) return takeBack();
      const timer = setTimeout(() => this.cancel(op), within);
      ask.stop = () => {
        clearTimeout(timer);
        takeBack();
      };
    });
  }

  /** `bytes` of a list are none. */
  #begin(op: number, to: Bytes, bytes: Bytes | undefined, start: (ask: Ask) => void): void {
    // Two ends under one number would be taken for each other's.
    if (this.#asks.has(op)) return;
    const ask: Ask = { to, isList: !bytes, stop: () => {}, hasEnded: false };
    const { hasRoom } = this;
    this.#asks.set(op, ask);
    if (!hasRoom) this.#endHere(op, ask, STATUS.tooManyRequests);
    else if (bytes && bytes.length > MESSAGE_MAX) this.#endHere(op, ask, STATUS.badRequest);
    else start(ask);
  }

  #send(op: number, ask: Ask, port: number, withinMs: number, bytes: Bytes, kind: number): void {
    const wish = concat(ask.to, u32(port), u32(Math.min(withinMs, WITHIN_MS_MAX)), u32(bytes.length), Uint8Array.of(kind));
    const number = this.#ways.begin(INPUT.ask, wish, (ended) => this.#end(op, ask, ended), bytes);
    ask.stop = () => this.#ways.cancel(number);
  }

  /** It may have happened. */
  cancel(op: number): void {
    const ask = this.#asks.get(op);
    if (!ask || ask.hasEnded) return;
    ask.stop();
    this.#endHere(op, ask, STATUS.timedOut);
  }

  /** Nobody waits for anything any more. */
  close(): void {
    for (const ask of this.#asks.values()) {
      if (!ask.hasEnded) ask.stop();
      ask.hasEnded = true;
    }
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
