//! Recent blocks in memory, bounded by their bytes; the one not used for longest goes first.

use bytes::Bytes;
use lru::LruCache;
use tabmesh_engine::BlockHash;

/// What one entry costs beside its bytes: key, list and table. Counted so that many tiny blocks stay bounded too.
const ENTRY_OVERHEAD: usize = 128;

pub(super) struct Cache {
    blocks: LruCache<BlockHash, Bytes>,
    used: usize,
    limit: usize,
}

impl Cache {
    pub(super) fn new(limit: usize) -> Self {
        Self { blocks: LruCache::unbounded(), used: 0, limit }
    }

    pub(super) fn block(&mut self, hash: &BlockHash) -> Option<Bytes> {
        self.blocks.get(hash).cloned()
    }

    pub(super) fn insert(&mut self, hash: BlockHash, bytes: Bytes) {
        self.used += bytes.len() + ENTRY_OVERHEAD;
        if let Some(old) = self.blocks.put(hash, bytes) {
            self.used -= old.len() + ENTRY_OVERHEAD;
        }
        while self.used > self.limit {
            let Some((_, oldest)) = self.blocks.pop_lru() else { break };
            self.used -= oldest.len() + ENTRY_OVERHEAD;
        }
    }

    pub(super) fn remove(&mut self, hash: &BlockHash) {
        if let Some(old) = self.blocks.pop(hash) {
            self.used -= old.len() + ENTRY_OVERHEAD;
        }
    }
}
