//! The tables and what is done to them. Every change is one durable transaction.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use redb::{
    Builder, ReadableDatabase, ReadableTable, ReadableTableMetadata, Table, TableDefinition, WriteTransaction,
};
use tabmesh_engine::NodeId;
use url::Url;

use super::{REMEMBERED_MAX, StorageError, Totals};
use crate::identity::hex;
use crate::settings::socket_url;

type Key = [u8; 32];

/// By hash: 1 if held, place in the order of arrival, length.
const ENTRIES: TableDefinition<'_, Key, (u8, u64, u16)> = TableDefinition::new("entries");
/// By hash: the first [`HEAD_MAX`] bytes of the block.
const HEADS: TableDefinition<'_, Key, &[u8]> = TableDefinition::new("heads");
/// By hash: the rest of the few blocks that are longer.
const TAILS: TableDefinition<'_, Key, &[u8]> = TableDefinition::new("tails");
/// Cached (not held) blocks by order of arrival, for eviction.
const AGES: TableDefinition<'_, u64, Key> = TableDefinition::new("ages");
/// Counters by name.
const COUNTERS: TableDefinition<'_, &str, u64> = TableDefinition::new("counters");
/// Whose store this is, under "owner".
const IDENTITY: TableDefinition<'_, &str, Key> = TableDefinition::new("identity");
/// WebSocket address of a peer: when it was last met, in seconds since 1970.
const PEERS: TableDefinition<'_, &str, u64> = TableDefinition::new("peers");

const NEXT_AGE: &str = "next_age";
const BLOCKS: &str = "blocks";
const BYTES: &str = "bytes";

/// redb gives a value pages of a power of two: a full block of 16,384 bytes with its key would take 32 KiB. Cut here
/// it takes 16 KiB, and its last 84 bytes share a page with many others (measured: 65 MiB for 64 MiB, not 128).
const HEAD_MAX: usize = 16_300;

/// redb's own page cache; its default of 1 GiB is no default for a small host.
const PAGE_CACHE_BYTES: usize = 4 << 20;

/// What became of one block of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kept {
    Stored,
    Full,
}

pub(super) struct Database {
    redb: redb::Database,
}

/// What a batch did, once it is on disk.
pub(super) struct Committed {
    pub(super) kept: Vec<Kept>,
    pub(super) evicted: Vec<NodeId>,
    pub(super) totals: Totals,
}

impl Database {
    pub(super) fn open(path: &Path, owner: NodeId) -> Result<Self, StorageError> {
        let broken = |error: redb::Error| StorageError::Open {
            path: path.display().to_string(),
            message: error.to_string(),
        };
        let redb = Builder::new()
            .set_cache_size(PAGE_CACHE_BYTES)
            .create(path)
            .map_err(|error| broken(error.into()))?;
        let database = Self { redb };
        let known = database.claim(owner).map_err(broken)?;
        if known != owner {
            return Err(StorageError::OtherIdentity { owner: hex(&known), id: hex(&owner) });
        }
        Ok(database)
    }

    /// A durable transaction that costs a second trip to the disk, so that the next start after a crash need not walk
    /// the whole store to repair it, and never trusts a checksum over bytes that others chose.
    fn begin_write(&self) -> Result<WriteTransaction, redb::Error> {
        let mut write = self.redb.begin_write()?;
        write.set_quick_repair(true);
        Ok(write)
    }

    /// Makes the tables and writes down the owner if there is none; whose the store is.
    fn claim(&self, owner: NodeId) -> Result<NodeId, redb::Error> {
        let write = self.begin_write()?;
        write.open_table(ENTRIES)?;
        write.open_table(HEADS)?;
        write.open_table(TAILS)?;
        write.open_table(COUNTERS)?;
        write.open_table(PEERS)?;
        let known = {
            let mut table = write.open_table(IDENTITY)?;
            let known = table.get("owner")?.map(|known| NodeId(known.value()));
            if known.is_none() {
                table.insert("owner", owner.0)?;
            }
            known.unwrap_or(owner)
        };
        write.commit()?;
        Ok(known)
    }

