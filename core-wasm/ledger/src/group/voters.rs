//! The voters of a view, and how many of them it takes.

use alloc::vec::Vec;

use tabmesh_port::{NodeId, PublicKey};

use crate::genesis::Genesis;
use crate::hash::{Hash, Tag, tagged};

/// Who votes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seat {
    /// The key of its node.
    pub key: PublicKey,
    /// The node.
    pub id: NodeId,
}

/// Those who vote in a view, at most [`VOTERS_MAX`](crate::limits::VOTERS_MAX), in the order of their accounts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Voters {
    seats: Vec<Seat>,
    /// Seats frozen within [`FROZEN_EPOCHS`](crate::limits::FROZEN_EPOCHS): they weigh, and do not vote.
    frozen: u32,
}

impl Voters {
    /// Those of a genesis, which was checked.
    pub fn new(genesis: &Genesis) -> Self {
        let mut seats = Vec::new();
        for voter in &genesis.voters {
            seats.push(Seat { key: voter.key, id: NodeId::of_key(&voter.key) });
        }
        Self { seats, frozen: 0 }
    }

    /// How many are counted: n.
    pub fn len(&self) -> usize {
        self.seats.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// The voter with this number.
    pub fn get(&self, voter: u8) -> Option<&Seat> {
        self.seats.get(usize::from(voter))
    }

    /// The number of this node, if it votes.
    pub fn find(&self, id: &NodeId) -> Option<u8> {
        self.seats.iter().position(|seat| seat.id == *id).map(|voter| voter as u8)
    }

    /// All of them.
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// Q: so many notarise, finalise and settle.
    pub fn quorum(&self) -> usize {
        quorum(self.seats.len(), self.frozen as usize)
    }

    /// F: so many certify.
    pub fn fast(&self) -> usize {
        (self.seats.len() * 3).div_ceil(4).max(self.quorum())
    }

    /// Who leads this round: by rank, the lowest first, then the next one.
    pub fn leader(&self, genesis: &Hash, height: u32, round: u32) -> u8 {
        // Of rank r is who has r others below.
        let wanted = round as usize % self.seats.len().max(1);
        let rank = |seat: &Seat| tagged(Tag::Rank, &[genesis, &height.to_be_bytes(), &seat.id.0]);
        let mut ranks: Vec<(Hash, u8)> = Vec::new();
        for (voter, seat) in self.seats.iter().enumerate() {
            let own = (rank(seat), voter as u8);
            let at = ranks.partition_point(|other| *other < own);
            ranks.insert(at, own);
        }
        ranks.get(wanted).map_or(0, |(_, voter)| *voter)
    }
}

/// Of n counted voters, with `frozen` seats that weigh: max(⌊2n/3⌋, ⌊N/2⌋) + 1.
fn quorum(counted: usize, frozen: usize) -> usize {
    (counted * 2 / 3).max((counted + frozen) / 2) + 1
}
