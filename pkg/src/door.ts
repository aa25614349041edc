// What modules have of a mesh, beside what applications see.

import type { Bytes } from './bytes.js';
import type { Identity } from './keys.js';
import type { Operations } from './operations.js';
import type { Mesh, Peer } from './types.js';

export interface Door {
  /** Set where modules are attached. */
  modules: Hearer | undefined;
  readonly state: Mesh['state'];
  readonly identity: Identity;
  /** The first 8 bytes of the hash of its name. */
  readonly network: Bytes;
  readonly operations: Operations;
  readonly input: (kind: number, number?: number, bytes?: Uint8Array) => void;
  peers(): Peer[];
}

/** Hears what happens, in the middle of it: it calls the engine later. */
export interface Hearer {
  onEvent(kind: number, number: number, value: number, id: Bytes, bytes: Bytes): void;
  /** The wall clock was set. */
  onClock(): void;
  onClosed(): void;
}

export const doors = new WeakMap<Mesh, Door>();
