//! What this node asks of others: lookups, blocks to fetch, blocks to place, messages.
//!
//! A request that gets no answer in time goes out again by a link that was not tried yet. How lookups go: `lookup`.

use alloc::vec::Vec;

use super::Node;
use super::jobs::Pending;
use crate::ground::{BLOCK_FRAME, Owner};
use crate::id::NodeId;
use crate::io::kinds::output;
use crate::io::{LinkId, OpId};
use crate::limits::{BLOCK_MAX, REPLICAS, REQUESTS_MAX, REQUESTS_OWN};
use crate::list::List;
use crate::routing::Nearest;
use crate::status::Status;
use crate::time::{Duration, Instant};
use crate::wire::frame::Body;
use crate::wire::named;

/// How often a request goes out before it is given up.
const ATTEMPTS_MAX: u8 = 3;

/// How long an answer may take.
const GET_PATIENCE: Duration = Duration::from_ms(3_000);
const PUT_PATIENCE: Duration = Duration::from_ms(6_000);
const SEND_PATIENCE: Duration = Duration::from_ms(5_000);

/// The own store, and the room on links, are waited for so long.
const LOCAL_PATIENCE: Duration = Duration::from_ms(30_000);

/// While blocks arrive, a get is given more time so often.
const EXTENSIONS_MAX: u8 = 4;

/// What a message or block is longer by on a link, at most.
const MESSAGE_HEAD: usize = 256;

/// A busy holder is asked again after this.
const BUSY: Duration = Duration::from_ms(150);

/// What a request is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// This node's own place.
    Join,
    /// A bucket without links.
    Fill,
    /// A place as it looks through this link.
    Look(LinkId),
    Find,
    /// Others of a topic.
    Meet,
    Get,
    Put,
    /// A message of so many bytes; it goes once, by the best link.
    Send(u16),
    /// A block that this node should hold; from the peer on this link.
    Repair(LinkId),
}

/// One of them.
pub(super) struct Request {
    number: u32,
    op: Option<OpId>,
    pub(super) goal: Goal,
    /// First hops that were taken.
    pub(super) tried: Vec<LinkId>,
    /// Find: answers still to come.
    pub(super) waiting: u8,
    pub(super) attempts: u8,
    /// It is out, or its block is being read or stored; until `deadline`.
    is_busy: bool,
    is_storing: bool,
    pub(super) deadline: Instant,
    /// Get: how often it was given more time.
    extended: u8,
    /// The place looked up, or the block. Find: what was found there. Get: who may hold the block.
    pub(super) found: Nearest,
    /// Find: the nearest id that somebody further off named, and that did not answer itself.
    pub(super) claim: Option<NodeId>,
    /// Get: the first 4 bytes of who was asked.
    asked: Vec<[u8; 4]>,
    /// Find: somebody answered. Get: somebody has not got the block.
    pub(super) was_answered: bool,
}

/// Enough of an id to tell it from the few others that were asked.
fn head(id: &NodeId) -> [u8; 4] {
    *id.0.first_chunk().unwrap_or(&[0; 4])
}

impl Node {
    /// Starts a request; false at the bound. The application's leave some room for the node's own.
    pub(super) fn begin_request(&mut self, op: Option<OpId>, goal: Goal, target: &NodeId) -> bool {
        let bound = if op.is_some() { REQUESTS_MAX - REQUESTS_OWN } else { REQUESTS_MAX };
        if self.requests.len() >= bound {
            return false;
        }
        let number = self.ground.keystream.number() as u32;
        // What is known here already.
        let found = match goal {
            Goal::Get => self.ground.nearest_alive(target, REPLICAS),
            Goal::Find => self.ground.nearest_linked(target, REPLICAS),
            _ => Nearest::new(target, REPLICAS),
        };
        self.requests.push(Request {
            number,
            op,
            goal,
            tried: Vec::new(),
            waiting: 0,
            attempts: 0,
            is_busy: !matches!(goal, Goal::Put | Goal::Send(_)),
            is_storing: false,
            deadline: self.ground.now + LOCAL_PATIENCE,
            found,
            claim: None,
            asked: Vec::new(),
            extended: 0,
            was_answered: false,
        });
        match goal {
            Goal::Join | Goal::Fill | Goal::Look(_) | Goal::Find | Goal::Meet => self.step_find(number),
            Goal::Get | Goal::Repair(_) => self.step_get(number),
            Goal::Put | Goal::Send(_) => self.wait_until(number, self.ground.now + LOCAL_PATIENCE),
        }
        true
    }

