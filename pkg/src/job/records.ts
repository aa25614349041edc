// What this tab remembers of executors, on disk where the browser has any.

import { type Bytes, fromHex, hex } from '../bytes.js';
import { RECORDS_MAX } from './limits.js';
import type { ExecutorRecord } from './types.js';

const NAME = 'tabmesh jobs';
const STORE = 'records';

/** A database that does not open within this is as good as none, in milliseconds. */
const OPEN_MS = 5_000;

export class RecordBook {
  readonly #all = new Map<string, number>();
  readonly #database: IDBDatabase | undefined;

  /** Opens what was kept; without a database it lives as long as the page. */
  static async open(): Promise<RecordBook> {
    const database = await open().catch(() => undefined);
    const book = new RecordBook(database);
    if (database) await book.#load(database).catch(() => undefined);
    return book;
  }

  private constructor(database: IDBDatabase | undefined) {
    this.#database = database;
  }

  /** The most trusted first. */
  list(): ExecutorRecord[] {
    return [...this.#all].map(([executor, confirmed]) => ({ executor, confirmed })).sort((one, other) => other.confirmed - one.confirmed);
  }

  /** Notes a record; one that begins anew is forgotten, and beyond the bound the one with the fewest. */
  note(executor: Bytes, confirmed: number): void {
    const name = hex(executor);
    if (confirmed > 0) this.#all.set(name, confirmed);
    else this.#all.delete(name);
    this.#write((store) => (confirmed > 0 ? store.put(confirmed, name) : store.delete(name)));
    if (this.#all.size > RECORDS_MAX) this.#forget(this.list().at(-1)!.executor);
  }

  clear(): void {
    this.#all.clear();
    this.#write((store) => store.clear());
  }

  #forget(name: string): void {
    this.#all.delete(name);
    this.#write((store) => store.delete(name));
  }

  /** What cannot be written is not kept: the records are of use without. */
  #write(work: (store: IDBObjectStore) => IDBRequest): void {
    try {
      if (this.#database) work(this.#database.transaction(STORE, 'readwrite').objectStore(STORE));
    } catch {
      // The browser closed the database.
    }
  }

  /** Somebody else may have written anything there. */
  async #load(database: IDBDatabase): Promise<void> {
    const store = database.transaction(STORE, 'readonly').objectStore(STORE);
    const [names, counts] = await Promise.all([resultOf(store.getAllKeys()), resultOf(store.getAll())]);
    names.forEach((name, at) => {
      const count: unknown = counts[at];
      const isRecord = typeof name === 'string' && fromHex(name, 32) && Number.isInteger(count) && (count as number) > 0 && (count as number) < 2 ** 32;
      if (isRecord) this.#all.set(name, count as number);
    });
    for (const { executor } of this.list().slice(RECORDS_MAX)) this.#forget(executor);
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    const timer = setTimeout(() => reject(new Error('the database did not open in time')), OPEN_MS);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      clearTimeout(timer);
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
  });
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

let book: Promise<RecordBook> | undefined;

/** The one of this page. */
export const theBook = (): Promise<RecordBook> => (book ??= RecordBook.open());
