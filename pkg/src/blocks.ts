// The blocks of one node: what it holds for the network, and what it keeps for its own reading as long as there is room.

import type { Backend, Change, Entry } from './backend.js';
import { type Bytes, bytesOfKey, keyOf } from './bytes.js';

/** Blocks kept in memory for whoever asks for them next; the one used longest ago goes. 1 MiB. */
const FRESH_MAX = 64;

/** Blocks in one transaction. */
const BATCH_MAX = 64;

/** What is kept, and of that for others, in bytes. */
export interface Usage {
  readonly blocks: number;
  readonly bytes: number;
  readonly held: number;
  readonly quota: number;
}

interface Waiting extends Change {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Blocks {
  readonly #backend: Backend;
  readonly #quota: number;
  /** Every block, those being written included; the oldest first. */
  readonly #entries = new Map<string, Entry>();
  /** Blocks that are not dropped for room just now, and how many want it so. */
  readonly #pins = new Map<string, number>();
  readonly #fresh = new Map<string, Bytes>();
  #waiting: Waiting[] = [];
  /** Blocks on their way into the backend, waiting or in a transaction. */
  readonly #pending = new Map<string, Promise<void>>();
  #removed: string[] = [];
  #isWriting = false;
  #bytes = 0;
  #held = 0;

  /** Reads what is there. `quota` is in bytes. */
  static async open(backend: Backend, quota: number): Promise<Blocks> {
    const blocks = new Blocks(backend, quota);
    for (const [key, entry] of await backend.list()) blocks.#enter(key, entry);
    return blocks;
  }

  private constructor(backend: Backend, quota: number) {
    this.#backend = backend;
    this.#quota = quota;
  }

  get usage(): Usage {
    return { blocks: this.#entries.size, bytes: this.#bytes, held: this.#held, quota: this.#quota };
  }

  has(hash: Uint8Array): boolean {
    return this.#entries.has(keyOf(hash));
  }

  async load(hash: Uint8Array): Promise<Bytes | undefined> {
    const key = keyOf(hash);
    if (!this.#entries.has(key)) return undefined;
    const fresh = this.#fresh.get(key);
    if (!fresh) await this.#pending.get(key);
    const bytes = fresh ?? (await this.#backend.load(key));
    if (bytes) this.#refresh(key, bytes);
    return bytes;
  }

  /**
   * Keeps a block whose hash was checked; resolves once it outlives the tab. `false`: there is no room, even without every
   * block that may be dropped. A block that is held already stays so.
   */
  async store(hash: Uint8Array, bytes: Bytes, held: boolean): Promise<boolean> {
    const key = keyOf(hash);
    const before = this.#entries.get(key);
    const pending = this.#pending.get(key);
    const entry: Entry = { size: bytes.length, held: held || before?.held === true };
    if (!before && !this.#makeRoom(bytes.length)) return false;
    this.#refresh(key, bytes);
    if (before?.held === entry.held) {
      await pending;
      return true;
    }
    this.#enter(key, entry);
    await this.#write(key, entry, before && !pending ? undefined : bytes);
    return true;
  }

  /** The hashes among these that are not kept. */
  absent(hashes: readonly Uint8Array[]): Uint8Array[] {
    return hashes.filter((hash) => !this.has(hash));
  }

  /** At most `count` hashes that follow `after`, ascending. */
  async scan(after: Uint8Array | undefined, count: number): Promise<Bytes[]> {
    const keys = await this.#backend.scan(after && keyOf(after), count);
    return keys.map(bytesOfKey);
  }

  /** Keeps a block from being dropped for room, until as many calls of {@link unpin}. */
  pin(hash: Uint8Array): void {
    const key = keyOf(hash);
    this.#pins.set(key, (this.#pins.get(key) ?? 0) + 1);
  }

  unpin(hash: Uint8Array): void {
    const key = keyOf(hash);
    const pins = (this.#pins.get(key) ?? 0) - 1;
    if (pins > 0) this.#pins.set(key, pins);
    else this.#pins.delete(key);
  }

  close(): void {
    this.#backend.close();
  }

  #enter(key: string, entry: Entry): void {
    this.#leave(key);
    this.#entries.set(key, entry);
    this.#bytes += entry.size;
    if (entry.held) this.#held += entry.size;
  }

  #leave(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#bytes -= entry.size;
    if (entry.held) this.#held -= entry.size;
  }

  #refresh(key: string, bytes: Bytes): void {
    this.#fresh.delete(key);
    this.#fresh.set(key, bytes);
    const [oldest] = this.#fresh.keys();
    if (this.#fresh.size > FRESH_MAX && oldest !== undefined) this.#fresh.delete(oldest);
  }

  /** Drops blocks that are only cached, the oldest first, until `size` more bytes fit. */
  #makeRoom(size: number): boolean {
    if (this.#held + size > this.#quota) return false;
    for (const [key, { held }] of this.#entries) {
      if (this.#bytes + size <= this.#quota) return true;
      if (held || this.#pins.has(key) || this.#pending.has(key)) continue;
      this.#leave(key);
      this.#fresh.delete(key);
      this.#removed.push(key);
    }
    return this.#bytes + size <= this.#quota;
  }

  /** Writes with whatever else comes while the last transaction is under way. */
  #write(key: string, entry: Entry, bytes: Bytes | undefined): Promise<void> {
    const written = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ key, entry, bytes, resolve, reject });
    });
    this.#pending.set(key, written);
    if (!this.#isWriting) void this.#writeAll();
    return written;
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH_MAX);
      // A block that was dropped and came back stays.
      const removed = this.#removed.filter((key) => !this.#entries.has(key));
      this.#removed = [];
      try {
        await this.#backend.change(batch, removed);
        this.#settle(batch);
      } catch (error) {
        this.#removed.push(...removed);
        this.#fail(batch, error);
      }
    }
    this.#isWriting = false;
  }

  #settle(batch: readonly Waiting[]): void {
    for (const { key, resolve } of batch) {
      if (!this.#waiting.some((waiting) => waiting.key === key)) this.#pending.delete(key);
      resolve();
    }
  }

  #fail(batch: readonly Waiting[], error: unknown): void {
    for (const { key, reject } of batch) {
      this.#pending.delete(key);
      this.#leave(key);
      this.#fresh.delete(key);
      reject(error);
    }
  }
}
