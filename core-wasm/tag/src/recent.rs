//! The last publications, for those who missed them.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use tabmesh_port::limits::TELL_MAX;
use tabmesh_port::{Duration, Instant};

use crate::limits::{HAVE_MS, RECENT_BYTES, RECENT_MS};
use crate::wire::Name;

/// Names that fit into one message.
const NAMES_MAX: usize = (TELL_MAX - 1) / size_of::<Name>();

struct Kept {
    name: Name,
    came: Instant,
    /// Others were told of it.
    is_told: bool,
    /// The message, as it came.
    flat: Vec<u8>,
}

/// The oldest first.
#[derive(Default)]
pub(crate) struct Recent {
    kept: VecDeque<Kept>,
    bytes: usize,
    /// When others are told of some again: a burst is told of once a second.
    tell_at: Instant,
}

impl Recent {
    /// Keeps a publication; the oldest make room.
    pub(crate) fn keep(&mut self, now: Instant, name: Name, flat: &[u8]) {
        self.bytes += size_of::<Kept>() + flat.len();
        self.kept.push_back(Kept { name, came: now, is_told: false, flat: flat.to_vec() });
        while self.bytes > RECENT_BYTES
            && let Some(oldest) = self.kept.pop_front()
        {
            self.bytes -= size_of::<Kept>() + oldest.flat.len();
        }
    }

    pub(crate) fn get(&self, name: &Name) -> Option<&[u8]> {
        self.kept.iter().find(|kept| kept.name == *name).map(|kept| &kept.flat[..])
    }

    /// Of those that came not long ago the last, and not just now.
    pub(crate) fn names(&self, now: Instant) -> Vec<Name> {
        let span = Duration::from_ms(HAVE_MS)..Duration::from_ms(RECENT_MS);
        let recent = self.kept.iter().rev().filter(|kept| span.contains(&now.since(kept.came)));
        recent.take(NAMES_MAX).map(|kept| kept.name).collect()
    }

    /// Those of which others are to be told now: from here on they were.
    pub(crate) fn take_untold(&mut self, now: Instant) -> Vec<Name> {
        if now < self.wanted_at() {
            return Vec::new();
        }
        self.tell_at = now + Duration::from_ms(HAVE_MS);
        let due = self
            .kept
            .iter_mut()
            .filter(|kept| !kept.is_told && now >= kept.came + Duration::from_ms(HAVE_MS));
        due.take(NAMES_MAX)
            .map(|kept| {
                kept.is_told = true;
                kept.name
            })
            .collect()
    }

    /// When there are such.
    pub(crate) fn wanted_at(&self) -> Instant {
        let untold = self.kept.iter().find(|kept| !kept.is_told);
        untold.map_or(Instant::NEVER, |kept| self.tell_at.max(kept.came + Duration::from_ms(HAVE_MS)))
    }
}
