//! The last publications, for those who missed them.

use alloc::vec::Vec;

use tabmesh_port::limits::TELL_MAX;
use tabmesh_port::{Duration, Instant};

use crate::limits::{HAVE_GAP_MS, HAVE_MS, HAVE_TIMES, RECENT_BYTES, RECENT_MS};
use crate::wire::Name;

/// Names that fit into one message.
const NAMES_MAX: usize = (TELL_MAX - 1) / size_of::<Name>();

/// What one takes beside its message: a number of its own, so that hosts of any word size keep the same.
const KEPT: usize = 64;

struct Kept {
    name: Name,
    /// The head of the id whose link brought it.
    by: u64,
    came: Instant,
    /// How often others were told of it.
    told: u32,
    /// The message, as it came.
    flat: Vec<u8>,
}

impl Kept {
    /// When others are to be told of it the next time.
    fn due(&self) -> Instant {
        match self.told {
            HAVE_TIMES.. => Instant::NEVER,
            times => self.came + Duration::from_ms(HAVE_MS << times),
        }
    }
}

/// The oldest first.
#[derive(Default)]
pub(crate) struct Recent {
    kept: Vec<Kept>,
    /// Not before then others are told of some again, so that a burst is told of at once.
    tell_at: Instant,
}

impl Recent {
    /// Keeps a publication that the link of that head brought. Of the link that brought most bytes the oldest makes room.
    pub(crate) fn keep(&mut self, now: Instant, name: Name, by: u64, flat: &[u8]) {
        self.kept.push(Kept { name, by, came: now, told: 0, flat: flat.to_vec() });
        while self.bytes(|_| true) > RECENT_BYTES {
            let of = |by: u64| self.bytes(|kept| kept.by == by);
            let most = self.kept.iter().map(|kept| of(kept.by)).max();
            let Some(at) = self.kept.iter().position(|kept| Some(of(kept.by)) == most) else { return };
            self.kept.remove(at);
        }
    }

    fn bytes(&self, counts: impl Fn(&Kept) -> bool) -> usize {
        self.kept.iter().filter(|kept| counts(kept)).map(|kept| KEPT + kept.flat.len()).sum()
    }

    pub(crate) fn get(&self, name: &Name) -> Option<&[u8]> {
        self.kept.iter().find(|kept| kept.name == *name).map(|kept| &kept.flat[..])
    }

    /// Of those that came not long ago, and not just now, the last.
    pub(crate) fn names(&self, now: Instant) -> Vec<Name> {
        let span = Duration::from_ms(HAVE_MS)..Duration::from_ms(RECENT_MS);
        let turns = self.in_turn(|kept| span.contains(&now.since(kept.came)));
        turns.into_iter().map(|(.., name)| name).collect()
    }

    /// Those of which others are to be told now: from here on they were.
    pub(crate) fn take_due(&mut self, now: Instant) -> Vec<Name> {
        if now < self.wanted_at() {
            return Vec::new();
        }
        self.tell_at = now + Duration::from_ms(HAVE_GAP_MS);
        let turns = self.in_turn(|kept| now >= kept.due());
        for (_, at, _) in &turns {
            if let Some(kept) = self.kept.get_mut(*at) {
                kept.told += 1;
            }
        }
        turns.into_iter().map(|(.., name)| name).collect()
    }

    /// As many of these as fit into a message: the bytes that their link brought, their places, and their names. Those come first whose
    /// link brought least, and of these the last, as whoever lacks many asks for the first.
    fn in_turn(&self, counts: impl Fn(&Kept) -> bool) -> Vec<(usize, usize, Name)> {
        let mut turns: Vec<(usize, usize, Name)> = Vec::new();
        for (at, kept) in self.kept.iter().enumerate().rev().filter(|(_, kept)| counts(kept)) {
            let brought = self.bytes(|other| other.by == kept.by);
            let turn = turns.partition_point(|(less, ..)| *less <= brought);
            turns.insert(turn, (brought, at, kept.name));
        }
        turns.truncate(NAMES_MAX);
        turns
    }

    /// When there are such.
    pub(crate) fn wanted_at(&self) -> Instant {
        let due = self.kept.iter().map(Kept::due).min().unwrap_or(Instant::NEVER);
        if due == Instant::NEVER { due } else { due.max(self.tell_at) }
    }
}
