// The blocks of one node: what it holds for the network, and what it keeps for its own reading as long as there is room.

import { type Backend, type Change, type Entry, MemoryBackend } from './backend.js';
import { type Bytes, bytesOfKey, keyOf } from './bytes.js';
import * as CODE from './codes.js';
import { isFull } from './database.js';
import { MeshError } from './errors.js';
import { pause } from './wait.js';

/** Blocks kept in memory for whoever asks for them next; the one used longest ago goes. 1 MiB. */
const FRESH_MAX = 64;

/** Blocks in one transaction. */
const BATCH_MAX = 64;

/** Others get so much of the quota at most, so that this tab can always put. What is beyond it is refused. */
const HELD_SHARE = 0.75;

/** Tries to write a batch where the browser gives no more room: each drops more, the last one of what is held, too. */
const TRIES_MAX = 3;

/** Between two of them: a browser counts what was deleted as free some time later. */
const FREED_MS = 300;

/** What is kept, and of that for others, in bytes. */
export interface Usage {
  readonly blocks: number;
  readonly bytes: number;
  readonly held: number;
  readonly quota: number;
}

interface Waiting extends Change {
  /** Whether there was room. */
  readonly resolve: (isKept: boolean) => void;
  readonly reject: (error: unknown) => void;
}

export class Blocks {
  /** Hears what is wrong with the backend, while everything goes on. */
  onFault: (fault: MeshError) => void = () => undefined;
  readonly #quota: number;
  #backend: Backend;
  /** Every block, those being written included; the oldest first. */
  readonly #entries = new Map<string, Entry>();
  /** Blocks that are not dropped for room just now, and how many want it so. */
  readonly #pins = new Map<string, number>();
  readonly #fresh = new Map<string, Bytes>();
  #waiting: Waiting[] = [];
  /** Blocks on their way into the backend, waiting or in a transaction. */
  readonly #pending = new Map<string, Promise<boolean>>();
  #removed: string[] = [];
  #isWriting = false;
  #bytes = 0;
  #held = 0;

