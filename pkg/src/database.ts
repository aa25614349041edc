// One IndexedDB database for each network and slot, behind promises. The browser, another tab or a person may close or delete it at
// any time: then it is opened anew.

import * as CODE from './codes.js';
import { MeshError } from './errors.js';
import { pause } from './wait.js';

/** Raised with every change of the stores. */
const VERSION = 1;

/** A database that does not open within this is as good as none. */
const OPEN_MS = 5000;

/** Opening anew is tried so often: a browser that is just closing the database refuses at first. */
const TRIES_MAX = 3;

/** Between two tries. */
const AGAIN_MS = 250;

const STORES = ['identity', 'blocks', 'index', 'addresses'] as const;
export type StoreName = (typeof STORES)[number];

export class Database {
  /** It was opened anew: what it had may be gone. */
  onReopened: () => void = () => undefined;
  readonly #name: string;
  #database: IDBDatabase;
  #reopening: Promise<void> | undefined;
  #isOver = false;
  #lost: MeshError | undefined;
  /** End what is under way: Chromium never ends a transaction of a database that it closed. */
  readonly #running = new Set<(cause: Error) => void>();

  /** Opens or makes it; rejects where the browser keeps none. */
  static async open(name: string): Promise<Database> {
    return new Database(name, await open(name));
  }

  private constructor(name: string, database: IDBDatabase) {
    this.#name = name;
    this.#database = database;
    this.#watch();
  }

  /**
   * Runs `work` in one transaction and waits until the operating system has what it wrote: it outlives the tab and the browser.
   * (`strict` would wait for the disk, at a hundred times the cost.)
   *
   * @throws MeshError Closed, or MemoryOnly where it was lost for good
   */
  write(stores: StoreName[], work: (tx: IDBTransaction) => void): Promise<void> {
    return this.#run(
      (database) =>
        new Promise((resolve, reject) => {
          const tx = database.transaction(stores, 'readwrite', { durability: 'relaxed' });
          tx.oncomplete = () => resolve();
          tx.onabort = () => reject(tx.error ?? new Error('the transaction was aborted'));
          work(tx);
        }),
    );
  }

  /** Reads from one store, as {@link write} writes. Several requests share one transaction. */
  read<T>(store: StoreName, ask: (store: IDBObjectStore) => Promise<T>): Promise<T> {
    return this.#run(async (database) => ask(database.transaction(store, 'readonly').objectStore(store)));
  }

  close(): void {
    this.#isOver = true;
    this.#database.close();
  }

  /** What fails, but for want of room, is tried once more in a database that was opened anew. */
  async #run<T>(work: (database: IDBDatabase) => Promise<T>): Promise<T> {
    for (let isAgain = false; ; isAgain = true) {
      if (this.#isOver) throw new MeshError(CODE.closed);
      if (this.#lost) throw this.#lost;
      const database = this.#database;
      try {
        return await this.#attempt(work(database));
      } catch (cause) {
        if (this.#isOver) throw new MeshError(CODE.closed, undefined, { cause });
        if (isAgain || isFull(cause)) throw cause;
        if (database === this.#database) await (this.#reopening ??= this.#reopen());
      }
    }
  }

  #attempt<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#running.add(reject);
      void work.then(resolve, reject).finally(() => this.#running.delete(reject));
    });
  }

  #watch(): void {
    this.#database.onclose = () => {
      for (const end of this.#running) end(new Error('the browser closed the database'));
    };
  }

  async #reopen(): Promise<void> {
    this.#database.close();
    try {
      this.#database = await openAgain(this.#name);
    } catch (cause) {
      this.#lost = new MeshError(CODE.memoryOnly, 'the browser closed the database', { cause });
      throw this.#lost;
    } finally {
      this.#reopening = undefined;
    }
    this.#watch();
    if (this.#isOver) this.#database.close();
    else this.onReopened();
  }
}

async function openAgain(name: string): Promise<IDBDatabase> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await open(name);
    } catch (error) {
      if (tries === TRIES_MAX) throw error;
      await pause(AGAIN_MS);
    }
  }
}

function open(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const request = indexedDB.open(name, VERSION);
    const timer = setTimeout(() => {
      isLate = true;
      reject(new Error('the database did not open in time'));
    }, OPEN_MS);
    request.onupgradeneeded = () => {
      for (const store of STORES) {
        if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store);
      }
    };
    request.onerror = () => {
      clearTimeout(timer);
      reject(request.error);
    };
    request.onsuccess = () => {
      clearTimeout(timer);
      if (isLate) return request.result.close();
      // Somebody deletes the site's data or brings a newer version: what is kept here gives way.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
  });
}

/** The result of one request. */
export function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Whether the browser gives no more room. */
export const isFull = (error: unknown): boolean => (error as Partial<Error> | null)?.name === 'QuotaExceededError';
