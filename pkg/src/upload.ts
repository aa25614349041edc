// Puts content on the network: cut into blocks, each stored here and then placed on the nodes nearest to it.

import type { Blocks } from './blocks.js';
import { type Bytes, isEqual, sha256, utf8 } from './bytes.js';
import { cidText } from './cid.js';
import { CODE, MeshError, STATUS, errorOf } from './errors.js';
import { BLOCK_MAX, WINDOW } from './limits.js';
import type { Operations } from './operations.js';
import { CONTENT_MAX, TreeBuilder } from './tree.js';
import type { PutData, PutOptions, PutResult } from './types.js';

/** Cuts whatever can be put into leaves. At least one comes, an empty one if need be. */
export async function* leaves(data: PutData): AsyncGenerator<Bytes, void, void> {
  let buffer = new Uint8Array(BLOCK_MAX);
  let filled = 0;
  let isFirst = true;
  for await (const chunk of chunks(data)) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + BLOCK_MAX - filled);
      buffer.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < BLOCK_MAX) continue;
      yield buffer;
      isFirst = false;
      buffer = new Uint8Array(BLOCK_MAX);
      filled = 0;
    }
  }
  if (filled > 0 || isFirst) yield buffer.slice(0, filled);
}

async function* chunks(data: PutData): AsyncGenerator<Uint8Array, void, void> {
  if (typeof data === 'string') return yield utf8(data);
  if (data instanceof ArrayBuffer) return yield new Uint8Array(data);
  if (data instanceof Uint8Array) return yield data;
  const stream = data instanceof Blob ? data.stream() : data;
  const reader = stream.getReader();
  let isAtEnd = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      isAtEnd = done;
      if (done) return;
      if (!(value instanceof Uint8Array)) throw new MeshError(CODE.badData, 'the stream has chunks that are no bytes');
      yield value;
    }
  } finally {
    if (!isAtEnd) await reader.cancel().catch(() => undefined);
    reader.releaseLock();
  }
}

/** The size in bytes, where it is known beforehand. */
function sizeOf(data: PutData): number | null {
  if (typeof data === 'string') return utf8(data).length;
  if (data instanceof Blob) return data.size;
  return data instanceof ReadableStream ? null : data.byteLength;
}

function isData(data: unknown): data is PutData {
  const kinds = [ArrayBuffer, Uint8Array, Blob, ReadableStream];
  return typeof data === 'string' || kinds.some((kind) => data instanceof kind);
}

/** One `put`. */
export class Upload {
  readonly #blocks: Blocks;
  readonly #operations: Operations;
  readonly #options: PutOptions;
  readonly #total: number | null;
  readonly #data: PutData;
  /** Ends what is under way once one block failed. */
  readonly #failed = new AbortController();
  readonly #underway = new Set<Promise<void>>();
  #done = 0;
  #size = 0;
  #count = 0;
  #holders = Infinity;

  /** @throws MeshError BadData */
  constructor(data: PutData, blocks: Blocks, operations: Operations, options: PutOptions) {
    if (!isData(data)) throw new MeshError(CODE.badData);
    this.#data = data;
    this.#blocks = blocks;
    this.#operations = operations;
    this.#options = options;
    this.#total = sizeOf(data);
  }

  /** @throws MeshError, or the reason of the signal that aborted */
  async run(): Promise<PutResult> {
    const tree = new TreeBuilder();
    try {
      let last: Bytes | undefined;
      for await (const leaf of leaves(this.#data)) {
        const hash = await sha256(leaf);
        this.#size += leaf.length;
        if (this.#size > CONTENT_MAX) throw new MeshError(CODE.badData, 'it has more than 64 TiB');
        // A run of equal leaves, as of zeros, is one block.
        if (last && isEqual(last, hash)) this.#tell(leaf.length);
        else await this.#begin(hash, leaf, leaf.length);
        last = hash;
        for (const node of await tree.push(hash, leaf.length)) await this.#begin(node.hash, node.bytes, 0);
      }
      const { nodes, root } = await tree.end();
      for (const node of nodes) await this.#begin(node.hash, node.bytes, 0);
      await Promise.all(this.#underway);
      this.#failed.signal.throwIfAborted();
      return { cid: cidText(root), size: this.#size, blocks: this.#count, holders: this.#holders };
    } catch (error) {
      this.#failed.abort(error);
      await Promise.allSettled(this.#underway);
      throw error;
    }
  }

  /** Begins to place a block, once fewer than {@link WINDOW} are under way. */
  async #begin(hash: Bytes, bytes: Bytes, content: number): Promise<void> {
    while (this.#underway.size >= WINDOW) await Promise.race(this.#underway);
    this.#failed.signal.throwIfAborted();
    this.#options.signal?.throwIfAborted();
    this.#count += 1;
    const placed = this.#place(hash, bytes, content)
      .catch((error: unknown) => this.#failed.abort(error))
      .finally(() => this.#underway.delete(placed));
    this.#underway.add(placed);
  }

  async #place(hash: Bytes, bytes: Bytes, content: number): Promise<void> {
    const { signal } = this.#options;
    this.#blocks.pin(hash);
    try {
      if (!(await this.#blocks.store(hash, bytes, false))) throw errorOf(STATUS.insufficientStorage);
      const either = signal ? AbortSignal.any([signal, this.#failed.signal]) : this.#failed.signal;
      const holders = await this.#operations.put(hash, { signal: either });
      this.#holders = Math.min(this.#holders, holders);
      this.#tell(content);
    } finally {
      this.#blocks.unpin(hash);
    }
  }

  #tell(content: number): void {
    this.#done += content;
    const holders = Number.isFinite(this.#holders) ? this.#holders : 0;
    this.#options.onProgress?.({ done: this.#done, total: this.#total, holders });
  }
}
