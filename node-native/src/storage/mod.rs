//! Blocks on disk: verified, durable before they are acknowledged, bounded by a quota.
//!
//! Two threads share one redb database: one writes, and gathers what waits into one durable transaction; one reads
//! beside it, on a snapshot. Before both stands a small cache of recent blocks. Nothing here blocks an async task.

mod cache;
mod database;
mod disk;
mod request;
mod shared;
mod threads;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use tabmesh_engine::{BlockHash, NodeId, limits};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use url::Url;

pub use database::REMEMBERED_MAX;
use database::{Held, Keep};
pub use disk::Trouble;
pub use request::{Answer, Met, Reply, Request, StorageError, Totals};
use shared::Shared;
use threads::Write;

/// Requests that may wait for each thread; at the bound [`Storage::try_submit`] refuses and [`Storage::store`] waits.
const QUEUE_MAX: usize = 256;

/// The block store of one node. Cheap to clone; the threads end when the last clone is gone.
#[derive(Clone)]
pub struct Storage {
    writes: mpsc::Sender<Write>,
    reads: mpsc::Sender<(Request, Reply)>,
    shared: Arc<Shared>,
}

impl Storage {
    /// Opens or makes the store in `data_dir`, with room for `quota` bytes of blocks, for the node `owner`.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, or belongs to another node.
    pub fn open(data_dir: &Path, quota: u64, owner: NodeId) -> Result<Self, StorageError> {
        let shared = Arc::new(Shared::open(data_dir.join("blocks.redb"), owner)?);
        let (writes, write_queue) = mpsc::channel(QUEUE_MAX);
        let (reads, read_queue) = mpsc::channel(QUEUE_MAX);
        threads::start_writer(shared.clone(), write_queue, quota)?;
        threads::start_reader(shared.clone(), read_queue)?;
        Ok(Self { writes, reads, shared })
    }

    /// How much is stored now.
    pub fn totals(&self) -> Totals {
        self.shared.totals()
    }

    /// Whether blocks cannot be written now, and why. Reading may go on meanwhile.
    pub fn trouble(&self) -> Option<Trouble> {
        self.shared.disk.trouble()
    }

    /// Has it tried whether blocks can be written again, where they could not; to be called about once a second.
    pub fn mend(&self) {
        if self.trouble().is_some() {
            // With a full queue the next call does it.
            let _ = self.writes.try_send(Write::Trial);
        }
    }

    /// Hands in a request without waiting. With a full queue it is answered [`Answer::Failed`] at once.
    pub fn try_submit(&self, request: Request, reply: Reply) {
        if let Request::Load(hash) = &request
            && let Some(bytes) = self.shared.cached(hash)
        {
            return reply(Answer::Loaded(bytes));
        }
        let refused = match to_write(request) {
            Ok(block) => match self.writes.try_send(Write::Block { block, reply }) {
                Err(TrySendError::Full(Write::Block { reply, .. })) => Some(reply),
                _ => None,
            },
            Err(read) => match self.reads.try_send((read, reply)) {
                Err(TrySendError::Full((_, reply))) => Some(reply),
                _ => None,
            },
        };
        if let Some(reply) = refused {
            tracing::warn!(queue_max = QUEUE_MAX, "the storage queue is full; a request was refused");
            reply(Answer::Failed);
        }
    }

    /// Does one request and waits for its answer, and before that for room in the queue.
    pub async fn request(&self, request: Request) -> Answer {
        if let Request::Load(hash) = &request
            && let Some(bytes) = self.shared.cached(hash)
        {
            return Answer::Loaded(bytes);
        }
        let (sender, answer) = oneshot::channel();
        let reply: Reply = Box::new(move |answer| {
            let _ = sender.send(answer);
        });
        let is_queued = match to_write(request) {
            Ok(block) => self.writes.send(Write::Block { block, reply }).await.is_ok(),
            Err(read) => self.reads.send((read, reply)).await.is_ok(),
        };
        if is_queued { answer.await.unwrap_or(Answer::Failed) } else { Answer::Failed }
    }

    /// Keeps a block that came from the network as a cached one. Where there is no room for it, it is in memory for whoever reads it
    /// next: reading goes on whether or not anything can be kept.
    pub fn try_cache(&self, hash: BlockHash, bytes: Bytes, reply: Reply) {
        let (shared, lent) = (self.shared.clone(), bytes.clone());
        let request = Request::Store { hash, bytes, held: false };
        self.try_submit(
            request,
            Box::new(move |answer| match answer {
                // That it is what its name says was checked before.
                Answer::Full => {
                    shared.remember(hash, lent);
                    reply(Answer::Stored);
                }
                answer => reply(answer),
            }),
        );
    }

    /// Keeps `bytes` under their hash as a cached block, and waits until they are on disk.
    pub async fn store(&self, hash: BlockHash, bytes: Bytes) -> Answer {
        debug_assert!(bytes.len() <= limits::BLOCK_MAX, "a block is cut before it is stored");
        self.request(Request::Store { hash, bytes, held: false }).await
    }

    /// The addresses of peers met before, latest first, and whether a peer proved itself behind each; at most
    /// [`REMEMBERED_MAX`].
    pub fn remembered_peers(&self) -> Vec<(Url, bool)> {
        self.shared.disk.read(|database| database.remembered_peers()).unwrap_or_default()
    }

    /// Remembers where a peer was met. Best effort: with a full queue it is forgotten.
    pub fn remember_peer(&self, met: Met) {
        let _ = self.writes.try_send(Write::Peer(met));
    }
}

/// What the writing thread is to do, or else the request for the reading one.
fn to_write(request: Request) -> Result<Keep, Request> {
    match request {
        Request::Store { hash, bytes, held } => {
            let held = if held { Held::Others } else { Held::Cached };
            Ok(Keep { hash, bytes: Some(bytes), held })
        }
        Request::Hold(hash) => Ok(Keep { hash, bytes: None, held: Held::Own }),
        read => Err(read),
    }
}

#[cfg(test)]
mod tests;
