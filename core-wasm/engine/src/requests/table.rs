//! All requests under way, and what an answer, or none, does to them.

use alloc::vec::Vec;

use super::course::{ATTEMPTS_TOLD, Course, LOCAL_PATIENCE, Late, Trips};
use super::delivery::{Ask, Cargo, Delivery, ROOM_PATIENCE};
use super::density::Density;
use super::fetch::Fetch;
use super::lookup::{Aim, LOOKUPS_A_RETRY, Lookup};
use crate::ground::{Ground, IS_HERE, IS_PROVEN, Job, What, stored};
use crate::hash::sha256;
use crate::id::{BlockHash, NodeId};
use crate::io::kinds::{input, output};
use crate::io::{LISTS, LinkId, OpId};
use crate::limits::{ASKS_FEW, ASKS_MAX, BLOCK_MAX, MESSAGE_MAX, REPLICAS, REQUESTS_MAX, REQUESTS_OWN};
use crate::routing::Nearest;
use crate::status::Status;
use crate::time::{Duration, Stamp};

/// How many repeats of own lookups are saved up at most.
const RETRIES_MOST: u8 = 16;

/// What this node asks of others, and what it learnt of the places where it looked.
pub(crate) struct Requests {
    pub(super) list: Vec<Request>,
    density: Density,
    pub(super) trips: Trips,
    /// Repeats of own lookups that are left, times [`LOOKUPS_A_RETRY`].
    retries: u8,
    /// What the lookup that ended last was for, until what follows from it was carried on.
    pub(crate) ended: Option<Aim>,
    /// What it found.
    pub(crate) found: Nearest,
}

/// One request.
pub(super) struct Request {
    op: Option<OpId>,
    pub(super) course: Course,
    pub(super) purpose: Purpose,
}

pub(super) enum Purpose {
    Lookup(Lookup),
    Fetch(Fetch),
    Delivery(Delivery),
}

impl Default for Requests {
    fn default() -> Self {
        let mut list = Vec::new();
        list.reserve_exact(REQUESTS_MAX);
        Self {
            list,
            density: Density::default(),
            trips: Trips::default(),
            retries: RETRIES_MOST * LOOKUPS_A_RETRY,
            ended: None,
            found: Nearest::new(&NodeId([0; 32]), 0),
        }
    }
}

impl Requests {
    /// Looks up who is closest to `target`. Nothing happens at the bound.
    pub(crate) fn look_up(&mut self, ground: &mut Ground, op: Option<OpId>, aim: Aim, target: &NodeId) {
        // What is known here already.
        let found = match aim {
            Aim::Find => ground.nearest_linked(target, REPLICAS),
            _ => Nearest::new(target, REPLICAS),
        };
        if self.begin(ground, op, found, Purpose::Lookup(Lookup::new(ground, aim))) {
            if op.is_none() {
                self.retries = (self.retries + 1).min(RETRIES_MOST * LOOKUPS_A_RETRY);
            }
            self.step(ground, self.list.len() - 1);
        }
    }

    /// Fetches a block: from whoever has it, or to hold it, `from` the peer on one link. Nothing happens at the bound.
    pub(crate) fn fetch(
        &mut self,
        ground: &mut Ground,
        op: Option<OpId>,
        from: Option<LinkId>,
        hash: &BlockHash,
    ) {
        // What is known here already.
        let holders = match from {
            None => ground.nearest_alive(hash.place(), REPLICAS),
            Some(_) => Nearest::new(hash.place(), REPLICAS),
        };
        if self.begin(ground, op, holders, Purpose::Fetch(Fetch::new(from))) {
            self.step(ground, self.list.len() - 1);
        }
    }

    /// Places a block that is in this node's store.
    pub(crate) fn put(&mut self, ground: &mut Ground, op: OpId, hash: &BlockHash) {
        self.deliver(ground, op, hash.place(), Cargo::Block, ROOM_PATIENCE);
    }

    /// Asks a module of another node, or of this one. Every port has a share of what may be under way.
    pub(crate) fn ask(&mut self, ground: &mut Ground, to: &NodeId, ask: Ask, within: Duration) {
        let is_fellow = |request: &&Request| matches!(&request.purpose, Purpose::Delivery(it) if it.port() == Some(ask.port));
        let own = self.list.iter().filter(is_fellow).count();
        // The last places are for ports that have few.
        let kept = if own < ASKS_FEW { 0 } else { ASKS_FEW };
        if own >= ASKS_MAX || self.list.len() + kept >= REQUESTS_MAX - REQUESTS_OWN {
            return ground.replied(ask.op, Status::TooManyRequests, IS_HERE, &[]);
        }
        self.deliver(ground, ask.op, to, Cargo::Ask(ask), within);
    }