    pub(super) fn totals(&self) -> Totals {
        let read = || -> Result<Totals, redb::Error> {
            let counters = self.redb.begin_read()?.open_table(COUNTERS)?;
            let counter = |name| Ok::<_, redb::Error>(counters.get(name)?.map_or(0, |value| value.value()));
            Ok(Totals { blocks: counter(BLOCKS)?, bytes: counter(BYTES)? })
        };
        read().unwrap_or_default()
    }

    /// Keeps blocks that were verified before, in one durable transaction: on `Ok` all of it survives a crash.
    pub(super) fn store(
        &self,
        blocks: &[(NodeId, Bytes, bool)],
        quota: u64,
    ) -> Result<Committed, redb::Error> {
        let write = self.begin_write()?;
        let (kept, evicted, totals, changed) = {
            let mut batch = Batch::begin(&write, quota)?;
            let mut kept = Vec::with_capacity(blocks.len());
            for (hash, bytes, held) in blocks {
                kept.push(batch.keep(hash, bytes, *held)?);
            }
            batch.end(kept)?
        };
        // Blocks that are on disk already need no second trip there.
        if changed {
            write.commit()?
        } else {
            write.abort()?
        }
        Ok(Committed { kept, evicted, totals })
    }

    pub(super) fn load(&self, hash: &NodeId) -> Result<Option<Bytes>, redb::Error> {
        let read = self.redb.begin_read()?;
        let Some(head) = read.open_table(HEADS)?.get(hash.0)? else { return Ok(None) };
        let tail = read.open_table(TAILS)?.get(hash.0)?;
        let tail = tail.as_ref().map_or(&[][..], |tail| tail.value());
        let mut block = Vec::with_capacity(head.value().len() + tail.len());
        block.extend_from_slice(head.value());
        block.extend_from_slice(tail);
        Ok(Some(block.into()))
    }

    pub(super) fn absent(&self, hashes: Vec<NodeId>) -> Result<Vec<NodeId>, redb::Error> {
        let entries = self.redb.begin_read()?.open_table(ENTRIES)?;
        let mut absent = Vec::new();
        for hash in hashes {
            if entries.get(hash.0)?.is_none() {
                absent.push(hash);
            }
        }
        Ok(absent)
    }

    pub(super) fn scan(&self, after: Option<NodeId>, count: u16) -> Result<Vec<NodeId>, redb::Error> {
        use std::ops::Bound::{Excluded, Unbounded};
        let entries = self.redb.begin_read()?.open_table(ENTRIES)?;
        let start = after.map_or(Unbounded, |after| Excluded(after.0));
        let range = entries.range::<Key>((start, Unbounded))?;
        range.take(usize::from(count)).map(|entry| Ok(NodeId(entry?.0.value()))).collect()
    }

    pub(super) fn remembered_peers(&self) -> Vec<Url> {
        let read = || -> Result<Vec<(u64, Url)>, redb::Error> {
            let peers = self.redb.begin_read()?.open_table(PEERS)?;
            let mut known = Vec::new();
            for entry in peers.iter()? {
                let (address, met) = entry?;
                known.extend(socket_url(address.value()).map(|url| (met.value(), url)));
            }
            Ok(known)
        };
        let mut known = read().unwrap_or_default();
        known.sort_by_key(|(met, _)| std::cmp::Reverse(*met));
        known.into_iter().map(|(_, url)| url).collect()
    }

    pub(super) fn remember_peer(&self, address: &Url) -> Result<(), redb::Error> {
        let write = self.begin_write()?;
        {
            let mut peers = write.open_table(PEERS)?;
            peers.insert(address.as_str(), now_s())?;
            while peers.len()? > REMEMBERED_MAX as u64 {
                let mut oldest: Option<(u64, String)> = None;
                for entry in peers.iter()? {
                    let (address, met) = entry?;
                    if oldest.as_ref().is_none_or(|(least, _)| met.value() < *least) {
                        oldest = Some((met.value(), address.value().to_owned()));
                    }
                }
                let Some((_, address)) = oldest else { break };
                peers.remove(address.as_str())?;
            }
        }
        write.commit()?;
        Ok(())
    }
}

