// Brings what is longer than a message, in pieces, and checks its hash.

import { type Bytes, concat, isEqual } from '../bytes.js';
import { Queue } from '../queue.js';
import * as STATUS from '../status.js';
import { pause } from '../wait.js';
import { hashOf } from './hash.js';
import { PIECE_MAX, WANTED_A_PEER } from './limits.js';
import { WORD, wrong } from './words.js';

/** Who has enough to do is asked again after this, in milliseconds, */
const AGAIN_MS = 1_000;
/** so often at most. */
const TRIES_MAX = 30;

/** What to bring. */
export interface Wish {
  readonly length: number;
  readonly hash: Bytes;
  /** Whoever has it: so many pieces at a time are asked of one. */
  readonly from: string;
  /** Asks for the piece at an offset; it comes by {@link Fetching.came}. @throws where that cannot be asked */
  ask(fetch: number, offset: number): void;
  readonly signal?: AbortSignal | undefined;
}

export class Fetching {
  readonly #lanes: Queue;
  readonly #lanesOf = new Map<string, Queue>();
  readonly #coming = new Map<number, (piece: Bytes | number) => void>();
  #last = 0;

  /** @param lanes pieces that are asked for at a time */
  constructor(lanes: number) {
    this.#lanes = new Queue(lanes, Infinity);
  }

  /** The bytes; `undefined` where they do not come, or others. */
  async bring(wish: Wish): Promise<Bytes | undefined> {
    const { length, hash, signal } = wish;
    const pieces: Bytes[] = [];
    let [next, isLost] = [0, false];
    const count = Math.ceil(length / PIECE_MAX);
    const work = async (): Promise<void> => {
      while (next < count && !isLost && !signal?.aborted) {
        const at = next;
        next += 1;
        const piece = await this.#piece(wish, at * PIECE_MAX);
        if (piece?.length === Math.min(PIECE_MAX, length - at * PIECE_MAX)) pieces[at] = piece;
        else isLost = true;
      }
    };
    await Promise.all(Array.from({ length: WANTED_A_PEER }, work));
    if (isLost || signal?.aborted) return undefined;
    const bytes = concat(...pieces);
    return isEqual(await hashOf(bytes), hash) ? bytes : undefined;
  }

  /** A piece came, or did not. */
  came(fetch: number, status: number, bytes: Bytes): void {
    const coming = this.#coming.get(fetch);
    this.#coming.delete(fetch);
    coming?.(status === STATUS.ok ? bytes : status);
  }

  /** Nothing comes any more. */
  close(): void {
    for (const fetch of [...this.#coming.keys()]) this.came(fetch, STATUS.unavailable, new Uint8Array(0));
  }

  async #piece(wish: Wish, offset: number): Promise<Bytes | undefined> {
    const lane = this.#lanesOf.get(wish.from) ?? new Queue(WANTED_A_PEER, Infinity);
    this.#lanesOf.set(wish.from, lane);
    const refusal = (): never => {
      throw wrong(WORD.tooManyJobs);
    };
    try {
      return await lane.run(() => this.#lanes.run(() => this.#try(wish, offset), undefined, refusal), undefined, refusal);
    } finally {
      if (lane.isEmpty) this.#lanesOf.delete(wish.from);
    }
  }

  async #try(wish: Wish, offset: number): Promise<Bytes | undefined> {
    for (let tries = 0; tries < TRIES_MAX && !wish.signal?.aborted; tries += 1) {
      const answer = await this.#ask(wish, offset);
      if (typeof answer !== 'number') return answer;
      if (answer !== STATUS.tooManyRequests) return undefined;
      await pause(AGAIN_MS);
    }
    return undefined;
  }

  #ask(wish: Wish, offset: number): Promise<Bytes | number> {
    do this.#last = (this.#last + 1) >>> 0;
    while (this.#coming.has(this.#last));
    const fetch = this.#last;
    return new Promise((resolve) => {
      this.#coming.set(fetch, resolve);
      try {
        wish.ask(fetch, offset);
      } catch {
        this.came(fetch, STATUS.unavailable, new Uint8Array(0));
      }
    });
  }
}
