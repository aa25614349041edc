//! What this node runs for others.

use alloc::vec::Vec;

use tabmesh_directory::{Announcing, Spread};
use tabmesh_port::{Duration, Instant, NodeId, Status, Wish};

use super::gives::Gives;
use super::hour::Hour;
use super::served::{Fetch, Served, Stage};
use super::turns::Turns;
use crate::face::Event;
use crate::ground::{Ground, compute};
use crate::limits::{BATCHES_MAX, BEAT, KEPT_MAX, LEASE_MAX, TICK};
use crate::list::{Gather, List};
use crate::wanted::Wanted;
use crate::wire::{Nonce, Refusal, Word};

/// The number of the list that this node stands on.
pub(crate) const OWN_LIST: u32 = 0;

/// How long a list is waited for.
const LIST_MS: u32 = 5_000;

#[derive(Default)]
pub(crate) struct Executor {
    offer: Option<Offer>,
    /// Whose this node is: 32 bytes, or none.
    pub(crate) owner: Vec<u8>,
    pub(crate) served: Vec<Served>,
    pub(crate) turns: Turns,
    pub(crate) hour: Hour,
    numbers: u32,
    /// Pieces of outputs.
    pub(crate) wanted: Wanted,
    pub(crate) fetches: Vec<Fetch>,
}

struct Offer {
    gives: Gives,
    announcing: Announcing,
}

impl Executor {
    pub(crate) fn is_offering(&self) -> bool {
        self.offer.is_some()
    }

    pub(crate) fn gives(&self) -> Option<Gives> {
        self.offer.as_ref().map(|offer| offer.gives)
    }

    pub(crate) fn offer(&mut self, ground: &Ground, gives: Gives, depth: u8) {
        let announcing = match self.offer.take() {
            Some(offer) => offer.announcing,
            None => Announcing::new(ground.now, ground.own, compute(), Spread::All, depth),
        };
        self.offer = Some(Offer { gives, announcing });
    }

    pub(crate) fn withdraw(&mut self, ground: &mut Ground) {
        self.offer = None;
        for served in core::mem::take(&mut self.served) {
            if served.is_open() {
                ground.tell(&served.from, &Word::Over(Refusal::Busy).emit(&served.nonce));
            }
            leave(ground, &served);
        }
    }

    /// A batch of another node; whether, and otherwise why not.
    pub(crate) fn on_assign(
        &mut self,
        ground: &mut Ground,
        from: &NodeId,
        nonce: &Nonce,
        (lease_ms, gas, count): (u32, u64, u16),
        bytes: &[u8],
    ) -> Result<(), Refusal> {
        let gas_max = self.gives().ok_or(Refusal::Unwilling)?.gas;
        if self.find(from, nonce).is_some() {
            // Asked again: the answer was lost.
            return Ok(());
        }
        if gas > gas_max {
            return Err(Refusal::TooLarge);
        }
        if !self.has_room_for(ground, from) {
            return Err(Refusal::Busy);
        }
        self.numbers = self.numbers.wrapping_add(1);
        let lease = Duration::from_ms(lease_ms.into()).min(LEASE_MAX);
        self.served.push(Served {
            number: self.numbers,
            nonce: *nonce,
            from: *from,
            stage: Stage::Waiting { gas, bytes: bytes.to_vec() },
            until: ground.after(lease),
            beat_at: ground.after(BEAT),
            ran: (0..count).map(|_| None).gather(),
            output_bytes: 0,
            charged: ground.now,
            feeding: None,
            unfed: None,
        });
        Ok(())
    }

    fn has_room_for(&mut self, ground: &mut Ground, from: &NodeId) -> bool {
        let open = || self.served.iter().filter(|served| served.is_open() && served.from == *from);
        // Where the requester has outcomes, and the word of that is under way, the next batch may come before it.
        let (own, left) = (open().count(), open().filter(|served| !served.is_over()).count());
        left < BATCHES_MAX && own < 2 * BATCHES_MAX && (own > 0 || self.has_place(ground, from))
    }

    /// For whom this node is at work: links to them are held.
    pub(crate) fn requesters(&self) -> Vec<NodeId> {
        let mut ids = Vec::new();
        for served in self.served.iter().filter(|served| served.is_open()) {
            if !ids.contains(&served.from) {
                ids.push(served.from);
            }
        }
        ids
    }

    pub(crate) fn find(&mut self, from: &NodeId, nonce: &Nonce) -> Option<&mut Served> {
        self.served.iter_mut().find(|served| served.nonce == *nonce && served.from == *from)
    }

    pub(crate) fn on_revoke(&mut self, ground: &mut Ground, from: &NodeId, nonce: &Nonce) {
        self.drop_those(ground, &|served| served.from == *from && served.nonce == *nonce);
    }

