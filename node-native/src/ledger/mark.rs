//! Whether a ledger begins at this node, and what is left to say that it did.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

use super::error::LedgerError;
use super::store::{Store, StoreError};

/// Whether the ledger begins here: a person says so, and this node has neither records nor ever had any.
pub(super) fn begins(mark: &Mark, store: &Store, is_said: bool) -> Result<bool, LedgerError> {
    let broken = |error: redb::Error| store.unusable(&error);
    let is_empty = store.records().map_err(broken)? == 0;
    if !is_empty {
        mark.make().map_err(LedgerError::Host)?;
    }
    if !is_said || !is_empty {
        return Ok(false);
    }
    if mark.is_there() {
        return Err(StoreError::Gone(mark.0.clone()).into());
    }
    if store.height().map_err(broken)? > 0 {
        tracing::warn!(
            "there are blocks already, so this node follows and does not vote; --ledger-begin is for the first start of all"
        );
        return Ok(false);
    }
    Ok(true)
}

/// A file beside the store that says that this node has voted in a ledger: it is still there when the store is not.
pub(super) struct Mark(pub(super) PathBuf);

impl Mark {
    pub(super) fn of(data_dir: &Path, ledger: &[u8; 32]) -> Self {
        Self(data_dir.join(format!("ledger.{}.begun", crate::identity::hex_of(&ledger[..8]))))
    }

    pub(super) fn is_there(&self) -> bool {
        self.0.exists()
    }

    /// Makes it, if it is not there; it outlasts a power cut.
    pub(super) fn make(&self) -> io::Result<()> {
        if self.is_there() {
            return Ok(());
        }
        OpenOptions::new().write(true).create(true).truncate(true).open(&self.0)?.sync_all()?;
        std::fs::File::open(self.0.parent().unwrap_or(Path::new(".")))?.sync_all()
    }
}
