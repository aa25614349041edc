//! Putting a file: leaves and the nodes above them, stored and placed a window at a time.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};
use tabmesh_engine::content::cid::Cid;
use tabmesh_engine::content::tree::{self, Builder};
use tabmesh_engine::limits::BLOCK_MAX;
use tabmesh_engine::{NodeId, Status};

use super::{Blocks, FileError, Task, WINDOW};
use crate::driver::Outcome;

/// What became of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stored {
    /// Its name.
    pub cid: Cid,
    /// Its length.
    pub bytes: u64,
    /// Blocks it was cut into, the nodes of the tree included.
    pub blocks: u64,
    /// How many nodes hold the block that the fewest hold.
    pub holders_min: u8,
    /// Blocks that fewer nodes hold than should.
    pub partial: u64,
}

/// A file on its way into the network.
pub struct Put {
    blocks: Blocks,
    builder: Builder,
    leaf: BytesMut,
    /// The leaf before this one: runs of equal blocks (zeros, mostly) are placed once.
    last: Option<NodeId>,
    under_way: VecDeque<Task<Result<Outcome, FileError>>>,
    begun: u64,
    done: u64,
    holders_min: u8,
    partial: u64,
}

impl Put {
    /// Begins an empty file.
    pub fn new(blocks: Blocks) -> Self {
        Self {
            blocks,
            builder: Builder::new(),
            leaf: BytesMut::with_capacity(BLOCK_MAX),
            last: None,
            under_way: VecDeque::with_capacity(WINDOW),
            begun: 0,
            done: 0,
            holders_min: u8::MAX,
            partial: 0,
        }
    }

    /// Appends bytes; waits while a whole window of blocks is under way.
    ///
    /// # Errors
    ///
    /// A block could not be stored or placed; the file is lost.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), FileError> {
        while !bytes.is_empty() {
            let room = BLOCK_MAX - self.leaf.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.leaf.extend_from_slice(now);
            bytes = later;
            if self.leaf.len() == BLOCK_MAX {
                self.push_leaf().await?;
            }
        }
        Ok(())
    }

    /// Blocks that are placed so far, of those that were begun.
    pub fn progress(&self) -> (u64, u64) {
        (self.done, self.begun)
    }

    /// Begins the last leaf and the top of the tree; the file is in the network once [`settle`](Self::settle) has
    /// answered `false`.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    pub async fn end(&mut self) -> Result<(), FileError> {
        if !self.leaf.is_empty() || self.builder.size() == 0 {
            self.push_leaf().await?;
        }
        self.builder.end();
        self.push_nodes().await
    }

    /// Waits for the oldest block under way; `false` when there is none left.
    ///
    /// # Errors
    ///
    /// It could not be stored or placed; the file is lost.
    pub async fn settle(&mut self) -> Result<bool, FileError> {
        let Some(task) = self.under_way.pop_front() else { return Ok(false) };
        let outcome = task.result().await.unwrap_or(Err(FileError::Store))?;
        self.done += 1;
        self.holders_min = self.holders_min.min(outcome.holders);
        self.partial += u64::from(outcome.status == Status::Partial);
        Ok(true)
    }

    /// What became of the file.
    ///
    /// # Errors
    ///
    /// The file was not ended or has not settled.
    pub fn stored(&self) -> Result<Stored, FileError> {
        let cid = self.builder.root().filter(|_| self.under_way.is_empty());
        Ok(Stored {
            cid: cid.ok_or(tree::Error::OutOfTurn)?,
            bytes: self.builder.size(),
            blocks: self.begun,
            holders_min: self.holders_min,
            partial: self.partial,
        })
    }

    async fn push_leaf(&mut self) -> Result<(), FileError> {
        let bytes = std::mem::replace(&mut self.leaf, BytesMut::with_capacity(BLOCK_MAX)).freeze();
        let hash = NodeId(Sha256::digest(&bytes).into());
        self.builder.push(hash, bytes.len() as u32)?;
        if self.last.replace(hash) != Some(hash) {
            self.begin(hash, bytes).await?;
        }
        self.push_nodes().await
    }

    async fn push_nodes(&mut self) -> Result<(), FileError> {
        while let Some(node) = self.builder.poll() {
            self.begin(node.hash, node.bytes.into()).await?;
        }
        Ok(())
    }

    async fn begin(&mut self, hash: NodeId, bytes: Bytes) -> Result<(), FileError> {
        while self.under_way.len() >= WINDOW {
            self.settle().await?;
        }
        let blocks = self.blocks.clone();
        self.under_way.push_back(Task::spawn(async move { blocks.place(hash, bytes).await }));
        self.begun += 1;
        Ok(())
    }
}
