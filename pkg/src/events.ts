// Listeners of one mesh.

import type { MeshError } from './errors.js';
import { report } from './report.js';
import type { MeshEvents } from './types.js';

/** Faults kept for the first listener: joining may find some before there can be one. The first ones stay. */
const KEPT_MAX = 8;

type Listener<E extends keyof MeshEvents> = (detail: MeshEvents[E]) => void;

export class Events {
  readonly #listeners = new Map<keyof MeshEvents, Set<Listener<never>>>();
  #kept: MeshError[] = [];

  on<E extends keyof MeshEvents>(event: E, listener: Listener<E>): () => void {
    const all = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, all);
    // Wrapped, so that one function given twice is two listeners.
    const own: Listener<E> = (detail) => listener(detail);
    all.add(own);
    if (event === 'fault') queueMicrotask(() => this.#tellKept());
    return () => all.delete(own);
  }

  /** See {@link tellAll}. */
  emit<E extends keyof MeshEvents>(event: E, detail: MeshEvents[E]): void {
    const all = this.#listeners.get(event);
    if (event === 'fault' && !all?.size && this.#kept.length < KEPT_MAX) this.#kept.push(detail as MeshError);
    if (all) tellAll(all as Set<Listener<E>>, detail);
  }

  #tellKept(): void {
    const kept = this.#kept;
    this.#kept = [];
    for (const fault of kept) this.emit('fault', fault);
  }
}

/** Tells every listener; one that throws stops nobody, and its error is reported as any uncaught one. */
export function tellAll<T>(listeners: Iterable<(detail: T) => void>, detail: T): void {
  for (const listener of listeners) {
    try {
      listener(detail);
    } catch (error) {
      report(error);
    }
  }
}
