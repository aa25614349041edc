//! Putting a file: first all of it is stored here, then its blocks are placed, a window at a time.
//!
//! What breaks off before its end (a source that fails or changes, a client that goes) so leaves nothing behind on any
//! node but cached blocks, which make room by themselves.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};
use tabmesh_engine::content::cid::Cid;
use tabmesh_engine::content::tree::{self, Builder, Role, Walker};
use tabmesh_engine::limits::BLOCK_MAX;
use tabmesh_engine::{BlockHash, Status};

use super::blocks::{Blocks, WINDOW};
use super::error::FileError;
use super::task::Task;
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
    last: Option<BlockHash>,
    storing: VecDeque<Task<Result<(), FileError>>>,
    /// Names the blocks to place, once all are stored.
    walker: Option<Walker>,
    placing: VecDeque<Task<Result<Outcome, FileError>>>,
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
            storing: VecDeque::with_capacity(WINDOW),
            walker: None,
            placing: VecDeque::with_capacity(WINDOW),
            begun: 0,
            done: 0,
            holders_min: u8::MAX,
            partial: 0,
        }
    }

    /// Appends bytes; waits while a whole window of blocks is being stored.
    ///
    /// # Errors
    ///
    /// A block could not be stored; the file is lost.
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

    /// Stores the last leaf and the top of the tree; the file is in the network once [`settle`](Self::settle) has
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
        self.push_nodes().await?;
        while self.stored_oldest().await? {}
        let root = self.builder.root().ok_or(tree::Error::OutOfTurn)?;
        self.walker = Some(Walker::new(root, 0..u64::MAX));
        self.last = None;
        Ok(())
    }

    /// Begins to place blocks, and waits for the oldest one under way; `false` when all are placed.
    ///
    /// # Errors
    ///
    /// It could not be placed; the file is lost.
    pub async fn settle(&mut self) -> Result<bool, FileError> {
        while self.placing.len() < WINDOW {
            let Some(hash) = self.next_to_place().await? else { break };
            let blocks = self.blocks.clone();
            self.placing.push_back(Task::spawn(async move { blocks.place(hash).await }));
        }
        let Some(task) = self.placing.pop_front() else { return Ok(false) };
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
        let cid = self.builder.root().filter(|_| self.done == self.begun);
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
        let hash = BlockHash(Sha256::digest(&bytes).into());
        self.builder.push(hash, bytes.len() as u32)?;
        if self.last.replace(hash) != Some(hash) {
            self.store(hash, bytes).await?;
        }
        self.push_nodes().await
    }

    async fn push_nodes(&mut self) -> Result<(), FileError> {
        while let Some(node) = self.builder.poll() {
            self.store(node.hash, node.bytes.into()).await?;
        }
        Ok(())
    }

    async fn store(&mut self, hash: BlockHash, bytes: Bytes) -> Result<(), FileError> {
        while self.storing.len() >= WINDOW {
            self.stored_oldest().await?;
        }
        let blocks = self.blocks.clone();
        self.storing.push_back(Task::spawn(async move { blocks.store(hash, bytes).await }));
        self.begun += 1;
        Ok(())
    }

    /// Waits for the oldest block that is being stored; `false` when there is none left.
    async fn stored_oldest(&mut self) -> Result<bool, FileError> {
        let Some(task) = self.storing.pop_front() else { return Ok(false) };
        task.result().await.unwrap_or(Err(FileError::Store))?;
        Ok(true)
    }

    /// The next block of the tree, in the order of its content, each node before what it names.
    async fn next_to_place(&mut self) -> Result<Option<BlockHash>, FileError> {
        while let Some(want) = self.walker.as_mut().and_then(Walker::poll) {
            match want.role {
                Role::Ahead => {}
                Role::Node => {
                    let node = self.blocks.load(want.hash).await?;
                    self.walker.as_mut().ok_or(tree::Error::OutOfTurn)?.handle_node(&node)?;
                    return Ok(Some(want.hash));
                }
                Role::Leaf(_) if self.last.replace(want.hash) == Some(want.hash) => {}
                Role::Leaf(_) => return Ok(Some(want.hash)),
            }
        }
        Ok(None)
    }
}
