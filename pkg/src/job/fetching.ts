// Brings what is longer than a message, in pieces, and checks its hash.

import { type Bytes, NO_BYTES, concat, isEqual } from '../bytes.js';
import * as STATUS from '../status.js';
import { Recent } from '../task/recent.js';
import { pause } from '../wait.js';
import { hashOf } from './hash.js';
import { Lanes } from './lanes.js';
import { PIECE_MAX, WANTED_A_PEER } from './limits.js';

/** Who has enough to do is asked again after this, in milliseconds, */
const AGAIN_MS = 1_000;
/** so often at most. */
const TRIES_MAX = 30;

/** One thing is given up after this, in milliseconds, and a second for each so many bytes: who gives a piece now and then would hold its place for days. */
const WITHIN_MS = 30_000;
const BYTES_A_SECOND = 32_768;

/** What a step left: an output and a state. It is waited for so long, in milliseconds. */
const LEFT_BYTES_MAX = 32 << 20;
const LEFT_WITHIN_MS = 600_000;

/** What to bring. */
export interface Wish {
  readonly length: number;
  readonly hash: Bytes;
  /** Whoever has it: so many pieces at a time are asked of one. */
  readonly from: string;
  /** Asks for the piece at an offset; it comes by {@link Fetching.came}. @throws where that cannot be asked */
  ask(fetch: number, offset: number): void;
  readonly signal?: AbortSignal | undefined;
  /** It is there, and gives something else, nothing, or too slowly. */
  readonly onWithheld?: () => void;
}

/** Who let something wait is not asked for so long, in milliseconds; of more than so many the one of longest ago is asked again. */
const SILENT_MS = 60_000;
const SILENT_MAX = 256;

/** How long one thing may take, from the first question for it on. */
interface Clock {
  end: number;
  readonly within: number;
  /** A piece is asked for so often. */
  readonly tries: number;
  /** Whoever has it is gone, or was not asked. */
  isExcused: boolean;
}

export class Fetching {
  /** Who let something wait in vain, until when nothing more is asked there: each thing that it says to have would be waited for. */
  readonly #silent = new Recent<number>(SILENT_MAX);
  readonly #lanes: Lanes;
  readonly #lanesOf = new Map<string, Lanes>();
  readonly #coming = new Map<number, (piece: Bytes | number) => void>();
  #last = 0;

  /** @param lanes pieces that are asked for at a time */
  constructor(lanes: number) {
    this.#lanes = new Lanes(lanes);
  }

  /** The bytes; `undefined` where they do not come, or others. */
  async bring(wish: Wish): Promise<Bytes | undefined> {
    const { length, hash, signal } = wish;
    const pieces: Bytes[] = [];
    let [next, isLost] = [0, false];
    const count = Math.ceil(length / PIECE_MAX);
    const clock: Clock = { end: Infinity, within: WITHIN_MS + (1_000 * length) / BYTES_A_SECOND, tries: TRIES_MAX, isExcused: false };
    const work = async (): Promise<void> => {
      while (next < count && !isLost && !signal?.aborted) {
        const at = next;
        next += 1;
        const piece = await this.#piece(wish, at * PIECE_MAX, clock);
        if (piece?.length === Math.min(PIECE_MAX, length - at * PIECE_MAX)) pieces[at] = piece;
        else isLost = true;
      }
    };
    await Promise.all(Array.from({ length: WANTED_A_PEER }, work));
    if (signal?.aborted) return undefined;
    const bytes = isLost ? undefined : concat(...pieces);
    if (bytes && isEqual(await hashOf(bytes), hash)) return bytes;
    if (!clock.isExcused) wish.onWithheld?.();
    return undefined;
  }

  /** What a step left, up to its end; `undefined` where it does not come, or has no end. Whoever has it may run the task again first. */
  async left(wish: Pick<Wish, 'from' | 'ask' | 'signal'>): Promise<Bytes | undefined> {
    const clock: Clock = { end: Infinity, within: LEFT_WITHIN_MS, tries: Infinity, isExcused: false };
    const pieces: Bytes[] = [];
    for (let offset = 0; offset <= LEFT_BYTES_MAX && !wish.signal?.aborted; offset += PIECE_MAX) {
      const piece = await this.#piece({ ...wish, length: 0, hash: NO_BYTES }, offset, clock);
      if (!piece || piece.length > PIECE_MAX) return undefined;
      pieces.push(piece);
      if (piece.length < PIECE_MAX) return concat(...pieces);
    }
    return undefined;
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

  async #piece(wish: Wish, offset: number, clock: Clock): Promise<Bytes | undefined> {
    const lane = this.#lanesOf.get(wish.from) ?? new Lanes(WANTED_A_PEER);
    this.#lanesOf.set(wish.from, lane);
    try {
      return await lane.run(() => this.#lanes.run(() => this.#try(wish, offset, clock)));
    } finally {
      if (lane.isEmpty) this.#lanesOf.delete(wish.from);
    }
  }

  async #try(wish: Wish, offset: number, clock: Clock): Promise<Bytes | undefined> {
    const isSilent = (this.#silent.get(wish.from) ?? -Infinity) > performance.now();
    clock.isExcused ||= isSilent;
    clock.end = Math.min(clock.end, performance.now() + clock.within);
    for (let tries = 0; !isSilent && tries < clock.tries && performance.now() < clock.end; tries += 1) {
      if (wish.signal?.aborted) return undefined;
      const answer = await this.#ask(wish, offset);
      if (typeof answer !== 'number') return answer;
      if (answer === STATUS.timedOut) break;
      clock.isExcused ||= answer === STATUS.unavailable;
      if (answer !== STATUS.tooManyRequests) return undefined;
      await pause(AGAIN_MS);
    }
    if (!isSilent) this.#silent.set(wish.from, performance.now() + SILENT_MS);
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
