//! Whose batch is next, by the time that was given.
//!
//! Whoever the shell prefers has a share of its own, and all others together have one: new ids gain nothing. Within it addresses share
//! alike, all whose address is not known as one, and within an address ids do. Who comes back from a pause is not owed for it (start-time
//! fair queueing).

use alloc::vec::Vec;

use tabmesh_port::NodeId;

use crate::limits::{ADDRESSES_MAX, PREFERRED_MAX, SERVED_MAX};
use crate::list::Gather;

/// Times that are kept; of more the shortest is forgotten.
const USED_MAX: usize = PREFERRED_MAX + 8 * SERVED_MAX;

/// Who has a part of something together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Party {
    Id(NodeId),
    Address(u64),
}

#[derive(Default)]
pub(crate) struct Turns {
    preferred: Vec<NodeId>,
    /// Where strangers came from.
    addresses: Vec<(NodeId, u64)>,
    /// Microseconds that each was given; and of an address, the floor within it.
    used: Vec<(Party, u64, u64)>,
    /// And all strangers together.
    strangers: u64,
    /// What whoever had the last turn was given until then: among shares, and among addresses.
    floor: u64,
    floor_of_addresses: u64,
}

impl Turns {
    pub(crate) fn prefer(&mut self, ids: &[NodeId]) {
        self.preferred = ids.iter().take(PREFERRED_MAX).copied().gather();
    }

    /// These came from one address.
    pub(crate) fn place(&mut self, address: u64, ids: &[NodeId]) {
        for id in ids {
            self.addresses.retain(|(other, _)| other != id);
            if self.addresses.len() >= ADDRESSES_MAX {
                self.addresses.remove(0);
            }
            if address > 0 {
                self.addresses.push((*id, address));
            }
        }
    }

    pub(crate) fn is_preferred(&self, id: &NodeId) -> bool {
        self.preferred.contains(id)
    }

    pub(crate) fn prefers_some(&self) -> bool {
        !self.preferred.is_empty()
    }

    /// The address of a stranger; 0 where none is known.
    pub(crate) fn address(&self, id: &NodeId) -> u64 {
        self.addresses.iter().find(|(other, _)| other == id).map_or(0, |(_, address)| *address)
    }

    /// Who takes what has no turns: strangers of one address together, anybody else alone.
    pub(crate) fn party(&self, id: &NodeId) -> Party {
        match self.address(id) {
            address if address > 0 && !self.is_preferred(id) => Party::Address(address),
            _ => Party::Id(*id),
        }
    }

    /// Who of those that wait is next.
    pub(crate) fn next(&mut self, waiting: &[NodeId]) -> Option<NodeId> {
        let id = self.first(waiting)?;
        if self.is_preferred(&id) {
            self.floor = self.used(&id);
        } else {
            self.floor = self.strangers.max(self.floor);
            let (of_address, own) = self.used_of_stranger(&id);
            self.floor_of_addresses = of_address;
            self.set(Party::Address(self.address(&id)), of_address, own);
        }
        Some(id)
    }

    /// The same, with nothing changed; of those that had as much the first.
    pub(crate) fn first(&self, waiting: &[NodeId]) -> Option<NodeId> {
        let of_kind =
            |is_preferred: bool| waiting.iter().filter(move |id| self.is_preferred(id) == is_preferred);
        let friend = of_kind(true).min_by_key(|id| self.used(id));
        let stranger = of_kind(false).min_by_key(|id| self.used_of_stranger(id));
        let strangers = self.strangers.max(self.floor);
        match (friend, stranger) {
            (Some(id), other) if other.is_none() || self.used(id) <= strangers => Some(*id),
            (_, other) => other.copied(),
        }
    }

    /// One was given so long.
    pub(crate) fn charge(&mut self, id: &NodeId, us: u64) {
        if self.is_preferred(id) {
            return self.set(Party::Id(*id), self.used(id) + us, 0);
        }
        let (of_address, own) = self.used_of_stranger(id);
        let address = Party::Address(self.address(id));
        self.set(address, of_address + us, self.known(address).1);
        self.set(Party::Id(*id), own + us, 0);
        self.strangers = self.strangers.max(self.floor) + us;
    }

    fn set(&mut self, party: Party, us: u64, floor: u64) {
        self.used.retain(|row| row.0 != party);
        if self.used.len() >= USED_MAX
            && let Some(least) = (0..self.used.len()).min_by_key(|at| self.used.get(*at).map(|row| row.1))
        {
            self.used.swap_remove(least);
        }
        self.used.push((party, us, floor));
    }

    fn used(&self, id: &NodeId) -> u64 {
        self.known(Party::Id(*id)).0.max(self.floor)
    }

    /// Its address, and it itself.
    fn used_of_stranger(&self, id: &NodeId) -> (u64, u64) {
        let (of_address, floor) = self.known(Party::Address(self.address(id)));
        (of_address.max(self.floor_of_addresses), self.known(Party::Id(*id)).0.max(floor))
    }

    fn known(&self, party: Party) -> (u64, u64) {
        self.used.iter().find(|row| row.0 == party).map_or((0, 0), |row| (row.1, row.2))
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

    #[test]
    fn i22_a_hundred_ids_of_one_address_take_one_share_of_that_of_strangers() {
        let mut turns = Turns::default();
        turns.place(7, &ids(0..100));
        turns.place(8, &ids(100..101));
        // One more came from nowhere that is known.
        let counts = shares(&mut turns, &ids(0..102));
        assert!(counts[..100].iter().all(|count| (3..=4).contains(count)), "{counts:?}");
        assert!(counts[100..].iter().all(|count| (333..=334).contains(count)), "{counts:?}");
    }

    #[test]
    fn addresses_are_bounded_and_who_moves_has_the_newest() {
        let mut turns = Turns::default();
        let id = |number: u16| NodeId(tabmesh_port::sha256(&number.to_be_bytes()));
        (0..2_000).for_each(|number| turns.place(9, &[id(number)]));
        assert_eq!(turns.addresses.len(), ADDRESSES_MAX);
        assert_eq!((turns.address(&id(0)), turns.address(&id(1_999))), (0, 9));
        turns.place(10, &[id(1_999)]);
        assert_eq!(turns.address(&id(1_999)), 10);
        turns.place(0, &[id(1_999)]);
        assert_eq!(turns.address(&id(1_999)), 0);
    }
}
