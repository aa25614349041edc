//! What one requester may have of this executor while others want some: its time, its bytes, its room, its places.

use alloc::vec::Vec;
use core::cmp::Reverse;

use tabmesh_port::{Instant, NodeId, Status};

use super::executor::{Executor, leave};
use super::gives::Gives;
use super::served::{Served, Stage};
use super::turns::Party;
use crate::ground::Ground;
use crate::limits::{FEEDING_MAX, OUTPUTS_MAX, SERVED_MAX, STRANGERS_MAX, UNFED};
use crate::list::{Gather, List};
use crate::wire::{Refusal, Word};

impl Executor {
    /// Nothing will come of a batch: its requester is told, and gives its tasks to others.
    pub(crate) fn give_back(&mut self, ground: &mut Ground, number: u32) {
        self.charge(ground.now, number);
        if let Some(served) = self.served.take_first(|served| served.number == number) {
            ground.tell(&served.from, &Word::Over(Refusal::Busy).emit(&served.nonce));
            leave(ground, &served);
        }
    }

    /// Charges the requester of a batch for the time that this was at work. What waits for inputs costs nobody anything.
    pub(crate) fn charge(&mut self, now: Instant, number: u32) {
        let Self { served, fetches, turns, .. } = self;
        let Some(served) = served.iter_mut().find(|served| served.number == number) else { return };
        if served.at_work(fetches) > 0 {
            turns.charge(&served.from, now.since(served.charged).0);
        }
        served.charged = now;
    }

    /// Ends batches that have run past their turn where it is others' turn by now, as many as make room: nobody holds all cores.
    pub(crate) fn end_turns(&mut self, ground: &mut Ground) {
        let Some(Gives { cores, turn, .. }) = self.gives() else { return };
        let is_waiting = |served: &&Served| matches!(served.stage, Stage::Waiting { .. });
        let waiting: Vec<NodeId> = self.served.iter().filter(is_waiting).map(|served| served.from).gather();
        if waiting.is_empty() || self.at_work() < cores {
            return;
        }
        let is_past = |served: &&Served| matches!(served.stage, Stage::Running { since } if ground.is_past(since, turn));
        let past = self.served.iter().filter(is_past).map(|served| (served.number, served.from)).gather();
        for (number, from) in past {
            if self.at_work() < cores {
                return;
            }
            self.charge(ground.now, number);
            let mut ids = Vec::new();
            ids.push(from);
            ids.extend(&waiting);
            if self.turns.first(&ids) != Some(from) {
                self.give_back(ground, number);
            }
        }
    }

    pub(crate) fn at_work(&self) -> usize {
        self.served.iter().map(|served| served.at_work(&self.fetches)).sum()
    }

    /// A batch wants a piece of what its requester has.
    ///
    /// # Errors
    /// [`Forbidden`](Status::Forbidden) where that one had its part of the hour, [`TooManyRequests`](Status::TooManyRequests) where too many
    /// batches wait for inputs.
    pub(crate) fn feed(&mut self, ground: &mut Ground, number: u32, from: &NodeId) -> Result<(), Status> {
        let all = self.gives().map_or(0, |gives| gives.bytes_an_hour);
        if !self.hour.may_have(ground.now, all, from, &self.turns) {
            return Err(Status::Forbidden);
        }
        let is_it = |served: &&mut Served| served.number == number;
        if self.served.iter().any(|served| served.number == number && served.feeding.is_some()) {
            return Ok(());
        }
        let feeding = self.served.iter().filter_map(|served| Some((served.feeding?, served.number)));
        if feeding.clone().count() >= FEEDING_MAX {
            let (since, slowest) = feeding.min().unwrap_or((ground.now, 0));
            if !ground.is_past(since, UNFED) {
                return Err(Status::TooManyRequests);
            }
            self.give_back(ground, slowest);
        }
        self.charge(ground.now, number);
        self.served.iter_mut().find(is_it).into_iter().for_each(|served| served.feeding = Some(ground.now));
        Ok(())
    }

