// Runs a task by steps, one order to a Worker for each: so that its steps can be compared, and that it can go on from any of them. It comes to
// what `executeSteps` of the Worker comes to.

import { type Bytes, NO_BYTES, concat } from '../bytes.js';
import { OUTPUT_BYTES_MAX } from '../task/limits.js';
import { STATUS_NUMBERS, type Outcome as Ran, without } from '../task/outcome.js';
import { type Done, thePool } from '../task/pool.js';
import type { TaskFlag } from '../task/types.js';
import { RunningHash, hashOf } from './hash.js';
import { isResult } from './outcome.js';
import type { Task } from './runner.js';
import { NOT_OK, type Step } from './trail.js';

/** What is so before a step. */
export interface Course {
  readonly number: number;
  /** What the one before wanted, and what it left. */
  readonly flag: TaskFlag;
  readonly state: Bytes;
  /** The gas that was used by then. */
  readonly gas: bigint;
  /** How many bytes of the input were given by then, and one more where its end was. */
  readonly position: number;
  /** The output by then. */
  readonly output: Bytes;
}

/** What a step wants next, by its number. */
const FLAGS: readonly TaskFlag[] = ['continue', 'done', 'wait'];

/** Before the first. */
const BEGIN: Course = { number: 0, flag: 'wait', state: NO_BYTES, gas: 0n, position: 0, output: NO_BYTES };

/** What was taken: the step, the state that it left, and what it emitted. */
export interface Taken {
  readonly step: Step;
  readonly state: Bytes;
  readonly emitted: Bytes;
}

export interface WalkOptions {
  readonly signal?: AbortSignal | undefined;
  readonly isFirst?: boolean;
  /** Of all steps together, in milliseconds; waiting for Workers does not count. */
  readonly timeoutMs: number;
  readonly from?: Course;
  /** Hears of each step; with `false` the task is ended there, as `LATE`. */
  seen(taken: Taken): boolean;
}

type WalkedTask = Pick<Task, 'module' | 'gas' | 'input'>;

/** One step of a task, as the Worker ended it. */
interface One {
  readonly done: Done;
  readonly status: Ran['status'];
  readonly next: NonNullable<Ran['next']> | undefined;
  readonly position: number;
}

/**
 * Runs the steps of a task from `from` on. The output is what was emitted from there on.
 *
 * @throws as `Pool.run`
 */
export async function walk(task: WalkedTask, { signal, isFirst = false, timeoutMs, from = BEGIN, seen }: WalkOptions): Promise<Done> {
  const hash = new RunningHash(from.output);
  const emitted: Bytes[] = [];
  let [course, length, ms] = [from, from.output.length, 0];
  for (let steps = 1; ; steps += 1) {
    const { done, status, next, position } = await take(task, course, length, { signal, isFirst: isFirst || steps > 1, timeoutMs: timeoutMs - ms });
    ms += done.ms;
    const ended = (outcome: Ran): Done => ({ ...done, ms, outcome: { ...outcome, steps } });
    if (!isResult({ status: STATUS_NUMBERS[status] })) return ended(done.outcome);
    if (!next) {
      seen(await ending(task, course.number, position, status));
      return ended(without(status, task.gas));
    }
    const output = done.outcome.output;
    const gas = course.gas + done.outcome.gasUsed;
    length += output.length;
    hash.push(output);
    emitted.push(output);
    const step: Step = { number: course.number, state: await hashOf(next.state), gas, flag: FLAGS.indexOf(next.flag), position, length, output: hash.digest() };
    const goesOn = seen({ step, state: next.state, emitted: output });
    if (next.flag === 'done') return ended({ ...without('OK', gas), output: concat(...emitted) });
    if (!goesOn) return ended(without('LATE', 0n));
    course = { number: Math.min(course.number + 1, 2 ** 32 - 1), flag: next.flag, state: next.state, gas, position, output: NO_BYTES };
  }
}

/** A step that is not `OK`. */
async function ending({ gas }: WalkedTask, number: number, position: number, status: Ran['status']): Promise<Taken> {
  const nothing = await hashOf(NO_BYTES);
  const step: Step = { number, state: nothing, gas, flag: NOT_OK + STATUS_NUMBERS[status], position, length: 0, output: nothing };
  return { step, state: NO_BYTES, emitted: NO_BYTES };
}

/** The next step. It is the end of the task as well where it emits too much, or waits behind the end of the input. */
async function take({ module, gas, input }: WalkedTask, course: Course, length: number, order: { signal: AbortSignal | undefined; isFirst: boolean; timeoutMs: number }): Promise<One> {
  const { seed, time, piece: pieceBytes } = module.frame;
  const isFed = course.flag === 'wait';
  // Behind the last piece comes an empty one: the end of the input.
  const piece = isFed ? input.subarray(course.position, course.position + pieceBytes) : NO_BYTES;
  const position = Math.min(isFed ? course.position + Math.max(1, piece.length) : course.position, 2 ** 32 - 1);
  // Who is wrong about the gas may say more than there is.
  const left = gas > course.gas ? gas - course.gas : 0n;
  const invocation = { input: piece, gas: left, seed, time, state: course.state };
  const done = await thePool().run({ module: module.pool, invocation, ...order, timeoutMs: Math.max(1, order.timeoutMs) });
  const { status, next, output } = done.outcome;
  if (status !== 'OK' || !next) return { done, status, next: undefined, position };
  const isOver = next.flag === 'wait' && position > input.length;
  if (isOver || length + output.length > OUTPUT_BYTES_MAX) return { done, status: 'BAD_ABI', next: undefined, position };
  return { done, status, next, position };
}

/** Where a task is behind a step, with what that left. */
export const courseBehind = (step: Step, output: Bytes, state: Bytes): Course => ({
  number: Math.min(step.number + 1, 2 ** 32 - 1),
  flag: step.flag === 0 ? 'continue' : 'wait',
  state,
  gas: step.gas,
  position: step.position,
  output,
});
