// Trees of blocks, as `core-wasm/engine/src/content/tree.rs` describes them: content larger than one block is cut into leaves of
// 16,384 bytes under nodes of 256 children. (The engine's own tree would cost 4,136 bytes of Wasm at the border.)

import { type Bytes, concat, isEqual, sha256 } from './bytes.js';
import { type Cid, DAG_CBOR, RAW } from './cid.js';
import * as CODE from './codes.js';
import { MeshError } from './errors.js';
import { BLOCK_MAX } from './limits.js';

/** Children of a full node. */
export const FANOUT = 256;

/** Nodes on the path from a root to a leaf, at most. */
const HEIGHT_MAX = 4;

/** Content bytes under a full node of `height`; a leaf has height 0. */
const span = (height: number): number => BLOCK_MAX * FANOUT ** height;

/** The largest content, in bytes: 64 TiB. */
export const CONTENT_MAX = span(HEIGHT_MAX);

/** Bytes of one link: tag, head, the zero that multibase asks for, and a content id. */
const LINK = 41;

/** A block with its hash. */
export interface Block {
  readonly hash: Bytes;
  readonly bytes: Bytes;
}

interface Child {
  readonly hash: Bytes;
  readonly size: number;
}

/** Makes the nodes over leaves that come in order. It holds at most 255 hashes for each height. */
export class TreeBuilder {
  /** Blocks that wait for a parent, by height. */
  readonly #waiting: Child[][] = [[]];

  /** Takes the next leaf; the nodes that it completes. */
  async push(hash: Bytes, size: number): Promise<Block[]> {
    const nodes: Block[] = [];
    this.#level(0).push({ hash, size });
    for (let height = 0; this.#level(height).length === FANOUT; height += 1) nodes.push(await this.#close(height));
    return nodes;
  }

  /** Ends content of at least one leaf: the nodes that were still open, and the content's name. */
  async end(): Promise<{ nodes: Block[]; root: Cid }> {
    const nodes: Block[] = [];
    for (let height = 0; ; height += 1) {
      const [first, ...others] = this.#level(height);
      const isTop = this.#waiting.slice(height + 1).every((level) => level.length === 0);
      if (isTop && first && others.length === 0) {
        return { nodes, root: { codec: height === 0 ? RAW : DAG_CBOR, hash: first.hash } };
      }
      if (first) nodes.push(await this.#close(height));
    }
  }

  async #close(height: number): Promise<Block> {
    const children = this.#level(height);
    this.#waiting[height] = [];
    const size = children.reduce((sum, child) => sum + child.size, 0);
    const bytes = emitNode(size, height + 1, children.map((child) => child.hash));
    const hash = await sha256(bytes);
    this.#level(height + 1).push({ hash, size });
    return { hash, bytes };
  }

  #level(height: number): Child[] {
    return (this.#waiting[height] ??= []);
  }
}

/** The wanted part of a leaf. */
export interface Leaf {
  readonly hash: Bytes;
  /** Its bytes in all. */
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

/** The size of the content that a root node has. @throws MeshError MalformedContent */
export function contentSize(root: Bytes): number {
  const first = root[1] ?? 0;
  const width = first >= 25 && first <= 27 ? 2 ** (first - 24) : 0;
  const size = root.subarray(2, 2 + width).reduce((sum, byte) => sum * 256 + byte, 0);
  if (size <= BLOCK_MAX || size > CONTENT_MAX) throw malformed('its size');
  return size;
}

/**
 * The leaves of the bytes `from` to `to` of content of more than one block, in order. Nodes are fetched one after another;
 * whoever asks for leaves ahead has them fetched ahead.
 *
 * @throws MeshError MalformedContent
 */
export async function* leavesOf(
  root: Bytes,
  size: number,
  from: number,
  to: number,
  fetch: (hash: Bytes) => Promise<Bytes>,
): AsyncGenerator<Leaf, void, void> {
  let height = 1;
  while (span(height) < size) height += 1;
  yield* walk(root, height, 0, size);

  async function* walk(hash: Bytes, height: number, start: number, size: number): AsyncGenerator<Leaf, void, void> {
    if (start >= to || start + size <= from) return;
    if (height === 0) {
      yield { hash, size, from: Math.max(0, from - start), to: Math.min(size, to - start) };
      return;
    }
    const width = span(height - 1);
    const children = parseNode(await fetch(hash), size, height);
    for (const [index, child] of children.entries()) {
      const offset = index * width;
      yield* walk(child, height - 1, start + offset, Math.min(width, size - offset));
    }
  }
}

function emitNode(size: number, height: number, children: readonly Bytes[]): Bytes {
  const link = linkHead(height);
  return concat(nodeHead(size, children.length), ...children.flatMap((hash) => [link, hash]));
}

/** The children of the node of `height` with `size` content bytes under it. It is exactly such a node, or malformed. */
function parseNode(bytes: Bytes, size: number, height: number): Bytes[] {
  const count = Math.ceil(size / span(height - 1));
  const head = nodeHead(size, count);
  if (bytes.length !== head.length + count * LINK || !isEqual(bytes.subarray(0, head.length), head)) {
    throw malformed('a node');
  }
  const link = linkHead(height);
  return Array.from({ length: count }, (_, index) => {
    const at = head.length + index * LINK;
    if (!isEqual(bytes.subarray(at, at + link.length), link)) throw malformed('a link');
    return bytes.slice(at + link.length, at + LINK);
  });
}

/** All that stands before a child's hash, in a node of `height`. */
const linkHead = (height: number): Bytes =>
  Uint8Array.of(0xd8, 0x2a, 0x58, 37, 0, 1, height === 1 ? RAW : DAG_CBOR, 0x12, 0x20);

const nodeHead = (size: number, count: number): Bytes =>
  Uint8Array.from([0x82, ...argument(0x00, size), ...argument(0x80, count)]);

/** The shortest head of a CBOR item (RFC 8949 §4.2.1): its major type in the upper three bits, and its argument. */
function argument(major: number, value: number): number[] {
  if (value < 24) return [major | value];
  const info = [24, 25, 26, 27].find((info) => value < 256 ** 2 ** (info - 24)) ?? 27;
  const width = 2 ** (info - 24);
  const digits = Array.from({ length: width }, (_, index) => Math.floor(value / 256 ** (width - 1 - index)) % 256);
  return [major | info, ...digits];
}

export const malformed = (what: string): MeshError => new MeshError(CODE.malformedContent, `${what} is wrong`);
