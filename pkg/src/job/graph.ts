// Which invocation of a job becomes a task when: its stages, and who awaits whom. It knows lengths and places; what runs is told and heard.

import type { Bytes } from '../bytes.js';
import { need } from '../check.js';
import type { Cid } from '../cid.js';
import { INPUT_BYTES_MAX } from '../task/limits.js';
import { GOOD, Level, UNKNOWN } from './level.js';
import { INVOCATIONS_MAX } from './limits.js';
import { Outputs } from './outputs.js';
import { type StageKind, awaitedInput, awaitedLength } from './shape.js';
import type { Given } from './source.js';
import type { FailedReason } from './types.js';

/** Levels of a job, at most. */
const LEVELS_MAX = 255;

/** An invocation that may be run once its input is made. */
export interface Ready {
  readonly level: Level;
  readonly index: number;
  /** Which of the modules of its stage. */
  readonly module: number;
  readonly input: Bytes | Cid | Awaited;
  /** Hears that a task was made of it. */
  readonly taken?: () => void;
}

/** The numbers of invocations whose outputs are the input. */
export interface Awaited {
  readonly numbers: readonly number[];
  readonly isList: boolean;
}

interface Waiting extends Ready {
  readonly input: Awaited;
  missing: number;
}

export interface GraphHearer {
  /** An invocation cannot be run. `cause`: the number of the one that failed before it. */
  onGraphFailed(level: Level, index: number, reason: FailedReason, cause: number | undefined): void;
  /** The result of a level's invocation is one of its stage: `place` among these. */
  onGiven(stage: number, level: Level, index: number, place: number): void;
  /** There will be no more results of a stage than a level has; where that is to be reduced and there are none, there will be no result. */
  onStageFull(stage: number, level: Level): void;
}

export class Graph {
  readonly stages: StageKind[];
  readonly levels: Level[];
  readonly outputs: Outputs;
  readonly #hearer: GraphHearer;
  /** Those that can be run now, in order. */
  readonly #ready: Ready[] = [];
  /** Invocations of the list that await others of it, by what they await. */
  readonly #waiting = new Map<number, Waiting[]>();
  #waitingCount = 0;
  readonly #isDoubtful: boolean;
  /** Where results may be replaced: invocations of the list that await others, by their places, and by what they await. */
  readonly #awaiting = new Map<number, Ready>();
  readonly #listed = new Map<number, Ready[]>();
  /** How many of a group to reduce are decided, by the level and the group's place. */
  readonly #groups = new Map<string, number>();

  /** @param isDoubtful results may be replaced: then it is kept who awaits whom */
  constructor(hearer: GraphHearer, isDoubtful: boolean) {
    this.#hearer = hearer;
    this.#isDoubtful = isDoubtful;
    this.outputs = new Outputs(isDoubtful);
    this.stages = [{ kind: 'list' }];
    this.levels = [new Level(0, 0)];
  }

  /** Adds a stage behind the last one, of which nothing was given yet. */
  addStage(kind: StageKind): void {
    this.stages.push(kind);
    const stage = this.stages.length - 1;
    if (kind.kind === 'each') this.#addLevel(stage);
  }

  level(number: number): [level: Level, index: number] {
    return [this.levels[Math.floor(number / INVOCATIONS_MAX)]!, number % INVOCATIONS_MAX];
  }

  /** The place of an invocation among all of the job; `undefined` while a level before it may grow. */
  placeOf(level: Level, index: number): number | undefined {
    let place = index;
    for (const before of this.inOrder()) {
      if (before === level) return place;
      if (!before.isFull) return undefined;
      place += before.count;
    }
    return undefined;
  }

  /** The levels in the order of their invocations' numbers. */
  inOrder(): Level[] {
    return [...this.levels].sort((one, other) => one.stage - other.stage || one.id - other.id);
  }

  /** The next invocation of the list was read. */
  add(given: Given): void {
    const level = this.levels[0]!;
    const index = level.count;
    need(index < INVOCATIONS_MAX, `a job has at most ${INVOCATIONS_MAX} tasks a level`);
    level.count += 1;
    const { module } = given;
    if ('input' in given) return void this.#ready.push({ level, index, module, input: given.input });
    if ('cid' in given) return void this.#ready.push({ level, index, module, input: given.cid });
    this.#await({ level, index, module, input: { numbers: given.awaits, isList: given.isList }, missing: 0 });
  }

  /** The list has no more. */
  end(): void {
    this.#full(this.levels[0]!);
  }

  /** Whether nothing can follow from an invocation. */
  isLast(number: number): boolean {
    const [level] = this.level(number);
    return !this.#isAwaited(level);
  }

  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  /** Invocations that await others: the list is not read further while there are too many. */
  get waiting(): number {
    return this.#waitingCount;
  }

  /** Takes the next one that can be run. */
  take(): Ready | undefined {
    return this.#ready.shift();
  }

  /** Has one run anew, whose input is given or follows from others. */
  redo(ready: Ready): void {
    this.#ready.push(ready);
  }

  /** Its input was made: outputs that nobody else awaits are let go. */
  took({ input }: Ready): void {
    if ('numbers' in input) for (const number of input.numbers) this.outputs.use(number);
  }

