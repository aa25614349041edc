// What names a job: its modules, its parameters and its invocations in one form (`docs/JOBS.md`, "The CID of a job"). Who ran it, how it was
// checked, and in which order, is no part of that.

import { type Bytes, concat, u32 } from '../bytes.js';
import { RAW, cidText } from '../cid.js';
import { pause as turn } from '../wait.js';
import type { StageKind } from './shape.js';
import { hashNow, hashOf } from './hash.js';
import { INVOCATIONS_A_PAGE } from './limits.js';
import { GrowingTree } from './merkle.js';
import type { StageGiven } from './module.js';
import { u16, u64 } from './outcome.js';
import type { Given, Source } from './source.js';

const VERSION = 1;

/** How an invocation is in a page. */
const [RAW_INPUT, TREE_INPUT, ONE, LIST] = [0, 1, 2, 3];

const KINDS: Readonly<Record<StageKind['kind'], number>> = { list: 0, each: 1, reduce: 2 };

/** The invocations of a job, as they come: no more of them is kept than a page, and a hash for each power of two of pages. */
export class Pages {
  #page: (Bytes | Promise<Bytes>)[] = [];
  #count = 0;
  readonly #tree = new GrowingTree();
  /** Pages are hashed one after another. */
  #hashed = Promise.resolve();

  add(given: Given): void {
    this.#page.push(partOf(given));
    this.#count += 1;
    if (this.#page.length === INVOCATIONS_A_PAGE) this.#turn();
  }

  /** Resolves once all full pages are hashed. */
  get settled(): Promise<void> {
    return this.#hashed;
  }

  /** How many invocations there are, u32, and the root over their pages. There are no more. */
  async end(): Promise<Bytes> {
    if (this.#page.length > 0) this.#turn();
    await this.#hashed;
    return concat(u32(this.#count), this.#tree.root);
  }

  #turn(): void {
    const page = this.#page;
    this.#page = [];
    const add = async (): Promise<void> => this.#tree.push(hashNow(concat(Uint8Array.of(0), ...(await Promise.all(page)))));
    this.#hashed = this.#hashed.then(add);
  }
}

/** The invocations of one job: counted as they are read, or once somebody asks where they can be read again. */
export class Manifest {
  readonly #source: Source;
  readonly #read = new Pages();
  #end!: () => void;
  readonly #ended = new Promise<void>((resolve) => (this.#end = resolve));
  #isWhole = false;
  #pages: Promise<Bytes> | undefined;

  constructor(source: Source) {
    this.#source = source;
  }

  add(given: Given): void {
    if (!this.#source.isKept) this.#read.add(given);
  }

  /** There are no more. */
  end(): void {
    this.#isWhole = true;
    this.#end();
  }

  /** As {@link Pages.end}, once all were read; `undefined` where the job is over before. */
  async pages(over: Promise<void>): Promise<Bytes | undefined> {
    if (this.#source.isKept) {
      await Promise.race([this.#source.ready, over]);
      if (this.#source.total === undefined) return undefined;
      return (this.#pages ??= pagesOf(this.#source));
    }
    await Promise.race([this.#ended, over]);
    return this.#isWhole ? (this.#pages ??= this.#read.end()) : undefined;
  }
}

/** The same of a source that can be read again. */
export async function pagesOf(source: Source): Promise<Bytes> {
  const pages = new Pages();
  for (let index = 0, given = source.at(0); given; index += 1, given = source.at(index)) {
    pages.add(given);
    if (index % INVOCATIONS_A_PAGE > 0) continue;
    // What is read waits to be hashed, and others have their turn.
    await pages.settled;
    await turn(0);
  }
  return pages.end();
}

function partOf(given: Given): Bytes | Promise<Bytes> {
  const module = u16(given.module);
  if ('awaits' in given) {
    const numbers = given.awaits.map(u32);
    return given.isList ? concat(Uint8Array.of(LIST), module, u16(numbers.length), ...numbers) : concat(Uint8Array.of(ONE), module, ...numbers);
  }
  if ('cid' in given) return concat(Uint8Array.of(given.cid.codec === RAW ? RAW_INPUT : TREE_INPUT), module, given.cid.hash);
  const hash = hashOf(given.input);
  const part = (known: Bytes): Bytes => concat(Uint8Array.of(RAW_INPUT), module, known);
  return hash instanceof Promise ? hash.then(part) : part(hash);
}

/** The CID of a job of these stages, whose first one has these {@link Pages}. */
export async function jobCid(gas: bigint, stages: readonly { readonly kind: StageKind; readonly modules: readonly StageGiven[] }[], pages: Bytes): Promise<string> {
  const heads = await Promise.all(stages.map(stageHead));
  const head = concat(Uint8Array.of(VERSION), u64(gas), Uint8Array.of(stages.length), ...heads, pages);
  return cidText({ codec: RAW, hash: await hashOf(head) });
}

async function stageHead({ kind, modules }: { readonly kind: StageKind; readonly modules: readonly StageGiven[] }): Promise<Bytes> {
  const each = async ({ bytes, pages, seed, time, piece }: StageGiven): Promise<Bytes> =>
    concat(await hashOf(bytes), u32(pages), seed, u64(time), u32(piece));
  const arity = kind.kind === 'reduce' ? kind.arity : 0;
  return concat(Uint8Array.of(KINDS[kind.kind]), u16(arity), u16(modules.length), ...(await Promise.all(modules.map(each))));
}
