// Puts content on the network: cut into blocks, each stored here and then placed on the nodes nearest to it.

import type { Blocks } from './blocks.js';
import { type Bytes, isEqual, sha256 } from './bytes.js';
import { wholeOf } from './check.js';
import { cidText } from './cid.js';
import * as CODE from './codes.js';
import { MeshError, errorOf } from './errors.js';
import { BLOCK_MAX, REPLICAS, WINDOW } from './limits.js';
import type { Operations } from './operations.js';
import { type Source, sourceOf } from './source.js';
import * as STATUS from './status.js';
import { CONTENT_MAX, TreeBuilder } from './tree.js';
import type { PutData, PutOptions, PutResult } from './types.js';

/** Cuts content into leaves. At least one comes, an empty one if need be. */
async function* leavesOf(source: Source, signal: AbortSignal): AsyncGenerator<Bytes, void, void> {
  let buffer = new Uint8Array(BLOCK_MAX);
  let filled = 0;
  let isFirst = true;
  for await (const chunk of source.chunks(signal)) {
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

/** One `put`. */
export class Upload {
  readonly #blocks: Blocks;
  readonly #operations: Operations;
  readonly #options: PutOptions;
  readonly #source: Source;
  /** Ends what is under way once one block failed. */
  readonly #failed = new AbortController();
  /** The same, and what the caller gave. */
  readonly #stop: AbortSignal;
  readonly #underway = new Set<Promise<void>>();
  #done = 0;
  #size = 0;
  #count = 0;
  #holders = Infinity;
  /** Why nobody else keeps one of the blocks, if that is so. */
  #alone: MeshError | undefined;

  /** @throws MeshError BadData or BadOption */
  constructor(data: PutData, blocks: Blocks, operations: Operations, options: PutOptions) {
    const { minHolders: least = 1 } = options;
    wholeOf(least, 1, REPLICAS, 'minHolders');
    this.#source = sourceOf(data);
    this.#blocks = blocks;
    this.#operations = operations;
    this.#options = options;
    const { signal } = this.#failed;
    this.#stop = options.signal ? AbortSignal.any([options.signal, signal]) : signal;
  }

  /** @throws MeshError, or the reason of the signal that aborted */
  async run(): Promise<PutResult> {
    const tree = new TreeBuilder();
    try {
      let last: Bytes | undefined;
      for await (const leaf of leavesOf(this.#source, this.#stop)) {
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
      const cid = cidText(root);
      if (this.#alone) throw new MeshError(CODE.notReplicated, [cid, this.#alone.detail].filter(Boolean).join('; '));
      return { cid, size: this.#size, blocks: this.#count, holders: this.#holders };
    } catch (error) {
      this.#failed.abort(error);
      await Promise.allSettled(this.#underway);
      throw error;
    }
  }

  /** Begins to place a block, once fewer than {@link WINDOW} are under way. */
  async #begin(hash: Bytes, bytes: Bytes, content: number): Promise<void> {
    while (this.#underway.size >= WINDOW) await Promise.race(this.#underway);
    this.#stop.throwIfAborted();
    this.#count += 1;
    const placed = this.#place(hash, bytes, content)
      .catch((error: unknown) => this.#failed.abort(error))
      .finally(() => this.#underway.delete(placed));
    this.#underway.add(placed);
  }

  async #place(hash: Bytes, bytes: Bytes, content: number): Promise<void> {
    this.#blocks.pin(hash);
    try {
      if (!(await this.#blocks.store(hash, bytes, false))) throw errorOf('put', STATUS.insufficientStorage);
      // Once it is known that nobody else keeps a block, the others are kept here, as that one is.
      if (!this.#alone) await this.#spread(hash, content);
    } finally {
      this.#blocks.unpin(hash);
    }
  }

  async #spread(hash: Bytes, content: number): Promise<void> {
    const { minHolders } = this.#options;
    const onHolders = (holders: number): void => this.#tell(0, holders);
    try {
      const holders = await this.#operations.put(hash, { signal: this.#stop, minHolders, onHolders });
      this.#holders = Math.min(this.#holders, holders);
      this.#tell(content);
    } catch (error) {
      if (!(error instanceof MeshError) || error.code !== CODE.notReplicated) throw error;
      this.#alone = error;
    }
  }

  #tell(content: number, short = Infinity): void {
    this.#done += content;
    const holders = Math.min(this.#holders, short);
    this.#options.onProgress?.({ done: this.#done, total: this.#source.size, holders: Number.isFinite(holders) ? holders : 0 });
  }
}
