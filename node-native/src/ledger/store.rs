//! What a node of a ledger keeps: final blocks, the journal of what it signed, and operations of its owner that are on their way. Every change is one
//! durable transaction.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use redb::{Builder, Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};
use tabmesh_ledger::limits::view_of;
use tabmesh_ledger::{Entry, Hash, Operation, Says};
use tabmesh_port::sha256;
use thiserror::Error;

/// Of whose ledger this is, under "genesis".
const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
/// By height: a certificate and its block, as the module gave them.
const BLOCKS: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("blocks");
/// In their order: the first 8 bytes of its SHA-256, and a record.
const JOURNAL: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("journal");
/// By id: operations of this node's owner that are on their way.
const OWN: TableDefinition<'_, Hash, &[u8]> = TableDefinition::new("own");

const GENESIS: &str = "genesis";
/// The number of the next record.
const NEXT: &str = "next";

/// redb's own page cache.
const PAGE_CACHE_BYTES: usize = 4 << 20;

/// Why the store of a ledger is not used. Every message says what to do.
#[derive(Debug, Error)]
pub enum StoreError {
    /// It is another ledger's.
    #[error(
        "ledger-store-other: {} keeps the ledger {known}, and --ledger names {wanted}; give the genesis of that one, or another --data-dir", path.display()
    )]
    Other {
        /// The file.
        path: PathBuf,
        /// In hexadecimal, the first 16 digits.
        known: String,
        /// The same.
        wanted: String,
    },
    /// It cannot be relied on.
    #[error(
        "ledger-store-damaged: {} is damaged: {why}; put a copy of it back that is no older than its last use. Without one, move it away and start without \
         --ledger-begin: the node follows, and does not vote", path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// It was there once.
    #[error(
        "ledger-store-gone: this node has voted in this ledger, as {} says, and its store is gone; put it back, or start without --ledger-begin: the node \
         follows, and does not vote. Who begins again may sign what it has signed otherwise", .0.display()
    )]
    Gone(PathBuf),
    /// It cannot be opened or read now.
    #[error(
        "ledger-store-unusable: {} cannot be used: {message}; check the disk, its room and the permissions, and start again", path.display()
    )]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the operating system or the database says.
        message: String,
    },
}

/// One change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Write {
    /// A record, and its number for the module.
    Record { number: u32, bytes: Vec<u8> },
    /// A final block. Where a view ends with it, records of that view go, but for those that say from when on the journal is whole.
    Block { height: u32, bytes: Vec<u8> },
    /// An operation of this node's owner is on its way.
    Own(Operation),
    /// It is not any more.
    Arrived(Hash),
}

type Open = Box<dyn Fn() -> Result<Database, redb::Error> + Send + Sync>;

/// The store of one node and ledger.
pub(super) struct Store {
    path: PathBuf,
    open: Open,
    /// `None` where it could not be opened again.
    database: RwLock<Option<Database>>,
}

