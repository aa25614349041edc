//! Who comes to vote, and who no longer does. Blocks say it, and it takes effect where a view begins.

use alloc::sync::Arc;
use alloc::vec::Vec;

use tabmesh_port::{NodeId, PublicKey};

use crate::hash::{Hash, Tag, tagged};
use crate::key::Key;
use crate::limits::{
    FROZEN_VIEWS, PROBATION, SCORE_MAX, SCORE_MISSED, SHOWN_HEIGHTS, STEADY_EPOCHS, STEADY_VOTERS,
    VIEW_HEIGHTS, VOTERS_MAX, VOTERS_MIN, WAITING_MAX, view_of,
};
use crate::record::Account;
use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::state::State;
use crate::units::Units;
use crate::voters::{Seat, Voters, head, place};

/// How many blocks of its view come before the one at this height.
fn part_of(height: u32) -> u32 {
    height.saturating_sub(1) % VIEW_HEIGHTS
}

/// Whether the block at this height shows who has voted: those behind the first [`SHOWN_HEIGHTS`] of its view do.
pub(crate) fn shows(height: u32) -> bool {
    part_of(height) >= SHOWN_HEIGHTS
}

/// Whether the block at this height is the last one of its view.
pub(crate) fn closes(height: u32) -> bool {
    part_of(height) == VIEW_HEIGHTS - 1
}

impl State {
    /// Who votes in the view of the next block.
    pub fn voters(&self) -> &Arc<Voters> {
        &self.voters
    }

    /// Asks for a seat. Who has one, or asked before, keeps what it has.
    pub(crate) fn join(&mut self, epoch: u32, payer: Account, key: &PublicKey) -> Result<(), Refusal> {
        if payer.bond == 0 {
            return Err(Refusal::NotBonded);
        }
        if payer.unlock != 0 {
            return Err(Refusal::Leaving);
        }
        let seat = Seat::new(*key, payer.since, epoch, false);
        if place(&self.voters.frozen, &seat.id).is_some() {
            return Err(Refusal::Frozen);
        }
        let is_new = place(&self.voters.seats, &seat.id).or(place(&self.voters.waiting, &seat.id)).is_none();
        if is_new && self.voters.waiting.len() >= WAITING_MAX {
            return Err(Refusal::TableFull);
        }
        self.write(payer)?;
        if is_new {
            Arc::make_mut(&mut self.voters).waiting.push(seat);
        }
        Ok(())
    }

    /// Brings a frozen seat back, whose node shows that it has the state.
    pub(crate) fn thaw(&mut self, payer: Account, id: &NodeId, proof: &[u8; 8]) -> Result<(), Refusal> {
        if payer.unlock != 0 {
            return Err(Refusal::Leaving);
        }
        let at = place(&self.voters.frozen, id).ok_or(Refusal::NotFrozen)?;
        let seat = self.voters.frozen.get(at).filter(|seat| seat.lot == *proof);
        seat.ok_or(Refusal::BadProof)?;
        self.write(payer)?;
        if let Some(seat) = Arc::make_mut(&mut self.voters).frozen.get_mut(at) {
            seat.thaws = true;
        }
        Ok(())
    }

    /// Ends a block for the voters: `shown` are those who are shown to have voted. Where it is the last one of its view the next view's are found. `previous` is the
    /// hash of the header before.
    ///
    /// # Errors
    /// [`WrongHeader`](Refusal::WrongHeader) where nobody can be shown, or nobody has that number.
    pub(crate) fn turn(
        &mut self,
        (height, epoch): (u32, u32),
        previous: &Hash,
        shown: u64,
    ) -> Result<(), Refusal> {
        let most = if shows(height) { self.voters.all() } else { 0 };
        if shown & !most != 0 {
            return Err(Refusal::WrongHeader);
        }
        if most == 0 {
            return Ok(());
        }
        let voters = Arc::make_mut(&mut self.voters);
        for (voter, seat) in voters.seats.iter_mut().enumerate() {
            let is_shown = shown >> voter & 1 == 1;
            seat.score = if is_shown {
                SCORE_MAX.min(seat.score + 1)
            } else {
                seat.score.saturating_sub(SCORE_MISSED)
            };
        }
        if closes(height) || !voters.has(Rule::Views) {
            let mut change =
                Change { units: &self.units, epoch, view: view_of(height) + 1, coming: Vec::new() };
            change.retire(voters);
            change.admit(voters);
            change.dismiss(voters, shown);
            change.seat(voters, previous);
        }
        Ok(())
    }
}

/// What one view has otherwise than the one before.
struct Change<'a> {
    units: &'a Units,
    epoch: u32,
    /// The view that begins.
    view: u32,
    coming: Vec<Seat>,
}

/// A quarter of a view, or an eighth; one at least.
fn share(voters: &Voters, part: usize) -> usize {
    if voters.has(Rule::Share) { (voters.seats.len() / part).max(1) } else { VOTERS_MAX }
}

