//! Why a transfer ended early.

use tabmesh_engine::Status;
use tabmesh_engine::content::tree;
use thiserror::Error;

use crate::sentences::{Operation, sentence};

/// Why a transfer ended early. Every message says what to do.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum FileError {
    /// The network did not take a block ([`Operation::Put`]) or give one.
    #[error("{}", sentence(*.0, *.1))]
    Network(Operation, Status),
    /// The store's quota is used up.
    #[error("the block store is full; give the node a larger --quota")]
    Full,
    /// The disk failed, or too much waits for it.
    #[error("the block store could not be used; the node's log says why")]
    Store,
    /// The disk fails, with what the operating system says.
    #[error(
        "blocks cannot be written ({0}); mend the disk or make room on it, and try again: the node goes on by itself"
    )]
    Disk(String),
    /// The content is no tree of blocks, or too large.
    #[error("{0}")]
    Tree(#[from] tree::Error),
}

impl FileError {
    /// The status code that stands for it.
    pub fn status(&self) -> Status {
        match self {
            Self::Network(_, status) => *status,
            Self::Full | Self::Store | Self::Disk(_) => Status::InsufficientStorage,
            Self::Tree(_) => Status::BadRequest,
        }
    }
}
