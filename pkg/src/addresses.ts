// WebSocket addresses of peers, by the numbers under which the engine dials them: those given, then those learnt.

import { type Database, resultOf } from './database.js';
import { ADDRESSES_MAX, ADDRESS_MAX } from './limits.js';
import { isLoopback, parseUrl } from './urls.js';

/** Learnt addresses that are kept for the next time; the one heard of longest ago goes. */
const KEPT_MAX = 32;

/** Addresses that only mean something within one network: no peer sends a stranger's tab there. */
const PRIVATE = /^(10|192\.168|172\.(1[6-9]|2\d|3[01])|169\.254|0|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\.|^\[(f[cde]|::)/;

/**
 * The address that a peer tells others, if a page of `host` may use it: `wss://` to a public host, or anything of this very
 * machine for a page that came from it.
 */
export function learnable(text: string, host: string): string | undefined {
  const url = text.length <= ADDRESS_MAX ? parseUrl(text) : undefined;
  if (!url || url.username !== '' || url.password !== '' || url.hash !== '') return undefined;
  if (isLoopback(url.hostname)) {
    return isLoopback(host) && /^wss?:$/.test(url.protocol) ? url.href : undefined;
  }
  return url.protocol === 'wss:' && !PRIVATE.test(url.hostname) ? url.href : undefined;
}

export class Addresses {
  readonly #urls: string[];
  readonly #database: Database | undefined;
  readonly #host: string;

  /** The addresses given and those of earlier times. A database that cannot be read has none. */
  static async open(given: readonly string[], database: Database | undefined, host: string): Promise<Addresses> {
    const kept = database ? await recall(database).catch(() => []) : [];
    const learnt = kept.filter((url) => learnable(url, host) === url);
    return new Addresses([...new Set([...given, ...learnt])].slice(0, ADDRESSES_MAX), database, host);
  }

  private constructor(urls: string[], database: Database | undefined, host: string) {
    this.#urls = urls;
    this.#database = database;
    this.#host = host;
  }

  get count(): number {
    return this.#urls.length;
  }

  /** The address of this number. */
  at(number: number): string | undefined {
    return this.#urls[number];
  }

  /** Takes in what a peer told of itself; whether it is new. Beyond 64 addresses it is only kept for the next time. */
  learn(text: string): boolean {
    const url = learnable(text, this.#host);
    if (url === undefined) return false;
    if (this.#database) remember(this.#database, url).catch(() => undefined);
    if (this.#urls.includes(url) || this.#urls.length >= ADDRESSES_MAX) return false;
    this.#urls.push(url);
    return true;
  }
}

/** The latest first. */
async function recall(database: Database): Promise<string[]> {
  const [urls, times] = await database.read('addresses', (store) =>
    Promise.all([
      resultOf(store.getAllKeys() as IDBRequest<string[]>),
      resultOf(store.getAll() as IDBRequest<number[]>),
    ]),
  );
  const order = urls.map((url, index) => ({ url, time: times[index] ?? 0 }));
  return order.sort((a, b) => b.time - a.time).map(({ url }) => url);
}

async function remember(database: Database, url: string): Promise<void> {
  await database.write(['addresses'], (tx) => tx.objectStore('addresses').put(Date.now(), url));
  const old = (await recall(database)).slice(KEPT_MAX);
  if (old.length === 0) return;
  await database.write(['addresses'], (tx) => {
    for (const each of old) tx.objectStore('addresses').delete(each);
  });
}
