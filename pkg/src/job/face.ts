// What crosses the border to the coordinator of jobs (`core-wasm/tasks/src/face.rs`): a byte that says which, then the fields, numbers
// big-endian.

import { type Bytes, u32 } from '../bytes.js';
import { Reader } from '../module/reader.js';
import { type Outcome, outcomeBytes, readOutcome, u16, u64 } from './outcome.js';
import { type Ask, type Step, readAsk, readStep, stepBytes } from './trail.js';

/** Why an executor does not take a batch. */
export const REFUSAL = { busy: 1, tooLarge: 2, unwilling: 3 } as const;

export type Refusal = (typeof REFUSAL)[keyof typeof REFUSAL];

/** Why a job does not go on, by number. */
export const STALLED = ['not', 'no offers', 'none fits', 'busy', 'shell', 'too few owners'] as const;

/** In parts, so that what is long is not copied to be joined. */
export type Command = readonly Uint8Array[];

/** The commands that fetch: where one is refused, whoever waits for the piece is told. */
export const [FETCH, FETCH_LEFT, FETCH_INPUT] = [11, 18, 37];

const command = (kind: number, ...parts: Uint8Array[]): Command => [Uint8Array.of(kind), ...parts];

export const begin = (job: number, level: number, gas: bigint, expectedMs: number): Command =>
  command(1, u32(job), Uint8Array.of(level), u64(gas), u32(expectedMs));
export const add = (job: number, tasks: readonly { readonly number: number; readonly id: Bytes }[]): Command =>
  command(2, u32(job), ...tasks.flatMap(({ number, id }) => [u32(number), id]));
/** A job that has begun and has no tasks yet is for these executors alone. */
export const only = (job: number, ids: readonly Bytes[]): Command => command(13, u32(job), ...ids);
export const priority = (job: number, level: number): Command => command(15, u32(job), Uint8Array.of(level));
/** So many tasks at a time run here, of those that nobody has. */
export const ownCores = (job: number, cores: number): Command => command(16, u32(job), Uint8Array.of(cores));
export const close = (job: number): Command => command(3, u32(job));
export const cancel = (job: number): Command => command(4, u32(job));
export const pause = (job: number): Command => command(5, u32(job));
export const resume = (job: number): Command => command(6, u32(job));
export const packed = (assignment: number, count: number, bytes: Bytes): Command => command(7, u32(assignment), u16(count), bytes);
export const ranHere = (job: number, number: number, outcome: Outcome): Command => command(8, u32(job), u32(number), outcomeBytes(outcome));
export const cannotRun = (job: number, number: number): Command => command(9, u32(job), u32(number));
export const know = (executor: Bytes, confirmed: number): Command => command(10, executor, u32(confirmed));
export const fetchOutput = (fetch: number, executor: Bytes, nonce: Bytes, index: number, offset: number): Command =>
  command(FETCH, u32(fetch), executor, nonce, u16(index), u32(offset));
export const giveInput = (ticket: number, status: number, bytes: Uint8Array): Command => command(12, u32(ticket), u16(status), bytes);
/** Tasks that are added from now on are run by steps, or whole. */
export const bySteps = (job: number, areSo: boolean): Command => command(17, u32(job), Uint8Array.of(areSo ? 1 : 0));
export const fetchLeft = (fetch: number, { executor, nonce, index }: RanBy, step: number, offset: number): Command =>
  command(FETCH_LEFT, u32(fetch), executor, nonce, u16(index), u32(step), u32(offset));
export const ranStep = (job: number, number: number, step: Step): Command => command(19, u32(job), u32(number), stepBytes(step));
export const cannotStep = (job: number, number: number, areSilent: boolean): Command =>
  command(20, u32(job), u32(number), Uint8Array.of(areSilent ? 1 : 0));
/** @param turnMs how long a task may take, and a batch while others wait */
export const offer = (cores: number, gas: bigint, turnMs: number, bytesAnHour: number): Command =>
  command(32, Uint8Array.of(cores), u64(gas), u32(turnMs), u64(BigInt(bytesAnHour)));
/** An executor gives no output of what it said; the job may be over. Where it was told before, of a job that goes on under this number, it does not count again. */
export const withheld = (job: number, executor: Bytes, isKnown: boolean): Command => command(14, u32(job), executor, Uint8Array.of(isKnown ? 1 : 0));
/** 32 bytes, or none: who has the same counts as one. */
export const owner = (bytes: Uint8Array): Command => command(40, bytes);
export const withdraw = (): Command => command(33);
export const ran = (assignment: number, index: number, task: Bytes, outcome: Outcome, output: Uint8Array): Command =>
  command(34, u32(assignment), u16(index), task, outcomeBytes(outcome), output);
