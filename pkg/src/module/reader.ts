// Reads what modules give: fields in their order, numbers big-endian.

import { type Bytes, pieces } from '../bytes.js';
import * as STATUS from '../status.js';

const STATUSES: readonly number[] = Object.values(STATUS);

/** What it gives out is a copy. Whatever is not there throws a RangeError. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(count: number): Bytes {
    const [from, to] = [this.#at, this.#at + count];
    if (to > this.#bytes.length) throw new RangeError(`${this.#bytes.length} bytes where ${to} are needed`);
    this.#at = to;
    return this.#bytes.slice(from, to) as Bytes;
  }

  number(count: number): number {
    return this.take(count).reduce((number, byte) => number * 256 + byte, 0);
  }

  /** 64 bits. */
  big(): bigint {
    return this.take(8).reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
  }

  status(): number {
    const status = this.number(2);
    if (!STATUSES.includes(status)) throw new RangeError(`${status} is no status`);
    return status;
  }

  flag(): boolean {
    const flag = this.number(1);
    if (flag > 1) throw new RangeError(`${flag} is no flag`);
    return flag === 1;
  }

  ids(): Uint8Array[] {
    return pieces(this.take(this.number(1) * 32), 32);
  }

  rest(): Bytes {
    return this.take(this.#bytes.length - this.#at);
  }

  end(): void {
    const { length } = this.rest();
    if (length > 0) throw new RangeError(`${length} bytes too many`);
  }
}