  /** Reads what is there. `quota` is in bytes. */
  static async open(backend: Backend, quota: number): Promise<Blocks> {
    const blocks = new Blocks(backend, quota);
    for (const [key, entry] of await backend.list()) blocks.#enter(key, entry);
    blocks.#release(quota * HELD_SHARE);
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

  /** A block; `undefined` where it is not, or cannot be read. @throws MeshError Closed */
  async load(hash: Uint8Array): Promise<Bytes | undefined> {
    const key = keyOf(hash);
    const fresh = this.#fresh.get(key);
    if (!fresh && !this.#entries.has(key)) return undefined;
    const bytes = fresh ?? (await this.#read(key));
    if (bytes) this.#refresh(key, bytes);
    return bytes;
  }

  /**
   * Keeps a block whose hash was checked; resolves once it outlives the tab. `false`: there is no room, even without every
   * block that may be dropped. A block that is held already stays so.
   *
   * @throws MeshError StorageFailed or Closed
   */
  async store(hash: Uint8Array, bytes: Bytes, held: boolean): Promise<boolean> {
    const key = keyOf(hash);
    const before = this.#entries.get(key);
    const pending = this.#pending.get(key);
    const entry: Entry = { size: bytes.length, held: held || before?.held === true };
    if (!this.#hasRoom(entry, before)) return false;
    this.#refresh(key, bytes);
    if (before?.held === entry.held) return (await pending) ?? true;
    this.#enter(key, entry);
    return this.#write(key, entry, before && !pending ? undefined : bytes);
  }

  /** Has a block at hand for who reads it next, without keeping it. */
  lend(hash: Uint8Array, bytes: Bytes): void {
    this.#refresh(keyOf(hash), bytes);
  }

  /** The backend was opened anew: what it has not got any more is forgotten. */
  async relist(): Promise<void> {
    const kept = new Map(await this.#ask((backend) => backend.list()));
    const gone = [...this.#entries.keys()].filter((key) => !kept.has(key) && !this.#pending.has(key));
    for (const key of gone) this.#leave(key);
    if (gone.length > 0) this.onFault(new MeshError(CODE.storageCleared, `${gone.length} blocks`));
  }

  /** The hashes among these that are not kept. */
  absent(hashes: readonly Uint8Array[]): Uint8Array[] {
    return hashes.filter((hash) => !this.has(hash));
  }

  /** At most `count` hashes that follow `after`, ascending. */
  async scan(after: Uint8Array | undefined, count: number): Promise<Bytes[]> {
    const keys = await this.#ask((backend) => backend.scan(after && keyOf(after), count));
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

  /** Whether a block may be kept; room is made for it. */
  #hasRoom({ size, held }: Entry, before: Entry | undefined): boolean {
    if (held && !before?.held && this.#held + size > this.#quota * HELD_SHARE) return false;
    if (before) return true;
    this.#drop(this.#quota - size);
    return this.#bytes + size <= this.#quota;
  }

  /** Drops blocks that are only cached, the oldest first, until no more than `limit` bytes are there. */
  #drop(limit: number): void {
    for (const [key, { held }] of this.#entries) {
      if (this.#bytes <= limit) return;
      if (held || this.#pins.has(key) || this.#pending.has(key)) continue;
      this.#leave(key);
      this.#fresh.delete(key);
      this.#removed.push(key);
    }
  }

  /** What is held beyond `limit` bytes may be dropped like the rest, the oldest first. */
  #release(limit: number): void {
    for (const [key, entry] of this.#entries) {
      if (this.#held <= limit) return;
      if (!entry.held) continue;
      // In its place: the order is that of age.
      this.#entries.set(key, { ...entry, held: false });
      this.#held -= entry.size;
    }
  }

  async #read(key: string): Promise<Bytes | undefined> {
    try {
      await this.#pending.get(key);
      const bytes = await this.#ask((backend) => backend.load(key));
      if (!bytes && !this.#pending.has(key)) this.#leave(key);
      return bytes;
    } catch (error) {
      if (!(error instanceof MeshError) || error.code === CODE.closed) throw error;
      this.onFault(error);
      return undefined;
    }
  }

  /** Asks the backend. Where it is lost for good memory takes its place, with nothing in it. */
  async #ask<T>(work: (backend: Backend) => Promise<T>): Promise<T> {
    const backend = this.#backend;
    try {
      return await work(backend);
    } catch (error) {
      const isLost = error instanceof MeshError && error.code === CODE.memoryOnly;
      if (!isLost) throw error instanceof MeshError || isFull(error) ? error : failed(error);
      if (backend === this.#backend) {
        this.#backend = new MemoryBackend();
        for (const key of [...this.#entries.keys()]) if (!this.#pending.has(key)) this.#leave(key);
        this.onFault(error);
      }
      return work(this.#backend);
    }
  }

  /** Writes with whatever else comes while the last transaction is under way. */
  #write(key: string, entry: Entry, bytes: Bytes | undefined): Promise<boolean> {
    const written = new Promise<boolean>((resolve, reject) => {
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
      try {
        if (await this.#fits(batch)) this.#settle(batch);
        else this.#giveUp(batch, ({ resolve }) => resolve(false));
      } catch (error) {
        this.#giveUp(batch, ({ reject }) => reject(error));
      }
    }
    this.#isWriting = false;
  }

  /** Writes a batch. Where the browser gives no more room, what is only cached makes way for what is this tab's own. */
  async #fits(batch: readonly Waiting[]): Promise<boolean> {
    if (await this.#change(batch)) return true;
    const isOwn = batch.some(({ entry }) => !entry.held);
    for (let tries = 1; isOwn && tries <= TRIES_MAX; tries += 1) {
      if (tries === TRIES_MAX) this.#release(this.#held / 2);
      this.#drop(tries === 1 ? this.#bytes / 2 : 0);
      await this.#change([]);
      await pause(FREED_MS);
      if (await this.#change(batch)) return true;
    }
    this.onFault(new MeshError(CODE.storageFailed, 'the browser gives it no more room'));
    return false;
  }

  /** One transaction; `false` where the browser has no room for it. */
  async #change(batch: readonly Waiting[]): Promise<boolean> {
    // A block that was dropped and came back stays.
    const removed = this.#removed.filter((key) => !this.#entries.has(key));
    this.#removed = [];
    try {
      await this.#ask((backend) => backend.change(batch, removed));
      return true;
    } catch (error) {
      this.#removed.push(...removed);
      if (isFull(error)) return false;
      throw error;
    }
  }

  #settle(batch: readonly Waiting[]): void {
    for (const { key, resolve } of batch) {
      if (!this.#waiting.some((waiting) => waiting.key === key)) this.#pending.delete(key);
      resolve(true);
    }
  }

  #giveUp(batch: readonly Waiting[], tell: (waiting: Waiting) => void): void {
    for (const waiting of batch) {
      this.#pending.delete(waiting.key);
      this.#leave(waiting.key);
      this.#fresh.delete(waiting.key);
      tell(waiting);
    }
  }
}

const failed = (cause: unknown): MeshError => new MeshError(CODE.storageFailed, undefined, { cause });
