// What a tab keeps of a ledger in IndexedDB: final blocks, its journal, its own operations. What is written is written in its order, and
// whoever waits for it hears when it outlasts a power cut. What fails once is not written to again: a journal with a hole is none.

import { type Bytes, hex, isEqual } from '../bytes.js';
import { resultOf } from '../database.js';
import { FOLLOWED_BYTES_MAX, HISTORY_MAX } from './limits.js';
import { WORD, wrong } from './words.js';

/** Raised with every change of the stores. */
const VERSION = 1;

/** A database that does not open within this is as good as none. */
const OPEN_MS = 5_000;

const STORES = ['meta', 'blocks', 'journal', 'history', 'pending'] as const;

/** An own operation in a final block. */
export interface Done {
  readonly height: number;
  readonly epoch: number;
  /** 184 bytes. */
  readonly operation: Bytes;
  readonly isConflict: boolean;
}

interface Write {
  readonly work: (tx: IDBTransaction) => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A record of a journal: the view that it is of, behind the byte that says what it is. */
const viewOf = (record: Bytes): number => new DataView(record.buffer, record.byteOffset).getUint32(1);

/** The first record of a journal, which is kept for good. */
const isFirst = (record: Bytes): boolean => record[0] === 0;

export class Store {
  /** Why nothing is kept any more. */
  broken: unknown;
  /** Of the newest blocks in a row from the first on. */
  height = 0;
  readonly #database: IDBDatabase;
  readonly #isVoter: boolean;
  /** By their keys, which count up. */
  readonly #journal: Map<number, Bytes>;
  readonly #history: Done[];
  readonly #pending: Map<string, Bytes>;
  #lastKey: number;
  #blockBytes: number;
  #queue: Write[] = [];
  #isWriting = false;

  /**
   * Opens or makes it.
   *
   * @param ledger the hash of its genesis
   * @throws MeshError StoreNewer, StoreDamaged; others where the browser keeps nothing
   */
  static async open(name: string, ledger: Bytes, isVoter: boolean): Promise<Store> {
    const database = await open(name);
    try {
      const tx = database.transaction(STORES, 'readonly');
      const all = <T>(store: string): Promise<T[]> => resultOf(tx.objectStore(store).getAll() as IDBRequest<T[]>);
      const keys = resultOf(tx.objectStore('journal').getAllKeys() as IDBRequest<number[]>);
      const [of, blockBytes = 0] = await Promise.all(['ledger', 'bytes'].map((key) => resultOf(tx.objectStore('meta').get(key))));
      const height = await resultOf(tx.objectStore('blocks').count());
      const journal = new Map((await all<Bytes>('journal')).map((record, at) => [at, record]));
      const named = new Map((await keys).map((key, at) => [key, journal.get(at)!]));
      const pending = new Map((await all<Bytes>('pending')).map((operation) => [hex(operation), operation]));
      const store = new Store(database, isVoter, { journal: named, history: await all<Done>('history'), pending, height, blockBytes: blockBytes as number });
      if (of !== undefined && !isEqual(of as Bytes, ledger)) throw wrong(WORD.storeDamaged, 'another ledger');
      if (![...named.values()].every(isRecord)) throw wrong(WORD.storeDamaged, 'a record of the journal');
      if (of === undefined) await store.#write((tx) => tx.objectStore('meta').put(ledger, 'ledger'));
      return store;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  private constructor(
    database: IDBDatabase,
    isVoter: boolean,
    found: { journal: Map<number, Bytes>; history: Done[]; pending: Map<string, Bytes>; height: number; blockBytes: number },
  ) {
    this.#database = database;
    this.#isVoter = isVoter;
    this.#journal = found.journal;
    this.#history = found.history;
    this.#pending = found.pending;
    this.height = found.height;
    this.#blockBytes = found.blockBytes;
    this.#lastKey = Math.max(0, ...found.journal.keys());
    const lost = (): void => {
      this.broken ??= new Error('the browser closed the database');
      this.#giveUp();
    };
    database.onclose = lost;
    // Somebody deletes the site's data, or brings a newer version: what is kept here gives way.
    database.onversionchange = () => {
      database.close();
      lost();
    };
  }

  get journal(): Bytes[] {
    return [...this.#journal.values()];
  }

  /** Own operations in final blocks, the oldest first. */
  get history(): readonly Done[] {
    return this.#history;
  }

  /** Operations of this tab that had not ended. */
  get pending(): Bytes[] {
    return [...this.#pending.values()];
  }

  /** The record by which this voter acknowledged an operation. */
  acknowledged(operation: Bytes): Bytes | undefined {
    return this.journal.find((record) => record[0] === 4 && isEqual(record.subarray(13, 45), operation));
  }

  /** Keeps a record. Resolves once it, and all that was given before it, outlast a power cut. */
  keep(record: Bytes): Promise<void> {
    const key = ++this.#lastKey;
    this.#journal.set(key, record);
    return this.#write((tx) => tx.objectStore('journal').put(record, key));
  }

  /** Keeps a final block, what of it is this tab's own, and forgets records of views before it, but the first one. */
  final(height: number, view: number, block: Bytes, own: readonly Done[]): Promise<void> {
    const hasRoom = this.#isVoter || this.#journal.size > 0 || this.#blockBytes + block.length <= FOLLOWED_BYTES_MAX;
    const isNext = height === this.height + 1;
    if (hasRoom && isNext) {
      this.height = height;
      this.#blockBytes += block.length;
    }
    const over = [...this.#journal].filter(([, record]) => !isFirst(record) && viewOf(record) < view).map(([key]) => key);
    for (const key of over) this.#journal.delete(key);
    this.#history.push(...own);
    this.#history.splice(0, this.#history.length - HISTORY_MAX);
    const first = this.#history[0]?.height ?? 0;
    return this.#write((tx) => {
      if (hasRoom && isNext) {
        tx.objectStore('blocks').put(block, height);
        tx.objectStore('meta').put(this.#blockBytes, 'bytes');
      }
      for (const key of over) tx.objectStore('journal').delete(key);
      const history = tx.objectStore('history');
      for (const [at, done] of own.entries()) history.put(done, [height, at]);
      // Those of the oldest block may be more than are in memory.
      if (own.length > 0) history.delete(IDBKeyRange.upperBound([first, -1], true));
    });
  }

  /** Keeps an operation that is on its way, so that it is not made a second time. */
  pend(operation: Bytes): void {
    this.#pending.set(hex(operation), operation);
    this.#unheard((tx) => tx.objectStore('pending').put(operation, hex(operation)));
  }

  /** It has ended. */
  unpend(operation: Bytes): void {
    if (this.#pending.delete(hex(operation))) this.#unheard((tx) => tx.objectStore('pending').delete(hex(operation)));
  }

  /** The block at this height, if it is kept. */
  async block(height: number): Promise<Bytes | undefined> {
    const [block] = await this.blocks(height, height);
    return block;
  }

  /** The blocks from one height to another, as far as they are kept. */
  blocks(from: number, to: number): Promise<Bytes[]> {
    const range = IDBKeyRange.bound(from, to);
    return resultOf(this.#database.transaction('blocks', 'readonly').objectStore('blocks').getAll(range) as IDBRequest<Bytes[]>);
  }

  /** Forgets all blocks: what a tab has that does not vote can be fetched again. */
  clearBlocks(): Promise<void> {
    this.height = 0;
    this.#blockBytes = 0;
    return this.#write((tx) => {
      tx.objectStore('blocks').clear();
      tx.objectStore('meta').put(0, 'bytes');
    });
  }

  close(): void {
    this.broken ??= new Error('the store was closed');
    // A transaction that has begun comes to its end.
    this.#database.close();
    this.#giveUp();
  }

  #unheard(work: Write['work']): void {
    this.#write(work).catch(() => undefined);
  }

  #write(work: Write['work']): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ work, resolve, reject });
      void this.#flush();
    });
  }