impl Store {
    /// Opens or makes it.
    pub(super) fn open(path: &Path, genesis: &Hash) -> Result<Self, StoreError> {
        let file = path.to_owned();
        let open = move || {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).mode(0o600);
            let file = options.open(&file).map_err(redb::Error::Io)?;
            Ok(Builder::new().set_cache_size(PAGE_CACHE_BYTES).create_file(file)?)
        };
        Self::with(path, genesis, Box::new(open))
    }

    /// The same, however the database is opened.
    pub(super) fn with(path: &Path, genesis: &Hash, open: Open) -> Result<Self, StoreError> {
        let path = path.to_owned();
        let database = open().map_err(|error| broken(&path, error))?;
        let known = claim(&database, genesis).map_err(|error| broken(&path, error))?;
        if known != genesis[..] {
            let short = |hash: &[u8]| crate::identity::hex_of(&hash[..hash.len().min(8)]);
            return Err(StoreError::Other { path, known: short(&known), wanted: short(genesis) });
        }
        Ok(Self { path, open, database: RwLock::new(Some(database)) })
    }

    /// Opens it anew, after an error.
    pub(super) fn reopen(&self) -> Result<(), redb::Error> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        *database = None;
        *database = Some((self.open)()?);
        Ok(())
    }

    fn with_database<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, redb::Error> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let closed = || redb::Error::Io(std::io::Error::other("the store is being opened anew"));
        work(database.as_ref().ok_or_else(closed)?)
    }

    /// Does all of these, durably, or nothing.
    pub(super) fn commit(&self, writes: &[Write]) -> Result<(), redb::Error> {
        self.with_database(|database| commit(database, writes))
    }

    /// How many final blocks there are: they have the heights 1 to this.
    pub(super) fn height(&self) -> Result<u32, redb::Error> {
        self.with_database(|database| {
            let blocks = database.begin_read()?.open_table(BLOCKS)?;
            Ok(blocks.last()?.map_or(0, |(height, _)| height.value()))
        })
    }

    /// A certificate and its block.
    pub(super) fn block(&self, height: u32) -> Result<Option<Vec<u8>>, redb::Error> {
        self.with_database(|database| {
            let blocks = database.begin_read()?.open_table(BLOCKS)?;
            Ok(blocks.get(height)?.map(|block| block.value().to_vec()))
        })
    }

    /// The record of an acknowledgement of this operation.
    pub(super) fn acknowledgement(&self, operation: &Hash) -> Result<Option<Vec<u8>>, redb::Error> {
        self.with_database(|database| {
            let journal = database.begin_read()?.open_table(JOURNAL)?;
            for entry in journal.iter()?.rev() {
                let (_, kept) = entry?;
                let record = kept.value().get(8..).unwrap_or_default();
                if record.first() == Some(&(Says::Acknowledge as u8))
                    && record.get(13..45) == Some(&operation[..])
                {
                    return Ok(Some(record.to_vec()));
                }
            }
            Ok(None)
        })
    }

    /// All records, in their order.
    pub(super) fn journal(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        let kept = self.with_database(|database| {
            let journal = database.begin_read()?.open_table(JOURNAL)?;
            let mut kept = Vec::new();
            for entry in journal.iter()? {
                let (number, record) = entry?;
                kept.push((number.value(), record.value().to_vec()));
            }
            let next = next(&database.begin_read()?.open_table(META)?)?;
            Ok((kept, next))
        });
        let (kept, next) = kept.map_err(|error| broken(&self.path, error))?;
        self.checked(kept, next)
    }

    /// Records are what they were, and of a view none is missing.
    pub(super) fn checked(&self, kept: Vec<(u64, Vec<u8>)>, next: u64) -> Result<Vec<Vec<u8>>, StoreError> {
        let damaged = |why: &str| StoreError::Damaged { path: self.path.clone(), why: why.to_owned() };
        let mut records: Vec<Vec<u8>> = Vec::new();
        let mut last: Option<(u64, u32)> = None;
        for (number, kept) in kept {
            let (sum, record) =
                kept.split_first_chunk::<8>().ok_or_else(|| damaged("a record is cut off"))?;
            let entry = Entry::read(record).filter(|_| sha256(record).starts_with(sum));
            match entry.ok_or_else(|| damaged("a record of what this node signed is another one"))? {
                // It takes a number, too.
                Entry::Opened { .. } => last = last.map(|(_, view)| (number, view)),
                Entry::Signs { statement, .. } => {
                    let follows =
                        last.is_none_or(|(before, view)| view != statement.view || before + 1 == number);
                    if !follows {
                        return Err(damaged("a record of what this node signed is missing"));
                    }
                    last = Some((number, statement.view));
                }
            }
            if number >= next {
                return Err(damaged("its records have the wrong numbers"));
            }
            records.push(record.to_vec());
        }
        Ok(records)
    }

    /// Operations of this node's owner that were on their way.
    pub(super) fn own(&self) -> Result<Vec<Vec<u8>>, redb::Error> {
        self.with_database(|database| {
            let own = database.begin_read()?.open_table(OWN)?;
            own.iter()?.map(|entry| Ok(entry?.1.value().to_vec())).collect()
        })
    }

    /// Records in the journal.
    pub(super) fn records(&self) -> Result<u64, redb::Error> {
        self.with_database(|database| Ok(database.begin_read()?.open_table(JOURNAL)?.len()?))
    }

    /// Bytes of the file.
    pub(super) fn bytes(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |file| file.len())
    }

    pub(super) fn unusable(&self, error: &redb::Error) -> StoreError {
        StoreError::Unusable { path: self.path.clone(), message: error.to_string() }
    }

    /// What is wrong with it, in its own words.
    pub(super) fn damaged(&self, why: impl Into<String>) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), why: why.into() }
    }
}

