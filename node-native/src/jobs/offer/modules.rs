//! Modules that were fetched, the least recently used goes first.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use lru::LruCache;

/// Bytes of modules that are kept.
const BYTES_MAX: usize = 64 << 20;

/// Modules by their hash.
pub(super) struct Modules(Mutex<Inner>);

struct Inner {
    modules: LruCache<[u8; 32], Bytes>,
    bytes: usize,
}

impl Default for Modules {
    fn default() -> Self {
        Self(Mutex::new(Inner { modules: LruCache::unbounded(), bytes: 0 }))
    }
}

impl Modules {
    pub(super) fn find(&self, hash: &[u8; 32]) -> Option<Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).modules.get(hash).cloned()
    }

    /// Keeps one whose hash was checked.
    pub(super) fn keep(&self, hash: [u8; 32], module: Bytes) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.bytes += module.len();
        if let Some(before) = inner.modules.put(hash, module) {
            inner.bytes -= before.len();
        }
        while inner.bytes > BYTES_MAX {
            let Some((_, module)) = inner.modules.pop_lru() else { return };
            inner.bytes -= module.len();
        }
    }
}

#[cfg(test)]
mod tests {
    //! There is a bound, and what was not used for longest goes.

    use super::*;

    #[test]
    fn the_least_recently_used_goes_first() {
        let modules = Modules::default();
        let quarter = Bytes::from(vec![0; BYTES_MAX / 4]);
        (0..4).for_each(|number| modules.keep([number; 32], quarter.clone()));
        assert!(modules.find(&[0; 32]).is_some());
        modules.keep([4; 32], quarter.clone());
        assert!(modules.find(&[1; 32]).is_none() && modules.find(&[0; 32]).is_some());
        modules.keep([4; 32], quarter);
        assert!(modules.find(&[2; 32]).is_some(), "one that is kept again takes no more room");
    }
}
