// WebSocket addresses of peers, by the numbers under which the engine dials them: those given, then those learnt. What was only
// claimed is *new*; behind an address that was *tried* a peer proved itself. As in Bitcoin's addrman, the new never takes the place of
// the tried.

import { type Database, resultOf } from './database.js';
import { ADDRESSES_MAX } from './limits.js';
import { ownerOf, reachOf } from './reach.js';
import { isLoopback } from './urls.js';

/** Learnt addresses that are kept for the next time: those tried, then the new ones, the latest first. */
const KEPT_MAX = 32;

/** Of the places that are not for given addresses, one in so many is for new ones. */
const NEW_SHARE = 3;

/** The most new addresses of one owner. */
const OWNER_MAX = 4;

/**
 * The address that a peer tells others, if a page of `host` may use it: `wss://` to a public host, or anything of this very
 * machine for a page that came from it.
 */
export function learnable(text: string, host: string): string | undefined {
  const reach = reachOf(text);
  const isUsable = reach === 'loopback' ? isLoopback(host) : reach === 'public' && /^wss:/i.test(text);
  return isUsable ? new URL(text).href : undefined;
}

interface Slot {
  readonly url: string;
  state: 'given' | 'tried' | 'new';
  /** Who claimed it. */
  readonly by: string | undefined;
  /** Counts up with every claim and proof. */
  since: number;
}

interface Kept {
  readonly url: string;
  readonly time: number;
  readonly isTried: boolean;
}

/**
 * At most 64 addresses; a number stays valid, what it stands for may change. At a bound a peer's second claim takes the place of its
 * first, an owner's fifth that of the owner's oldest, any other one more that of the oldest new one.
 */
export class Addresses {
  readonly #slots: Slot[];
  readonly #database: Database | undefined;
  readonly #host: string;
  readonly #newMax: number;
  #clock = 0;

  /** The addresses given and those of earlier times. A database that cannot be read has none. */
  static async open(given: readonly string[], database: Database | undefined, host: string): Promise<Addresses> {
    const kept = database ? await recall(database).catch(() => []) : [];
    const addresses = new Addresses(given, database, host);
    // The latest last, so that it is the youngest here, too.
    for (const { url, isTried } of kept.reverse()) {
      if (learnable(url, host) === url) addresses.#enter(url, undefined, isTried);
    }
    return addresses;
  }

  private constructor(given: readonly string[], database: Database | undefined, host: string) {
    this.#slots = [...new Set(given)].map((url) => ({ url, state: 'given', by: undefined, since: 0 }));
    this.#newMax = Math.ceil((ADDRESSES_MAX - this.#slots.length) / NEW_SHARE);
    this.#database = database;
    this.#host = host;
  }

  get count(): number {
    return this.#slots.length;
  }

  /** The address of this number. */
  at(number: number): string | undefined {
    return this.#slots[number]?.url;
  }

  /** Takes in what the peer `by` told of itself; whether it is new. */
  learn(text: string, by: string): boolean {
    const url = learnable(text, this.#host);
    if (url === undefined || !this.#enter(url, by, false)) return false;
    this.#keep(url, false);
    return true;
  }

  /** A peer proved itself behind this address. */
  prove(number: number): void {
    const slot = this.#slots[number];
    // An address that was given is not told by the network: it is not kept.
    if (!slot || slot.state === 'given') return;
    slot.state = 'tried';
    slot.since = this.#clock += 1;
    this.#keep(slot.url, true);
  }

  #enter(url: string, by: string | undefined, isTried: boolean): boolean {
    if (this.#slots.some((slot) => slot.url === url)) return false;
    const place = isTried ? this.#slots.length : this.#placeFor(url, by);
    if (place === undefined || place >= ADDRESSES_MAX) return false;
    this.#slots[place] = { url, by, state: isTried ? 'tried' : 'new', since: (this.#clock += 1) };
    return true;
  }

  /** Where a new address goes; `undefined` if there is no place for new ones. */
  #placeFor(url: string, by: string | undefined): number | undefined {
    const owner = ownerOf(url);
    const own = this.#news((slot) => by !== undefined && slot.by === by);
    if (own.length > 0) return own[0];
    const ofOwner = this.#news((slot) => ownerOf(slot.url) === owner);
    // All that is on this machine has one owner, and nobody else's claim leads there.
    if (ofOwner.length >= OWNER_MAX && reachOf(url) === 'public') return ofOwner[0];
    const all = this.#news(() => true);
    return this.#slots.length < ADDRESSES_MAX && all.length < this.#newMax ? this.#slots.length : all[0];
  }

  /** The numbers of new addresses, the oldest first. */
  #news(holds: (slot: Slot) => boolean): number[] {
    const found = [...this.#slots.entries()].filter(([, slot]) => slot.state === 'new' && holds(slot));
    return found.sort(([, a], [, b]) => a.since - b.since).map(([number]) => number);
  }

  #keep(url: string, isTried: boolean): void {
    if (this.#database) remember(this.#database, url, isTried).catch(() => undefined);
  }
}

/** Those tried first, the latest first among equals. */
async function recall(database: Database): Promise<Kept[]> {
  const [urls, rows] = await database.read('addresses', (store) =>
    Promise.all([
      resultOf(store.getAllKeys() as IDBRequest<string[]>),
      resultOf(store.getAll() as IDBRequest<(Partial<Kept> | number)[]>),
    ]),
  );
  const all = urls.map((url, index): Kept => {
    // Earlier versions kept the time alone.
    const { time = 0, isTried = false } = Object(rows[index]) as Partial<Kept>;
    return { url, time, isTried };
  });
  return all.sort((a, b) => Number(b.isTried) - Number(a.isTried) || b.time - a.time);
}

async function remember(database: Database, url: string, isTried: boolean): Promise<void> {
  await database.write(['addresses'], (tx) => tx.objectStore('addresses').put({ time: Date.now(), isTried }, url));
  const old = (await recall(database)).slice(KEPT_MAX);
  if (old.length === 0) return;
  await database.write(['addresses'], (tx) => {
    for (const each of old) tx.objectStore('addresses').delete(each.url);
  });
}
