// The source of the vectors in `tree.rs` and `cid.rs`: the tree format built a second time, top-down and by the libraries
// that IPFS tools use, to be compared with the engine's bottom-up builder.
//
//   npm install multiformats@14 @ipld/dag-cbor@10 && node vectors.mjs

import { createHash } from 'node:crypto'
import { encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'

const LEAF = 16384
const FANOUT = 256
const RAW = 0x55
const DAG_CBOR = 0x71

const sha256 = (bytes) => createHash('sha256').update(bytes).digest()
const name = (codec, hash) => CID.createV1(codec, create(0x12, hash))

/** The CID of the content bytes `[start, start + size)` as a tree of `height`; `leaf(index)` is a leaf's SHA-256. */
function tree(height, start, size, leaf) {
  if (height === 0) return name(RAW, leaf(start / LEAF))
  const span = LEAF * FANOUT ** (height - 1)
  const children = []
  for (let at = 0; at < size; at += span) {
    children.push(tree(height - 1, start + at, Math.min(span, size - at), leaf))
  }
  return name(DAG_CBOR, sha256(encode([size, children])))
}

function root(size, leaf) {
  let height = 0
  while (LEAF * FANOUT ** height < size) height += 1
  return tree(height, 0, size, leaf).toString()
}

console.log('real bytes: byte i is (i + (i >> 8) * 7) mod 256')
for (const size of [0, 1, LEAF - 1, LEAF, LEAF + 1, 65_536, 65_537, 256 * LEAF, 256 * LEAF + 1, 5_000_000]) {
  const bytes = Uint8Array.from({ length: size }, (_, i) => i + (i >> 8) * 7)
  console.log(size, root(size, (index) => sha256(bytes.subarray(index * LEAF, (index + 1) * LEAF))))
}

console.log('made-up leaves: the hash of leaf i is SHA-256 of i as 8 bytes, big-endian')
for (const size of [65_535 * LEAF, 65_536 * LEAF - 1, 65_536 * LEAF, 65_536 * LEAF + 1, 65_793 * LEAF]) {
  const leaf = (index) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64BE(BigInt(index))
    return sha256(bytes)
  }
  console.log(size, root(size, leaf))
}

console.log('codecs and hashes')
console.log('hello world', name(RAW, sha256('hello world')).toString())
console.log("{hello: 'world'}", name(DAG_CBOR, sha256(encode({ hello: 'world' }))).toString())
console.log('a node', Buffer.from(encode([16_385, [name(RAW, sha256('a')), name(RAW, sha256('b'))]])).toString('hex'))