    /// The shell cannot run a batch: its requester gives it to others.
    ///
    /// # Errors
    /// [`NotFound`](Status::NotFound) where it does not run.
    pub(crate) fn decline(
        &mut self,
        ground: &mut Ground,
        assignment: u32,
        why: Refusal,
    ) -> Result<(), Status> {
        let at = self.served.iter().position(|served| served.number == assignment).ok_or(Status::NotFound)?;
        if !self.served.get(at).is_some_and(Served::is_running) {
            return Err(Status::NotFound);
        }
        self.charge(ground.now, assignment);
        let served = self.served.remove(at);
        ground.tell(&served.from, &Word::Over(why).emit(&served.nonce));
        Ok(())
    }

    pub(crate) fn on_unlinked(&mut self, ground: &mut Ground, from: &NodeId) {
        self.drop_those(ground, &|served| served.from == *from && served.is_open());
    }

    /// These are not wanted any more.
    pub(crate) fn drop_those(&mut self, ground: &mut Ground, is_it: &dyn Fn(&Served) -> bool) {
        while let Some(number) = self.served.iter().find(|served| is_it(served)).map(|served| served.number) {
            self.charge(ground.now, number);
            if let Some(served) = self.served.take_first(|served| served.number == number) {
                leave(ground, &served);
            }
        }
    }

    pub(crate) fn on_listed(&mut self, now: Instant, status: Status) {
        if let Some(offer) = &mut self.offer {
            offer.announcing.on_listed(now, status);
        }
    }

    /// Whatever it is time for.
    pub(crate) fn go_on(&mut self, ground: &mut Ground) {
        let now = ground.now;
        if let Some((place, stays)) = self.offer.as_mut().and_then(|offer| offer.announcing.poll(now)) {
            ground.wish(Wish::List { op: OWN_LIST, place: &place, stays, within_ms: LIST_MS });
        }
        while let Some(served) = self.served.iter().find(|served| now >= served.until) {
            let (number, is_open) = (served.number, served.is_open());
            if is_open {
                self.give_back(ground, number);
            } else {
                self.drop_those(ground, &|served| served.number == number);
            }
        }
        self.bound_outputs(ground);
        self.end_turns(ground);
        let kept = self.served.iter().filter(|served| !served.is_open()).count();
        if kept > KEPT_MAX
            && let Some(at) = self.least_needed()
        {
            leave(ground, &self.served.remove(at));
        }
        while self.run_next(ground) {}
        self.tell(ground);
        self.fetch(ground);
        for served in self.served.iter_mut().filter(|served| served.is_open() && now >= served.beat_at) {
            served.beat_at = ground.after(BEAT);
            ground.tell(&served.from, &Word::Beat(served.done() as u16).emit(&served.nonce));
        }
    }

    /// Gives the shell the next batch, if it has too little to do.
    fn run_next(&mut self, ground: &mut Ground) -> bool {
        let Some(Gives { cores, turn, .. }) = self.gives() else { return false };
        if self.at_work() >= cores {
            return false;
        }
        let is_waiting = |served: &&Served| matches!(served.stage, Stage::Waiting { .. });
        let waiting: Vec<NodeId> = self.served.iter().filter(is_waiting).map(|served| served.from).gather();
        let Some(from) = self.turns.next(&waiting) else { return false };
        let first = self
            .served
            .iter_mut()
            .find(|served| served.from == from && matches!(served.stage, Stage::Waiting { .. }));
        let Some(served) = first else { return false };
        let stage = core::mem::replace(&mut served.stage, Stage::Running { since: ground.now });
        served.charged = ground.now;
        // Each task its time, and as much again for what is fetched.
        let most = Duration(turn.0 * (served.count() as u64 + 1));
        served.until = served.until.min(ground.after(most));
        if let Stage::Waiting { gas, bytes } = stage {
            let (assignment, count) = (served.number, served.count() as u16);
            ground.emit(&Event::Run { assignment, from: &from, gas, count, bytes: &bytes });
        }
        true
    }

    /// When [`Executor::go_on`] has something to do.
    pub(crate) fn wanted_at(&self, now: Instant) -> Instant {
        let announcing = self.offer.as_ref().map_or(Instant::NEVER, |offer| offer.announcing.wanted_at());
        let times = self.served.iter().map(|served| if served.is_open() { now + TICK } else { served.until });
        times.fold(announcing, Instant::min)
    }
}

/// The shell is done with a batch.
pub(crate) fn leave(ground: &mut Ground, served: &Served) {
    match served.stage {
        // It never heard of it.
        Stage::Waiting { .. } => {}
        Stage::Running { .. } => ground.emit(&Event::Stop(served.number)),
        _ => ground.emit(&Event::Forget(served.number)),
    }
}