    pub(super) fn request(&mut self, number: u32) -> Option<&mut Request> {
        self.requests.iter_mut().find(|request| request.number == number)
    }

    pub(super) fn wait_until(&mut self, number: u32, deadline: Instant) {
        if let Some(request) = self.request(number) {
            request.deadline = deadline;
        }
        self.ground.arm(deadline);
    }

    pub(super) fn count_requests(&self, goal: Goal) -> usize {
        self.requests.iter().filter(|request| request.goal == goal).count()
    }

    pub(super) fn repairs_under_way(&self) -> usize {
        self.requests.iter().filter(|request| matches!(request.goal, Goal::Repair(_))).count()
    }

    pub(super) fn cancel(&mut self, op: OpId) {
        self.requests.keep(|request| request.op != Some(op));
    }

    /// Ends a request and tells whoever wanted it.
    pub(super) fn end_request(&mut self, number: u32, status: Status, holders: u8) {
        let Some(place) = self.requests.iter().position(|request| request.number == number) else { return };
        let request = self.requests.remove(place);
        let (target, ids) = (&request.found.target, request.found.ids());
        if let Some(op) = request.op {
            if request.goal == Goal::Find && status == Status::Ok {
                let crowded = self.density.is_crowded(target, ids);
                self.ground.put_plain(output::FOUND, op.0, crowded.into(), NodeId::list_bytes(ids));
            }
            self.ground.done(op, status, holders);
        }
        if matches!(request.goal, Goal::Join | Goal::Fill | Goal::Look(_)) {
            self.density.note(target, ids);
        }
        match request.goal {
            Goal::Join if status == Status::Ok => self.on_own_place_known(),
            Goal::Look(link) => self.on_looked(link, target, ids),
            Goal::Meet => self.on_met(target, ids),
            _ => {}
        }
    }

    /// Asks the next one for a block: first by routing toward it, then its likely holders by id.
    fn step_get(&mut self, number: u32) {
        let own = self.ground.id;
        let Some(request) = self.request(number) else { return };
        request.is_busy = true;
        request.attempts += 1;
        let (target, goal, attempts) = (request.found.target, request.goal, request.attempts);
        if let Goal::Repair(link) = goal {
            let Some(peer) = self.ground.links.ready(link).filter(|_| attempts == 1) else {
                return self.end_request(number, Status::TimedOut, 0);
            };
            let peer = peer.peer;
            self.ground.send_request_by(link, number, &peer, true, 0, &Body::Get(&target));
            return self.wait_until(number, self.ground.now + GET_PATIENCE);
        }
        if attempts <= 2 {
            let tried = core::mem::take(&mut request.tried);
            let link = self.ground.next_hop(&target, &own, &tried, false);
            if let Some(request) = self.request(number) {
                request.tried = tried;
                request.tried.extend(link);
            }
            if let Some(link) = link {
                self.ground.send_request_by(link, number, &target, false, 0, &Body::Get(&target));
                return self.wait_until(number, self.ground.now + GET_PATIENCE);
            }
        }
        while let Some(request) = self.request(number) {
            let is_fresh = |id: &&NodeId| **id != own && !request.asked.contains(&head(id));
            let fresh = request.found.ids().iter().find(is_fresh);
            let Some(holder) = fresh.filter(|_| request.asked.len() < REPLICAS * 2) else { break };
            let holder = *holder;
            request.asked.push(head(&holder));
            if self.ground.send_request(number, &holder, true, 0, &Body::Get(&target), &[]).is_some() {
                return self.wait_until(number, self.ground.now + GET_PATIENCE);
            }
        }
        let Some(request) = self.request(number) else { return };
        let was_answered = request.was_answered;
        let status = match (self.ground.links.ready_count(), was_answered) {
            (_, true) => Status::NotFound,
            (0, _) => Status::Unavailable,
            _ => Status::TimedOut,
        };
        self.end_request(number, status, 0);
    }

