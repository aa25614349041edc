// Listeners of a job or an offer.

import { report } from '../report.js';

/** `M`: what the listeners of each event are given. */
export class Listeners<M extends { [event: string]: unknown[] }> {
  readonly #all = new Map<keyof M, Set<(...details: never[]) => void>>();

  /** Listens; the answer stops listening. */
  on<E extends keyof M>(event: E, listener: (...details: M[E]) => void): () => void {
    const all = this.#all.get(event) ?? new Set();
    this.#all.set(event, all);
    // Wrapped, so that one function given twice is two listeners.
    const own = (...details: M[E]): void => listener(...details);
    all.add(own as never);
    return () => void all.delete(own as never);
  }

  /** Tells every listener; one that throws stops nobody, and its error is reported as any uncaught one. */
  emit<E extends keyof M>(event: E, ...details: M[E]): void {
    for (const listener of [...(this.#all.get(event) ?? [])] as unknown as ((...details: M[E]) => void)[]) {
      try {
        listener(...details);
      } catch (error) {
        report(error);
      }
    }
  }
}
