//! Prepared modules that may be run again, the latest used first.

use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;
use sha2::{Digest, Sha256};

use super::prepare::Prepared;

/// Modules that are kept.
const MODULES_MAX: usize = 64;
/// Bytes of compiled code that are kept; one module may have more, and is then kept alone until the next.
const BYTES_MAX: usize = 256 << 20;

/// SHA-256 of the module and of its pages, 4 bytes little-endian.
pub(super) type Id = [u8; 32];

/// The id of a module within as many pages.
pub(super) fn id(module: &[u8], pages: u32) -> Id {
    Sha256::new().chain_update(module).chain_update(pages.to_le_bytes()).finalize().into()
}

/// Modules by id, bounded by count and by bytes: at a bound the longest unused one goes.
pub(super) struct Cache {
    inner: Mutex<Inner>,
    modules_max: usize,
    bytes_max: usize,
}

struct Inner {
    modules: LruCache<Id, Arc<Prepared>>,
    bytes: usize,
}

impl Default for Cache {
    fn default() -> Self {
        Self::new(MODULES_MAX, BYTES_MAX)
    }
}

impl Cache {
    pub(super) fn new(modules_max: usize, bytes_max: usize) -> Self {
        let inner = Inner { modules: LruCache::unbounded(), bytes: 0 };
        Self { inner: Mutex::new(inner), modules_max, bytes_max }
    }

    pub(super) fn find(&self, id: &Id) -> Option<Arc<Prepared>> {
        // Nothing that holds the lock can leave it half done.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).modules.get(id).cloned()
    }

    pub(super) fn keep(&self, id: Id, module: Arc<Prepared>) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.bytes += module.bytes();
        if let Some(before) = inner.modules.put(id, module) {
            inner.bytes -= before.bytes();
        }
        while inner.modules.len() > self.modules_max
            || inner.bytes > self.bytes_max && inner.modules.len() > 1
        {
            let Some((_, module)) = inner.modules.pop_lru() else { return };
            inner.bytes -= module.bytes();
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).modules.len()
    }
}
