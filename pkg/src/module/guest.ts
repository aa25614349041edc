// The `.wasm` of a module, as `core-wasm/module/src/border.rs` makes it. What it does wrong is thrown.

import type { Bytes } from '../bytes.js';
import { type Parts, lengthOf } from './flat.js';
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
    this.#put([attachment]);
    if (this.#exports.start() !== 1) throw new TypeError('it does not start');
  }

  /** Hands in something, at a time in milliseconds. */
  handle(nowMs: number, input: Parts): void {
    this.#put(input);
    if (this.#exports.handle(BigInt(Math.floor(nowMs * 1000))) !== 1) throw new TypeError(`it knows no input of the kind ${input[0]?.[0]}`);
  }

  /** The next output, until the next call a view of the module's memory; `undefined` if there is none for which there is room. */
  poll(room: bigint): Uint8Array | undefined {
    const at = BigInt.asUintN(64, this.#exports.poll(room));
    return at === 0n ? undefined : new Uint8Array(this.#exports.memory.buffer, Number(at >> 32n), Number(at & 0xffff_ffffn));
  }

  /** When it wants to be woken, in milliseconds. */
  get wantedAtMs(): number {
    const at = BigInt.asUintN(64, this.#exports.wanted_at());
    return at === NEVER ? Infinity : Number(at) / 1000;
  }

  /** Parts are joined where they are to lie: what is long is copied once. */
  #put(parts: Parts): void {
    let place = this.#exports.room(lengthOf(parts)) >>> 0;
    for (const part of parts) {
      new Uint8Array(this.#exports.memory.buffer, place, part.length).set(part);
      place += part.length;
    }
  }
}
