// Where the invocations of a job come from: an array, which can be read again, or an iterator, which cannot.

import { type Bytes, copyOf, kindOf, utf8 } from '../bytes.js';
import { need, needNone, wholeOf } from '../check.js';
import { type Cid, parseCid } from '../cid.js';
import { INPUT_BYTES_MAX } from '../task/limits.js';
import { AWAITED_MAX } from './limits.js';
import type { JobInvocation } from './types.js';

/** An invocation as it is given. */
export type Given =
  | { readonly module: number; readonly input: Bytes }
  /** Its input is this content of the network. */
  | { readonly module: number; readonly cid: Cid }
  /** The numbers of earlier ones; `isList`: their outputs come as a list, though it may be one. */
  | { readonly module: number; readonly awaits: readonly number[]; readonly isList: boolean };

/** Reads one item. @throws MeshError BadOption */
type Take = (item: unknown, index: number) => Given;

export class Source {
  /** Resolves once {@link total} and {@link at} say what they ever will. */
  readonly ready: Promise<void> = Promise.resolve();
  #array: readonly unknown[] | undefined;
  readonly #isLater: boolean = false;
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined;
  readonly #take: Take;
  #next = 0;

  /** @param items what there is, or how it is had: then it comes as an array @throws MeshError BadOption, BadCid */
  constructor(items: unknown, take: Take) {
    this.#take = take;
    if (typeof items === 'function') {
      this.#isLater = true;
      this.ready = (items as () => Promise<readonly unknown[]>)().then((array) => void (this.#array = array));
      // Whoever reads meets it.
      this.ready.catch(() => undefined);
      return;
    }
    const isMany = typeof items === 'object' && items !== null && !ArrayBuffer.isView(items);
    need(isMany, `inputs are an array or an iterable of bytes or texts, not ${kindOf(items)}`);
    const { [Symbol.iterator]: plain, [Symbol.asyncIterator]: later } = items as Partial<Iterable<unknown> & AsyncIterable<unknown>>;
    need(typeof plain === 'function' || typeof later === 'function', `inputs are an array or an iterable, not ${kindOf(items)}`);
    this.#array = Array.isArray(items) ? items : undefined;
    this.#iterator = (later ? later.call(items) : plain!.call(items)) as Iterator<unknown> | AsyncIterator<unknown>;
    // A name that is none is told before anything is run.
    this.#array?.forEach((item, index) => (isNamed(item) || isNamed((item as Partial<JobInvocation> | null)?.input)) && take(item, index));
  }

  /** How many there are, where that is known. */
  get total(): number | undefined {
    return this.#array?.length;
  }

  /** Whether {@link at} gives what was read before. */
  get isKept(): boolean {
    return this.#isLater || this.#array !== undefined;
  }

  /** The next one, at once if it is there; `undefined` where there is none. @throws what the iterator throws; MeshError BadOption */
  next(): Given | undefined | Promise<Given | undefined> {
    if (this.#array) return this.#next < this.#array.length ? this.#taken({ value: this.#array[this.#next] }) : undefined;
    if (!this.#iterator) return this.ready.then(() => this.next());
    const step = this.#iterator.next();
    return step instanceof Promise ? step.then((later) => this.#taken(later)) : this.#taken(step as IteratorResult<unknown>);
  }

  #taken({ done = false, value }: { readonly done?: boolean | undefined; readonly value: unknown }): Given | undefined {
    if (done) return undefined;
    this.#next += 1;
    return this.#take(value, this.#next - 1);
  }

  /** One of an array. @throws MeshError BadOption */
  at(index: number): Given | undefined {
    return this.#array && index < this.#array.length ? this.#take(this.#array[index], index) : undefined;
  }

  /** No more is read. */
  stop(): void {
    if (this.isKept) return;
    // What it throws now is nobody's.
    void (async () => this.#iterator?.return?.())().catch(() => undefined);
  }
}

/** Takes an input of `map`. */
export const takeInput: Take = (item, index) => (isNamed(item) ? { module: 0, cid: cidOf(item, `input ${index}`) } : { module: 0, input: bytesOf(item, index) });

/** Whether an input is given by its name. */
export const isNamed = (item: unknown): item is { cid: string } => kindOf(item) === 'Object' && 'cid' in (item as object);

/** @throws MeshError BadOption, BadCid */
export function cidOf({ cid, ...unknown }: { cid: unknown }, what: string): Cid {
  needNone(unknown, what);
  return parseCid(cid);
}

/** Takes an invocation of a graph over so many modules. */
export const takeInvocation =
  (modules: number): Take =>
  (item, index) => {
    need(typeof item === 'object' && item !== null, `invocation ${index} is an object`);
    const { module = 0, input, ...unknown } = item as JobInvocation;
    needNone(unknown, `invocation ${index}`);
    wholeOf(module, 0, modules - 1, `module of invocation ${index}`);
    if (isNamed(input)) return { module, cid: cidOf(input, `invocation ${index}`) };
    if (!isAwaiting(input)) return { module, input: bytesOf(input, index) };
    const { await: awaited, ...more } = input;
    needNone(more, `the input of invocation ${index}`);
    const isList = Array.isArray(awaited);
    const awaits = isList ? [...(awaited as number[])] : [awaited as number];
    need(awaits.length >= 1 && awaits.length <= AWAITED_MAX, `invocation ${index} awaits 1 to ${AWAITED_MAX} others`);
    for (const each of awaits) wholeOf(each, 0, index - 1, `what invocation ${index} awaits`);
    return { module, awaits, isList };
  };

/** How many await the output of each, where the numbers that invocations await are these. */
export function usesOf(awaits: readonly (readonly number[])[]): (index: number) => number {
  const uses = new Map<number, number>();
  for (const number of awaits.flat()) uses.set(number, (uses.get(number) ?? 0) + 1);
  return (index) => uses.get(index) ?? 0;
}

const isAwaiting = (input: unknown): input is { await: number | readonly number[] } => kindOf(input) === 'Object';

/** A copy of an input. @throws MeshError BadOption */
function bytesOf(item: unknown, index: number): Bytes {
  let bytes: Bytes | undefined;
  try {
    bytes = typeof item === 'string' ? utf8(item) : copyOf(item);
  } catch {
    need(false, `input ${index} was transferred to somebody else`);
  }
  need(bytes, `input ${index} is a text or bytes, not ${kindOf(item)}`);
  need(bytes.length <= INPUT_BYTES_MAX, `input ${index} has at most 16 MiB`);
  return bytes;
}