  /** What came while the disk was busy is written in one transaction. */
  async #flush(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    while (this.#queue.length > 0 && !this.broken) {
      const batch = this.#queue;
      this.#queue = [];
      try {
        await this.#transact(batch);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        this.broken ??= error;
        for (const { reject } of batch) reject(this.broken);
      }
    }
    this.#isWriting = false;
    if (this.broken) this.#giveUp();
  }

  #transact(batch: readonly Write[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const tx = this.#database.transaction(STORES, 'readwrite', { durability: 'strict' });
      tx.oncomplete = () => resolve();
      tx.onabort = () => reject(tx.error ?? new Error('the transaction was aborted'));
      // Chromium never ends a transaction of a database that it closed.
      this.#onLost = reject;
      for (const { work } of batch) work(tx);
    });
  }

  #onLost: (cause: unknown) => void = () => undefined;

  #giveUp(): void {
    this.#onLost(this.broken);
    for (const { reject } of this.#queue.splice(0)) reject(this.broken);
  }
}

/** As `core-wasm/ledger/src/group/safety.rs` writes it: its first, or a statement with account and number. */
function isRecord(record: unknown): boolean {
  if (!(record instanceof Uint8Array)) return false;
  const [first = 255] = record;
  return first === 0 ? record.length === 5 : first <= 4 && record.length >= 45 + 36;
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
      for (const store of STORES) request.result.createObjectStore(store);
    };
    request.onerror = () => {
      clearTimeout(timer);
      const isNewer = request.error?.name === 'VersionError';
      reject(isNewer ? wrong(WORD.storeNewer, undefined, { cause: request.error }) : request.error);
    };
    request.onsuccess = () => {
      clearTimeout(timer);
      if (isLate) request.result.close();
      else resolve(request.result);
    };
  });
}
