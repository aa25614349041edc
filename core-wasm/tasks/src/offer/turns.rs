//! Whose batch is next, by the time that was given.
//!
//! Whoever the shell prefers has a share of its own, and all others together have one: new ids gain nothing. Within it they
//! share alike. Who comes back from a pause is not owed for it (start-time fair queueing).

use alloc::vec::Vec;

use tabmesh_port::NodeId;

use crate::limits::{PREFERRED_MAX, SERVED_MAX};
use crate::list::Gather;

/// Times that are kept; of more the shortest is forgotten.
const USED_MAX: usize = PREFERRED_MAX + 4 * SERVED_MAX;

#[derive(Default)]
pub(crate) struct Turns {
    preferred: Vec<NodeId>,
    /// Microseconds that each was given.
    used: Vec<(NodeId, u64)>,
    /// And all strangers together.
    strangers: u64,
    /// What whoever had the last turn was given until then, among shares and among strangers.
    floor: u64,
    floor_within: u64,
}

impl Turns {
    pub(crate) fn prefer(&mut self, ids: &[NodeId]) {
        self.preferred = ids.iter().take(PREFERRED_MAX).copied().gather();
    }

    pub(crate) fn is_preferred(&self, id: &NodeId) -> bool {
        self.preferred.contains(id)
    }

    /// Who of those that wait is next.
    pub(crate) fn next(&mut self, waiting: &[NodeId]) -> Option<NodeId> {
        let least = |is_preferred: bool| {
            let of_kind = waiting.iter().filter(|id| self.is_preferred(id) == is_preferred);
            of_kind.min_by_key(|id| self.used(id)).copied()
        };
        let (friend, stranger) = (least(true), least(false));
        let strangers = self.strangers.max(self.floor);
        match (friend, stranger) {
            (Some(id), other) if other.is_none() || self.used(&id) <= strangers => {
                self.floor = self.used(&id);
                Some(id)
            }
            (_, Some(id)) => {
                (self.floor, self.floor_within) = (strangers, self.used(&id));
                Some(id)
            }
            _ => None,
        }
    }

    /// One was given so long.
    pub(crate) fn charge(&mut self, id: &NodeId, us: u64) {
        let used = self.used(id) + us;
        self.used.retain(|(other, _)| other != id);
        if self.used.len() >= USED_MAX
            && let Some(least) = (0..self.used.len()).min_by_key(|at| self.used.get(*at).map(|row| row.1))
        {
            self.used.swap_remove(least);
        }
        self.used.push((*id, used));
        if !self.is_preferred(id) {
            self.strangers = self.strangers.max(self.floor) + us;
        }
    }

    fn used(&self, id: &NodeId) -> u64 {
        let known = self.used.iter().find(|(other, _)| other == id).map_or(0, |(_, used)| *used);
        known.max(if self.is_preferred(id) { self.floor } else { self.floor_within })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often each is next of 1,000 turns of one length.
    fn shares(turns: &mut Turns, waiting: &[NodeId]) -> Vec<usize> {
        let mut counts = alloc::vec![0; waiting.len()];
        for _ in 0..1_000 {
            let id = turns.next(waiting).expect("somebody waits");
            turns.charge(&id, 1_000_000);
            counts[waiting.iter().position(|other| *other == id).expect("it waits")] += 1;
        }
        counts
    }

    fn ids(range: core::ops::Range<u8>) -> Vec<NodeId> {
        range.map(|byte| NodeId([byte; 32])).collect()
    }

    #[test]
    fn i22_a_hundred_ids_of_strangers_take_one_share() {
        let mut turns = Turns::default();
        turns.prefer(&ids(0..2));
        let counts = shares(&mut turns, &ids(0..102));
        assert!(counts[..2].iter().all(|count| (333..=334).contains(count)), "{counts:?}");
        assert!(counts[2..].iter().all(|count| (2..=5).contains(count)), "{counts:?}");
    }

    #[test]
    fn who_was_away_is_not_owed_for_it() {
        let mut turns = Turns::default();
        turns.prefer(&ids(0..2));
        assert_eq!(shares(&mut turns, &ids(0..1)), [1_000]);
        let counts = shares(&mut turns, &ids(0..2));
        assert!(counts.iter().all(|count| (499..=501).contains(count)), "{counts:?}");
    }

    #[test]
    fn strangers_have_all_where_nobody_else_wants_any() {
        let mut turns = Turns::default();
        let counts = shares(&mut turns, &ids(0..100));
        assert!(counts.iter().all(|count| *count == 10), "{counts:?}");
        assert_eq!(turns.next(&[]), None);
    }
}
