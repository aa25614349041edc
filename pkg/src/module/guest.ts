// The `.wasm` of a module, as `core-wasm/module/src/border.rs` makes it. What it does wrong is thrown.

import type { Bytes } from '../bytes.js';
import { FAULT, fault } from './faults.js';

interface Exports {
  readonly memory: WebAssembly.Memory;
  room(length: number): number;
  start(): number;
  handle(nowUs: bigint): number;
  poll(room: bigint): bigint;
  wanted_at(): bigint;
}

const FUNCTIONS = ['room', 'start', 'handle', 'poll', 'wanted_at'] as const;

const NEVER = 2n ** 64n - 1n;

/** For every kind of wish. */
export const ROOM = NEVER;

export class Guest {
  readonly #exports: Exports;

  private constructor(exports: Exports) {
    this.#exports = exports;
  }

  /** @throws MeshError NoModule */
  static async make(module: WebAssembly.Module): Promise<Guest> {
    try {
      const { exports } = await WebAssembly.instantiate(module, {});
      const lacks = FUNCTIONS.find((name) => typeof exports[name] !== 'function');
      if (lacks) throw new TypeError(`it has no function ${lacks}`);
      if (!(exports['memory'] instanceof WebAssembly.Memory)) throw new TypeError('it has no memory');
      return new Guest(exports as unknown as Exports);
    } catch (cause) {
      throw fault(FAULT.noModule, cause);
    }
  }

  /** Makes the module of its attachment. */
  start(attachment: Bytes): void {
    this.#put(attachment);
    if (this.#exports.start() !== 1) throw new TypeError('it does not start');
  }

  /** Hands in something, at a time in milliseconds. */
  handle(nowMs: number, input: Bytes): void {
    this.#put(input);
    if (this.#exports.handle(BigInt(Math.floor(nowMs * 1000))) !== 1) throw new TypeError(`it knows no input of the kind ${input[0]}`);
  }

  /** The next output; `undefined` if there is none for which there is room. */
  poll(room: bigint): Bytes | undefined {
    const at = BigInt.asUintN(64, this.#exports.poll(room));
    return at === 0n ? undefined : new Uint8Array(this.#exports.memory.buffer, Number(at >> 32n), Number(at & 0xffff_ffffn)).slice();
  }

  /** When it wants to be woken, in milliseconds. */
  get wantedAtMs(): number {
    const at = BigInt.asUintN(64, this.#exports.wanted_at());
    return at === NEVER ? Infinity : Number(at) / 1000;
  }

  #put(bytes: Bytes): void {
    const place = this.#exports.room(bytes.length) >>> 0;
    new Uint8Array(this.#exports.memory.buffer, place, bytes.length).set(bytes);
  }
}
