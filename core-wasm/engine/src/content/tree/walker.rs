//! From a root to leaves.

use alloc::vec::Vec;
use core::ops::Range;

use super::{CONTENT_MAX, Error, FANOUT_BITS, HEIGHT_MAX, node, span_bits};
use crate::content::cid::{Cid, Codec};
use crate::hash::sha256;
use crate::id::BlockHash;
use crate::limits::BLOCK_MAX;

/// Reads a range of some content: names the blocks to fetch, in order.
///
/// [`poll`](Self::poll) until there is nothing; how many leaves are fetched at once is the shell's choice, for a leaf
/// is named as soon as its parent was read. It holds at most [`FANOUT`](super::FANOUT) hashes of 32 bytes for each
/// height: 8 KiB for content of up to 4 MiB, 32 KiB for the largest.
#[derive(Clone, Debug)]
pub struct Walker {
    /// The blocks to come whose parents were read: the next one last.
    stack: Vec<BlockHash>,
    /// The height of the next one, once the root was read; before that an upper bound.
    height: u32,
    /// How many of the stack come after the node that was read last, until [`Role::Ahead`] named the first of them.
    ahead: usize,
    /// The next wanted byte of the content.
    position: u64,
    /// Behind the last wanted byte; not behind the content's end, once that is known.
    end: u64,
    /// Content bytes; 0 until the root's node was read.
    size: u64,
    /// Larger content is refused.
    size_max: u64,
}

/// A block to fetch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Want {
    /// SHA-256 of its bytes.
    pub hash: BlockHash,
    /// What it is for.
    pub role: Role,
}

/// What a block is to a [`Walker`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// A node: hand it to [`Walker::handle_node`]. Nothing else comes before that.
    Node,
    /// A node that will be wanted later: have it at hand by then, so that nothing waits for it. It may be said again; a
    /// shell may leave it.
    Ahead,
    /// A leaf. The next block may be fetched at the same time.
    Leaf(Leaf),
}

/// A leaf's place in the content, and the wanted part of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leaf {
    /// Where its first byte stands in the content.
    pub start: u64,
    /// How many bytes it has, 1 to [`BLOCK_MAX`]; `None` for content of one block, which may have 0 to [`BLOCK_MAX`].
    pub size: Option<u32>,
    /// The first wanted byte of it.
    pub from: u32,
    /// Behind the last wanted byte of it, or behind its end.
    pub to: u32,
}

impl Leaf {
    /// The wanted part of the leaf's `bytes`, whose digest the shell has checked.
    ///
    /// # Errors
    /// [`Error::LeafShape`]: the leaf has not the size that its place asks for.
    pub fn cut<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], Error> {
        let is_sound = match self.size {
            Some(size) => bytes.len() == size as usize,
            None => bytes.len() <= BLOCK_MAX,
        };
        if !is_sound {
            return Err(Error::LeafShape);
        }
        let to = bytes.len().min(self.to as usize);
        Ok(bytes.get(self.from as usize..to).unwrap_or_default())
    }
}

impl Walker {
    /// Reads the bytes `range` of the content `root`; `0..u64::MAX` is all of it. What lies behind the end of the
    /// content is left out.
    pub fn new(root: Cid, range: Range<u64>) -> Self {
        let height = if root.codec == Codec::Raw { 0 } else { HEIGHT_MAX };
        let end = range.end.min(1 << span_bits(height));
        Self {
            stack: Vec::from([root.hash]),
            height,
            ahead: 0,
            position: range.start,
            end,
            size: 0,
            size_max: CONTENT_MAX,
        }
    }

    /// Refuses content of more than `size_max` bytes once its root is read, before anything below is wanted. Content of one
    /// block states no size; it has at most [`BLOCK_MAX`] bytes.
    #[must_use]
    pub fn with_limit(mut self, size_max: u64) -> Self {
        self.size_max = size_max;
        self
    }

    /// The size of the whole content in bytes, once the root's node was read; `None` until then. Content of one block
    /// has no node: its size is its leaf's.
    pub fn size(&self) -> Option<u64> {
        (self.size > 0).then_some(self.size)
    }

    /// The next block to fetch; `None` at the end. A [`Role::Node`] is said again until it was handed in, a leaf once.
    pub fn poll(&mut self) -> Option<Want> {
        if self.position >= self.end {
            return None;
        }
        let ahead = core::mem::take(&mut self.ahead);
        let index = if ahead > 0 { ahead } else { self.stack.len() }.wrapping_sub(1);
        let hash = *self.stack.get(index)?;
        let role = if ahead > 0 {
            Role::Ahead
        } else if self.height > 0 {
            Role::Node
        } else {
            self.stack.truncate(index);
            Role::Leaf(self.pass_leaf())
        };
        Some(Want { hash, role })
    }

    /// The leaf at `position`, and on behind it.
    fn pass_leaf(&mut self) -> Leaf {
        let from = self.position as u32 % BLOCK_MAX as u32;
        let start = self.position - u64::from(from);
        let to = (self.end - start).min(BLOCK_MAX as u64) as u32;
        let size = (self.size > 0).then(|| (self.size - start).min(BLOCK_MAX as u64) as u32);
        self.position = start + BLOCK_MAX as u64;
        // What follows a leaf is as high as what ends with it.
        self.height = (self.position.trailing_zeros() - span_bits(0)) / FANOUT_BITS;
        Leaf { start, size, from, to }
    }

    /// Takes the node that [`poll`](Self::poll) wants. Its digest is checked here.
    ///
    /// # Errors
    /// [`Error::OutOfTurn`], [`Error::Digest`], [`Error::Shape`] or [`Error::AboveLimit`]; the walker still waits for the same
    /// node.
    pub fn handle_node(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let is_asked = self.height > 0 && self.position < self.end;
        let hash = self.stack.last().filter(|_| is_asked).ok_or(Error::OutOfTurn)?;
        if sha256(bytes) != hash.0 {
            return Err(Error::Digest);
        }
        self.replace_by_children(bytes)
    }

    /// Puts the children of the next block, which is a node, in its place.
    fn replace_by_children(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let (mut size, mut height) = (self.size, self.height);
        if size == 0 {
            size = node::stated_size(bytes);
            if size <= BLOCK_MAX as u64 || size > CONTENT_MAX {
                return Err(Error::Shape);
            }
            height = ((size - 1).ilog2() - span_bits(0)) / FANOUT_BITS + 1;
        }
        let bits = span_bits(height);
        let start = self.position.min(size - 1) >> bits << bits;
        let links = node::parse(bytes, (size - start).min(1 << bits), height).ok_or(Error::Shape)?;
        if size > self.size_max {
            return Err(Error::AboveLimit);
        }
        self.size = size;
        self.end = self.end.min(size);
        self.height = height - 1;
        self.stack.pop();
        if start + (1 << bits) < self.end {
            self.ahead = self.stack.len();
        }
        for link in links.iter().rev() {
            self.stack.push(BlockHash(*link.last_chunk().ok_or(Error::Shape)?));
        }
        let skipped = (self.position - start) >> span_bits(self.height);
        self.stack.truncate(self.stack.len().saturating_sub(skipped as usize));
        Ok(())
    }
}
