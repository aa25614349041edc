// Where blocks lie: IndexedDB, or memory where the browser keeps nothing.

import { type Bytes, bytesOfKey, keyOf } from './bytes.js';
import { type Database, resultOf } from './database.js';

/** What is known of a block without reading it. */
export interface Entry {
  readonly size: number;
  readonly held: boolean;
}

export interface Change {
  readonly key: string;
  readonly entry: Entry;
  /** `undefined`: the bytes are there already. */
  readonly bytes: Bytes | undefined;
}

/** Keeps blocks by the {@link keyOf} their hash. */
export interface Backend {
  /** Everything there is, the oldest first. */
  list(): Promise<[key: string, entry: Entry][]>;
  /** All of it or nothing. */
  change(changes: readonly Change[], removed: readonly string[]): Promise<void>;
  load(key: string): Promise<Bytes | undefined>;
  /** At most `count` keys behind `after`, ascending. */
  scan(after: string | undefined, count: number): Promise<string[]>;
  close(): void;
}

export class MemoryBackend implements Backend {
  readonly #blocks = new Map<string, Bytes>();

  list(): Promise<[string, Entry][]> {
    return Promise.resolve([]);
  }

  change(changes: readonly Change[], removed: readonly string[]): Promise<void> {
    for (const key of removed) this.#blocks.delete(key);
    for (const { key, bytes } of changes) if (bytes) this.#blocks.set(key, bytes);
    return Promise.resolve();
  }

  load(key: string): Promise<Bytes | undefined> {
    return Promise.resolve(this.#blocks.get(key));
  }

  scan(after: string | undefined, count: number): Promise<string[]> {
    const keys = [...this.#blocks.keys()].filter((key) => after === undefined || key > after);
    return Promise.resolve(keys.sort().slice(0, count));
  }

  close(): void {
    this.#blocks.clear();
  }
}

/** What `index` keeps of a block: `blocks` has its bytes under the same key. */
interface Row extends Entry {
  /** Counts up with every change: the order of age. */
  readonly age: number;
}

export class DatabaseBackend implements Backend {
  readonly #database: Database;
  #age = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  async list(): Promise<[string, Entry][]> {
    const [keys, rows] = await this.#database.read('index', (store) =>
      Promise.all([resultOf(store.getAllKeys()), resultOf(store.getAll() as IDBRequest<Row[]>)]),
    );
    const all = rows.map((row, index): [string, Row] => [keyOf(new Uint8Array(keys[index] as ArrayBuffer)), row]);
    all.sort(([, a], [, b]) => a.age - b.age);
    this.#age = Math.max(this.#age, all.at(-1)?.[1].age ?? 0);
    return all;
  }

  change(changes: readonly Change[], removed: readonly string[]): Promise<void> {
    return this.#database.write(['blocks', 'index'], (tx) => {
      const [blocks, index] = [tx.objectStore('blocks'), tx.objectStore('index')];
      for (const key of removed) {
        blocks.delete(bytesOfKey(key));
        index.delete(bytesOfKey(key));
      }
      for (const { key, entry, bytes } of changes) {
        this.#age += 1;
        const row: Row = { size: entry.size, held: entry.held, age: this.#age };
        index.put(row, bytesOfKey(key));
        if (bytes) blocks.put(bytes, bytesOfKey(key));
      }
    });
  }

  async load(key: string): Promise<Bytes | undefined> {
    const found: unknown = await this.#database.read('blocks', (store) => resultOf(store.get(bytesOfKey(key))));
    return found instanceof Uint8Array ? (found as Bytes) : undefined;
  }

  async scan(after: string | undefined, count: number): Promise<string[]> {
    const range = after === undefined ? null : IDBKeyRange.lowerBound(bytesOfKey(after), true);
    const keys = await this.#database.read('index', (store) => resultOf(store.getAllKeys(range, count)));
    return keys.map((key) => keyOf(new Uint8Array(key as ArrayBuffer)));
  }

  close(): void {
    this.#database.close();
  }
}
