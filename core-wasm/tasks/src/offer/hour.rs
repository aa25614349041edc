//! Bytes that are fetched in an hour, and who had them.

use alloc::vec::Vec;

use tabmesh_port::{Instant, NodeId};

use super::turns::{Party, Turns};
use crate::limits::{COUNTED_MAX, HOUR};

/// Where somebody is preferred, one part in so many is not for strangers.
const KEPT_BACK: u64 = 4;

/// Those that are not counted apart.
const OTHERS: Party = Party::Address(0);

#[derive(Default)]
pub(crate) struct Hour {
    since: Instant,
    bytes: Vec<(Party, u64)>,
    all: u64,
}

impl Hour {
    /// Whether somebody may have more: no more than half of what others leave, nor together with all of its address.
    pub(crate) fn may_have(&mut self, now: Instant, most: u64, id: &NodeId, turns: &Turns) -> bool {
        if now.since(self.since) >= HOUR {
            (self.since, self.all) = (now, 0);
            self.bytes.clear();
        }
        let is_for_all = turns.is_preferred(id) || !turns.prefers_some();
        let room = if is_for_all { most } else { most - most / KEPT_BACK };
        // Who is not counted apart counts for two of these at once.
        let has_part = |own: u64| own < room.saturating_sub(self.all.saturating_sub(own)) / 2;
        has_part(self.of(Party::Id(*id))) && has_part(self.of(turns.party(id)))
    }

    /// So many came.
    pub(crate) fn count(&mut self, id: &NodeId, bytes: u64, turns: &Turns) {
        self.all += bytes;
        self.add(Party::Id(*id), bytes);
        if turns.party(id) != Party::Id(*id) {
            self.add(turns.party(id), bytes);
        }
    }

    fn add(&mut self, party: Party, bytes: u64) {
        match self.place_of(party).and_then(|at| self.bytes.get_mut(at)) {
            Some((_, known)) => *known += bytes,
            None => {
                let party = if self.bytes.len() < COUNTED_MAX { party } else { OTHERS };
                self.bytes.push((party, bytes));
            }
        }
    }

    fn of(&self, party: Party) -> u64 {
        self.place_of(party).and_then(|at| self.bytes.get(at)).map_or(0, |(_, bytes)| *bytes)
    }

    /// Its own place, or that of all who have none, if there is one yet.
    fn place_of(&self, party: Party) -> Option<usize> {
        let place = |party| self.bytes.iter().position(|(other, _)| *other == party);
        place(party).or_else(|| place(OTHERS))
    }
}
