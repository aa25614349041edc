import { signal } from '@preact/signals';
import { formatBytes } from './format.ts';
import { cleanName, type SharedFile } from './link.ts';
import { type Shown, shownOf } from './preview.ts';
import type { Session } from './session.ts';
import { type Trouble, isCancel, troubleOf } from './words.ts';

/** How far a transfer is. */
export type Progress =
  | { readonly step: 'waiting'; readonly until: 'turn' | 'joined' | 'linked' }
  /** Larger than what is fetched unasked; `room` bytes are free on this device, where the browser tells. */
  | { readonly step: 'asking'; readonly size: number; readonly room: number | null }
  | { readonly step: 'moving'; readonly done: number; readonly total: number | null; readonly holders: number }
  | { readonly step: 'done'; readonly cid: string; readonly holders: number }
  | { readonly step: 'failed'; readonly trouble: Trouble }
  | { readonly step: 'cancelled' };

/** A file of this session. */
export interface Entry {
  readonly key: number;
  readonly way: 'given' | 'fetched';
  readonly name: string;
  /** Bytes; `null` until it is known. */
  readonly size: number | null;
  readonly progress: Progress;
}

/** What was fetched, ready to be shown or saved. */
export type Fetched = SharedFile & Shown;

/** What the package tells of a transfer. */
type Told = { done: number; total: number | null; holders?: number };

/** Files listed at most: finished ones go first, oldest first; when none is finished, new ones are refused. */
export const ENTRIES_MAX = 100;

/** What is larger is fetched only when a person says so, in bytes: a link can claim any size. */
export const ASK_ABOVE = 100e6;

/** Bytes that the browser would still give this page; `null` where it does not tell. */
async function freeRoom(): Promise<number | null> {
  const { quota, usage } = (await navigator.storage?.estimate?.().catch(() => undefined)) ?? {};
  return quota === undefined || usage === undefined ? null : Math.max(0, quota - usage);
}

/** A file that this device has no room for. */
class NoRoom extends Error {
  constructor(size: number, room: number) {
    super(`It claims to have ${formatBytes(size)}, and this browser gives the page ${formatBytes(room)}`);
  }
}

/** Files given to the mesh and fetched from it. One is given at a time, in order; one is fetched at a time. */
export class Transfers {
  /** Newest first. */
  readonly entries = signal<readonly Entry[]>([]);
  /** The file that the page's address names, as far as it is known. */
  readonly fetching = signal<(SharedFile & { readonly key: number }) | null>(null);
  readonly fetched = signal<Fetched | null>(null);
  /** Why the last files dropped were not taken; empty when they were. */
  readonly refusal = signal('');
  readonly #session: Session;
  readonly #cancels = new Map<number, AbortController>();
  /** What goes on once a person said yes, by the transfer's key. */
  readonly #asked = new Map<number, () => void>();
  readonly #room: () => Promise<number | null>;
  #queue: Promise<void> = Promise.resolve();
  #nextKey = 1;

  constructor(session: Session, room = freeRoom) {
    this.#session = session;
    this.#room = room;
  }

  /** Gives files to the mesh, one after another. */
  give(files: readonly File[]): void {
    const taken = files.slice(0, ENTRIES_MAX - this.#cancels.size);
    this.refusal.value =
      taken.length === files.length ? '' : `Only ${taken.length} of ${files.length} files were taken: ${ENTRIES_MAX} are listed at most.`;
    for (const file of taken) {
      const { key, signal } = this.#add('given', cleanName(file.name), file.size);
      this.#queue = this.#queue.then(() => this.#give(key, file, signal));
    }
  }

  /** Fetches what a link names, and puts an older fetch that is not finished aside. */
  async fetch(file: SharedFile): Promise<void> {
    this.leave();
    const { key, signal } = this.#add('fetched', file.name, null);
    this.fetching.value = { ...file, key };
    await this.#run(key, signal, async () => {
      const mesh = await this.#session.joined(signal);
      this.#move(key, { done: 0, total: null });
      // What is too much is not decided by the package, but here and by whoever follows the link.
      const content = await mesh.get(file.cid, { signal, maxBytes: Infinity, onProgress: (p) => this.#move(key, p) });
      if (content.size > ASK_ABOVE) await this.#ask(key, content.size, signal);
      this.#change(key, { size: content.size, progress: { step: 'moving', done: 0, total: content.size, holders: 0 } });
      const shown = await shownOf(file.name, await content.blob());
      signal.throwIfAborted();
      this.fetched.value = { ...file, ...shown };
      this.#change(key, { progress: { step: 'done', cid: file.cid, holders: 0 } });
    });
  }

  /** Puts the fetched file away; a fetch that is not finished is cancelled. */
  leave(): void {
    const fetching = this.fetching.value;
    if (fetching) this.cancel(fetching.key);
    this.fetching.value = null;
    this.fetched.value = null;
  }

  /** A person wants a large file all the same. */
  confirm(key: number): void {
    this.#asked.get(key)?.();
  }

  /** Cancels a transfer that is not finished. */
  cancel(key: number): void {
    this.#cancels.get(key)?.abort();
  }

  async #give(key: number, file: File, signal: AbortSignal): Promise<void> {
    await this.#run(key, signal, async () => {
      this.#change(key, { progress: { step: 'waiting', until: 'linked' } });
      const mesh = await this.#session.linked(signal);
      this.#move(key, { done: 0, total: file.size });
      const { cid, size, holders } = await mesh.put(file, { signal, onProgress: (p) => this.#move(key, p) });
      this.#change(key, { size, progress: { step: 'done', cid, holders } });
    });
  }

  /** Waits for a person to want it; fails at once where there is no room for it. */
  async #ask(key: number, size: number, signal: AbortSignal): Promise<void> {
    const room = await this.#room();
    if (room !== null && room < size) throw new NoRoom(size, room);
    signal.throwIfAborted();
    this.#change(key, { size, progress: { step: 'asking', size, room } });
    await new Promise<void>((resolve, reject) => {
      this.#asked.set(key, resolve);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  /** Runs one transfer to its end; whatever it throws becomes the entry's state. */
  async #run(key: number, signal: AbortSignal, transfer: () => Promise<void>): Promise<void> {
    try {
      signal.throwIfAborted();
      await transfer();
    } catch (error) {
      const cancelled = signal.aborted || isCancel(error);
      this.#change(key, { progress: cancelled ? { step: 'cancelled' } : { step: 'failed', trouble: troubleOf(error, error instanceof NoRoom ? 'Free some room on this device, or ask for a smaller file.' : undefined) } });
    } finally {
      this.#asked.delete(key);
      this.#cancels.delete(key);
    }
  }

  #add(way: Entry['way'], name: string, size: number | null): { key: number; signal: AbortSignal } {
    const key = this.#nextKey++;
    const cancel = new AbortController();
    this.#cancels.set(key, cancel);
    const rest = this.entries.value;
    // The list is full: the oldest finished entry makes way.
    const leaving = rest.length < ENTRIES_MAX ? undefined : rest.findLast((entry) => !this.#cancels.has(entry.key));
    this.entries.value = [
      { key, way, name, size, progress: { step: 'waiting', until: way === 'given' ? 'turn' : 'joined' } },
      ...rest.filter((entry) => entry !== leaving),
    ];
    return { key, signal: cancel.signal };
  }

  #move(key: number, { done, total, holders = 0 }: Told): void {
    this.#change(key, { progress: { step: 'moving', done, total, holders } });
  }

  #change(key: number, change: Partial<Entry>): void {
    this.entries.value = this.entries.value.map((entry) => (entry.key === key ? { ...entry, ...change } : entry));
  }
}
