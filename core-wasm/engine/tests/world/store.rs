//! A host's block store: in memory, but durable as IndexedDB and redb are. It outlives a crash of its host.

use std::collections::BTreeMap;
use std::ops::Bound;

use tabmesh_engine::{BlockHash, sha256};

use super::stimulus::Outcome;

/// See the module's documentation.
pub(crate) struct Store {
    blocks: BTreeMap<[u8; 32], (Vec<u8>, bool)>,
    /// How many blocks it takes; cached ones make room for held ones.
    pub(crate) blocks_max: usize,
    /// Whether every job fails, as on a broken disk.
    pub(crate) broken: bool,
}

impl Store {
    /// An empty store for so many blocks.
    pub(crate) fn new(blocks_max: usize) -> Self {
        Self { blocks: BTreeMap::new(), blocks_max, broken: false }
    }

    /// The name of a block: its SHA-256.
    pub(crate) fn name(bytes: &[u8]) -> BlockHash {
        BlockHash(sha256(bytes))
    }

    /// The block, if it is here.
    pub(crate) fn block(&self, hash: &BlockHash) -> Option<&[u8]> {
        self.blocks.get(&hash.0).map(|(bytes, _)| bytes.as_slice())
    }

    /// Whether the block is here and held for others.
    pub(crate) fn holds(&self, hash: &BlockHash) -> bool {
        self.blocks.get(&hash.0).is_some_and(|(_, is_held)| *is_held)
    }

    /// How many blocks are here.
    pub(crate) fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Drops a block, as a user who clears the site's data.
    pub(crate) fn drop_block(&mut self, hash: &BlockHash) {
        self.blocks.remove(&hash.0);
    }

    /// See [`Work::Load`](tabmesh_engine::Work::Load).
    pub(crate) fn load(&self, hash: &BlockHash) -> Outcome {
        self.block(hash).map_or(Outcome::Missing, |bytes| Outcome::Loaded(bytes.to_vec()))
    }

    /// See [`Work::Store`](tabmesh_engine::Work::Store).
    pub(crate) fn store(&mut self, hash: &BlockHash, bytes: &[u8], held: bool) -> Outcome {
        if Self::name(bytes) != *hash {
            if !bytes.is_empty() || held {
                return Outcome::Mismatch;
            }
            if let Some((_, is_held)) = self.blocks.get_mut(&hash.0) {
                *is_held = false;
            }
            return Outcome::Stored;
        }
        if let Some((_, is_held)) = self.blocks.get_mut(&hash.0) {
            *is_held |= held;
            return Outcome::Stored;
        }
        if self.blocks.len() >= self.blocks_max {
            let cached = self.blocks.iter().find(|(_, (_, is_held))| !is_held).map(|(hash, _)| *hash);
            let Some(cached) = cached else { return Outcome::Full };
            self.blocks.remove(&cached);
        }
        self.blocks.insert(hash.0, (bytes.to_vec(), held));
        Outcome::Stored
    }

    /// See [`Work::Absent`](tabmesh_engine::Work::Absent).
    pub(crate) fn absent(&mut self, hashes: &[BlockHash]) -> Outcome {
        for hash in hashes {
            if let Some((_, is_held)) = self.blocks.get_mut(&hash.0) {
                *is_held = true;
            }
        }
        Outcome::Hashes(hashes.iter().filter(|hash| self.block(hash).is_none()).copied().collect())
    }

    /// See [`Work::Scan`](tabmesh_engine::Work::Scan).
    pub(crate) fn scan(&self, after: Option<BlockHash>, count: u16) -> Outcome {
        let start = after.map_or(Bound::Unbounded, |hash| Bound::Excluded(hash.0));
        let held = self.blocks.range((start, Bound::Unbounded)).filter(|(_, (_, is_held))| *is_held);
        let found = held.take(count.into());
        Outcome::Hashes(found.map(|(hash, _)| BlockHash(*hash)).collect())
    }
}
