// What came of a task, as it is signed and compared: `core-wasm/tasks/src/outcome.rs`.

import { type Bytes, concat, isEqual, u32 } from '../bytes.js';
import type { Reader } from '../module/reader.js';
import { STATUS_NUMBERS } from '../task/outcome.js';
import type { TaskStatus } from '../task/types.js';

export interface Outcome {
  /** As `docs/TASKS.md` numbers them. */
  readonly status: number;
  /** The gas that is billed. */
  readonly gas: bigint;
  /** How long the output is, in bytes. */
  readonly length: number;
  /** The hash of the output: 32 bytes. */
  readonly output: Bytes;
}

/** Status 1, gas 8, length 4, output 32. */
export const OUTCOME_BYTES = 45;

const NAMES = new Map(Object.entries(STATUS_NUMBERS).map(([name, number]) => [number, name as TaskStatus]));

/** The name of a status; `undefined` where no status has this number. */
export const statusName = (status: number): TaskStatus | undefined => NAMES.get(status);

/** Whether others can come to the same. */
export const isResult = ({ status }: Pick<Outcome, 'status'>): boolean => status <= STATUS_NUMBERS.BAD_ABI;

export const u16 = (value: number): Bytes => Uint8Array.of(value >> 8, value);

export function u64(value: bigint): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

export const outcomeBytes = ({ status, gas, length, output }: Outcome): Bytes => concat(Uint8Array.of(status), u64(gas), u32(length), output);

/** @throws RangeError where there are too few bytes */
export const readOutcome = (reader: Reader): Outcome => ({
  status: reader.number(1),
  gas: reader.big(),
  length: reader.number(4),
  output: reader.take(32),
});

export const isSame = (one: Outcome, other: Outcome): boolean =>
  one.status === other.status && one.gas === other.gas && one.length === other.length && isEqual(one.output, other.output);
