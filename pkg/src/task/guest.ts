// A started instance as its host sees it: its memory, its gas, its stack.

/** What a call was ended with by the host: `proc_exit`, or the end of the gas. */
export class Ended {
  constructor(readonly code: number) {}
}

/** The gas of a run that the host's lack of memory ended. */
export const GAS_ABORTED = -(1n << 63n);

interface Exports {
  readonly memory: WebAssembly.Memory;
  /** i64: the gas left. */
  readonly '~g': { value: bigint };
  /** i32: the bytes of stack left. */
  readonly '~s': { value: number };
  readonly '~i'?: () => void;
  readonly alloc: (length: number) => number;
  readonly run: (at: number, length: number) => bigint;
  readonly _start: () => void;
}

export class Guest {
  readonly exports: Exports;

  constructor(instance: WebAssembly.Instance, gas: bigint) {
    this.exports = instance.exports as unknown as Exports;
    this.exports['~g'].value = gas;
  }

  /** The gas left; below zero there is none. */
  get gas(): bigint {
    return this.exports['~g'].value;
  }

  get isOutOfGas(): boolean {
    return this.gas < 0n;
  }

  get isOutOfStack(): boolean {
    return this.exports['~s'].value < 0;
  }

  /** Takes gas for what the host does. @throws Ended when there is not so much */
  charge(gas: number): void {
    this.exports['~g'].value -= BigInt(gas);
    if (this.isOutOfGas) throw new Ended(0);
  }

  /** A view of the memory as it is now; `undefined` if the place is outside. Both numbers are unsigned. */
  bytes(at: number, length: number): Uint8Array | undefined {
    const { buffer } = this.exports.memory;
    return at + length <= buffer.byteLength ? new Uint8Array(buffer, at, length) : undefined;
  }

  /** The same, for numbers. */
  view(at: number, length: number): DataView | undefined {
    const { buffer } = this.exports.memory;
    return at + length <= buffer.byteLength ? new DataView(buffer, at, length) : undefined;
  }
}
