// A task over a module that was prepared: whole, by steps, or one step. Nothing here knows of Workers.

import type { Bytes } from '../bytes.js';
import { Command } from './command.js';
import { Ended, type Guest } from './guest.js';
import { callFresh } from './instance.js';
import { type Invocation, type Outcome, without } from './outcome.js';
import type { Prepared } from './prepared.js';
import { runPure } from './pure.js';
import { executeStep, executeSteps } from './steps.js';

/** What must be known of a module to run it. */
export type Runnable = Pick<Prepared, 'module' | 'interface' | 'bytes' | 'lacks' | 'lacksForSteps'>;

/** Whether a task like this would begin to run. */
export function isFit({ module, lacks, lacksForSteps }: Runnable, { pieceBytes, state }: Invocation): boolean {
  const lacking = pieceBytes === undefined && state === undefined ? lacks : lacksForSteps;
  return module !== undefined && lacking.length === 0;
}

/**
 * Does what the invocation says with a module that is fit for it; `onStep` hears how many steps were done.
 *
 * Never throws: where this host fails the status is `ABORT`.
 */
export function perform(runnable: Runnable, invocation: Invocation, onStep: (steps: number) => void): Outcome {
  const { module, interface: kind, bytes } = runnable;
  const { pieceBytes, state } = invocation;
  if (!module || !kind) return without('ABORT', 0n);
  if (state) return executeStep(module, bytes, invocation, state);
  if (pieceBytes !== undefined) return executeSteps(module, bytes, invocation, pieceBytes, onStep);
  return execute(module, kind, invocation);
}

/** Runs a module that has what its interface wants, in a fresh instance. Never throws, as {@link perform}. */
export function execute(module: WebAssembly.Module, kind: 'pure' | 'command', invocation: Invocation): Outcome {
  const { input, seed, time } = invocation;
  const command = kind === 'command' ? new Command(input, seed, time) : undefined;
  try {
    const called = callFresh(module, command ? { wasi_snapshot_preview1: command.importsOf(module) } : {}, invocation, (guest) => {
      if (command) return runCommand(guest, command);
      const output = guest.begin() ? runPure(guest, seed, input) : undefined;
      return output && { code: 0, output };
    });
    const log = command ? new TextDecoder().decode(command.log.bytes()) : '';
    if (called.status !== 'OK') return { ...without(called.status, called.gasUsed), log, ...(command && { clockReads: command.clockReads }) };
    const { code, output } = called.answer;
    return { status: code === 0 ? 'OK' : 'EXIT', code, gasUsed: called.gasUsed, output, log };
  } catch {
    return without('ABORT', 0n);
  }
}

/** The exit code and the output; the start function may end the command as well. */
function runCommand(guest: Guest, command: Command): { readonly code: number; readonly output: Bytes } {
  let code = 0;
  command.attach(guest);
  try {
    if (guest.start()) guest.exports._start();
  } catch (thrown) {
    if (!(thrown instanceof Ended)) throw thrown;
    code = thrown.code;
  }
  return { code, output: command.output.bytes() };
}