  /** Those that follow from an invocation at once, in other levels and in the list. */
  following(level: Level, index: number): [level: Level, index: number][] {
    const found: [Level, number][] = (this.#listed.get(level.numberOf(index)) ?? []).map(({ level, index }) => [level, index]);
    const kind = this.stages[level.stage]!;
    const isTop = level.isFull && level.count === 1;
    const stage = kind.kind === 'reduce' && !isTop ? level.stage : level.stage + 1;
    const next = this.stages[stage];
    if (next?.kind === 'each') found.push([this.levels.find((one) => one.stage === stage)!, kind.kind === 'reduce' ? 0 : index]);
    if (next?.kind !== 'reduce') return found;
    if (isTop) return found.concat(this.#behindAlone(stage));
    const above = this.levels.find((one) => one.stage === stage && (level.stage < stage || one.id > level.id));
    if (above) found.push([above, Math.floor(index / next.arity)]);
    return found;
  }

  /** Where one result is its own reduction, what follows from it follows behind that. */
  #behindAlone(stage: number): [level: Level, index: number][] {
    const behind = this.stages.findIndex(({ kind }, at) => at > stage && kind === 'each');
    return behind < 0 ? [] : [[this.levels.find((one) => one.stage === behind)!, 0]];
  }

  /** Has an invocation run anew, over what it awaits as that is now. */
  rebegin(level: Level, index: number): void {
    const ready = level.stage === 0 ? this.#awaiting.get(index) : this.#behind(level, index);
    if (ready) this.#begin(ready);
  }

  /** An invocation of a later stage, by what it awaits. */
  #behind(level: Level, index: number): Ready {
    const kind = this.stages[level.stage]!;
    const below = this.levels.findLast((one) => one.stage === level.stage && one.id < level.id) ?? this.#resultsOf(level.stage - 1);
    if (kind.kind !== 'reduce') return { level, index, module: 0, input: { numbers: [below.numberOf(index)], isList: false } };
    const from = index * kind.arity;
    const numbers = Array.from({ length: Math.min(kind.arity, below.count - from) }, (_, at) => below.numberOf(from + at));
    return { level, index, module: 0, input: { numbers, isList: true } };
  }