    fn on_get_answered(&mut self, number: u32, from: &NodeId, status: Status, bytes: &[u8]) {
        let (own, now) = (self.ground.id, self.ground.now);
        let Some(request) = self.request(number) else { return };
        match status {
            Status::Ok if bytes.len() <= BLOCK_MAX => {
                let held = matches!(request.goal, Goal::Repair(_));
                let hash = request.found.target;
                request.is_storing = true;
                self.wait_until(number, now + LOCAL_PATIENCE);
                if !self
                    .pending
                    .add(self.ground.store(Owner::Requests, &hash, bytes, held), Pending::StoreGot(number))
                {
                    self.on_got_stored(number, Status::TimedOut);
                }
            }
            Status::TooManyRequests => {
                // It is there but busy: the same way once more, a little later.
                request.attempts = request.attempts.saturating_sub(1);
                request.tried.pop();
                request.asked.keep(|asked| *asked != head(from));
                request.is_busy = false;
                self.wait_until(number, now + BUSY);
            }
            _ => {
                request.was_answered = true;
                request.asked.push(head(from));
                for (id, _) in named::list(bytes).filter(|(id, _)| **id != own).take(REPLICAS) {
                    request.found.offer(id);
                }
                // The routing did its work; those it named are next.
                request.attempts = request.attempts.max(2);
                self.step_get(number);
            }
        }
    }

    pub(super) fn on_got_stored(&mut self, number: u32, status: Status) {
        let Some(request) = self.request(number) else { return };
        request.is_storing = false;
        match status {
            Status::Ok | Status::InsufficientStorage => self.end_request(number, status, 0),
            // Not the bytes that were asked for, or no room to look: ask somebody else.
            _ => self.step_get(number),
        }
    }

    /// Sends the blocks and messages that wait for room on their first link.
    pub(super) fn pump_requests(&mut self) {
        let mut place = 0;
        // Messages to one node wait in their order.
        let mut full = None;
        while let Some(request) = self.requests.get(place) {
            place += 1;
            let (number, goal, target) = (request.number, request.goal, request.found.target);
            let (message, room) = match (goal, request.op) {
                _ if request.is_busy || full == Some(target) => continue,
                (Goal::Put, _) => (None, BLOCK_FRAME),
                (Goal::Send(length), Some(op)) => (Some(op), MESSAGE_HEAD + usize::from(length)),
                _ => continue,
            };
            let hop = self.first_hop(request);
            let is_here = target == self.ground.id || goal == Goal::Put && request.tried.is_empty();
            let starts = match hop {
                Some(link) => {
                    self.ground.takes_bulk(link, room)
                        && self.pending.add(
                            self.ground.load(Owner::Requests, &target, message),
                            Pending::LoadOwn(number),
                        )
                }
                None if !is_here => {
                    // Every way that leads nearer was tried.
                    let status = if request.attempts > 0 { Status::TimedOut } else { Status::Unavailable };
                    self.end_request(number, status, 0);
                    false
                }
                None if goal == Goal::Put => self.place_own(number, &target),
                None => self
                    .pending
                    .add(self.ground.load(Owner::Requests, &target, message), Pending::LoadOwn(number)),
            };
            match self.request(number) {
                Some(request) if starts => request.is_busy = true,
                Some(_) => full = Some(target),
                None => place -= 1,
            }
        }
    }

    /// The link by which a put or a message leaves; `None` also where this node is the one it is for.
    fn first_hop(&self, request: &Request) -> Option<LinkId> {
        match request.goal {
            Goal::Put => self.ground.next_hop(&request.found.target, &self.ground.id, &request.tried, false),
            _ if request.found.target == self.ground.id => None,
            _ => self.ground.way(&request.found.target),
        }
    }

