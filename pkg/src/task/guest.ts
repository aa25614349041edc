// A started instance as its host sees it: its memory, its gas, its stack.

import { STACK_KIB_USUAL } from './limits.js';

/** What a call was ended with by the host: `proc_exit`, or the end of the gas. */
export class Ended {
  constructor(readonly code: number) {}
}

/** The gas of a run that the host's lack of memory ended. */
export const GAS_ABORTED = -(1n << 63n);

/** What a run is given: gas, and stack in KiB; absent: the usual. */
export interface Given {
  readonly gas: bigint;
  readonly stack?: number | undefined;
}

interface Exports {
  readonly memory: WebAssembly.Memory;
  /** i64: the gas left. */
  readonly '~g': { value: bigint };
  /** i32: the bytes of stack left. */
  readonly '~s': { value: number };
  readonly '~i'?: () => void;
  /** A function, if it is one at all, only in pure modules. */
  readonly _initialize?: unknown;
  readonly alloc: (length: number) => number;
  readonly run: (at: number, length: number) => bigint;
  readonly step: (own: number, ownLength: number, piece: number, length: number) => bigint;
  readonly _start: () => void;
}

export class Guest {
  readonly exports: Exports;
  /** The memory as it was when it was looked at last; and the same for numbers. */
  memory = new Uint8Array(0);
  view = new DataView(this.memory.buffer);

  constructor(instance: WebAssembly.Instance, { gas, stack = STACK_KIB_USUAL }: Given) {
    this.exports = instance.exports as unknown as Exports;
    this.exports['~g'].value = gas;
    this.exports['~s'].value = stack * 1_024;
  }

  /** The gas left; below zero there is none. */
  get gas(): bigint {
    return this.exports['~g'].value;
  }

  get isOutOfGas(): boolean {
    return this.gas < 0n;
  }

  /** Calls the module's start function, if it has one; `false` if the gas did not suffice. */
  start(): boolean {
    this.exports['~i']?.();
    return !this.isOutOfGas;
  }

  /** The same, and then the function that a pure module wants called before any other, if it has one. */
  begin(): boolean {
    if (!this.start()) return false;
    const { _initialize: initialise } = this.exports;
    if (typeof initialise === 'function') initialise();
    return !this.isOutOfGas;
  }

  get isOutOfStack(): boolean {
    return this.exports['~s'].value < 0;
  }

  /** Takes gas for what the host does. @throws Ended when there is not so much */
  charge(gas: number): void {
    if (gas === 0) return;
    this.exports['~g'].value -= BigInt(gas);
    if (this.isOutOfGas) throw new Ended(0);
  }

  /** Looks at the memory anew: it may have grown since. To ask for its buffer at every place would cost more than what is done there. */
  look(): this {
    const { buffer } = this.exports.memory;
    if (this.memory.buffer !== buffer) {
      this.memory = new Uint8Array(buffer);
      this.view = new DataView(buffer);
    }
    return this;
  }

  /** Whether all of a place is within the memory. Both numbers are unsigned. */
  has(at: number, length: number): boolean {
    return at + length <= this.memory.length;
  }

  /** A view of the memory; `undefined` if the place is outside. */
  bytes(at: number, length: number): Uint8Array | undefined {
    return this.has(at, length) ? this.memory.subarray(at, at + length) : undefined;
  }
}
