// One run of a metered module: started, called, judged. Nothing here knows of Workers.

import { type Bytes, NO_BYTES } from '../bytes.js';
import { Command } from './command.js';
import { Ended, GAS_ABORTED, Guest } from './guest.js';
import { runPure } from './pure.js';
import type { TaskStatus } from './types.js';

/** The numbers of statuses, the same for every host. */
export const STATUS_NUMBERS: Readonly<Record<TaskStatus, number>> = {
  OK: 0,
  EXIT: 1,
  TRAP: 2,
  OUT_OF_GAS: 3,
  STACK: 4,
  BAD_ABI: 5,
  ABORT: 6,
  REFUSED: 7,
  LATE: 8,
};

/** What a task gives its module. */
export interface Invocation {
  readonly input: Bytes;
  /** 0 to 2^62. */
  readonly gas: bigint;
  /** 32 bytes. */
  readonly seed: Uint8Array;
  /** Nanoseconds since 1970, 64 bits. */
  readonly time: bigint;
}

/** How a run ended. */
export interface Outcome {
  readonly status: TaskStatus;
  readonly code: number;
  readonly gasUsed: bigint;
  readonly output: Bytes;
  readonly log: string;
}

/** How the calls ended: with a code and an output, without a good answer, by a trap, or because this host failed. */
type End = { readonly code: number; readonly output: Bytes } | 'bad answer' | 'trap' | 'host';

/** An outcome without an output. */
export function without(status: TaskStatus, gasUsed: bigint, code = 0): Outcome {
  return { status, code, gasUsed, output: NO_BYTES, log: '' };
}

/**
 * Runs a metered module that has what its interface wants, in a fresh instance.
 *
 * Never throws: where this host fails the status is `ABORT`.
 */
export function execute(module: WebAssembly.Module, kind: 'pure' | 'command', invocation: Invocation): Outcome {
  const { input, gas, seed, time } = invocation;
  const command = kind === 'command' ? new Command(input, seed, time) : undefined;
  let guest: Guest;
  try {
    const imports = command ? { wasi_snapshot_preview1: command.imports } : {};
    guest = new Guest(new WebAssembly.Instance(module, imports), gas);
  } catch (error) {
    return isTrap(error) ? without('TRAP', gas) : without('ABORT', 0n);
  }
  command?.attach(guest);
  try {
    const outcome = judge(guest, call(guest, command, invocation), gas);
    return command ? { ...outcome, log: new TextDecoder().decode(command.log.bytes()) } : outcome;
  } catch {
    return without('ABORT', 0n);
  }
}

/** The calls of the interface, behind the module's start function. */
function call(guest: Guest, command: Command | undefined, { seed, input }: Invocation): End {
  try {
    guest.exports['~i']?.();
    if (guest.isOutOfGas) return 'bad answer';
    if (!command) {
      const output = runPure(guest, seed, input);
      return output ? { code: 0, output } : 'bad answer';
    }
    guest.exports._start();
    return { code: 0, output: command.output.bytes() };
  } catch (thrown) {
    if (isTrap(thrown)) return 'trap';
    return command && thrown instanceof Ended ? { code: thrown.code, output: command.output.bytes() } : 'host';
  }
}

/**
 * Whether the module trapped. Everything else that is thrown is this host's: when its own stack ends, engines throw a `RangeError`
 * or an `InternalError`.
 */
const isTrap = (thrown: unknown): boolean => thrown instanceof WebAssembly.RuntimeError;

/** The first line that fits counts. */
function judge(guest: Guest, end: End, gas: bigint): Outcome {
  const left = guest.gas;
  if (end === 'host' || left === GAS_ABORTED) return without('ABORT', 0n);
  if (left < 0n) return without('OUT_OF_GAS', gas);
  if (end === 'bad answer') return without('BAD_ABI', gas);
  if (end === 'trap') return without(guest.isOutOfStack ? 'STACK' : 'TRAP', gas);
  return { status: end.code === 0 ? 'OK' : 'EXIT', code: end.code, gasUsed: gas - left, output: end.output, log: '' };
}