export const giveOutput = (ticket: number, status: number, bytes: Uint8Array): Command => command(35, u32(ticket), u16(status), bytes);
export const prefer = (ids: readonly Bytes[]): Command => command(36, ...ids);
export const fetchInput = (fetch: number, assignment: number, index: number, offset: number): Command =>
  command(FETCH_INPUT, u32(fetch), u32(assignment), u16(index), u32(offset));
export const decline = (assignment: number, why: Refusal): Command => command(38, u32(assignment), Uint8Array.of(why));

/** Where a piece is wanted from, and by which question. */
export interface Want {
  readonly ticket: number;
  readonly assignment: number;
  readonly index: number;
  readonly offset: number;
}

/** A task as somebody ran it. */
export interface RanBy {
  readonly executor: Bytes;
  readonly nonce: Bytes;
  readonly index: number;
}

export interface RunStep {
  readonly kind: 'runStep';
  readonly job: number;
  readonly number: number;
  readonly step: number;
  readonly sides: readonly RanBy[];
  /** The step before; `undefined`: this is the first. */
  readonly before: Step | undefined;
}

/** What the coordinator tells of jobs. */
export type AskEvent =
  | { readonly kind: 'refused'; readonly command: number; readonly of: number; readonly status: number }
  | { readonly kind: 'room'; readonly job: number; readonly tasks: number }
  | { readonly kind: 'pack'; readonly assignment: number; readonly job: number; readonly to: Bytes; readonly numbers: readonly number[] }
  | { readonly kind: 'dropped'; readonly assignment: number }
  | { readonly kind: 'runHere'; readonly job: number; readonly number: number }
  | { readonly kind: 'outcomes'; readonly assignment: number; readonly executor: Bytes; readonly said: Said }
  | Accepted
  | { readonly kind: 'failed'; readonly job: number; readonly number: number; readonly why: number }
  | { readonly kind: 'progress'; readonly job: number; readonly accepted: number; readonly failed: number; readonly open: number; readonly done: number }
  | { readonly kind: 'stalled'; readonly job: number; readonly why: (typeof STALLED)[number] }
  | { readonly kind: 'dispute'; readonly job: number; readonly number: number; readonly liar: Bytes }
  | { readonly kind: 'ended'; readonly job: number; readonly isCancelled: boolean }
  | { readonly kind: 'record'; readonly executor: Bytes; readonly confirmed: number }
  | { readonly kind: 'fetchedOutput'; readonly fetch: number; readonly status: number; readonly bytes: Bytes }
  | ({ readonly kind: 'wantInput' } & Want)
  | RunStep;

export interface Accepted {
  readonly kind: 'accepted';
  readonly job: number;
  readonly number: number;
  readonly isChecked: boolean;
  readonly votes: number;
  readonly executor: Bytes;
  readonly assignment: number;
  readonly index: number;
  readonly outcome: Outcome;
}

/** What it tells whoever offers. */
export type OfferEvent =
  | { readonly kind: 'run'; readonly assignment: number; readonly from: Bytes; readonly gas: bigint; readonly count: number; readonly bytes: Bytes }
  | { readonly kind: 'stop'; readonly assignment: number }
  | ({ readonly kind: 'wantOutput' } & Want)
  | { readonly kind: 'forget'; readonly assignment: number }
  | { readonly kind: 'fetchedInput'; readonly fetch: number; readonly status: number; readonly bytes: Bytes }
  | WantSteps;

export interface WantSteps {
  readonly kind: 'wantSteps';
  readonly ticket: number;
  readonly assignment: number;
  readonly index: number;
  readonly ask: Ask;
}

export type Event = AskEvent | OfferEvent;

/** What an executor says of a batch, and signs. */
export interface Said {
  readonly nonce: Bytes;
  readonly key: Bytes;
  readonly signature: Bytes;
  readonly outcomes: readonly Outcome[];
  /** Those outputs that came along. */
  readonly outputs: readonly (Bytes | undefined)[];
}

/** @throws RangeError where the bytes are none */
export function read(flat: Uint8Array): Event {
  const reader = new Reader(flat);
  const event = fields(reader);
  reader.end();
  return event;
}

