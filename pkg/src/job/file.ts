// The file of a checkpoint, before it is sealed: what the job is as JSON, its modules, its invocations, and its journal.

import { type Bytes, concat, hex, isEqual, textOf, u32, utf8 } from '../bytes.js';
import { idOf, need, wholeOf } from '../check.js';
import { cidBytes, parseCid, readCid } from '../cid.js';
import { Reader } from '../module/reader.js';
import type { StageKind } from './shape.js';
import { GAS_MAX, INPUT_BYTES_MAX, MODULE_BYTES_MAX } from '../task/limits.js';
import { AWAITED_MAX, INVOCATIONS_MAX, MODULES_MAX, STAGES_MAX } from './limits.js';
import { type StageGiven, settleArity, settleLevel, settleStage } from './module.js';
import { u16 } from './outcome.js';
import type { Given } from './source.js';
import type { ExecutorRecord } from './types.js';

const VERSION = 1;

export interface Saved {
  /** Of the job. */
  readonly cid: string;
  readonly gas: bigint;
  readonly validation: number;
  readonly stages: readonly { readonly kind: StageKind; readonly modules: readonly StageGiven[] }[];
  readonly invocations: readonly Given[];
  readonly records: readonly ExecutorRecord[];
  readonly journal: Uint8Array;
}

/** How an invocation is in the file. */
const [BYTES, ONE, LIST, NAME] = [0, 1, 2, 3];

export function write(saved: Saved): Bytes {
  const modules = saved.stages.flatMap((stage) => stage.modules.map(({ bytes }) => bytes));
  const text = headOf(saved);
  return concat(u32(text.length), text, ...modules, ...saved.invocations.flatMap(partsOf), saved.journal);
}

/** The one spelling of a head. */
function headOf({ cid, gas, validation, stages, invocations, records }: Saved): Bytes {
  const head = {
    version: VERSION,
    cid,
    gas: `${gas}`,
    validation,
    stages: stages.map(({ kind, modules }) => ({ ...kind, modules: modules.map(describe) })),
    invocations: invocations.length,
    records: records.map(({ executor, confirmed }) => [executor, confirmed]),
  };
  return utf8(JSON.stringify(head));
}

const describe = ({ bytes, pages, seed, time, piece }: StageGiven): object => ({ bytes: bytes.length, pages, seed: hex(seed), time: `${time}`, piece });

function partsOf(given: Given): Uint8Array[] {
  const { module } = given;
  if ('input' in given) return [concat(Uint8Array.of(BYTES), u16(module), u32(given.input.length)), given.input];
  if ('cid' in given) return [concat(Uint8Array.of(NAME), u16(module), cidBytes(given.cid))];
  if (!given.isList) return [concat(Uint8Array.of(ONE), u16(module), u32(given.awaits[0]!))];
  return [concat(Uint8Array.of(LIST), u16(module), u16(given.awaits.length), ...given.awaits.map(u32))];
}

/** Reads a file: somebody else may have written it, and it describes a job that there may be. @throws an error where it is none */
export function read(bytes: Uint8Array): Saved {
  const reader = new Reader(bytes);
  const text = reader.take(reader.number(4));
  const head = JSON.parse(textOf(text)) as Head;
  const gas = BigInt(head.gas);
  need(gas >= 0n && gas <= GAS_MAX, 'the gas of a task');
  parseCid(head.cid);
  need(head.stages.length <= STAGES_MAX, 'the stages of a job');
  const stages = head.stages.map((stage, at) => stageIn(reader, stage, at));
  const first = stages[0]?.modules.length ?? 0;
  const count = wholeOf(head.invocations, 0, INVOCATIONS_MAX, 'invocations');
  const invocations = Array.from({ length: count }, (_, index) => givenIn(reader, index, first));
  const records = head.records.map(([executor, confirmed]) => recordOf(executor, confirmed));
  const saved = { cid: head.cid, gas, validation: settleLevel(head.validation), stages, invocations, records, journal: reader.rest() };
  // What is spelt in another way another shell may read as something else.
  need(isEqual(headOf(saved), text), 'a head has one spelling');
  return saved;
}

function stageIn(reader: Reader, { kind, arity, modules }: HeadStage, at: number): Saved['stages'][number] {
  const isKind = at === 0 ? kind === 'list' : kind === 'each' || kind === 'reduce';
  wholeOf(modules.length, 1, at === 0 ? MODULES_MAX : 1, `the modules of stage ${at}`);
  need(isKind, `stage ${at} is none`);
  return { kind: kind === 'reduce' ? { kind, arity: settleArity({ arity }) } : { kind }, modules: modules.map((module) => moduleIn(reader, module)) };
}

function recordOf(executor: string, confirmed: number): ExecutorRecord {
  return { executor: hex(idOf(executor)), confirmed: wholeOf(confirmed, 0, 2 ** 32 - 1, 'a record') };
}

interface Head {
  readonly version: number;
  readonly cid: string;
  readonly gas: string;
  readonly validation: number;
  readonly stages: readonly HeadStage[];
  readonly invocations: number;
  readonly records: readonly [executor: string, confirmed: number][];
}

interface HeadStage {
  readonly kind: StageKind['kind'];
  readonly arity: number;
  readonly modules: readonly Described[];
}

interface Described {
  readonly bytes: number;
  readonly pages: number;
  readonly seed: string;
  readonly time: string;
  readonly piece: number;
}

function moduleIn(reader: Reader, { bytes, pages, seed, time, piece }: Described): StageGiven {
  const module = reader.take(wholeOf(bytes, 0, MODULE_BYTES_MAX, 'the bytes of a module'));
  return settleStage(module, { pages, seed: idOf(seed), time: BigInt(time), ...(piece !== 0 && { pieceBytes: piece }) });
}

function givenIn(reader: Reader, index: number, modules: number): Given {
  const [how, module] = [reader.number(1), reader.number(2)];
  need(module < modules && how <= NAME, `invocation ${index} is none`);
  if (how === BYTES) return { module, input: reader.take(wholeOf(reader.number(4), 0, INPUT_BYTES_MAX, 'the bytes of an input')) };
  if (how === NAME) return { module, cid: readCid(reader.take(36)) };
  const count = how === ONE ? 1 : wholeOf(reader.number(2), 1, AWAITED_MAX, 'what is awaited');
  const awaits = Array.from({ length: count }, () => reader.number(4));
  need(awaits.every((number) => number < index), `invocation ${index} awaits none before it`);
  return { module, awaits, isList: how === LIST };
}
