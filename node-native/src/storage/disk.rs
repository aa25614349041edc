//! The database for as long as the node runs: opened again when an error has made it unusable, tried until it works.
//!
//! redb refuses everything after the first error of the disk, until the file is opened anew. So the file is opened anew
//! at once, and reading goes on. Writing goes on only when a trial has put on disk as much as the largest batch has:
//! otherwise each block would fail by itself, and slowly.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use redb::Error;
use tabmesh_engine::NodeId;

use super::database::Database;
use super::request::StorageError;
use crate::identity::hex;

/// So often a file that does not open is tried again by readers, and one that cannot be read is opened anew.
const REOPEN_EVERY: Duration = Duration::from_secs(1);

/// A read that failed is tried again after this, so often.
const READ_AGAIN: Duration = Duration::from_millis(20);
const READS_MORE: u32 = 10;

/// Since when blocks cannot be written, and why.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// The first failure.
    pub since: Instant,
    /// What the operating system or the database says, the latest.
    pub message: String,
}

pub(super) struct Disk {
    path: PathBuf,
    owner: NodeId,
    /// `None` where it could not be opened again. Only ever locked by the two threads of the store, and at the start.
    database: RwLock<Option<Database>>,
    reopened: Mutex<Option<Instant>>,
    trouble: Mutex<Option<Trouble>>,
}

impl Disk {
    pub(super) fn open(path: PathBuf, owner: NodeId) -> Result<Self, StorageError> {
        let broken = |error: Error| StorageError::Open {
            path: path.display().to_string(),
            message: error.to_string(),
        };
        let database = Database::open(&path).map_err(broken)?;
        let known = database.claim(owner).map_err(broken)?;
        if known != owner {
            return Err(StorageError::OtherIdentity { owner: hex(&known), id: hex(&owner) });
        }
        let database = RwLock::new(Some(database));
        Ok(Self { path, owner, database, reopened: Mutex::default(), trouble: Mutex::default() })
    }

    /// Reads; again from a file that is opened anew, if that fails. Between a write that failed and the file that its thread
    /// opens anew every read fails, so one is tried for a while.
    pub(super) fn read<T>(&self, read: impl Fn(&Database) -> Result<T, Error>) -> Result<T, Error> {
        let mut answer = self.with(&read);
        for _ in 0..READS_MORE {
            if answer.is_ok() {
                break;
            }
            if self.may_reopen() {
                self.reopen()?;
            } else {
                thread::sleep(READ_AGAIN);
            }
            answer = self.with(&read);
        }
        answer
    }

    /// Writes, unless writing failed before and no trial has shown since that it works again.
    pub(super) fn write<T>(&self, write: impl Fn(&Database) -> Result<T, Error>) -> Result<T, Error> {
        if lock(&self.trouble).is_some() {
            return Err(Error::PreviousIo);
        }
        self.with(&write).inspect_err(|error| self.on_failed(error))
    }

    /// Whether blocks can be written, and if not, why.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        lock(&self.trouble).clone()
    }

    /// Tries whether writing works again; `true` if it does now and did not before.
    pub(super) fn try_again(&self) -> bool {
        if lock(&self.trouble).is_none() {
            return false;
        }
        let trial = || {
            if self.is_closed() {
                self.reopen()?;
            }
            // Somebody may have put another file there meanwhile.
            let known = self.with(|database| database.claim(self.owner))?;
            if known != self.owner {
                return Err(Error::Corrupted(format!("it belongs to the node {}", hex(&known))));
            }
            self.with(Database::try_room)
        };
        match trial() {
            Ok(()) => *lock(&self.trouble) = None,
            Err(error) => self.on_failed(&error),
        }
        lock(&self.trouble).is_none()
    }

    fn with<T>(&self, work: impl FnOnce(&Database) -> Result<T, Error>) -> Result<T, Error> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        work(database.as_ref().ok_or(Error::PreviousIo)?)
    }

    fn is_closed(&self) -> bool {
        self.database.read().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    fn on_failed(&self, error: &Error) {
        let mut trouble = lock(&self.trouble);
        if trouble.is_none() {
            tracing::error!(%error, "blocks cannot be written; it is tried again every second");
        }
        let since = trouble.as_ref().map_or_else(Instant::now, |trouble| trouble.since);
        *trouble = Some(Trouble { since, message: error.to_string() });
        drop(trouble);
        if let Err(error) = self.reopen() {
            tracing::error!(%error, "the block store cannot be opened again");
        }
    }

    fn may_reopen(&self) -> bool {
        lock(&self.reopened).is_none_or(|reopened| reopened.elapsed() >= REOPEN_EVERY)
    }

    /// Waits until nobody uses the database, closes it and opens it anew.
    fn reopen(&self) -> Result<(), Error> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        *lock(&self.reopened) = Some(Instant::now());
        // Closed first: a file that is open is locked.
        *database = None;
        *database = Some(Database::open(&self.path)?);
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
