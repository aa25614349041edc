//! The tree format once more, in the plainest way: from the top down, on whole sizes. It shares no code with the
//! engine's builder but SHA-256, and stands beside `vectors.mjs`, which does the same with the libraries of IPLD.

use std::collections::HashMap;

use tabmesh_engine::content::cid::{Cid, Codec};
use tabmesh_engine::content::tree::Builder;
use tabmesh_engine::limits::BLOCK_MAX;
use tabmesh_engine::{BlockHash, sha256};

pub(crate) const LEAF: u64 = BLOCK_MAX as u64;

/// Blocks by hash.
pub(crate) type Store = HashMap<BlockHash, Vec<u8>>;

/// A made-up leaf hash: SHA-256 of the leaf's index as 8 bytes, big-endian.
pub(crate) fn made_up(index: u64) -> BlockHash {
    BlockHash(sha256(&index.to_be_bytes()))
}

/// The pattern of `vectors.mjs`: byte i is (i + (i >> 8) * 7) mod 256.
pub(crate) fn pattern(size: usize) -> Vec<u8> {
    (0..size).map(|i| i.wrapping_add((i >> 8) * 7) as u8).collect()
}

/// The size of leaf `index` of a content of `size` bytes.
pub(crate) fn leaf_size(size: u64, index: u64) -> u32 {
    (size - index * LEAF).min(LEAF) as u32
}

/// The tree over `size` bytes of content whose leaves have the hashes `leaf`, nodes put into `store`.
pub(crate) fn root(size: u64, leaf: &dyn Fn(u64) -> BlockHash, store: &mut Store) -> Cid {
    let height = (0..).find(|height| LEAF * 256_u64.pow(*height) >= size).expect("sizes end");
    subtree(height, 0, size, leaf, store)
}

fn subtree(height: u32, start: u64, size: u64, leaf: &dyn Fn(u64) -> BlockHash, store: &mut Store) -> Cid {
    if height == 0 {
        return Cid { codec: Codec::Raw, hash: leaf(start / LEAF) };
    }
    let span = LEAF * 256_u64.pow(height - 1);
    let children: Vec<Cid> = (0..size.div_ceil(span))
        .map(|i| subtree(height - 1, start + i * span, span.min(size - i * span), leaf, store))
        .collect();
    let bytes = node(size, &children);
    let hash = BlockHash(sha256(&bytes));
    store.insert(hash, bytes);
    Cid { codec: Codec::DagCbor, hash }
}

/// `[size, [link, …]]` as deterministic dag-cbor.
pub(crate) fn node(size: u64, children: &[Cid]) -> Vec<u8> {
    let mut bytes = vec![0x82];
    bytes.extend(argument(0, size));
    bytes.extend(argument(4, children.len() as u64));
    for child in children {
        bytes.extend([0xd8, 42, 0x58, 37, 0]);
        bytes.extend(child.to_bytes());
    }
    bytes
}

/// The head of a CBOR item of this major type: RFC 8949, table 1.
pub(crate) fn argument(major: u8, value: u64) -> Vec<u8> {
    let head = |info: u8| major << 5 | info;
    match value {
        0..=23 => vec![head(value as u8)],
        24..=0xff => vec![head(24), value as u8],
        0x100..=0xffff => [&[head(25)][..], &(value as u16).to_be_bytes()].concat(),
        0x1_0000..=0xffff_ffff => [&[head(26)][..], &(value as u32).to_be_bytes()].concat(),
        _ => [&[head(27)][..], &value.to_be_bytes()].concat(),
    }
}

/// What the engine's builder makes of the same leaves.
pub(crate) fn built(size: u64, leaf: &dyn Fn(u64) -> BlockHash, store: &mut Store) -> Cid {
    let mut builder = Builder::new();
    let mut keep = |builder: &mut Builder| {
        while let Some(node) = builder.poll() {
            assert_eq!(node.hash.0, sha256(&node.bytes));
            assert!(node.bytes.len() <= 10_509);
            store.insert(node.hash, node.bytes);
        }
    };
    for index in 0..size.div_ceil(LEAF).max(1) {
        builder.push(leaf(index), leaf_size(size, index)).expect("leaves in order");
        keep(&mut builder);
    }
    builder.end();
    keep(&mut builder);
    assert_eq!(builder.size(), size);
    builder.root().expect("there was a leaf")
}
