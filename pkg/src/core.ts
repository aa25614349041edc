// The Wasm core: one instance for all meshes of the page. `core-wasm/src/border.rs` is the other side of this border.

import * as CODE from './codes.js';
import { compiled, once } from './wasm.js';

/** Takes one output; `id` and `bytes` are views of Wasm memory that die with the call. */
export type Receiver = (kind: number, number: number, value: number, id: Uint8Array, bytes: Uint8Array) => void;

/** Places and numbers come out signed. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  room(length: number): number;
  start(config: number, length: number): number;
  input(node: number, now: number, kind: number, number: number, bytes: number, length: number): number;
  show(node: number): void;
  free(): void;
}

/** What it imports. */
type Output = (
  node: number,
  kind: number,
  number: number,
  value: number,
  id: number,
  idLength: number,
  bytes: number,
  length: number,
) => void;

export class Core {
  readonly #exports: Exports;
  /** Of each node, by the place where it lies. */
  readonly #receivers = new Map<number, Receiver>();

  constructor(module: WebAssembly.Module) {
    const output: Output = (node, kind, number, value, id, idLength, bytes, length) =>
      this.#receivers.get(node)?.(kind, number >>> 0, value >>> 0, this.#view(id, idLength), this.#view(bytes, length));
    this.#exports = new WebAssembly.Instance(module, { page: { output } }).exports as unknown as Exports;
  }

  /** Bytes of memory, of all nodes together. */
  get memory(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  /** Makes a node, and answers the place where it lies; 0 if `config` is too short. */
  start(config: Uint8Array, receiver: Receiver): number {
    const node = this.#exports.start(this.#put(config), config.length);
    this.#receivers.set(node, receiver);
    return node;
  }

  /** Hands in what happened, at a time in microseconds; answers the time of the next time-out, or -1 if it was no input. */
  input(node: number, now: number, kind: number, number: number, bytes: Uint8Array): number {
    return this.#exports.input(node, now, kind, number, this.#put(bytes), bytes.length);
  }

  /** Lets a node tell its links and its neighbourhood, as two outputs. */
  show(node: number): void {
    this.#exports.show(node);
  }

  /** A node tells nothing any more. */
  release(node: number): void {
    this.#receivers.delete(node);
  }

  /** One of those that were released is not needed any more. */
  free(): void {
    this.#exports.free();
  }

  #put(bytes: Uint8Array): number {
    const place = this.#exports.room(bytes.length);
    this.#view(place, bytes.length).set(bytes);
    return place;
  }

  #view(place: number, length: number): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, place >>> 0, length);
  }
}

/** @throws MeshError NoWasm */
export const loadCore = once(async () => new Core(await compiled(new URL('../wasm/tabmesh_core.wasm', import.meta.url))), CODE.noWasm);
