//! The tables and what is done to them. Every change is one durable transaction.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use redb::{Builder, ReadableDatabase, ReadableTable, Table, TableDefinition, WriteTransaction};
use tabmesh_engine::limits::BLOCK_MAX;
use tabmesh_engine::{BlockHash, NodeId};
use url::Url;

use super::request::{Met, Totals};
use crate::settings::socket_url;

/// The most addresses of peers that are remembered; the one not seen for longest makes room.
pub const REMEMBERED_MAX: usize = 64;

/// Those of them that nobody proved: they make room among themselves.
const NEW_MAX: usize = 16;

/// The most blocks of one transaction: 1 MiB of full blocks, a few milliseconds of disk.
pub(super) const BATCH_MAX: usize = 64;

type Key = [u8; 32];

/// By hash: how it is [`Held`], place in the order of arrival, length.
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
/// WebSocket address of a peer: when it was last met, in seconds since 1970, and 1 if a peer proved itself behind it.
const PEERS: TableDefinition<'_, &str, (u64, u8)> = TableDefinition::new("addresses");

/// What [`Database::try_room`] writes; there only meanwhile.
const TRIAL: TableDefinition<'_, (), &[u8]> = TableDefinition::new("trial");

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
    Missing,
}

/// A block of a batch.
pub(super) struct Keep {
    pub(super) hash: BlockHash,
    /// `None` if it is to be there already.
    pub(super) bytes: Option<Bytes>,
    pub(super) held: Held,
}

/// For whom a block is kept. The numbers are on disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Held {
    /// Only cached: it goes when there is no room.
    Cached = 0,
    /// The user put it: for good. So is what was held before there were [`Held::Others`].
    Own = 1,
    /// For the network, until it is another node's to hold.
    Others = 2,
}

pub(super) struct Database {
    redb: redb::Database,
}

/// What a batch did, once it is on disk.
pub(super) struct Committed {
    pub(super) kept: Vec<Kept>,
    pub(super) evicted: Vec<BlockHash>,
    pub(super) totals: Totals,
}

impl Database {
    pub(super) fn open(path: &Path) -> Result<Self, redb::Error> {
        // What users put is theirs; a new file is its owner's alone.
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(path).map_err(redb::Error::Io)?;
        Ok(Self { redb: Builder::new().set_cache_size(PAGE_CACHE_BYTES).create_file(file)? })
    }

    /// A durable transaction that costs a second trip to the disk, so that the next start after a crash need not walk
    /// the whole store to repair it, and never trusts a checksum over bytes that others chose.
    fn begin_write(&self) -> Result<WriteTransaction, redb::Error> {
        let mut write = self.redb.begin_write()?;
        write.set_quick_repair(true);
        Ok(write)
    }