impl Change<'_> {
    fn account(&self, seat: &Seat) -> Option<Account> {
        self.units.account(&Key::account(&seat.id)).filter(|account| account.bond > 0)
    }

    /// Whether it has a bond that stays.
    fn is_bonded(&self, seat: &Seat) -> bool {
        self.account(seat).is_some_and(|account| account.unlock == 0)
    }

    /// Frozen seats whose time is over are seats no more, nor is who waits and has no bond that stays.
    fn retire(&self, voters: &mut Voters) {
        voters.frozen.retain(|seat| self.view < seat.from + FROZEN_VIEWS);
        voters.waiting.retain(|seat| self.is_bonded(seat));
    }

    /// Who comes: those who thaw, then newcomers.
    fn admit(&mut self, voters: &mut Voters) {
        let (quarter, eighth) = (share(voters, 4), share(voters, 8));
        let mut at = 0;
        while let Some(seat) = voters.frozen.get(at) {
            if seat.thaws && self.coming.len() < quarter && self.is_bonded(seat) && self.fits(voters, seat) {
                self.coming.push(voters.frozen.remove(at));
            } else {
                at += 1;
            }
        }
        let (mut at, mut new) = (0, 0);
        while let Some(seat) = voters.waiting.get(at) {
            let is_old = self.epoch >= seat.from.saturating_add(PROBATION) || !voters.has(Rule::Probation);
            let weigh = voters.seats.len() + voters.frozen.len() + self.coming.len();
            let has_room = new < eighth && self.coming.len() < quarter && weigh < VOTERS_MAX;
            if is_old && has_room && self.fits(voters, seat) {
                self.coming.push(voters.waiting.remove(at));
                new += 1;
            } else {
                at += 1;
            }
        }
    }

    /// Whether all unsteady ones may leave at once if this one comes too.
    fn fits(&self, voters: &Voters, seat: &Seat) -> bool {
        let all = voters.seats.iter().chain(&self.coming);
        let size = all.clone().count() + 1;
        let unsteady = all.filter(|seat| !seat.is_steady).count() + 1;
        let is_free = voters.is_lax || size > STEADY_VOTERS || !voters.has(Rule::Steady);
        is_free || seat.is_steady || unsteady * 5 <= size
    }

    /// Who goes: who is leaving, and who is silent and will be frozen. Fewer than [`VOTERS_MIN`] are not left by that; who has no bond any more goes in any case.
    fn dismiss(&self, voters: &mut Voters, shown: u64) {
        let most = share(voters, 4);
        let floor = VOTERS_MIN.saturating_sub(self.coming.len());
        let (mut left, mut gone) = (voters.seats.len(), 0);
        for (voter, seat) in core::mem::take(&mut voters.seats).into_iter().enumerate() {
            let account = self.account(&seat);
            let is_leaving = account.is_none_or(|account| account.unlock != 0);
            let goes = is_leaving || shown >> voter & 1 == 0;
            if account.is_some() && (!goes || gone >= most || left <= floor) {
                voters.seats.push(seat);
                continue;
            }
            (left, gone) = (left - 1, gone + 1);
            if !is_leaving {
                voters.frozen.push(Seat { from: self.view, ..seat });
            }
        }
    }

    /// Seats who comes, and asks those who are frozen for what shows that they have the state.
    fn seat(&mut self, voters: &mut Voters, previous: &Hash) {
        for mut seat in core::mem::take(&mut self.coming) {
            (seat.from, seat.thaws) = (0, false);
            seat.draw(previous);
            let key = Key::account(&seat.id);
            let at = voters.seats.partition_point(|other| Key::account(&other.id) < key);
            voters.seats.insert(at, seat);
        }
        for seat in &mut voters.seats {
            let is_old = self.epoch >= seat.since.saturating_add(STEADY_EPOCHS) || seat.since == 0;
            seat.is_steady = seat.score > 0 && (seat.is_steady || seat.score == SCORE_MAX && is_old);
        }
        for seat in &mut voters.frozen {
            seat.score = seat.score.saturating_sub(SCORE_MISSED * SHOWN_HEIGHTS as u8);
            seat.is_steady &= seat.score > 0;
            if !seat.thaws {
                seat.lot = proof(&seat.id, previous, self.units);
            }
        }
    }
}

/// What shows that a node has all units: beginning with SHA-256(13 ‖ id ‖ hash of a header), for each record SHA-256(13 ‖ that ‖ its units); the first 8 bytes of the last.
fn proof(id: &NodeId, previous: &Hash, units: &Units) -> [u8; 8] {
    let mut hash = tagged(Tag::Thaw, &[&id.0, previous]);
    for leaf in units.leaves() {
        hash = tagged(Tag::Thaw, &[&hash, leaf]);
    }
    head(&hash)
}
