//! Who votes in a view, who waits to, whose seat is frozen, and how many of them it takes.

use alloc::vec::Vec;

use tabmesh_port::{NodeId, PublicKey, Reader, Writer};

use crate::hash::{Hash, Tag, tagged};
use crate::key::Key;
use crate::limits::{SCORE_MAX, VOTERS_MAX, WAITING_MAX};
use crate::rule::Rule;

/// Who votes, waits to, or is frozen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seat {
    /// The key of its node.
    pub key: PublicKey,
    /// The node.
    pub id: NodeId,
    /// Drawn when it came to sit: its rank follows from it. Of a frozen seat what its node shows to have the state when it comes back.
    pub lot: [u8; 8],
    /// The epoch in which it bonded.
    pub since: u32,
    /// Of who waits, the epoch in which it asked; of a frozen seat the view from which on it is.
    pub from: u32,
    /// How regularly it was shown to vote, up to [`SCORE_MAX`].
    pub score: u8,
    /// It may be counted on.
    pub is_steady: bool,
    /// It is frozen, and its node is back.
    pub thaws: bool,
}

impl Seat {
    /// How long it is.
    const BYTES: usize = 82;

    /// That of a voter of the genesis, who is steady, or of somebody who asks for one.
    pub(crate) fn new(key: PublicKey, since: u32, from: u32, is_steady: bool) -> Self {
        let score = if is_steady { SCORE_MAX } else { 0 };
        Self { key, id: NodeId::of_key(&key), lot: [0; 8], since, from, score, is_steady, thaws: false }
    }

    /// Draws its lot: the first 8 bytes of SHA-256(11 ‖ key ‖ a hash that nobody knew when it bonded).
    pub(crate) fn draw(&mut self, hash: &Hash) {
        self.lot = head(&tagged(Tag::Lot, &[&self.key.0, hash]));
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let (key, lot) = (*reader.key(), *reader.array());
        let (since, from, score, flags) = (reader.u32(), reader.u32(), reader.u8(), reader.u8());
        let seat = Self {
            lot,
            score,
            is_steady: flags & 1 != 0,
            thaws: flags & 2 != 0,
            ..Self::new(key, since, from, false)
        };
        (score <= SCORE_MAX && flags < 4).then_some(seat)
    }

    /// Key 64, lot 8, since 4, from 4, score 1, flags 1 (1 steady, 2 thaws).
    fn emit(&self, writer: &mut Writer) {
        let flags = u8::from(self.is_steady) | u8::from(self.thaws) << 1;
        writer.bytes(&self.key.0).bytes(&self.lot).u32(self.since).u32(self.from).u8(self.score).u8(flags);
    }
}

/// The first bytes of a hash.
pub(crate) fn head(hash: &Hash) -> [u8; 8] {
    hash.first_chunk().copied().unwrap_or_default()
}

/// The voters of a view, and those who may be of a later one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Voters {
    /// They vote, in the order of their accounts.
    pub(crate) seats: Vec<Seat>,
    /// They weigh, and do not vote; in the order in which they were frozen. With those who vote at most [`VOTERS_MAX`].
    pub(crate) frozen: Vec<Seat>,
    /// They do neither; in the order in which they asked, at most [`WAITING_MAX`].
    pub(crate) waiting: Vec<Seat>,
    /// Any share may be unsteady.
    pub(crate) is_lax: bool,
    #[cfg(feature = "mutants")]
    pub(crate) off: u32,
}

impl Voters {
    /// Those who vote first, in the order of their accounts; `genesis` is the hash of what names them.
    pub(crate) fn first(seats: Vec<Seat>, genesis: &Hash, is_lax: bool) -> Self {
        let mut voters = Self::default();
        (voters.seats, voters.is_lax) = (seats, is_lax);
        for seat in &mut voters.seats {
            seat.draw(genesis);
        }
        voters
    }

    /// Whether a rule is in force.
    #[cfg(feature = "mutants")]
    pub(crate) fn has(&self, rule: Rule) -> bool {
        self.off & 1 << rule as u8 == 0
    }

    /// All rules always are.
    #[cfg(not(feature = "mutants"))]
    #[expect(clippy::unused_self, reason = "with mutants it asks which are switched off")]
    pub(crate) fn has(&self, _: Rule) -> bool {
        true
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
        place(&self.seats, id).map(|voter| voter as u8)
    }

