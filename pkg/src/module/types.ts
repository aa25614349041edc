// What attaches a module sees.

import type { MeshError } from '../errors.js';
import type { MessageData } from '../types.js';

export interface AttachOptions {
  /** Names the protocol that the module speaks, 1 to 255 bytes: modules of one name reach each other. */
  name?: string;
  /** Or its port itself: 1 to 2^32 - 1, of which 1 to 15 are tabmesh's own. */
  port?: number;
  /** The version of the protocol, 0 to 255: modules of one version reach each other. Default: 1. */
  version?: number;
  /** Its `.wasm`: where it lies, its bytes, or compiled. */
  module: URL | ArrayBufferLike | ArrayBufferView | WebAssembly.Module;
  /** Hears what the module tells its application, in a form that both know. */
  onEvent?(bytes: Uint8Array<ArrayBuffer>): void;
  /** Hears that the module stopped by a bug; it is detached then. Default: it is reported as an error that nobody caught. */
  onFault?(fault: MeshError): void;
  /** Gives up attaching it; where it is attached, detaches it as `close` does. */
  signal?: AbortSignal | undefined;
}

/** A module at its port. */
export interface Attached {
  readonly port: number;
  /** Hands the module what its application wants, in a form that both know; several parts are one, joined. */
  command(...data: MessageData[]): void;
  /** Detaches it: its questions are cancelled, who asked it something hears Unavailable, and nothing of it is kept. */
  close(): void;
}