  /** The level whose results are those of a stage. */
  #resultsOf(stage: number): Level {
    return this.levels.findLast((one) => one.stage === stage) ?? this.#resultsOf(stage - 1);
  }

  /** Another result of an invocation came. */
  replaced(level: Level, index: number): void {
    const isReduced = this.stages[level.stage]!.kind === 'reduce';
    const isTop = level.isFull && level.count === 1;
    if (isReduced && !isTop) return;
    this.#hearer.onGiven(level.stage, level, index, isReduced ? 0 : index);
    for (let stage = level.stage + 1; isTop && this.stages[stage]?.kind === 'reduce'; stage += 1) this.#hearer.onGiven(stage, level, index, 0);
  }

  /** The input of one, `undefined` where an output was let go; too long a one is `null`. */
  inputOf({ input }: Ready): Bytes | undefined | null {
    if (input instanceof Uint8Array) return input;
    if (!('numbers' in input)) return undefined;
    const outputs = input.numbers.map((number) => this.outputs.get(number));
    const there = outputs.filter((output) => output !== undefined);
    if (there.length < outputs.length) return undefined;
    if (!input.isList) return there[0];
    return awaitedLength(there.map(({ length }) => length)) > INPUT_BYTES_MAX ? null : awaitedInput(there);
  }

  /** One was decided, and its level has the mark: what awaits it goes on. `uses`: so many others of the list await its output. */
  decided(level: Level, index: number, isGood: boolean, output: Bytes | undefined, uses: number): void {
    const number = level.numberOf(index);
    const all = uses + (this.#isAwaited(level) ? 1 : 0);
    if (isGood && output && all > 0) this.outputs.hold(number, output, all);
    for (const waiting of this.#waiting.get(number) ?? []) this.#heard(waiting);
    this.#waiting.delete(number);
    this.#pass(level, index);
  }

  #isAwaited(level: Level): boolean {
    const isTop = level.isFull && level.count === 1;
    const isReduced = this.stages[level.stage]?.kind === 'reduce' && !isTop;
    return isReduced || level.stage + 1 < this.stages.length;
  }

  #addLevel(stage: number): Level {
    need(this.levels.length < LEVELS_MAX, `a job has at most ${LEVELS_MAX} levels`);
    const level = new Level(this.levels.length, stage);
    this.levels.push(level);
    return level;
  }

  #await(waiting: Waiting): void {
    if (this.#isDoubtful) {
      this.#awaiting.set(waiting.index, waiting);
      for (const number of waiting.input.numbers) this.#listed.set(number, [...(this.#listed.get(number) ?? []), waiting]);
    }
    const open = waiting.input.numbers.filter((number) => this.#markOf(number) === UNKNOWN);
    waiting.missing = open.length;
    if (open.length === 0) return this.#begin(waiting);
    this.#waitingCount += 1;
    for (const number of open) this.#waiting.set(number, [...(this.#waiting.get(number) ?? []), waiting]);
  }

  #heard(waiting: Waiting): void {
    waiting.missing -= 1;
    if (waiting.missing > 0) return;
    this.#waitingCount -= 1;
    this.#begin(waiting);
  }

  /** All that it awaits is decided. */
  #begin(ready: Ready): void {
    const numbers = 'numbers' in ready.input ? ready.input.numbers : [];
    const cause = numbers.find((number) => this.#markOf(number) !== GOOD);
    if (cause === undefined) this.#ready.push(ready);
    else this.#hearer.onGraphFailed(ready.level, ready.index, 'InputFailed', cause);
  }

  #markOf(number: number): number {
    const [level, index] = this.level(number);
    return level.mark(index);
  }

  /** Hands a decided invocation on to its level's group, or to its stage. */
  #pass(level: Level, index: number): void {
    const kind = this.stages[level.stage]!;
    if (kind.kind !== 'reduce') return this.#give(level, index, index);
    if (level.isFull && level.count === 1) return this.#give(level, index, 0);
    this.#group(level, index, level.stage, kind.arity);
  }

  /** A result of a stage. */
  #give(level: Level, index: number, place: number): void {
    const { stage } = level;
    this.#hearer.onGiven(stage, level, index, place);
    this.feed(stage + 1, level, index, place);
  }

  /** Hands a result of the stage before on to a stage. */
  feed(stage: number, level: Level, index: number, place: number): void {
    const kind = this.stages[stage];
    if (kind?.kind === 'reduce') return level.isFull && level.count === 1 ? this.#giveAlone(stage, level) : this.#group(level, index, stage, kind.arity);
    if (kind?.kind !== 'each') return;
    const next = this.levels.find((one) => one.stage === stage)!;
    next.count = Math.max(next.count, place + 1);
    this.#begin({ level: next, index: place, module: 0, input: { numbers: [level.numberOf(index)], isList: false } });
  }

  /** One of a group was decided: with the last of it the group becomes an invocation of the next level. */
  #group(level: Level, index: number, stage: number, arity: number): void {
    const group = Math.floor(index / arity);
    const key = `${level.id}:${group}`;
    this.#groups.set(key, (this.#groups.get(key) ?? 0) + 1);
    this.#closeGroup(level, group, stage, arity);
  }

  #closeGroup(level: Level, group: number, stage: number, arity: number): void {
    const key = `${level.id}:${group}`;
    const from = group * arity;
    const isLast = level.isFull && from + arity >= level.count;
    const size = isLast ? level.count - from : arity;
    if (size < 1 || this.#groups.get(key) !== size || (isLast && level.count === 1)) return;
    this.#groups.delete(key);
    const next = this.#levelAbove(level, stage);
    next.count = Math.max(next.count, group + 1);
    const numbers = Array.from({ length: size }, (_, at) => level.numberOf(from + at));
    this.#begin({ level: next, index: group, module: 0, input: { numbers, isList: true } });
  }

  #levelAbove(level: Level, stage: number): Level {
    const above = this.levels.find((one) => one.stage === stage && (level.stage < stage || one.id > level.id));
    return above ?? this.#addLevel(stage);
  }

  /** A level has all that it will have. */
  #full(level: Level): void {
    level.isFull = true;
    const kind = this.stages[level.stage]!;
    if (kind.kind === 'reduce' && level.count > 1) return this.#fullBelow(level, level.stage, kind.arity);
    // The top of a reduction: it may have been decided before that was known.
    if (kind.kind === 'reduce' && level.mark(0) !== UNKNOWN) {
      this.#groups.delete(`${level.id}:0`);
      this.#give(level, 0, 0);
    }
    this.#stageFull(level);
  }

  #stageFull(level: Level): void {
    const { stage } = level;
    this.#hearer.onStageFull(stage, level);
    const next = this.stages[stage + 1];
    if (next) this.fillStage(stage + 1, level);
  }

  /** A stage will be given no more than the last level of the one before has. */
  fillStage(stage: number, before: Level): void {
    const kind = this.stages[stage]!;
    if (kind.kind === 'each') {
      const level = this.levels.find((one) => one.stage === stage)!;
      level.count = before.count;
      return this.#full(level);
    }
    if (kind.kind !== 'reduce') return;
    if (before.count > 1) return this.#fullBelow(before, stage, kind.arity);
    // One result is its own reduction; of none there is none.
    this.#hearer.onStageFull(stage, before);
    if (before.count === 0) return;
    if (before.mark(0) !== UNKNOWN) this.#giveAlone(stage, before);
    if (this.stages[stage + 1]) this.fillStage(stage + 1, before);
  }

  #giveAlone(stage: number, before: Level): void {
    this.#hearer.onGiven(stage, before, 0, 0);
    this.feed(stage + 1, before, 0, 0);
  }

  #fullBelow(level: Level, stage: number, arity: number): void {
    const above = this.#levelAbove(level, stage);
    above.count = Math.ceil(level.count / arity);
    this.#closeGroup(level, above.count - 1, stage, arity);
    this.#full(above);
  }
}