fn broken(path: &Path, error: redb::Error) -> StoreError {
    let (path, message) = (path.to_owned(), error.to_string());
    match error {
        redb::Error::Corrupted(_)
        | redb::Error::UpgradeRequired(_)
        | redb::Error::TableTypeMismatch { .. }
        | redb::Error::TableDoesNotExist(_) => StoreError::Damaged { path, why: message },
        // What is no database at all.
        redb::Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            StoreError::Damaged { path, why: message }
        }
        _ => StoreError::Unusable { path, message },
    }
}

/// Makes the tables and writes down the ledger if there is none; which it is.
fn claim(database: &Database, genesis: &Hash) -> Result<Vec<u8>, redb::Error> {
    let mut write = database.begin_write()?;
    write.set_quick_repair(true);
    let known = {
        write.open_table(BLOCKS)?;
        write.open_table(JOURNAL)?;
        write.open_table(OWN)?;
        let mut meta = write.open_table(META)?;
        let known = meta.get(GENESIS)?.map(|known| known.value().to_vec());
        if known.is_none() {
            meta.insert(GENESIS, &genesis[..])?;
        }
        known.unwrap_or_else(|| genesis.to_vec())
    };
    write.commit()?;
    Ok(known)
}

fn next(meta: &impl ReadableTable<&'static str, &'static [u8]>) -> Result<u64, redb::Error> {
    let next = meta.get(NEXT)?;
    Ok(next.and_then(|next| next.value().try_into().ok().map(u64::from_be_bytes)).unwrap_or(0))
}

fn commit(database: &Database, writes: &[Write]) -> Result<(), redb::Error> {
    let mut write = database.begin_write()?;
    // So that the next start after a crash need not walk the whole store.
    write.set_quick_repair(true);
    {
        let mut blocks = write.open_table(BLOCKS)?;
        let mut journal = write.open_table(JOURNAL)?;
        let mut own = write.open_table(OWN)?;
        let mut meta = write.open_table(META)?;
        let mut number = next(&meta)?;
        for change in writes {
            match change {
                Write::Record { bytes, .. } => {
                    let sum = sha256(bytes);
                    let kept = [&sum[..8], bytes].concat();
                    journal.insert(number, kept.as_slice())?;
                    number += 1;
                }
                Write::Block { height, bytes } => {
                    blocks.insert(height, bytes.as_slice())?;
                    let view = view_of(height.saturating_add(1));
                    if view != view_of(*height) {
                        journal.retain(|_, kept| is_kept(kept, view))?;
                    }
                }
                Write::Own(operation) => {
                    own.insert(operation.id(), operation.emit().as_slice())?;
                }
                Write::Arrived(id) => {
                    own.remove(id)?;
                }
            }
        }
        meta.insert(NEXT, &number.to_be_bytes()[..])?;
    }
    write.commit()?;
    Ok(())
}

/// Whether a record still says something in this view.
fn is_kept(kept: &[u8], view: u32) -> bool {
    match kept.get(8..).and_then(Entry::read) {
        Some(Entry::Signs { statement, .. }) => statement.view >= view,
        // What is none is found by the next start.
        Some(Entry::Opened { .. }) | None => true,
    }
}