    /// The block or message is read: sends it, or waits again if its link has filled up meanwhile.
    pub(super) fn on_own_loaded(&mut self, number: u32, bytes: Option<&[u8]>) {
        let Some(place) = self.requests.iter().position(|request| request.number == number) else { return };
        let Some(request) = self.requests.get(place) else { return };
        let (goal, target) = (request.goal, request.found.target);
        let Some(bytes) = bytes else { return self.end_request(number, Status::NotFound, 0) };
        let hop = self.first_hop(request);
        if hop.is_none() && goal != Goal::Put && target == self.ground.id {
            self.ground.put_copy(output::MESSAGE, 0, &target.0, bytes);
            return self.end_request(number, Status::Ok, 0);
        }
        let link = hop.filter(|link| self.ground.takes_bulk(*link, bytes.len() + MESSAGE_HEAD));
        let Some(request) = self.requests.get_mut(place) else { return };
        request.is_busy = link.is_some();
        let Some(link) = link else { return };
        request.tried.push(link);
        request.attempts += 1;
        let (exact, body, patience) = match goal {
            Goal::Put => (false, Body::Put { hash: &target, block: bytes }, PUT_PATIENCE),
            _ => (true, Body::Data(bytes), SEND_PATIENCE),
        };
        self.ground.send_request_by(link, number, &target, exact, 0, &body);
        self.wait_until(number, self.ground.now + patience);
    }

    pub(super) fn on_put_answered(&mut self, number: u32, status: Status, holders: u8) {
        let now = self.ground.now;
        let Some(request) = self.request(number) else { return };
        match status {
            Status::TooManyRequests => {
                request.tried.pop();
                request.attempts = request.attempts.saturating_sub(1);
                self.wait_until(number, now + BUSY);
            }
            _ => self.end_request(number, status, holders),
        }
    }

    /// An answer came to one of this node's requests or placements.
    pub(super) fn on_answered(&mut self, number: u32, from: &NodeId, status: Status, bytes: &[u8]) {
        if self.on_holder_answered(number, from, status) || self.was_envelope(number) {
            return;
        }
        let Some(request) = self.request(number).filter(|request| !request.is_storing) else { return };
        match request.goal {
            Goal::Join | Goal::Fill | Goal::Look(_) | Goal::Find | Goal::Meet => {
                self.on_find_answered(number, from, bytes)
            }
            Goal::Get | Goal::Repair(_) => self.on_get_answered(number, from, status, bytes),
            Goal::Put => self.on_put_answered(number, status, bytes.first().copied().unwrap_or(0)),
            Goal::Send(_) => self.end_request(number, status, 0),
        }
    }

    /// A link is gone: what went out over it will not be answered.
    pub(super) fn on_link_lost(&mut self, id: LinkId, peer: &NodeId) {
        self.on_holder_lost(peer);
        self.on_mate_lost(peer);
        let now = self.ground.now;
        for request in &mut self.requests {
            if request.tried.last() == Some(&id) && !request.is_storing && request.waiting <= 1 {
                request.deadline = now;
            }
        }
        self.ground.arm(now);
    }

    pub(super) fn on_request_deadlines(&mut self) {
        let mut late = Vec::new();
        for request in self.requests.iter().filter(|request| self.ground.now >= request.deadline) {
            late.push(request.number);
        }
        for number in late {
            self.on_request_late(number);
        }
        for request in &self.requests {
            self.ground.wake = self.ground.wake.min(request.deadline);
        }
    }

    fn on_request_late(&mut self, number: u32) {
        let later = self.ground.now + LOCAL_PATIENCE;
        let is_flowing = self.ground.now.since(self.ground.bulk_heard) < GET_PATIENCE;
        let Some(request) = self.request(number) else { return };
        let (is_busy, attempts) = (request.is_busy, request.attempts);
        match request.goal {
            Goal::Join | Goal::Fill | Goal::Look(_) | Goal::Find | Goal::Meet => {
                request.waiting = 0;
                let is_enough = request.was_answered && !request.is_doubtful();
                if is_enough || attempts >= ATTEMPTS_MAX {
                    let status = if request.was_answered { Status::Ok } else { Status::TimedOut };
                    self.end_request(number, status, 0);
                } else {
                    self.step_find(number);
                }
            }
            Goal::Get
                if is_flowing
                    && request.is_busy
                    && !request.is_storing
                    && request.extended < EXTENSIONS_MAX =>
            {
                // What was asked for may be in the queue behind what is arriving: asking others too would only
                // lengthen it.
                request.extended += 1;
                self.wait_until(number, self.ground.now + GET_PATIENCE);
            }
            Goal::Get | Goal::Repair(_) if !request.is_storing => self.step_get(number),
            Goal::Put if is_busy && attempts < ATTEMPTS_MAX => {
                request.is_busy = false;
                self.wait_until(number, later);
            }
            _ => self.end_request(number, Status::TimedOut, 0),
        }
    }
}
