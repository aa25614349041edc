// Results on their way to whoever reads them: several may, each at its own pace, and the slowest holds new tasks back.

import { KEPT_RESULTS_BYTES_MAX, KEPT_RESULTS_MAX } from './limits.js';
import type { Result } from './types.js';
import { WORD, wrong } from './words.js';

/** A result, the number of its invocation, and the bytes that it keeps in memory. */
export interface Entry {
  readonly result: Result;
  readonly number: number;
  readonly bytes: number;
}

interface Reader {
  /** The next entry that it reads, as all are numbered. */
  at: number;
  /** Entries that it read and cannot give yet: those before them are missing. */
  aside: number;
  wake: () => void;
}

export class Outlet {
  /** Something was read: there may be room for new tasks. */
  onRead: () => void = () => undefined;
  #entries: Entry[] = [];
  /** The number of the first of them: those before were let go. */
  #first = 0;
  #bytes = 0;
  readonly #readers = new Set<Reader>();
  #isOver = false;
  #error: { readonly reason: unknown } | undefined;
  /** Somebody read, or reads elsewhere: what nobody reads any more is let go. */
  #wasRead = false;

  /** Results that are held for who is behind most, or for whoever may come. */
  get unread(): number {
    const end = this.#first + this.#entries.length;
    const behind = [...this.#readers].map(({ at, aside }) => end - at + aside);
    return behind.length > 0 ? Math.max(...behind) : this.#wasRead ? 0 : this.#entries.length;
  }

  /** Bytes that results keep in memory: those of such that nobody waits for count too. */
  get bytes(): number {
    return this.unread > 0 ? this.#bytes : 0;
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
    this.#bytes += entry.bytes;
    if (this.#wasRead) this.#letGo();
    this.#wake();
  }

  /**
   * The results go on elsewhere: they wait for no reader. All that came so far.
   *
   * @throws MeshError ResultsTaken
   */
  pass(): readonly Entry[] {
    if (this.#first > 0) throw wrong(WORD.resultsTaken);
    this.#wasRead = true;
    return this.#entries;
  }

  /** Somebody waits for the end alone: the results wait for no reader. */
  flow(): void {
    this.#wasRead = true;
    this.#letGo();
  }

  /** There are no more. */
  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  /** Whoever reads meets this behind what is there. */
  fail(reason: unknown): void {
    this.#error ??= { reason };
    this.end();
  }

  /** All results as they come, or by their index; what replaces another comes as it comes. @throws MeshError ResultsTaken, or why the job failed */
  read(isOrdered: boolean): AsyncIterableIterator<Result> {
    const reader: Reader = { at: 0, aside: 0, wake: () => undefined };
    // Now, not once it is read: what comes meanwhile is for it.
    const isLate = this.#first > 0;
    if (!isLate) this.#readers.add(reader);
    return isOrdered ? this.#ordered(reader, isLate) : this.#plain(reader, isLate);
  }

  async *#plain(reader: Reader, isLate: boolean): AsyncGenerator<Result, void, undefined> {
    if (isLate) throw wrong(WORD.resultsTaken);
    try {
      for (;;) {
        const entry = this.#entries[reader.at - this.#first];
        if (entry) {
          reader.at += 1;
          this.#wasRead = true;
          this.#letGo();
          yield entry.result;
          this.onRead();
        } else if (this.#isOver) {
          if (this.#error) throw this.#error.reason;
          return;
        } else {
          await new Promise<void>((resolve) => (reader.wake = resolve));
        }
      }
    } finally {
      this.#readers.delete(reader);
      this.#letGo();
      this.onRead();
    }
  }

  async *#ordered(reader: Reader, isLate: boolean): AsyncGenerator<Result, void, undefined> {
    const early = new Map<number, Result>();
    let next = 0;
    for await (const result of this.#plain(reader, isLate)) {
      if (result.index < next) yield result;
      else early.set(result.index, result);
      for (let found = early.get(next); found; found = early.get(next)) {
        early.delete(next);
        next += 1;
        reader.aside = early.size;
        yield found;
      }
      reader.aside = early.size;
    }
  }

  /** Forgets what all have read, beyond what is kept for those that come later. */
  #letGo(): void {
    // Many at a time: to take single ones from the front would cost each time what is left.
    if (this.#entries.length < 2 * KEPT_RESULTS_MAX && this.#bytes <= 2 * KEPT_RESULTS_BYTES_MAX) return;
    const least = Math.min(...[...this.#readers].map(({ at }) => at), this.#first + this.#entries.length);
    let count = 0;
    const isMuch = (): boolean => this.#entries.length - count > KEPT_RESULTS_MAX || this.#bytes > KEPT_RESULTS_BYTES_MAX;
    while (this.#first + count < least && isMuch()) {
      this.#bytes -= this.#entries[count]!.bytes;
      count += 1;
    }
    this.#entries = this.#entries.slice(count);
    this.#first += count;
  }

  #wake(): void {
    for (const reader of this.#readers) reader.wake();
  }
}
