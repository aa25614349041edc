//! From leaves to a root.

#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use super::{CONTENT_MAX, Error, FANOUT, node, span_bits};
use crate::content::cid::{Cid, Codec};
use crate::hash::sha256;
use crate::id::BlockHash;
use crate::limits::BLOCK_MAX;

/// Makes the nodes over leaves that come in order, and the root's CID.
///
/// After each [`push`](Self::push), [`poll`](Self::poll) until there is nothing; at the end the same after
/// [`end`](Self::end), and then the [`root`](Self::root) is known. It holds at most [`FANOUT`] hashes of 32 bytes for
/// each height: 8 KiB for content of up to 4 MiB, 32 KiB for the largest.
#[derive(Default, Debug)]
pub struct Builder {
    /// The blocks that wait for a parent, in order: the highest first. The size tells how many are of which height.
    waiting: Vec<BlockHash>,
    /// Content bytes so far.
    size: u64,
    /// The height that `poll` looks at next; in the end the root's.
    height: u32,
    /// Whether `poll` may have something to say.
    is_busy: bool,
    is_ended: bool,
}

/// A block that the builder made and the shell stores.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// SHA-256 of the bytes.
    pub hash: BlockHash,
    /// A node: at most 10,509 bytes.
    pub bytes: Vec<u8>,
}

impl Builder {
    /// No leaf yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The content bytes under the leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next leaf: its SHA-256 and its size in bytes. Every leaf has [`BLOCK_MAX`] bytes; a shorter one is the
    /// last, an empty one the only one. Empty content has that one leaf, too.
    ///
    /// # Errors
    /// [`Error::OutOfTurn`], [`Error::LeafSize`] or [`Error::TooLarge`]; the leaf was not taken.
    pub fn push(&mut self, hash: BlockHash, size: u32) -> Result<(), Error> {
        if self.is_busy || self.is_ended {
            return Err(Error::OutOfTurn);
        }
        if size as usize > BLOCK_MAX || (size == 0 && self.size > 0) {
            return Err(Error::LeafSize);
        }
        if self.size + u64::from(size) > CONTENT_MAX {
            return Err(Error::TooLarge);
        }
        self.size += u64::from(size);
        self.waiting.push(hash);
        self.height = 0;
        self.is_busy = true;
        self.is_ended = (size as usize) < BLOCK_MAX;
        Ok(())
    }

    /// The next node that is complete, from the leaves upwards: one for every 256 leaves, and a few more at times.
    pub fn poll(&mut self) -> Option<Block> {
        let end = self.size.saturating_sub(1);
        let index = end >> span_bits(self.height);
        let count = index as usize % FANOUT + 1;
        let is_complete = count == FANOUT || (self.is_ended && index > 0);
        let kept = self.waiting.len().wrapping_sub(count);
        let Some(children) = self.waiting.get(kept..).filter(|_| is_complete) else {
            self.is_busy = false;
            return None;
        };
        self.height += 1;
        let size = end % (1 << span_bits(self.height)) + 1;
        let bytes = node::emit(size, self.height, children);
        let hash = BlockHash(sha256(&bytes));
        self.waiting.truncate(kept);
        self.waiting.push(hash);
        Some(Block { hash, bytes })
    }

    /// Ends the content. [`poll`](Self::poll) again until there is nothing, then ask for the [`root`](Self::root).
    pub fn end(&mut self) {
        self.is_ended = true;
        self.is_busy = true;
    }

    /// The content's name; `None` before all nodes were polled, or if not even one leaf was pushed.
    pub fn root(&self) -> Option<Cid> {
        let codec = if self.height == 0 { Codec::Raw } else { Codec::DagCbor };
        let hash = *self.waiting.first().filter(|_| self.is_ended && !self.is_busy)?;
        Some(Cid { codec, hash })
    }
}
