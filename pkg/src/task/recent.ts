// The last few things by their names. Two that are told of the same names in the same order have the same.

export class Recent<T> {
  readonly #most: number;
  /** The least recently used first. */
  readonly #all = new Map<string, T>();

  constructor(most: number) {
    this.#most = most;
  }

  get(name: string): T | undefined {
    const found = this.#all.get(name);
    if (found !== undefined) this.set(name, found);
    return found;
  }

  set(name: string, value: T): void {
    this.#all.delete(name);
    this.#all.set(name, value);
    const [oldest] = this.#all.keys();
    if (this.#all.size > this.#most && oldest !== undefined) this.#all.delete(oldest);
  }
}
