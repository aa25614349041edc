//! What is hashed, told apart by its first byte.

use tabmesh_port::{Writer, sha256};

/// A SHA-256, 32 bytes.
pub type Hash = [u8; 32];

/// The root of a tree without leaves.
pub const EMPTY: Hash = [0; 32];

/// The first byte of everything that the ledger hashes or signs: nothing passes for something else.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Tag {
    Leaf = 0,
    Inner = 1,
    Reference = 2,
    Receipt = 3,
    Header = 4,
    Operation = 5,
    Genesis = 6,
    Pair = 7,
    Mountain = 8,
    Statement = 9,
    Rank = 10,
    Lot = 11,
    Voters = 12,
    Thaw = 13,
}

/// SHA-256(tag ‖ parts).
#[inline(never)]
pub(crate) fn tagged(tag: Tag, parts: &[&[u8]]) -> Hash {
    let mut writer = Writer::default();
    writer.u8(tag as u8);
    for part in parts {
        writer.bytes(part);
    }
    sha256(&writer.finish())
}