/** Fields are read in the order in which they stand here. */
function fields(reader: Reader): Event {
  const [u16, u32] = [() => reader.number(2), () => reader.number(4)];
  const which = reader.number(1);
  switch (which) {
    case 1:
      return { kind: 'refused', command: reader.number(1), of: u32(), status: reader.status() };
    case 2:
      return { kind: 'room', job: u32(), tasks: u32() };
    case 3:
      return { kind: 'pack', assignment: u32(), job: u32(), to: reader.take(32), numbers: numbersIn(reader) };
    case 4:
      return { kind: 'dropped', assignment: u32() };
    case 5:
      return { kind: 'runHere', job: u32(), number: u32() };
    case 6:
      return { kind: 'outcomes', assignment: u32(), executor: reader.take(32), said: readSaid(reader) };
    case 7:
      return accepted(reader);
    case 8:
      return { kind: 'failed', job: u32(), number: u32(), why: reader.number(1) };
    case 9:
      return { kind: 'progress', job: u32(), accepted: u32(), failed: u32(), open: u32(), done: u32() };
    case 10:
      return { kind: 'stalled', job: u32(), why: STALLED[reader.number(1)] ?? 'not' };
    case 11:
      return { kind: 'dispute', job: u32(), number: u32(), liar: reader.take(32) };
    case 12:
      return { kind: 'ended', job: u32(), isCancelled: reader.flag() };
    case 13:
      return { kind: 'record', executor: reader.take(32), confirmed: u32() };
    case 14:
      return { kind: 'fetchedOutput', fetch: u32(), status: reader.status(), bytes: reader.rest() };
    case 15:
      return { kind: 'wantInput', ticket: u32(), assignment: u32(), index: u16(), offset: u32() };
    case 16:
      return { kind: 'runStep', job: u32(), number: u32(), step: u32(), sides: [ranBy(reader), ranBy(reader)], before: stepOrNone(reader) };
    case 32:
      return { kind: 'run', assignment: u32(), from: reader.take(32), gas: reader.big(), count: u16(), bytes: reader.rest() };
    case 33:
      return { kind: 'stop', assignment: u32() };
    case 34:
      return { kind: 'wantOutput', ticket: u32(), assignment: u32(), index: u16(), offset: u32() };
    case 35:
      return { kind: 'forget', assignment: u32() };
    case 36:
      return { kind: 'fetchedInput', fetch: u32(), status: reader.status(), bytes: reader.rest() };
    case 37:
      return { kind: 'wantSteps', ticket: u32(), assignment: u32(), index: u16(), ask: readAsk(reader) };
    default:
      throw new RangeError(`no event has the number ${which}`);
  }
}

function numbersIn(reader: Reader): number[] {
  const rest = reader.rest();
  const view = new DataView(rest.buffer, rest.byteOffset);
  if (rest.length % 4 > 0) throw new RangeError('numbers of 4 bytes each');
  return Array.from({ length: rest.length / 4 }, (_, at) => view.getUint32(4 * at));
}

const ranBy = (reader: Reader): RanBy => ({ executor: reader.take(32), nonce: reader.take(16), index: reader.number(2) });

function stepOrNone(reader: Reader): Step | undefined {
  const rest = reader.rest();
  if (rest.length === 0) return undefined;
  const reading = new Reader(rest);
  const step = readStep(reading);
  reading.end();
  return step;
}

function accepted(reader: Reader): Accepted {
  const [job, number, isChecked, votes] = [reader.number(4), reader.number(4), reader.flag(), reader.number(1)];
  const [executor, assignment, index] = [reader.take(32), reader.number(4), reader.number(2)];
  return { kind: 'accepted', job, number, isChecked, votes, executor, assignment, index, outcome: readOutcome(reader) };
}

/** The question of outcomes as it came: kind 1 ‖ nonce ‖ key ‖ signature ‖ count ‖ records ‖ outputs. */
function readSaid(reader: Reader): Said {
  reader.take(1);
  const [nonce, key, signature, count] = [reader.take(16), reader.take(64), reader.take(64), reader.number(2)];
  const records = Array.from({ length: count }, () => ({ outcome: readOutcome(reader), here: reader.number(2) }));
  // An empty output is there, though it takes no room.
  const outputs = records.map(({ outcome, here }) => (here > 0 || outcome.length === 0 ? reader.take(here) : undefined));
  return { nonce, key, signature, outcomes: records.map(({ outcome }) => outcome), outputs };
}