    fn deliver(&mut self, ground: &mut Ground, op: OpId, target: &NodeId, cargo: Cargo, patience: Duration) {
        let target = Nearest::new(target, 0);
        if self.begin(ground, Some(op), target, Purpose::Delivery(Delivery::new(cargo)))
            && let Some(request) = self.list.last_mut()
        {
            request.course.wait(ground, patience);
        }
    }

    /// Adds a request to the list; false at the bound, of which the application is told. It leaves some room for the node's own.
    fn begin(&mut self, ground: &mut Ground, op: Option<OpId>, found: Nearest, purpose: Purpose) -> bool {
        let bound = if op.is_some() { REQUESTS_MAX - REQUESTS_OWN } else { REQUESTS_MAX };
        if self.list.len() >= bound {
            if let Some(op) = op {
                ground.done(op, Status::TooManyRequests, 0);
            }
            return false;
        }
        let number = ground.keystream.number() as u32 & !(ATTEMPTS_TOLD as u32 - 1);
        let deadline = ground.now + LOCAL_PATIENCE;
        let sent = [Stamp::of(ground.now); ATTEMPTS_TOLD];
        self.list.push(Request {
            op,
            course: Course { found, number, sent, tried: Vec::new(), attempts: 0, busy: 0, deadline },
            purpose,
        });
        true
    }

    /// The place of the request with this number; beyond the list if there is none.
    #[inline(never)]
    pub(super) fn place(&self, number: u32) -> usize {
        let is_wanted = |request: &Request| request.course.sent(number).is_some();
        self.list.iter().position(is_wanted).unwrap_or(usize::MAX)
    }

    /// Lookups with this aim that are under way.
    pub(crate) fn lookups(&self, aim: Aim) -> usize {
        let has_aim = |request: &&Request| matches!(&request.purpose, Purpose::Lookup(it) if it.aim == aim);
        self.list.iter().filter(has_aim).count()
    }

    /// Blocks under way that this node should hold.
    pub(crate) fn repairs(&self) -> usize {
        let is_repair = |request: &&Request| matches!(&request.purpose, Purpose::Fetch(it) if it.is_repair());
        self.list.iter().filter(is_repair).count()
    }

    /// Nobody waits for these any more.
    pub(crate) fn cancel(&mut self, op: OpId) {
        let mut place = 0;
        while let Some(request) = self.list.get(place) {
            if request.op == Some(op) {
                self.list.remove(place);
            } else {
                place += 1;
            }
        }
    }

    /// A lookup or a fetch asks the next ones.
    fn step(&mut self, ground: &mut Ground, place: usize) {
        let Some(Request { course, purpose, .. }) = self.list.get_mut(place) else { return };
        let end = match purpose {
            Purpose::Lookup(lookup) => lookup.step(ground, course, &self.trips.lookups),
            Purpose::Fetch(fetch) => fetch.step(ground, course, &self.trips.fetches),
            Purpose::Delivery(_) => None,
        };
        if let Some(status) = end {
            self.end(ground, place, status, 0);
        }
    }

    /// Ends a request and tells whoever wanted it.
    pub(super) fn end(&mut self, ground: &mut Ground, place: usize, status: Status, holders: u8) {
        let Some(Request { op, course, purpose }) = self.list.get_mut(place) else { return };
        let (found, op) = (&mut course.found, *op);
        let aim = if let Purpose::Lookup(lookup) = purpose { Some(lookup.aim) } else { None };
        if let Some(op) = op {
            if aim.is_some() && status == Status::Ok {
                let crowded = self.density.is_crowded(&found.target, found.ids());
                ground.put_plain(output::FOUND, op.0, crowded.into(), NodeId::list_bytes(found.ids()));
            }
            match purpose {
                Purpose::Delivery(delivery) if !delivery.is_block() => {
                    ground.replied(op, status, IS_HERE, &[]);
                }
                _ => ground.done(op, status, holders),
            }
        }
        if let Some(aim) = aim {
            if matches!(aim, Aim::Join | Aim::Fill | Aim::Look(_)) {
                self.density.note(&found.target, found.ids());
            }
            // Only who was answered knows its place.
            self.ended = Some(aim).filter(|aim| *aim != Aim::Join || status == Status::Ok);
            core::mem::swap(&mut self.found, found);
        }
        self.list.remove(place);
    }

