//! A disk that forgets what was not synced, as a power cut has it.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

/// One of them; clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What a power cut leaves for certain.
    synced: Vec<u8>,
    /// What the program sees.
    seen: Vec<u8>,
    /// What was written since: each may or may not have reached the disk.
    writes: Vec<(usize, Vec<u8>)>,
    /// Writes and syncs that still work; then none does.
    left: Option<u32>,
}

impl Disk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many writes and syncs work from now on; `None`: all.
    pub(super) fn set_left(&self, left: Option<u32>) {
        self.state().left = left;
    }

    /// Whether something was written that is not synced.
    pub(super) fn is_unsynced(&self) -> bool {
        !self.state().writes.is_empty()
    }

    /// What a power cut leaves now: of what was written and not synced a part by chance.
    pub(super) fn cut(&self, mut chance: impl FnMut() -> bool) -> Self {
        let state = self.state();
        let mut left = state.synced.clone();
        left.resize(state.seen.len().max(left.len()), 0);
        for (at, bytes) in &state.writes {
            if chance() && at + bytes.len() <= left.len() {
                left[*at..at + bytes.len()].copy_from_slice(bytes);
            }
        }
        Self(Arc::new(Mutex::new(State { synced: left.clone(), seen: left, ..State::default() })))
    }
}

impl State {
    fn work(&mut self) -> io::Result<()> {
        match &mut self.left {
            Some(0) => Err(io::Error::new(io::ErrorKind::StorageFull, "no space left on the disk")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let at = offset as usize;
        let state = self.state();
        let bytes = state.seen.get(at..at + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state();
        state.work()?;
        state.seen.resize(len as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state();
        state.work()?;
        state.synced = state.seen.clone();
        state.writes.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let at = offset as usize;
        let mut state = self.state();
        state.work()?;
        if state.seen.len() < at + data.len() {
            state.seen.resize(at + data.len(), 0);
        }
        state.seen[at..at + data.len()].copy_from_slice(data);
        state.writes.push((at, data.to_vec()));
        Ok(())
    }
}
