// The steps of tasks that were run for others, for whoever doubts them: until their batch is forgotten, or newer ones need their room.

import { type Bytes, NO_BYTES, concat } from '../bytes.js';
import * as STATUS from '../status.js';
import { AGAIN_TASKS_MAX, PIECE_MAX, RERUNS_MAX, ROW_MAX, TRAILS_BYTES_MAX } from './limits.js';
import type { Task } from './runner.js';
import type { Ask, Step, Trail } from './trail.js';
import { type Taken, type WalkOptions, walk } from './walk.js';

/** A task that was run by steps. */
export interface KeptTrail {
  readonly task: Pick<Task, 'module' | 'gas' | 'input'>;
  readonly trail: Trail;
}

/** What is to be run again: steps from `from` up to `to`, and all up to `left`, of which what it left is kept. */
export interface Wish {
  readonly from: number;
  readonly to: number;
  readonly left: number | undefined;
}

/** Steps that were run again. */
interface Again {
  readonly first: number;
  readonly steps: readonly Step[];
  readonly left: { readonly number: number; readonly bytes: Bytes } | undefined;
}

/** What is said to a question; or what has to be run again first. */
export type Said = { readonly status: number; readonly bytes: Bytes } | { readonly later: Wish };

const NOTHING: Said = { status: STATUS.notFound, bytes: NO_BYTES };

interface Kept extends KeptTrail {
  reruns: number;
}

export class Trails {
  readonly #kept = new Map<string, Kept>();
  readonly #again = new Map<string, Again>();
  #bytes = 0;

  /** @param place the batch and the task's index in it */
  keep(place: string, kept: KeptTrail): void {
    this.forget(place);
    this.#kept.set(place, { ...kept, reruns: 0 });
    this.#bytes += bytesOf(kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= TRAILS_BYTES_MAX) return;
      this.forget(oldest);
    }
  }

  forget(place: string): void {
    const kept = this.#kept.get(place);
    if (kept) this.#bytes -= bytesOf(kept);
    this.#kept.delete(place);
    this.#again.delete(place);
  }

  answer(place: string, ask: Ask): Said {
    const kept = this.#kept.get(place);
    if (!kept) return NOTHING;
    const again = this.#again.get(place);
    const later = (wish: Wish | undefined): Said => (wish && kept.reruns < RERUNS_MAX ? { later: wish } : NOTHING);
    if (ask.kind === 'left') {
      if (ask.number >= kept.trail.count) return { status: STATUS.badRequest, bytes: NO_BYTES };
      if (again?.left?.number === ask.number) return ok(again.left.bytes.slice(ask.offset, ask.offset + PIECE_MAX) as Bytes);
      // The leaves that are known now will not be asked for again.
      return later({ from: ask.number, to: ask.number, left: ask.number });
    }
    let lacks: { readonly first: number; readonly count: number } | undefined;
    const found = kept.trail.answer(ask, (first, count) => {
      const from = again && first >= again.first ? first - again.first : Infinity;
      const steps = again?.steps.slice(from, from + count) ?? [];
      if (steps.length === count) return steps;
      lacks ??= { first, count };
      return undefined;
    });
    if (found) return ok(found);
    return lacks ? later(wishOf(kept.trail, ask, lacks.first, lacks.count)) : NOTHING;
  }

  /** Runs steps of a task again. @throws as {@link walk} */
  async runAgain(place: string, wish: Wish, options: Omit<WalkOptions, 'seen' | 'from'>): Promise<void> {
    const kept = this.#kept.get(place);
    if (!kept) return;
    kept.reruns += 1;
    const again = await ranAgain(kept, wish, options);
    if (!again || this.#kept.get(place) !== kept) return;
    this.#again.delete(place);
    for (const oldest of this.#again.keys()) if (this.#again.size >= AGAIN_TASKS_MAX) this.#again.delete(oldest);
    this.#again.set(place, again);
  }
}

const ok = (bytes: Bytes): Said => ({ status: STATUS.ok, bytes });

const bytesOf = ({ task, trail }: KeptTrail): number => task.input.length + 32 * trail.kept;

/** All that a question wants, where these steps are the first that it lacks; `undefined` where it wants too many. */
function wishOf(trail: Trail, ask: Ask, first: number, count: number): Wish | undefined {
  const row = 2 ** Math.max(trail.level, ask.kind === 'nodes' ? ask.level : 0);
  if (row > ROW_MAX) return undefined;
  const from = first - (first % row);
  return { from, to: Math.min(Math.max(from + row, first + count), trail.count), left: ask.kind === 'step' ? ask.number : undefined };
}

/** `undefined` where the task came to fewer steps. */
async function ranAgain({ task }: KeptTrail, { from, to, left }: Wish, options: Omit<WalkOptions, 'seen' | 'from'>): Promise<Again | undefined> {
  const end = Math.max(to, left === undefined ? 0 : left + 1);
  const steps: Step[] = [];
  const parts: Bytes[] = [];
  let last = -1;
  const seen = ({ step, state, emitted }: Taken): boolean => {
    last = step.number;
    if (last >= from && last < to) steps.push(step);
    if (left !== undefined && last <= left) parts.push(emitted);
    if (last === left) parts.push(state);
    return last + 1 < end;
  };
  await walk(task, { ...options, seen });
  return last + 1 < end ? undefined : { first: from, steps, left: left === undefined ? undefined : { number: left, bytes: concat(...parts) } };
}
