//! What the handles of the store and both its threads look at.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tabmesh_engine::{BlockHash, NodeId};

use super::cache::Cache;
use super::database::Database;
use super::disk::Disk;
use super::request::{StorageError, Totals};

/// Bytes of recent blocks kept in memory.
const CACHE_BYTES: usize = 8 << 20;

pub(super) struct Shared {
    pub(super) disk: Disk,
    cache: Mutex<Cache>,
    totals: Mutex<Totals>,
}

impl Shared {
    pub(super) fn open(path: PathBuf, owner: NodeId) -> Result<Self, StorageError> {
        let disk = Disk::open(path, owner)?;
        let totals = Mutex::new(disk.read(Database::totals).unwrap_or_default());
        Ok(Self { disk, cache: Mutex::new(Cache::new(CACHE_BYTES)), totals })
    }

    pub(super) fn totals(&self) -> Totals {
        *lock(&self.totals)
    }

    pub(super) fn set_totals(&self, totals: Totals) {
        *lock(&self.totals) = totals;
    }

    pub(super) fn cached(&self, hash: &BlockHash) -> Option<Bytes> {
        lock(&self.cache).block(hash)
    }

    pub(super) fn remember(&self, hash: BlockHash, bytes: Bytes) {
        lock(&self.cache).insert(hash, bytes);
    }

    pub(super) fn forget(&self, hash: &BlockHash) {
        lock(&self.cache).remove(hash);
    }

    /// Tries whether blocks can be written again.
    pub(super) fn try_again(&self) {
        if self.disk.try_again() {
            tracing::info!("the block store works again");
            if let Ok(totals) = self.disk.read(Database::totals) {
                self.set_totals(totals);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