    /// All who vote, in the order of their accounts.
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// Frozen seats, in the order in which they were frozen.
    pub fn frozen(&self) -> &[Seat] {
        &self.frozen
    }

    /// Who waits for a seat, in the order in which they asked.
    pub fn waiting(&self) -> &[Seat] {
        &self.waiting
    }

    /// Bit n: voter n, for all of them.
    pub fn all(&self) -> u64 {
        u64::MAX.checked_shr(64_u32.saturating_sub(self.seats.len() as u32)).unwrap_or(0)
    }

    /// Q: so many notarise, finalise and settle. With n who are counted and N with the frozen ones max(⌊2n/3⌋, ⌊N/2⌋) + 1.
    pub fn quorum(&self) -> usize {
        let counted = self.seats.len();
        let weigh = if self.has(Rule::Weight) { counted + self.frozen.len() } else { 0 };
        (counted * 2 / 3).max(weigh / 2) + 1
    }

    /// F: so many certify.
    pub fn fast(&self) -> usize {
        (self.seats.len() * 3).div_ceil(4).max(self.quorum())
    }

    /// Who leads the rounds for the block at this height, one after the other and then from the first on: by their ranks, the lowest first. A rank is the first 8 bytes of
    /// SHA-256(10 ‖ genesis ‖ height 4 ‖ lot 8).
    pub fn order(&self, genesis: &Hash, height: u32) -> Vec<u8> {
        let mut ranks: Vec<([u8; 8], u8)> = Vec::with_capacity(self.seats.len());
        for (voter, seat) in self.seats.iter().enumerate() {
            let rank = tagged(Tag::Rank, &[genesis, &height.to_be_bytes(), &seat.lot]);
            let own = (head(&rank), voter as u8);
            let at = ranks.partition_point(|other| *other < own);
            ranks.insert(at, own);
        }
        let mut order = Vec::with_capacity(ranks.len());
        for (_, voter) in ranks {
            order.push(voter);
        }
        order
    }

    /// Commits to all of it: SHA-256(12 ‖ its bytes).
    pub fn hash(&self) -> Hash {
        let mut writer = Writer::default();
        self.emit(&mut writer);
        tagged(Tag::Voters, &[&writer.finish()])
    }

    /// How many of these bytes [`Voters::emit`] gave, if they begin with them.
    pub(crate) fn length(bytes: &[u8]) -> Option<usize> {
        let mut at = 1;
        for _ in 0..3 {
            at += 1 + Seat::BYTES * usize::from(*bytes.get(at)?);
        }
        Some(at)
    }

    /// Reads what [`Voters::emit`] gave, with which the bytes need not end; `None` if there are more than there may be, or they are not in their order.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let is_lax = match reader.u8() {
            0 => false,
            1 => true,
            _ => return None,
        };
        let mut lists = [const { Vec::new() }; 3];
        for list in &mut lists {
            let count = reader.u8();
            if usize::from(count) > VOTERS_MAX {
                return None;
            }
            for _ in 0..count {
                list.push(Seat::read(reader)?);
            }
        }
        reader.intact()?;
        let [seats, frozen, waiting] = lists;
        let mut pairs = seats.iter().zip(seats.iter().skip(1));
        let is_sorted = pairs.all(|(one, next)| Key::account(&one.id) < Key::account(&next.id));
        let fits = seats.len() + frozen.len() <= VOTERS_MAX && waiting.len() <= WAITING_MAX;
        let mut voters = Self::default();
        (voters.seats, voters.frozen, voters.waiting, voters.is_lax) = (seats, frozen, waiting, is_lax);
        (is_sorted && fits).then_some(voters)
    }

    /// Lax 1; of those who vote, are frozen, and wait: how many 1, and each.
    pub(crate) fn emit(&self, writer: &mut Writer) {
        writer.u8(self.is_lax.into());
        for list in [&self.seats, &self.frozen, &self.waiting] {
            writer.u8(list.len() as u8);
            for seat in list {
                seat.emit(writer);
            }
        }
    }
}

/// Where this node is in a list.
pub(crate) fn place(list: &[Seat], id: &NodeId) -> Option<usize> {
    list.iter().position(|seat| seat.id == *id)
}