/// The open tables of one write transaction.
struct Batch<'a> {
    entries: Table<'a, Key, (u8, u64, u16)>,
    heads: Table<'a, Key, &'static [u8]>,
    tails: Table<'a, Key, &'static [u8]>,
    ages: Table<'a, u64, Key>,
    counters: Table<'a, &'static str, u64>,
    next_age: u64,
    totals: Totals,
    quota: u64,
    evicted: Vec<NodeId>,
    changed: bool,
}

impl<'a> Batch<'a> {
    fn begin(write: &'a WriteTransaction, quota: u64) -> Result<Self, redb::Error> {
        let counters = write.open_table(COUNTERS)?;
        let counter = |name| Ok::<_, redb::Error>(counters.get(name)?.map_or(0, |value| value.value()));
        let (next_age, blocks, bytes) = (counter(NEXT_AGE)?, counter(BLOCKS)?, counter(BYTES)?);
        Ok(Self {
            entries: write.open_table(ENTRIES)?,
            heads: write.open_table(HEADS)?,
            tails: write.open_table(TAILS)?,
            ages: write.open_table(AGES)?,
            counters,
            next_age,
            totals: Totals { blocks, bytes },
            quota,
            evicted: Vec::new(),
            changed: false,
        })
    }

    fn keep(&mut self, hash: &NodeId, bytes: &[u8], held: bool) -> Result<Kept, redb::Error> {
        let known = self.entries.get(hash.0)?.map(|entry| entry.value());
        if let Some((was_held, age, length)) = known {
            if held && was_held == 0 {
                self.ages.remove(age)?;
                self.entries.insert(hash.0, (1, age, length))?;
                self.changed = true;
            }
            return Ok(Kept::Stored);
        }
        let length = bytes.len() as u64;
        while self.totals.bytes + length > self.quota {
            if !self.evict_oldest()? {
                return Ok(Kept::Full);
            }
        }
        let (head, tail) = bytes.split_at(bytes.len().min(HEAD_MAX));
        self.heads.insert(hash.0, head)?;
        if !tail.is_empty() {
            self.tails.insert(hash.0, tail)?;
        }
        let age = self.next_age;
        self.next_age += 1;
        self.entries.insert(hash.0, (u8::from(held), age, bytes.len() as u16))?;
        if !held {
            self.ages.insert(age, hash.0)?;
        }
        self.totals.blocks += 1;
        self.totals.bytes += length;
        self.changed = true;
        Ok(Kept::Stored)
    }

    /// Drops the cached block that came first; `false` when every block is held.
    fn evict_oldest(&mut self) -> Result<bool, redb::Error> {
        let Some((_, key)) = self.ages.pop_first()?.map(|(age, key)| (age.value(), key.value())) else {
            return Ok(false);
        };
        let length = self.entries.remove(key)?.map_or(0, |entry| entry.value().2);
        self.heads.remove(key)?;
        self.tails.remove(key)?;
        self.totals.blocks = self.totals.blocks.saturating_sub(1);
        self.totals.bytes = self.totals.bytes.saturating_sub(u64::from(length));
        self.evicted.push(NodeId(key));
        self.changed = true;
        Ok(true)
    }

    fn end(mut self, kept: Vec<Kept>) -> Result<(Vec<Kept>, Vec<NodeId>, Totals, bool), redb::Error> {
        if self.changed {
            self.counters.insert(NEXT_AGE, self.next_age)?;
            self.counters.insert(BLOCKS, self.totals.blocks)?;
            self.counters.insert(BYTES, self.totals.bytes)?;
        }
        Ok((kept, self.evicted, self.totals, self.changed))
    }
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
