// What came of a task, as it is signed and compared: `core-wasm/tasks/src/outcome.rs`.

import { type Bytes, NO_BYTES, concat, isEqual, u32 } from '../bytes.js';
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
  /** The root over its steps: 32 bytes; absent where it was run whole, or is no result. */
  readonly steps?: Bytes | undefined;
}

/** Added to the status of one whose steps come behind. */
const BY_STEPS = 128;

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

/** Status 1, gas 8, length 4, output 32, and where it was run by steps, which 128 more in the status says, their root 32. */
export const outcomeBytes = ({ status, gas, length, output, steps = NO_BYTES }: Outcome): Bytes =>
  concat(Uint8Array.of(status + (steps.length > 0 ? BY_STEPS : 0)), u64(gas), u32(length), output, steps);

/** @throws RangeError where there are too few bytes */
export function readOutcome(reader: Reader): Outcome {
  const status = reader.number(1);
  const outcome = { status: status % BY_STEPS, gas: reader.big(), length: reader.number(4), output: reader.take(32) };
  const steps = status < BY_STEPS ? NO_BYTES : reader.take(32);
  // Zeros are none.
  return steps.some((byte) => byte > 0) ? { ...outcome, steps } : outcome;
}

export const isSame = (one: Outcome, other: Outcome): boolean => isEqual(outcomeBytes(one), outcomeBytes(other));
