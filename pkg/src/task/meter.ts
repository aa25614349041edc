// The meter's Wasm: the profile D1 done to a module. `task-meter/wasm/src/lib.rs` is the other side of this border.

import type { Bytes } from '../bytes.js';
import type { Refused } from './prepared.js';

/** What a module may import. */
export const PURE = 0;
export const COMMAND = 1;

interface Exports {
  readonly memory: WebAssembly.Memory;
  alloc(length: number): number;
  instrument(length: number, pages: number, kind: number): bigint;
}

export class Meter {
  readonly #exports: Exports;

  /** A fresh instance of the meter. */
  constructor(module: WebAssembly.Module) {
    this.#exports = new WebAssembly.Instance(module).exports as unknown as Exports;
  }

  /**
   * The metered module, a copy; or why it is refused.
   *
   * @param module at most {@link MODULE_BYTES_MAX} bytes
   * @param kind {@link PURE} or {@link COMMAND}
   * @throws Error when there is no memory, or the meter stopped by a bug: a failure of this host
   */
  instrument(module: Uint8Array, pages: number, kind: typeof PURE | typeof COMMAND): Bytes | Refused {
    const { memory, alloc, instrument } = this.#exports;
    const at = alloc(module.length) >>> 0;
    if (at === 0) throw new Error('no memory for metering');
    new Uint8Array(memory.buffer).set(module, at);
    const answer = instrument(module.length, pages, kind);
    if (answer >= 0n) {
      const place = Number(answer >> 32n);
      return new Uint8Array(memory.buffer).slice(place, place + Number(answer & 0xffff_ffffn));
    }
    const refused = -1n - answer;
    return { code: Number(refused >> 53n), offset: Number((refused >> 26n) & 0x7ff_ffffn), found: Number(refused & 0x3ff_ffffn) };
  }
}
