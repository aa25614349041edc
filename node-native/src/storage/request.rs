//! What is asked of the store, and what it answers.

use bytes::Bytes;
use tabmesh_engine::BlockHash;
use thiserror::Error;
use url::Url;

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
    /// Check and keep a block. One that comes without its bytes, not held, is released: if it was held for the network it is only cached from now on.
    Store {
        /// Claimed SHA-256.
        hash: BlockHash,
        /// The block, at most [`limits::BLOCK_MAX`](tabmesh_engine::limits::BLOCK_MAX) bytes.
        bytes: Bytes,
        /// Kept for the network, or only cached.
        held: bool,
    },
    /// Keep a block for good that is there already: [`Answer::Stored`], or [`Answer::Missing`].
    Hold(BlockHash),
    /// Read a block.
    Load(BlockHash),
    /// These are to be held for the network: which of them are not there. Those that are only cached are held from now on.
    Absent(Vec<BlockHash>),
    /// Up to `count` hashes of held blocks behind `after`, ascending.
    Scan {
        /// Start behind this one.
        after: Option<BlockHash>,
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
    Hashes(Vec<BlockHash>),
    /// The disk failed, or the queue is full; the log says which.
    Failed,
}

/// Called once with the answer, on a storage thread (or at once, when the cache has it).
pub type Reply = Box<dyn FnOnce(Answer) + Send>;

/// A peer's WebSocket address that was met just now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Met {
    /// The address.
    pub url: Url,
    /// Whether a peer proved itself behind it.
    pub is_tried: bool,
    /// An address that is to be forgotten for it.
    pub instead_of: Option<Url>,
}

/// How much is stored.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Totals {
    /// Blocks.
    pub blocks: u64,
    /// Their bytes, without the database's overhead.
    pub bytes: u64,
}
