import { signal } from '@preact/signals';

/** What has come of each part, by its index. Whoever reads it within a component sees what comes; nothing is copied as it grows. */
export class Gathered<T> {
  readonly #parts = new Map<number, T>();
  readonly #changes = signal(0);

  /** What came before of the same part is replaced. */
  set(index: number, part: T): void {
    this.#parts.set(index, part);
    this.#changes.value += 1;
  }

  get values(): T[] {
    return this.#read(() => [...this.#parts.values()]);
  }

  /** In the order of the parts. */
  get inOrder(): [index: number, part: T][] {
    return this.#read(() => [...this.#parts].sort(([a], [b]) => a - b));
  }

  #read<R>(read: () => R): R {
    // Subscribes.
    this.#changes.value;
    return read();
  }
}
