// Where the invocations of a job come from: an array, which can be read again, or an iterator, which cannot.

import { type Bytes, copyOf, kindOf, utf8 } from '../bytes.js';
import { need, needNone, wholeOf } from '../check.js';
import { INPUT_BYTES_MAX } from '../task/limits.js';
import { AWAITED_MAX } from './limits.js';
import type { JobInvocation } from './types.js';

/** An invocation as it is given. */
export type Given =
  | { readonly module: number; readonly input: Bytes }
  /** The numbers of earlier ones; `isList`: their outputs come as a list, though it may be one. */
  | { readonly module: number; readonly awaits: readonly number[]; readonly isList: boolean };

/** Reads one item. @throws MeshError BadOption */
type Take = (item: unknown, index: number) => Given;

export class Source {
  /** How many there are, where that is known. */
  readonly total: number | undefined;
  readonly #array: readonly unknown[] | undefined;
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown>;
  readonly #take: Take;
  #next = 0;

  /** @throws MeshError BadOption */
  constructor(items: unknown, take: Take) {
    const isMany = typeof items === 'object' && items !== null && !ArrayBuffer.isView(items);
    need(isMany, `inputs are an array or an iterable of bytes or texts, not ${kindOf(items)}`);
    const { [Symbol.iterator]: plain, [Symbol.asyncIterator]: later } = items as Partial<Iterable<unknown> & AsyncIterable<unknown>>;
    need(typeof plain === 'function' || typeof later === 'function', `inputs are an array or an iterable, not ${kindOf(items)}`);
    this.#array = Array.isArray(items) ? items : undefined;
    this.total = this.#array?.length;
    this.#iterator = (later ? later.call(items) : plain!.call(items)) as Iterator<unknown> | AsyncIterator<unknown>;
    this.#take = take;
  }

  /** Whether {@link at} gives what was read before. */
  get isKept(): boolean {
    return this.#array !== undefined;
  }

  /** The next one, at once if it is there; `undefined` where there is none. @throws what the iterator throws; MeshError BadOption */
  next(): Given | undefined | Promise<Given | undefined> {
    if (this.#array) return this.#next < this.#array.length ? this.#taken({ value: this.#array[this.#next] }) : undefined;
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
    if (this.#array) return;
    // What it throws now is nobody's.
    void (async () => this.#iterator.return?.())().catch(() => undefined);
  }
}

/** Takes an input of `map`. */
export const takeInput: Take = (item, index) => ({ module: 0, input: bytesOf(item, index) });

/** Takes an invocation of a graph over so many modules. */
export const takeInvocation =
  (modules: number): Take =>
  (item, index) => {
    need(typeof item === 'object' && item !== null, `invocation ${index} is an object`);
    const { module = 0, input, ...unknown } = item as JobInvocation;
    needNone(unknown, `invocation ${index}`);
    wholeOf(module, 0, modules - 1, `module of invocation ${index}`);
    if (!isAwaiting(input)) return { module, input: bytesOf(input, index) };
    const { await: awaited, ...more } = input;
    needNone(more, `the input of invocation ${index}`);
    const isList = Array.isArray(awaited);
    const awaits = isList ? [...(awaited as number[])] : [awaited as number];
    need(awaits.length >= 1 && awaits.length <= AWAITED_MAX, `invocation ${index} awaits 1 to ${AWAITED_MAX} others`);
    for (const each of awaits) wholeOf(each, 0, index - 1, `what invocation ${index} awaits`);
    return { module, awaits, isList };
  };

const isAwaiting = (input: JobInvocation['input']): input is { await: number | readonly number[] } => kindOf(input) === 'Object';

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