    /// Makes the tables and writes down the owner if there is none; whose the store is.
    pub(super) fn claim(&self, owner: NodeId) -> Result<NodeId, redb::Error> {
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

    /// Puts on disk as much as the largest batch has, and takes it away again.
    pub(super) fn try_room(&self) -> Result<(), redb::Error> {
        let batch = vec![0x5a; BATCH_MAX * BLOCK_MAX];
        let write = self.begin_write()?;
        write.open_table(TRIAL)?.insert((), batch.as_slice())?;
        write.commit()?;
        let write = self.begin_write()?;
        write.delete_table(TRIAL)?;
        write.commit()?;
        Ok(())
    }

    pub(super) fn totals(&self) -> Result<Totals, redb::Error> {
        let counters = self.redb.begin_read()?.open_table(COUNTERS)?;
        let counter = |name| Ok::<_, redb::Error>(counters.get(name)?.map_or(0, |value| value.value()));
        Ok(Totals { blocks: counter(BLOCKS)?, bytes: counter(BYTES)? })
    }

    /// Keeps blocks that were verified before, in one durable transaction: on `Ok` all of it survives a crash.
    pub(super) fn store(&self, blocks: &[Keep], quota: u64) -> Result<Committed, redb::Error> {
        let write = self.begin_write()?;
        let (kept, evicted, totals, changed) = {
            let mut batch = Batch::begin(&write, quota)?;
            let mut kept = Vec::with_capacity(blocks.len());
            for block in blocks {
                kept.push(batch.keep(block)?);
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

    pub(super) fn load(&self, hash: &BlockHash) -> Result<Option<Bytes>, redb::Error> {
        let read = self.redb.begin_read()?;
        let Some(head) = read.open_table(HEADS)?.get(hash.0)? else { return Ok(None) };
        let tail = read.open_table(TAILS)?.get(hash.0)?;
        let tail = tail.as_ref().map_or(&[][..], |tail| tail.value());
        let mut block = Vec::with_capacity(head.value().len() + tail.len());
        block.extend_from_slice(head.value());
        block.extend_from_slice(tail);
        Ok(Some(block.into()))
    }

    /// Those of these that are not there, and those that are cached only.
    pub(super) fn absent(
        &self,
        hashes: &[BlockHash],
    ) -> Result<(Vec<BlockHash>, Vec<BlockHash>), redb::Error> {
        let entries = self.redb.begin_read()?.open_table(ENTRIES)?;
        let (mut absent, mut cached) = (Vec::new(), Vec::new());
        for hash in hashes {
            match entries.get(hash.0)?.map(|entry| entry.value().0) {
                None => absent.push(*hash),
                Some(0) => cached.push(*hash),
                Some(_) => {}
            }
        }
        Ok((absent, cached))
    }

    /// Held blocks: what this node answers for to its neighbours. A cached one may go at any time.
    pub(super) fn scan(&self, after: Option<BlockHash>, count: u16) -> Result<Vec<BlockHash>, redb::Error> {
        use std::ops::Bound::{Excluded, Unbounded};
        let entries = self.redb.begin_read()?.open_table(ENTRIES)?;
        let start = after.map_or(Unbounded, |after| Excluded(after.0));
        let mut held = Vec::new();
        for entry in entries.range::<Key>((start, Unbounded))? {
            let (key, state) = entry?;
            if state.value().0 != 0 {
                held.push(BlockHash(key.value()));
            }
            if held.len() >= usize::from(count) {
                break;
            }
        }
        Ok(held)
    }

    pub(super) fn remembered_peers(&self) -> Result<Vec<(Url, bool)>, redb::Error> {
        let peers = self.redb.begin_read()?.open_table(PEERS)?;
        let mut known = Vec::new();
        for entry in peers.iter()? {
            let (address, state) = entry?;
            let (met, tried) = state.value();
            known.extend(socket_url(address.value()).map(|url| (met, url, tried != 0)));
        }
        known.sort_by_key(|(met, ..)| std::cmp::Reverse(*met));
        Ok(known.into_iter().map(|(_, url, is_tried)| (url, is_tried)).collect())
    }

    pub(super) fn remember_peer(&self, met: &Met) -> Result<(), redb::Error> {
        let write = self.begin_write()?;
        {
            let mut peers = write.open_table(PEERS)?;
            if let Some(other) = &met.instead_of {
                peers.remove(other.as_str())?;
            }
            let was_tried = peers.get(met.url.as_str())?.is_some_and(|known| known.value().1 != 0);
            let tried = u8::from(met.is_tried || was_tried);
            peers.insert(met.url.as_str(), (now_s(), tried))?;
            forget_oldest(&mut peers, tried, if tried == 0 { NEW_MAX } else { REMEMBERED_MAX - NEW_MAX })?;
        }
        write.commit()?;
        Ok(())
    }
}

/// Leaves no more than `most` addresses that were tried or, as `tried` says, not.
fn forget_oldest(
    peers: &mut Table<'_, &'static str, (u64, u8)>,
    tried: u8,
    most: usize,
) -> Result<(), redb::Error> {
    let mut alike = Vec::new();
    for entry in peers.iter()? {
        let (address, state) = entry?;
        let (met, was_tried) = state.value();
        if was_tried == tried {
            alike.push((met, address.value().to_owned()));
        }
    }
    alike.sort_unstable();
    for (_, address) in alike.iter().take(alike.len().saturating_sub(most)) {
        peers.remove(address.as_str())?;
    }
    Ok(())
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
    evicted: Vec<BlockHash>,
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

    fn keep(&mut self, block: &Keep) -> Result<Kept, redb::Error> {
        let Keep { hash, bytes, held } = block;
        let known = self.entries.get(hash.0)?.map(|entry| entry.value());
        if let Some((was_held, age, length)) = known {
            let (was_cached, was_others) = (was_held == Held::Cached as u8, was_held == Held::Others as u8);
            let changes = match held {
                // Without its bytes it is released.
                Held::Cached if bytes.is_none() => was_others,
                Held::Own => was_cached || was_others,
                _ => was_cached,
            };
            if changes {
                self.renew(hash, age, length, *held)?;
            }
            return Ok(Kept::Stored);
        }
        let Some(bytes) = bytes else { return Ok(Kept::Missing) };
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
        let age = self.next_age();
        self.entries.insert(hash.0, (*held as u8, age, bytes.len() as u16))?;
        if *held == Held::Cached {
            self.ages.insert(age, hash.0)?;
        }
        self.totals.blocks += 1;
        self.totals.bytes += length;
        self.changed = true;
        Ok(Kept::Stored)
    }

    /// A block is held otherwise from now on, or is the youngest of the cached ones.
    fn renew(&mut self, hash: &BlockHash, age: u64, length: u16, held: Held) -> Result<(), redb::Error> {
        self.ages.remove(age)?;
        let age = self.next_age();
        self.entries.insert(hash.0, (held as u8, age, length))?;
        if held == Held::Cached {
            self.ages.insert(age, hash.0)?;
        }
        self.changed = true;
        Ok(())
    }

    fn next_age(&mut self) -> u64 {
        self.next_age += 1;
        self.next_age - 1
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
        self.evicted.push(BlockHash(key));
        self.changed = true;
        Ok(true)
    }

    fn end(mut self, kept: Vec<Kept>) -> Result<(Vec<Kept>, Vec<BlockHash>, Totals, bool), redb::Error> {
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
