//! Why a command about ledgers was not done.

use std::path::PathBuf;

use thiserror::Error;

use crate::ledger::GenesisError;

/// Why a command about ledgers was not done. Every message says what to do.
#[derive(Debug, Error)]
pub(in crate::cli) enum LedgerError {
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    #[error("{} is there already; remove it, or write to another file", .0.display())]
    Taken(PathBuf),
    #[error("{path}: {source}", path = path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error(
        "it was not {wait} in this time{}; `tabmesh ledger history` shows it once it is in a block",
        until.map_or_else(String::new, |until| format!(", and may still come until epoch {until}"))
    )]
    NotYet { wait: &'static str, until: Option<u32> },
    #[error("{} is no proof of it under this root", .0.display())]
    NotVerified(PathBuf),
}

impl LedgerError {
    pub(in crate::cli) fn exit_code(&self) -> u8 {
        match self {
            Self::Genesis(_) | Self::Taken(_) => 2,
            Self::Write { .. } => 1,
            Self::NotVerified(_) => 7,
            Self::NotYet { .. } => 5,
        }
    }
}
