// The file of a checkpoint, before it is sealed: what the job is as JSON, its modules, its invocations, and its journal.

import { DAG_CBOR, RAW, cidBytes, type Cid } from '../cid.js';
import { type Bytes, concat, fromHex, hex, textOf, u32, utf8 } from '../bytes.js';
import { Reader } from '../module/reader.js';
import type { StageKind } from './shape.js';
import { MODULES_MAX } from './limits.js';
import { type StageGiven, settleArity, settleStage } from './module.js';
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

export function write({ cid, gas, validation, stages, invocations, records, journal }: Saved): Bytes {
  const modules = stages.flatMap((stage) => stage.modules.map(({ bytes }) => bytes));
  const given = invocations.flatMap(partsOf);
  const head = {
    version: VERSION,
    cid,
    gas: `${gas}`,
    validation,
    stages: stages.map(({ kind, modules: all }) => ({ ...kind, modules: all.map(describe) })),
    invocations: invocations.length,
    records: records.map(({ executor, confirmed }) => [executor, confirmed]),
  };
  const text = utf8(JSON.stringify(head));
  return concat(u32(text.length), text, ...modules, ...given, journal);
}

const describe = ({ bytes, pages, seed, time, piece }: StageGiven): object => ({ bytes: bytes.length, pages, seed: hex(seed), time: `${time}`, piece });

function partsOf(given: Given): Uint8Array[] {
  const { module } = given;
  if ('input' in given) return [concat(Uint8Array.of(BYTES), u16(module), u32(given.input.length)), given.input];
  if ('cid' in given) return [concat(Uint8Array.of(NAME), u16(module), cidBytes(given.cid))];
  if (!given.isList) return [concat(Uint8Array.of(ONE), u16(module), u32(given.awaits[0]!))];
  return [concat(Uint8Array.of(LIST), u16(module), u16(given.awaits.length), ...given.awaits.map(u32))];
}

/** Reads a file. @throws an error where it is none */
export function read(bytes: Uint8Array): Saved {
  const reader = new Reader(bytes);
  const head = JSON.parse(textOf(reader.take(reader.number(4)))) as Head;
  if (head.version !== VERSION) throw new RangeError(`a checkpoint of version ${head.version}`);
  const stages = head.stages.map(({ modules, ...kind }) => ({ kind: kind as StageKind, modules: modules.map((module) => moduleIn(reader, module)) }));
  stages.forEach(check);
  const first = stages[0]?.modules.length ?? 0;
  if (first < 1 || first > MODULES_MAX) throw new RangeError(`a job of ${first} modules`);
  const invocations = Array.from({ length: head.invocations }, (_, index) => givenIn(reader, index, first));
  const records = head.records.map(([executor, confirmed]) => recordOf(executor, confirmed));
  return { cid: head.cid, gas: BigInt(head.gas), validation: head.validation, stages, invocations, records, journal: reader.rest() };
}

/** A stage of a file is one that a job may have: somebody else may have written the file. */
function check({ kind, modules }: Saved['stages'][number], at: number): void {
  const isKind = at === 0 ? kind.kind === 'list' : kind.kind === 'each' || kind.kind === 'reduce';
  if (!isKind || (at > 0 && modules.length !== 1)) throw new RangeError(`stage ${at} is none`);
  if (kind.kind === 'reduce') settleArity(kind);
  for (const { bytes, pages, seed, time, piece } of modules) settleStage(bytes, { pages, seed, time, ...(piece !== 0 && { pieceBytes: piece }) });
}

function recordOf(executor: unknown, confirmed: unknown): ExecutorRecord {
  const isRecord = typeof executor === 'string' && fromHex(executor, 32) && Number.isInteger(confirmed) && (confirmed as number) >= 0;
  if (!isRecord || (confirmed as number) >= 2 ** 32) throw new RangeError('a record of nobody');
  return { executor: executor as string, confirmed: confirmed as number };
}

interface Head {
  readonly version: number;
  readonly cid: string;
  readonly gas: string;
  readonly validation: number;
  readonly stages: readonly { readonly kind: string; readonly modules: readonly Described[] }[];
  readonly invocations: number;
  readonly records: readonly [executor: string, confirmed: number][];
}

interface Described {
  readonly bytes: number;
  readonly pages: number;
  readonly seed: string;
  readonly time: string;
  readonly piece: number;
}

function moduleIn(reader: Reader, { bytes, pages, seed, time, piece }: Described): StageGiven {
  const own = fromHex(seed, 32);
  if (!own) throw new RangeError('a seed of 32 bytes');
  return { bytes: reader.take(bytes), pages, seed: own, time: BigInt(time), piece };
}

function givenIn(reader: Reader, index: number, modules: number): Given {
  const [how, module] = [reader.number(1), reader.number(2)];
  if (module >= modules || how > NAME) throw new RangeError(`invocation ${index} is none`);
  if (how === BYTES) return { module, input: reader.take(reader.number(4)) };
  if (how === NAME) return { module, cid: cidOf(reader.take(36)) };
  const count = how === ONE ? 1 : reader.number(2);
  const awaits = Array.from({ length: count }, () => reader.number(4));
  if (count < 1 || awaits.some((number) => number >= index)) throw new RangeError(`invocation ${index} awaits none before it`);
  return { module, awaits, isList: how === LIST };
}

function cidOf(bytes: Bytes): Cid {
  const [version, codec, hash, length] = bytes;
  if (version !== 1 || (codec !== RAW && codec !== DAG_CBOR) || hash !== 0x12 || length !== 0x20) throw new RangeError('a name of no content');
  return { codec, hash: bytes.slice(4) };
}
