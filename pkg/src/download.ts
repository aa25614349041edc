// Reads content from the network, block by block; what was read is checked and kept for the next reader.

import type { Blocks } from './blocks.js';
import { type Bytes, NO_BYTES } from './bytes.js';
import { need } from './check.js';
import { type Cid, RAW, cidText } from './cid.js';
import * as CODE from './codes.js';
import { MeshError, errorOf } from './errors.js';
import { WINDOW } from './limits.js';
import type { Operations } from './operations.js';
import * as STATUS from './status.js';
import { type Leaf, contentSize, leavesOf, malformed } from './tree.js';
import type { Content, GetOptions } from './types.js';

/** Parts of this size are handed to the browser, which may move them out of memory. */
const PART = 4 * 1024 * 1024;

/** Content of more bytes is only streamed, unless `maxBytes` allows it: whoever makes a name can claim 64 TiB by 58 KB. */
const WHOLE_MAX = 1024 ** 3;

/** Fetches a block, from here or from the network. */
type Fetch = (hash: Bytes) => Promise<Bytes>;

/** Finds the content of this name. @throws MeshError NotFound, MalformedContent, BadRange, TooLarge and what a request may end in */
export async function download(
  cid: Cid,
  blocks: Blocks,
  operations: Operations,
  options: GetOptions,
): Promise<Content> {
  const { signal, range } = options;
  const isSound = (at: number): boolean => at === Infinity || Number.isInteger(at);
  const { start = 0, end = Infinity } = range ?? {};
  if (!isSound(start) || !isSound(end) || start < 0 || start > end) throw new MeshError(CODE.badRange);
  const { maxBytes = Infinity } = options;
  need(typeof maxBytes === 'number' && maxBytes >= 0, 'maxBytes is a number, 0 or more');

  const fetch: Fetch = async (hash) => {
    signal?.throwIfAborted();
    const here = await blocks.load(hash);
    if (here) return here;
    await operations.get(hash, { signal });
    const fetched = await blocks.load(hash);
    // It came and was dropped for room already, or the browser lost it.
    if (!fetched) throw errorOf('get', STATUS.insufficientStorage);
    return fetched;
  };
  const root = await fetch(cid.hash);
  const size = cid.codec === RAW ? root.length : contentSize(root);
  const found = new Found(cid, size, Math.min(start, size), Math.min(end, size), fetch, options);
  found.expect(maxBytes);
  return found;
}

class Found implements Content {
  readonly cid: string;
  readonly size: number;
  readonly #root: Cid;
  readonly #from: number;
  readonly #to: number;
  readonly #fetch: Fetch;
  readonly #options: GetOptions;

  constructor(root: Cid, size: number, from: number, to: number, fetch: Fetch, options: GetOptions) {
    this.cid = cidText(root);
    this.size = size;
    this.#root = root;
    this.#from = from;
    this.#to = to;
    this.#fetch = fetch;
    this.#options = options;
  }

  /** @throws MeshError TooLarge where more than `limit` bytes are wanted */
  expect(limit: number): void {
    const total = this.#to - this.#from;
    if (total > limit) throw new MeshError(CODE.tooLarge, `it is ${total}, and may be ${limit}`);
  }

  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const parts = this.#parts();
    return new ReadableStream(
      {
        pull: async (controller) => {
          const { done, value } = await parts.next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: async () => void (await parts.return()),
      },
      { highWaterMark: 0 },
    );
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    this.expect(this.#options.maxBytes ?? WHOLE_MAX);
    const whole = this.#room();
    let at = 0;
    for await (const part of this.#parts()) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  async blob(type = 'application/octet-stream'): Promise<Blob> {
    this.expect(this.#options.maxBytes ?? WHOLE_MAX);
    const blobs: Blob[] = [];
    let parts: Bytes[] = [];
    let length = 0;
    for await (const part of this.#parts()) {
      parts.push(part);
      length += part.length;
      if (length < PART) continue;
      blobs.push(new Blob(parts));
      parts = [];
      length = 0;
    }
    return new Blob([...blobs, ...parts], { type });
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  #room(): Bytes {
    try {
      return new Uint8Array(this.#to - this.#from);
    } catch (cause) {
      throw new MeshError(CODE.tooLarge, 'there is no memory for it', { cause });
    }
  }

  /** The wanted bytes, a leaf's at a time, with {@link WINDOW} leaves under way. */
  async *#parts(): AsyncGenerator<Bytes, void, void> {
    const total = this.#to - this.#from;
    const leaves = this.#leaves();
    const ahead: Promise<Bytes | undefined>[] = [];
    let done = 0;
    let isEnded = false;
    // Asking an async generator many times at once is fine: it answers in order. A failure waits until it is this one's turn.
    const next = async (): Promise<Bytes | undefined> => {
      const { done, value } = await leaves.next();
      return done ? undefined : this.#read(value);
    };
    while (!isEnded) {
      while (ahead.length < WINDOW) {
        const part = next();
        part.catch(() => undefined);
        ahead.push(part);
      }
      const part = await ahead.shift();
      if (part) {
        done += part.length;
        this.#options.onProgress?.({ done, total });
        yield part;
      }
      isEnded = part === undefined;
    }
  }

  async *#leaves(): AsyncGenerator<Leaf, void, void> {
    const { hash, codec } = this.#root;
    if (this.#to === this.#from) return;
    if (codec === RAW) yield { hash, size: this.size, from: this.#from, to: this.#to };
    else yield* leavesOf(hash, this.size, this.#from, this.#to, this.#fetch);
  }

  async #read({ hash, size, from, to }: Leaf): Promise<Bytes> {
    const bytes = await this.#fetch(hash);
    if (bytes.length !== size) throw malformed('the size of a leaf');
    return to > from ? bytes.slice(from, to) : NO_BYTES;
  }
}
