//! Blocks on disk: verified, durable before they are acknowledged, bounded by a quota.
//!
//! Two threads share one redb database: one writes, and gathers what waits into one durable transaction; one reads
//! beside it, on a snapshot. Before both stands a small cache of recent blocks. Nothing here blocks an async task.

mod cache;
mod database;
mod threads;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tabmesh_engine::{NodeId, limits};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use url::Url;

use cache::Cache;
use database::Database;

/// Requests that may wait for each thread; at the bound [`Storage::try_submit`] refuses and [`Storage::store`] waits.
const QUEUE_MAX: usize = 256;

/// Bytes of recent blocks kept in memory.
const CACHE_BYTES: usize = 8 << 20;

/// The most addresses of peers that are remembered; the one not seen for longest makes room.
pub const REMEMBERED_MAX: usize = 64;

/// Why the storage does not open. The message says what to do.
#[derive(Debug, Error)]
pub enum StorageError {
    /// redb could not open or read the file.
    #[error(
        "cannot open the block store {path}: {message}; check the disk and its permissions, or move the file away to start empty"
    )]
    Open {
        /// The file.
        path: String,
        /// What redb says.
        message: String,
    },
    /// The store was filled by another identity.
    #[error(
        "the data directory belongs to the node {owner}, not to {id}; give back its key or passphrase, or use another --data-dir"
    )]
    OtherIdentity {
        /// Whose it is.
        owner: String,
        /// Who asks.
        id: String,
    },
    /// A thread could not be started.
    #[error("cannot start a storage thread: {0}; raise the limit on threads")]
    Thread(#[from] std::io::Error),
}

/// One thing to do; the engine's jobs and the file transfers use the same.
#[derive(Debug)]
pub enum Request {
    /// Check and keep a block.
    Store {
        /// Claimed SHA-256.
        hash: NodeId,
        /// The block, at most [`limits::BLOCK_MAX`] bytes.
        bytes: Bytes,
        /// Kept for the network, or only cached.
        held: bool,
    },
    /// Read a block.
    Load(NodeId),
    /// Which of these are not there.
    Absent(Vec<NodeId>),
    /// Up to `count` hashes behind `after`, ascending.
    Scan {
        /// Start behind this one.
        after: Option<NodeId>,
        /// At most this many.
        count: u16,
    },
}

/// How a request ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// The block is on disk.
    Stored,
    /// The bytes do not hash to the name; nothing was kept.
    Mismatch,
    /// The quota is used up by held blocks; nothing was kept.
    Full,
    /// The block.
    Loaded(Bytes),
    /// It is not there.
    Missing,
    /// The hashes asked for.
    Hashes(Vec<NodeId>),
    /// The disk failed, or the queue is full; the log says which.
    Failed,
}

/// Called once with the answer, on a storage thread (or at once, when the cache has it).
pub type Reply = Box<dyn FnOnce(Answer) + Send>;

/// How much is stored.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Totals {
    /// Blocks.
    pub blocks: u64,
    /// Their bytes, without the database's overhead.
    pub bytes: u64,
}

/// The block store of one node. Cheap to clone; the threads end when the last clone is gone.
#[derive(Clone)]
pub struct Storage {
    writes: mpsc::Sender<threads::Write>,
    reads: mpsc::Sender<(Request, Reply)>,
    shared: Arc<Shared>,
}

/// What the handles and both threads look at.
struct Shared {
    database: Database,
    cache: Mutex<Cache>,
    totals: Mutex<Totals>,
}

impl Shared {
    fn cached(&self, hash: &NodeId) -> Option<Bytes> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).block(hash)
    }

    fn remember(&self, hash: NodeId, bytes: Bytes) {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, bytes);
    }

    fn forget(&self, hash: &NodeId) {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).remove(hash);
    }
}

impl Storage {
    /// Opens or makes the store in `data_dir`, with room for `quota` bytes of blocks, for the node `owner`.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, or belongs to another node.
    pub fn open(data_dir: &Path, quota: u64, owner: NodeId) -> Result<Self, StorageError> {
        let database = Database::open(&data_dir.join("blocks.redb"), owner)?;
        let totals = Mutex::new(database.totals());
        let shared = Arc::new(Shared { database, cache: Mutex::new(Cache::new(CACHE_BYTES)), totals });
        let (writes, write_queue) = mpsc::channel(QUEUE_MAX);
        let (reads, read_queue) = mpsc::channel(QUEUE_MAX);
        threads::start_writer(shared.clone(), write_queue, quota)?;
        threads::start_reader(shared.clone(), read_queue)?;
        Ok(Self { writes, reads, shared })
    }

    /// How much is stored now.
    pub fn totals(&self) -> Totals {
        *self.shared.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands in a request without waiting. With a full queue it is answered [`Answer::Failed`] at once.
    pub fn try_submit(&self, request: Request, reply: Reply) {
        if let Request::Load(hash) = &request
            && let Some(bytes) = self.shared.cached(hash)
        {
            return reply(Answer::Loaded(bytes));
        }
        let refused = match request {
            Request::Store { hash, bytes, held } => {
                match self.writes.try_send(threads::Write::Block { hash, bytes, held, reply }) {
                    Err(mpsc::error::TrySendError::Full(threads::Write::Block { reply, .. })) => Some(reply),
                    _ => None,
                }
            }
            read => match self.reads.try_send((read, reply)) {
                Err(mpsc::error::TrySendError::Full((_, reply))) => Some(reply),
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
        let is_queued = match request {
            Request::Store { hash, bytes, held } => {
                self.writes.send(threads::Write::Block { hash, bytes, held, reply }).await.is_ok()
            }
            read => self.reads.send((read, reply)).await.is_ok(),
        };
        if is_queued { answer.await.unwrap_or(Answer::Failed) } else { Answer::Failed }
    }

    /// Keeps `bytes` under their hash as a cached block, and waits until they are on disk.
    pub async fn store(&self, hash: NodeId, bytes: Bytes) -> Answer {
        debug_assert!(bytes.len() <= limits::BLOCK_MAX, "a block is cut before it is stored");
        self.request(Request::Store { hash, bytes, held: false }).await
    }

    /// The addresses of peers met before, latest first; at most [`REMEMBERED_MAX`].
    pub fn remembered_peers(&self) -> Vec<Url> {
        self.shared.database.remembered_peers()
    }

    /// Remembers where a peer was met. Best effort: with a full queue it is forgotten.
    pub fn remember_peer(&self, address: Url) {
        let _ = self.writes.try_send(threads::Write::Peer { address });
    }
}

#[cfg(test)]
mod tests;
