//! Trees of blocks: content larger than one block.
//!
//! Content of at most [`BLOCK_MAX`] bytes, the empty one included, is one raw block, and its CID is that block's.
//! Larger content is cut into leaves of exactly [`BLOCK_MAX`] bytes, the last one excepted, which has at least one.
//! Up to [`FANOUT`] leaves, in order, hang under a node; up to [`FANOUT`] nodes, in order, under a node of the next
//! height; and so on up to one root. All leaves are equally deep, every node but the last of its height is full, and no
//! root has a single child: the same bytes have one tree and one CID.
//!
//! A node is deterministic dag-cbor, so that any IPLD tool walks it:
//!
//! ```text
//! [size, [link, …]]
//!
//! 82                        array of 2
//!    size                   shortest unsigned integer: content bytes under this node
//!    80+n | 98 n | 99 0100  array of n links, 1 to 256
//!       d8 2a 58 25 00      tag 42, 37 bytes, and for each child
//!       cid                 its 36 bytes: raw under a node of height 1, dag-cbor above
//! ```
//!
//! The shape is unique, so the one size gives the height of the root and the place and size of every child: a range
//! read fetches only the path to its leaves. A node is at most 10,509 bytes, the root of a tree at most [`HEIGHT_MAX`]
//! high, the content at most [`CONTENT_MAX`] bytes.
//!
//! The same child may stand in many places, so a few blocks can be the content of terabytes. What a read may cost is the
//! reader's to say: [`Walker::with_limit`] refuses larger content at its root.
//!
//! Neither [`Builder`] nor [`Walker`] sees the bytes of a leaf: digests of leaves, storing and fetching are the
//! shell's. Both take and give blocks by their 32-byte hash.
//!
//! ```
//! use std::collections::HashMap;
//! use tabmesh_engine::content::tree::{Builder, Error, Role, Walker};
//! use tabmesh_engine::{BlockHash, limits::BLOCK_MAX, sha256};
//!
//! # fn main() -> Result<(), Error> {
//! let mut store = HashMap::new();
//! let content: Vec<u8> = (0..5_000_000_u32).map(|i| (i >> 8) as u8).collect();
//!
//! // Write: the leaves in order, and whatever nodes they complete.
//! let mut builder = Builder::new();
//! for leaf in content.chunks(BLOCK_MAX) {
//!     let hash = BlockHash(sha256(leaf));
//!     store.insert(hash, leaf.to_vec());
//!     builder.push(hash, leaf.len() as u32)?;
//!     while let Some(node) = builder.poll() {
//!         store.insert(node.hash, node.bytes);
//!     }
//! }
//! builder.end();
//! while let Some(node) = builder.poll() {
//!     store.insert(node.hash, node.bytes);
//! }
//! let root = builder.root().expect("there was a leaf");
//!
//! // Read any range: a shell begins the fetch of every block at once, and waits for none but a `Node`.
//! let mut walker = Walker::new(root, 4_000_000..4_500_000);
//! let mut read = Vec::new();
//! while let Some(want) = walker.poll() {
//!     match want.role {
//!         Role::Node => walker.handle_node(&store[&want.hash])?,
//!         Role::Ahead => {} // A hint: have this block at hand.
//!         Role::Leaf(leaf) => read.extend_from_slice(leaf.cut(&store[&want.hash])?),
//!     }
//! }
//! assert!(read == content[4_000_000..4_500_000]);
//! # Ok(())
//! # }
//! ```

mod builder;
mod node;
mod walker;

use core::fmt;

pub use builder::{Block, Builder};
pub use walker::{Leaf, Role, Walker, Want};

use crate::limits::BLOCK_MAX;

/// Children of a full node.
pub const FANOUT: usize = 1 << FANOUT_BITS;

/// Nodes on the path from a root to a leaf, at most. A higher tree is neither built nor read.
pub const HEIGHT_MAX: u32 = 4;

/// The largest content, in bytes: 2^46, 64 TiB. More is neither built nor read.
pub const CONTENT_MAX: u64 = 1 << span_bits(HEIGHT_MAX);

const FANOUT_BITS: u32 = 8;

const _: () = assert!(BLOCK_MAX.is_power_of_two());

/// The base-2 logarithm of the content bytes under a full node of `height`; a leaf has height 0.
const fn span_bits(height: u32) -> u32 {
    BLOCK_MAX.trailing_zeros() + FANOUT_BITS * height
}

/// What is wrong with a tree. Whoever answers with it has not changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Error {
    /// A leaf was pushed behind the last one, or before the nodes were polled; or a node was not asked for.
    OutOfTurn = 1,
    /// A leaf larger than [`BLOCK_MAX`], or an empty one that is not all of the content, was pushed.
    LeafSize = 2,
    /// More than [`CONTENT_MAX`] bytes were pushed.
    TooLarge = 3,
    /// The bytes are not those that the hash names; another copy may be good.
    Digest = 4,
    /// The block that was read is no node of a tree, or not in this place; every copy is as bad.
    Shape = 5,
    /// The leaf that was read has not the size that its place asks for; every copy is as bad.
    LeafShape = 6,
    /// The content is larger than the reader's limit, by what its root says.
    AboveLimit = 7,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfTurn => {
                "blocks go in when they are asked for: poll first, and only the last leaf is short"
            }
            Self::LeafSize => "a leaf has 1 to 16,384 bytes: cut the content into blocks of 16,384",
            Self::TooLarge => "content has at most 64 TiB: split it",
            Self::Digest => "the block is not what its hash says: fetch another copy",
            Self::Shape => "the content is malformed (a wrong node): no copy helps, publish it anew",
            Self::AboveLimit => "the content is larger than the limit: raise the limit, or read a part",
            Self::LeafShape => "the content is malformed (a leaf's size): no copy helps, publish it anew",
        })
    }
}

impl core::error::Error for Error {}
