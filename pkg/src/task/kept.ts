// Modules that were metered and compiled before, by what they were made of; the least recently used goes first.

import { hex, sha256 } from '../bytes.js';
import { KEPT_BYTES_MAX, KEPT_MODULES_MAX } from './limits.js';
import type { Prepared } from './prepared.js';

/** What names a prepared module: its SHA-256 and the task's pages. */
export const keyOf = async (module: Uint8Array, pages: number): Promise<string> => `${hex(await sha256(module))}:${pages}`;

export class KeptModules {
  readonly #kept = new Map<string, Prepared>();
  #bytes = 0;

  get(key: string): Prepared | undefined {
    const prepared = this.#kept.get(key);
    if (!prepared) return undefined;
    // A `Map` keeps the order of insertion: it goes to the end again.
    this.#kept.delete(key);
    this.#kept.set(key, prepared);
    return prepared;
  }

  keep(key: string, prepared: Prepared): void {
    this.#drop(key);
    this.#kept.set(key, prepared);
    this.#bytes += weight(prepared);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT_MODULES_MAX && this.#bytes <= KEPT_BYTES_MAX) return;
      this.#drop(oldest);
    }
  }

  get size(): number {
    return this.#kept.size;
  }

  #drop(key: string): void {
    const prepared = this.#kept.get(key);
    if (!prepared) return;
    this.#kept.delete(key);
    this.#bytes -= weight(prepared);
  }
}

const weight = ({ bytes, meteredBytes }: Prepared): number => bytes + meteredBytes;
