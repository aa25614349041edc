//! A host's block store: in memory, but durable as IndexedDB and redb are. It outlives a crash of its host.

use tabmesh_engine::{BlockHash, sha256};
use tabmesh_world::shelf::{Entry, Shelf, Takes};

use super::outcome::Outcome;

/// A block on the shelf.
struct Kept {
    hash: BlockHash,
    bytes: Vec<u8>,
    is_held: bool,
}

/// See the module's documentation.
pub(crate) struct Store {
    shelf: Shelf<Kept>,
    /// Whether every job fails, as on a broken disk.
    pub(crate) broken: bool,
}

impl Entry for Kept {
    type Key = BlockHash;

    fn key(&self) -> BlockHash {
        self.hash
    }

    fn is_held(&self) -> bool {
        self.is_held
    }

    fn set_held(&mut self, held: bool) {
        self.is_held = held;
    }
}

impl Store {
    /// An empty store for so many blocks.
    pub(crate) fn new(blocks_max: u64) -> Self {
        Self { shelf: Shelf::new(Takes::Blocks(blocks_max)), broken: false }
    }

    /// From now on it takes so many blocks.
    pub(crate) fn bound(&mut self, blocks_max: u64) {
        self.shelf.takes = Takes::Blocks(blocks_max);
    }

    /// The name of a block: its SHA-256.
    pub(crate) fn name(bytes: &[u8]) -> BlockHash {
        BlockHash(sha256(bytes))
    }

    /// The block, if it is here.
    pub(crate) fn block(&self, hash: &BlockHash) -> Option<&[u8]> {
        self.shelf.get(*hash).map(|kept| kept.bytes.as_slice())
    }

    /// Whether the block is here and held for others.
    pub(crate) fn holds(&self, hash: &BlockHash) -> bool {
        self.shelf.holds(*hash)
    }

    /// How many blocks are here.
    pub(crate) fn len(&self) -> usize {
        self.shelf.len()
    }

    /// Drops a block, as a user who clears the site's data.
    pub(crate) fn drop_block(&mut self, hash: &BlockHash) {
        self.shelf.release(*hash);
        self.shelf.drop_cached(*hash);
    }

    /// See [`Work::Load`](tabmesh_engine::Work::Load).
    pub(crate) fn load(&self, hash: &BlockHash) -> Outcome {
        self.block(hash).map_or(Outcome::Missing, |bytes| Outcome::Loaded(bytes.to_vec()))
    }

    /// See [`Work::Store`](tabmesh_engine::Work::Store).
    pub(crate) fn store(&mut self, hash: &BlockHash, bytes: &[u8], held: bool) -> Outcome {
        if bytes.is_empty() && !held && Self::name(bytes) != *hash {
            self.shelf.release(*hash);
            return Outcome::Stored;
        }
        if Self::name(bytes) != *hash {
            return Outcome::Mismatch;
        }
        let kept = Kept { hash: *hash, bytes: bytes.to_vec(), is_held: held };
        if self.shelf.keep(kept) { Outcome::Stored } else { Outcome::Full }
    }

    /// See [`Work::Absent`](tabmesh_engine::Work::Absent).
    pub(crate) fn absent(&mut self, hashes: &[BlockHash]) -> Outcome {
        hashes.iter().for_each(|hash| self.shelf.hold(*hash));
        Outcome::Hashes(hashes.iter().filter(|hash| !self.shelf.has(**hash)).copied().collect())
    }

    /// See [`Work::Scan`](tabmesh_engine::Work::Scan).
    pub(crate) fn scan(&self, after: Option<BlockHash>, count: u16) -> Outcome {
        let held = self.shelf.held_from(after.unwrap_or(BlockHash([0; 32])));
        Outcome::Hashes(held.filter(|hash| Some(*hash) != after).take(count.into()).collect())
    }
}
