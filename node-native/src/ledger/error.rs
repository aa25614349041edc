//! Why a node does not take part in a ledger.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::faucet::FaucetError;
use super::store::StoreError;
use super::text::GenesisError;
use crate::driver::{AttachError, FaceError};

/// Why a node does not take part in a ledger. Every message says what to do.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// No genesis.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// It is another network's.
    #[error("the genesis {} is of another network than {network:?}; give the genesis of this one, or its --network", path.display())]
    Network {
        /// The file of the genesis.
        path: PathBuf,
        /// The node's network.
        network: String,
    },
    /// Its store does not do.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It cannot be attached.
    #[error("the ledger is not attached: {0}")]
    Attach(#[from] AttachError),
    /// The module is gone.
    #[error("the ledger ended while it started: {0}")]
    Face(#[from] FaceError),
    /// No faucet.
    #[error(transparent)]
    Faucet(#[from] FaucetError),
    /// The system has no thread to give, or a file cannot be written.
    #[error("the ledger cannot start: {0}; check the disk and the limit on threads")]
    Host(io::Error),
}