    /// A piece of a batch's inputs came, or did not, and is not awaited any more.
    pub(crate) fn on_fed(
        &mut self,
        ground: &mut Ground,
        number: u32,
        status: Status,
        length: usize,
        was_at_work: bool,
    ) {
        let Self { served, fetches, turns, hour, .. } = self;
        let Some(served) = served.iter_mut().find(|served| served.number == number) else { return };
        if !fetches.iter().any(|fetch| fetch.assignment == number) {
            served.feeding = None;
        }
        if !was_at_work && served.at_work(fetches) > 0 {
            served.stage = Stage::Running { since: ground.now };
        }
        if status == Status::Ok {
            served.unfed = None;
            return hour.count(&served.from, length as u64, turns);
        }
        let since = *served.unfed.get_or_insert(ground.now);
        if status == Status::TimedOut || ground.is_past(since, UNFED) {
            self.give_back(ground, number);
        }
    }

    /// Forgets outputs where there are too many: of whoever has most the oldest that it knows of, or the oldest batch that runs.
    pub(crate) fn bound_outputs(&mut self, ground: &mut Ground) {
        while self.served.iter().map(|served| served.output_bytes).sum::<u64>() > OUTPUTS_MAX {
            let parties = self.served.iter().map(|served| self.turns.party(&served.from));
            let bytes = |party: Party| -> u64 {
                let own = self.served.iter().filter(|served| self.turns.party(&served.from) == party);
                own.map(|served| served.output_bytes).sum()
            };
            let Some(most) = parties.max_by_key(|party| bytes(*party)) else { return };
            let own = self
                .served
                .iter()
                .filter(|served| served.output_bytes > 0 && self.turns.party(&served.from) == most);
            let Some(oldest) = own.min_by_key(|served| (served.is_open(), served.number)) else { return };
            let (number, is_open) = (oldest.number, oldest.is_open());
            if is_open {
                self.give_back(ground, number);
            } else if let Some(served) = self.served.take_first(|served| served.number == number) {
                leave(ground, &served);
            }
        }
    }

    /// Whether there is a place for one more requester. Strangers of an address that has several make room for one that has fewer.
    pub(crate) fn has_place(&mut self, ground: &mut Ground, from: &NodeId) -> bool {
        let requesters = self.requesters();
        let is_stranger = |id: &&NodeId| !self.turns.is_preferred(id);
        let strangers: Vec<NodeId> = requesters.iter().filter(is_stranger).copied().gather();
        if requesters.len() < SERVED_MAX && (!is_stranger(&from) || strangers.len() < STRANGERS_MAX) {
            return true;
        }
        let of_address = |id: &NodeId| {
            strangers.iter().filter(|other| self.turns.address(other) == self.turns.address(id)).count()
        };
        let (own, most) = (of_address(from), strangers.iter().max_by_key(|id| of_address(id)));
        let Some(most) = most.filter(|id| is_stranger(&from) && of_address(id) > own + 1) else {
            return false;
        };
        let address = self.turns.address(most);
        // Whoever came last has had least for its work; what is done and only to be told stays.
        let is_one = |served: &&Served| {
            served.is_open()
                && !served.is_over()
                && strangers.contains(&served.from)
                && self.turns.address(&served.from) == address
        };
        let Some(last) = self.served.iter().filter(is_one).max_by_key(|served| served.number) else {
            return false;
        };
        let last = last.from;
        let is_last = |served: &&Served| served.from == last && served.is_open() && !served.is_over();
        let numbers: Vec<u32> = self.served.iter().filter(is_last).map(|served| served.number).gather();
        numbers.into_iter().for_each(|number| self.give_back(ground, number));
        self.requesters().len() < requesters.len()
    }

    /// The oldest batch that was done, of whoever has most of these.
    pub(crate) fn least_needed(&self) -> Option<usize> {
        let kept = || self.served.iter().enumerate().filter(|(_, served)| !served.is_open());
        let own = |from: &NodeId| {
            let party = self.turns.party(from);
            kept().filter(|(_, served)| self.turns.party(&served.from) == party).count()
        };
        kept().min_by_key(|(_, served)| Reverse(own(&served.from))).map(|(at, _)| at)
    }
}
