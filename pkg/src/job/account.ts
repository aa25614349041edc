// How far a job is, and what executors did for it.

import { hex } from '../bytes.js';
import { EXECUTORS_COUNTED_MAX } from './limits.js';
import type { Decided } from './runner.js';
import type { Bill, Progress } from './types.js';

export class Account {
  failed = 0;
  /** Open tasks that are done, as executors say. */
  done = 0;
  readonly #bill: Bill = { accepted: 0, gas: 0n, byExecutor: new Map() };
  readonly #executors = new Set<string>();
  /** Tasks that came to a result in an earlier run, and are not read again yet; and all of them. */
  #earlier = 0;
  #earlierAll = 0;
  /** The time that the job was not paused. */
  #ranMs = 0;
  #since: number | undefined;

  run(): void {
    this.#since ??= performance.now();
  }

  /** So many tasks came to a result in an earlier run of the job. */
  resume(tasks: number): void {
    this.#earlier = tasks;
  }

  /** One of them was read again. */
  restored(): void {
    this.#earlier = Math.max(0, this.#earlier - 1);
    this.#earlierAll += 1;
  }

  /** No more of them is to come. */
  allRestored(): void {
    this.#earlier = 0;
  }

  rest(): void {
    this.#ranMs += this.#since === undefined ? 0 : performance.now() - this.#since;
    this.#since = undefined;
  }

  assigned(executor: string): void {
    if (this.#executors.size < EXECUTORS_COUNTED_MAX) this.#executors.add(executor);
  }

  /** A task came to a result. `isAgain`: it did so before. */
  accept({ outcome, executor }: Decided, isAgain: boolean): void {
    const { gas } = outcome;
    if (!isAgain) this.#bill.accepted += 1;
    this.#bill.gas += gas;
    if (!executor) return;
    // One of an earlier run was given tasks there.
    this.assigned(hex(executor));
    count(this.#bill.byExecutor, hex(executor), gas, EXECUTORS_COUNTED_MAX);
  }

  /** A task failed. `wasAccepted`: it was taken for one that did not. */
  fail(wasAccepted: boolean): void {
    this.failed += 1;
    if (wasAccepted) this.#bill.accepted -= 1;
  }

  get bill(): Bill {
    return { ...this.#bill, byExecutor: new Map(this.#bill.byExecutor) };
  }

  progress(open: number, total: number | undefined): Progress {
    const { accepted, gas } = this.#bill;
    const decided = accepted + this.#earlier + this.failed;
    const fresh = accepted - this.#earlierAll + this.failed;
    const ranMs = this.#ranMs + (this.#since === undefined ? 0 : performance.now() - this.#since);
    const etaMs = total !== undefined && fresh > 0 ? (ranMs / fresh) * Math.max(0, total - decided) : undefined;
    return {
      accepted: accepted + this.#earlier,
      failed: this.failed,
      open,
      done: Math.min(this.done, open),
      gas,
      executors: this.#executors.size,
      ...(total !== undefined && { total }),
      ...(etaMs !== undefined && { etaMs }),
    };
  }
}

/** Counts a task and its gas for somebody; beyond `most` those who are new are counted under the empty name. */
export function count(all: Map<string, { tasks: number; gas: bigint }>, who: string, gas: bigint, most: number): void {
  const name = all.has(who) || all.size < most ? who : '';
  const { tasks, gas: before } = all.get(name) ?? { tasks: 0, gas: 0n };
  all.set(name, { tasks: tasks + 1, gas: before + gas });
}
