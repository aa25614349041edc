//! Where transfers get their blocks from, and where they put them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tabmesh_engine::{BlockHash, Status};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::error::FileError;
use crate::driver::{Handle, Outcome, Wish};
use crate::sentences::Operation;
use crate::storage::{Answer, Request};

/// Blocks under way for all transfers of a node together: what the engine takes at once.
pub(super) const WINDOW: usize = 32;

/// How often one block is tried, and how long to wait before the second try; each further wait is twice as long.
const TRIES: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// Where transfers get their blocks from. Cheap to clone; all clones share one window.
#[derive(Clone)]
pub struct Blocks {
    handle: Handle,
    window: Arc<Semaphore>,
}

impl Blocks {
    /// The blocks of one node.
    pub fn new(handle: Handle) -> Self {
        Self { handle, window: Arc::new(Semaphore::new(WINDOW)) }
    }

    /// Stores a block here, as long as nothing else needs its room.
    pub(super) async fn store(&self, hash: BlockHash, bytes: Bytes) -> Result<(), FileError> {
        self.kept(self.handle.storage().request(Request::Store { hash, bytes, held: false }).await)
    }

    /// A block that was stored here.
    pub(super) async fn load(&self, hash: BlockHash) -> Result<Bytes, FileError> {
        match self.handle.storage().request(Request::Load(hash)).await {
            Answer::Loaded(bytes) => Ok(bytes),
            answer => self.kept(answer).and(Err(FileError::Store)),
        }
    }

    /// Places a block that is stored here on the nodes closest to it; how many hold it.
    pub(super) async fn place(&self, hash: BlockHash) -> Result<Outcome, FileError> {
        let _permit = self.window.acquire().await;
        // Held: whoever puts a block is counted as one of its holders, so it must not fall out of a cache.
        self.kept(self.handle.storage().request(Request::Hold(hash)).await)?;
        let outcome = self.try_often(|| Wish::Put(hash)).await;
        match outcome.status {
            Status::Ok | Status::Partial => Ok(outcome),
            status => Err(FileError::Network(Operation::Put, status)),
        }
    }

    fn kept(&self, answer: Answer) -> Result<(), FileError> {
        match answer {
            Answer::Stored => Ok(()),
            // Stored a moment ago, it made room for the content's own later blocks.
            Answer::Full | Answer::Missing => Err(FileError::Full),
            _ => {
                let trouble = self.handle.storage().trouble();
                Err(trouble.map_or(FileError::Store, |trouble| FileError::Disk(trouble.message)))
            }
        }
    }

    /// A block, from here or from the network, whose bytes are what `hash` says.
    pub(super) async fn fetch(&self, hash: BlockHash) -> Result<Bytes, FileError> {
        let _permit = self.window.acquire().await;
        // The second round is for a block that fell out of a small cache between its arrival and its reading.
        for _ in 0..2 {
            match self.handle.storage().request(Request::Load(hash)).await {
                Answer::Loaded(bytes) if tabmesh_engine::sha256(&bytes) == hash.0 => return Ok(bytes),
                Answer::Missing | Answer::Loaded(_) => {}
                _ => return Err(FileError::Store),
            }
            let outcome = self.try_often(|| Wish::Get(hash)).await;
            if outcome.status != Status::Ok {
                return Err(FileError::Network(Operation::Get, outcome.status));
            }
        }
        Err(FileError::Store)
    }

    /// Tries until it is done, or until another try is not likely to help.
    async fn try_often(&self, wish: impl Fn() -> Wish) -> Outcome {
        let mut wait = FIRST_WAIT;
        let mut tried = 1;
        loop {
            let outcome = self.handle.wish(wish()).await;
            let tries = match outcome.status {
                Status::TooManyRequests | Status::Unavailable | Status::TimedOut => TRIES,
                // Most holders have it, or nobody has: once more is worth it, and more would only add to the load of
                // a network that is slow already.
                Status::Partial | Status::NotFound => 2,
                _ => 1,
            };
            if tried >= tries {
                return outcome;
            }
            tried += 1;
            sleep(wait).await;
            wait *= 2;
        }
    }
}