    /// An answer came; the aim of the lookup that it taught something.
    pub(crate) fn on_answered(
        &mut self,
        ground: &mut Ground,
        by: Option<LinkId>,
        number: u32,
        from: &NodeId,
        status: Status,
        bytes: &[u8],
    ) -> Option<Aim> {
        let place = self.place(number);
        let Request { op, course, purpose, .. } = self.list.get_mut(place)?;
        let trip = course.sent(number)?.age(ground.now);
        match purpose {
            Purpose::Lookup(lookup) => {
                self.trips.lookups.sample(trip);
                let aim = lookup.aim;
                if lookup.on_answered(ground, course, from, bytes) {
                    self.end(ground, place, Status::Ok, 0);
                }
                return Some(aim);
            }
            Purpose::Fetch(fetch) if fetch.is_storing() => {}
            Purpose::Fetch(fetch) => match status {
                // Without bytes that are the block's a store takes it for released.
                Status::Ok if bytes.len() <= BLOCK_MAX && (!bytes.is_empty() || is_nothing(course)) => {
                    self.trips.fetches.sample(trip);
                    if !fetch.store(ground, course, bytes) {
                        self.on_stored(ground, place, Status::TimedOut);
                    }
                }
                Status::TooManyRequests if course.try_later(ground) => fetch.wait_for(from),
                _ => {
                    if status != Status::TooManyRequests {
                        fetch.on_names(ground, course, from, bytes);
                    }
                    self.step(ground, place);
                }
            },
            // It goes once, and its answer comes the same way.
            Purpose::Delivery(delivery) if !delivery.is_block() => {
                if by != course.tried.last().copied() {
                    return None;
                }
                let is_it = delivery.port() == Some(LISTS) || course.found.target == *from;
                // Whoever finds no way on says so.
                let (how, bytes) = match is_it {
                    true if ground.is_peer(by, from) => (IS_PROVEN, bytes),
                    true => (0, bytes),
                    false => (IS_HERE, &[][..]),
                };
                let (status, bytes) = within_bounds(status, bytes);
                if let Some(op) = op.filter(|_| is_it || status == Status::NotFound) {
                    ground.replied(op, status, how, bytes);
                    self.list.remove(place);
                }
            }
            Purpose::Delivery(_) => {
                if status != Status::TooManyRequests {
                    self.trips.puts.sample(trip);
                }
                self.on_delivered(ground, number, status, bytes.first().copied().unwrap_or(0));
            }
        }
        None
    }

    /// The block that came is stored, or is none.
    fn on_stored(&mut self, ground: &mut Ground, place: usize, status: Status) {
        match status {
            Status::Ok | Status::InsufficientStorage => self.end(ground, place, status, 0),
            // Not the bytes that were asked for, or no room to look: ask somebody else.
            _ => self.step(ground, place),
        };
    }

    /// A job ended; `kind` and `bytes` say how, as in [`kinds`](crate::io::kinds::input).
    pub(crate) fn on_job_done(&mut self, ground: &mut Ground, job: &Job, kind: u32, bytes: &[u8]) {
        let place = self.place(job.number);
        if job.what == What::Load {
            self.on_loaded(ground, place, (kind == input::LOADED).then_some(bytes));
        } else {
            self.on_stored(ground, place, stored(kind));
        }
    }

    /// A link is gone: what went out over it will not be answered.
    pub(crate) fn on_link_lost(&mut self, ground: &mut Ground, id: LinkId) {
        for Request { course, purpose, .. } in &mut self.list {
            let waits_for_others = match purpose {
                Purpose::Lookup(lookup) => lookup.waiting > 1,
                Purpose::Fetch(fetch) => fetch.is_storing(),
                Purpose::Delivery(_) => false,
            };
            if course.tried.last() == Some(&id) && !waits_for_others {
                course.deadline = ground.now;
            }
        }
        ground.arm(ground.now);
    }

    /// Sees to the requests that are late, as far as the first from which something follows: true then, and to be called again.
    pub(crate) fn on_time(&mut self, ground: &mut Ground) -> bool {
        let now = ground.now;
        let is_late = |request: &Request| now >= request.course.deadline;
        while let Some(place) = self.list.iter().position(is_late) {
            self.on_late(ground, place);
            if self.ended.is_some() {
                return true;
            }
        }
        for request in &self.list {
            ground.arm(request.course.deadline);
        }
        false
    }

    fn on_late(&mut self, ground: &mut Ground, place: usize) {
        let Some(Request { course, purpose, .. }) = self.list.get_mut(place) else { return };
        let late = match purpose {
            Purpose::Lookup(lookup) => lookup.on_late(course, &mut self.retries),
            Purpose::Fetch(fetch) => fetch.on_late(ground, course, &self.trips.fetches),
            Purpose::Delivery(delivery) => delivery.on_late(ground, course),
        };
        match late {
            Late::Waits => {}
            Late::Again => self.step(ground, place),
            Late::Ends(status) => self.end(ground, place, status, 0),
        }
    }
}

/// An answer as it may be: one that is too long is a bad request.
pub(crate) fn within_bounds(status: Status, bytes: &[u8]) -> (Status, &[u8]) {
    if bytes.len() > MESSAGE_MAX { (Status::BadRequest, &[]) } else { (status, bytes) }
}

/// Whether the block that is asked for is the one without bytes.
fn is_nothing(course: &Course) -> bool {
    sha256(&[]) == course.found.target.0
}
