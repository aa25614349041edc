// Listeners of one mesh.

import type { MeshEvents } from './types.js';

type Listener<E extends keyof MeshEvents> = (detail: MeshEvents[E]) => void;

export class Events {
  readonly #listeners = new Map<keyof MeshEvents, Set<Listener<never>>>();

  on<E extends keyof MeshEvents>(event: E, listener: Listener<E>): () => void {
    const all = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, all);
    // Wrapped, so that one function given twice is two listeners.
    const own: Listener<E> = (detail) => listener(detail);
    all.add(own);
    return () => all.delete(own);
  }

  /** Tells every listener; one that throws stops nobody, and its error is reported as any uncaught one. */
  emit<E extends keyof MeshEvents>(event: E, detail: MeshEvents[E]): void {
    for (const listener of this.#listeners.get(event) ?? []) {
      try {
        (listener as Listener<E>)(detail);
      } catch (error) {
        reportError(error);
      }
    }
  }
}
