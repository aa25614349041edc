//! Delivering a block to its holders, or a message to a node.

use super::course::{Course, LOCAL_PATIENCE};
use super::{Late, Purpose, Request, Requests, Trips};
use crate::ground::{BLOCK_FRAME, Ground, What};
use crate::id::NodeId;
use crate::io::kinds::output;
use crate::io::{LinkId, OpId};
use crate::limits::{DRAINED, REPLICAS};
use crate::status::Status;
use crate::time::Duration;
use crate::wire::frame::Body;

/// An answer may take at least so long.
const PUT_PATIENCE: Duration = Duration::from_ms(9_000);
const PUT_PATIENCE_MAX: Duration = Duration::from_ms(15_000);
const SEND_PATIENCE: Duration = Duration::from_ms(5_000);

/// A block waits so long for room on its first link before another one is tried.
pub(super) const ROOM_PATIENCE: Duration = Duration::from_ms(5_000);

/// How often a block goes out before it is given up, twice to each place: whoever finds its store full at the first time lets
/// the next nearest place the block at the second. No answer counts for both.
const PUT_ATTEMPTS_MAX: u8 = 8;
const ATTEMPTS_A_PLACE: u8 = 2;

/// While its link is busy with what was sent before, a delivery is given more time so often.
const EXTENSIONS_MAX: u8 = 8;

/// What a message or block is longer by on a link, at most.
const MESSAGE_HEAD: usize = 256;

/// What leaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cargo {
    Block,
    /// The message of this operation, of so many bytes; it goes once, by the best link.
    Message {
        op: OpId,
        length: u16,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// For room on its first link.
    Waits,
    /// Whoever was asked to place a block was busy.
    Pauses,
    /// It is being read, or an answer is awaited.
    Out,
}

/// A block or message on its way.
pub(super) struct Delivery {
    cargo: Cargo,
    stage: Stage,
    /// How often it was given more time.
    extended: u8,
    /// A block: how many hold it at least, and how often it was not placed.
    holders: u8,
    failures: u8,
    /// A block: somebody has no room for it.
    met_full: bool,
}

/// How far the requests that wait for room were gone through.
#[derive(Default)]
pub(crate) struct Round {
    place: usize,
    /// The number of the one that was given back.
    pub(crate) number: u32,
    /// Messages to one node wait in their order.
    full: Option<NodeId>,
}

impl Delivery {
    pub(super) fn new(cargo: Cargo) -> Self {
        Self { cargo, stage: Stage::Waits, extended: 0, holders: 0, failures: 0, met_full: false }
    }

    pub(super) fn is_block(&self) -> bool {
        self.cargo == Cargo::Block
    }

    /// A block goes again by another way, once that has room, and until then it waits; but what still waits for a slow link to
    /// take it is not late.
    pub(super) fn on_late(&mut self, ground: &mut Ground, course: &mut Course, trips: &Trips) -> Late {
        let is_out = self.stage == Stage::Out;
        if is_out && self.is_queued(ground, course) && self.extended < EXTENSIONS_MAX {
            self.extended += 1;
            self.await_answer(ground, course, trips);
            return Late::Waits;
        }
        if !self.is_block() {
            return Late::Ends(Status::TimedOut);
        }
        self.failures += ATTEMPTS_A_PLACE * u8::from(is_out);
        if self.stage == Stage::Waits {
            self.goes_round(ground, course);
        }
        if self.failures >= PUT_ATTEMPTS_MAX {
            return Late::Ends(self.status(Status::TimedOut));
        }
        self.stage = Stage::Waits;
        course.wait(ground, ROOM_PATIENCE);
        Late::Waits
    }

    /// Its first link has had no room for long: the next one is tried, all of them in turn.
    fn goes_round(&self, ground: &Ground, course: &mut Course) {
        let Some(link) = self.first_hop(ground, &course.found.target, &course.tried) else { return };
        if course.tried.contains(&link) {
            course.tried.clear();
        }
        course.tried.push(link);
    }

    /// How a block ends for which nothing more is done, `last` after the last attempt.
    fn status(&self, last: Status) -> Status {
        match last {
            Status::Ok => last,
            _ if self.holders > 0 => Status::Partial,
            _ if self.met_full => Status::NetworkFull,
            _ => last,
        }
    }

    /// Where it goes. A block whose closest node did not place it goes to nodes beside that, by flipping the bits in which the
    /// closest ones differ.
    fn place(&self, ground: &Ground, target: &NodeId) -> NodeId {
        match self.failures / ATTEMPTS_A_PLACE {
            0 => *target,
            failures => target.flipped((ground.depth_hint + 2).saturating_sub(failures.into())),
        }
    }

    /// The link by which it leaves; `None` also where this node is the one it is for.
    fn first_hop(&self, ground: &Ground, target: &NodeId, tried: &[LinkId]) -> Option<LinkId> {
        match self.cargo {
            Cargo::Block => {
                let place = self.place(ground, target);
                let hop = |tried: &[LinkId]| ground.next_hop(&place, &ground.id, tried, false);
                hop(tried).or_else(|| hop(&[]))
            }
            Cargo::Message { .. } if *target == ground.id => None,
            Cargo::Message { .. } => ground.way(target),
        }
    }

    /// Whether the link that it went by has still more in its queue than the shell would call drained.
    fn is_queued(&self, ground: &Ground, course: &Course) -> bool {
        let link = course.tried.last().and_then(|link| ground.links.ready(*link));
        link.is_some_and(|link| link.flow.queued() >= DRAINED as usize)
    }

    /// A block that nobody answered for goes elsewhere, so that it is not waited for longer each time.
    fn await_answer(&self, ground: &mut Ground, course: &mut Course, trips: &Trips) {
        let span = match self.is_block() {
            true => trips.puts.patience(PUT_PATIENCE).min(PUT_PATIENCE_MAX),
            false => trips.lookups.patience(SEND_PATIENCE).min(LOCAL_PATIENCE),
        };
        course.wait(ground, span);
    }

    /// How long it is on a link, and which message it is.
    fn size(&self) -> (usize, Option<OpId>) {
        match self.cargo {
            Cargo::Block => (BLOCK_FRAME, None),
            Cargo::Message { op, length } => (MESSAGE_HEAD + usize::from(length), Some(op)),
        }
    }
}

impl Requests {
    /// Begins to read the blocks and messages that have room on their first link. One that this node is to place itself
    /// is given back, and how that began is to be told by [`Requests::on_placing`] before it goes on.
    pub(crate) fn pump(&mut self, ground: &mut Ground, round: &mut Round) -> Option<NodeId> {
        while let Some(Request { course, purpose, .. }) = self.list.get_mut(round.place) {
            round.place += 1;
            let Purpose::Delivery(delivery) = purpose else { continue };
            let target = course.found.target;
            if delivery.stage != Stage::Waits || round.full.as_ref() == Some(&target) {
                continue;
            }
            let (room, message) = delivery.size();
            let hop = delivery.first_hop(ground, &target, &course.tried);
            if hop.is_none() && delivery.is_block() {
                course.wait(ground, LOCAL_PATIENCE);
                round.number = course.number;
                return Some(target);
            }
            if hop.is_none() && target != ground.id {
                round.place -= 1;
                self.end(ground, round.place, Status::Unavailable, 0);
            } else if hop.is_none_or(|link| ground.takes_bulk(link, room))
                && ground.load(What::Load, course.number, &target, message)
            {
                course.wait(ground, LOCAL_PATIENCE);
                delivery.stage = Stage::Out;
            } else {
                round.full = Some(target);
            }
        }
        None
    }

    /// Whether this node began to place the block that was given back.
    pub(crate) fn on_placing(&mut self, has_begun: bool, round: &mut Round) {
        let place = self.place(round.number);
        let Some(Request { course, purpose: Purpose::Delivery(delivery), .. }) = self.list.get_mut(place)
        else {
            round.place -= 1;
            return;
        };
        if !has_begun {
            round.full = Some(course.found.target);
        } else if delivery.stage == Stage::Waits {
            delivery.stage = Stage::Out;
        }
    }

    /// The block or message is read: sends it, or waits again if its link has filled up meanwhile.
    pub(super) fn on_loaded(&mut self, ground: &mut Ground, place: usize, bytes: Option<&[u8]>) {
        let Some(Request { course, purpose: Purpose::Delivery(delivery), .. }) = self.list.get_mut(place)
        else {
            return;
        };
        let target = course.found.target;
        let Some(bytes) = bytes else {
            self.end(ground, place, Status::NotFound, 0);
            return;
        };
        let hop = delivery.first_hop(ground, &target, &course.tried);
        if hop.is_none() && !delivery.is_block() && target == ground.id {
            ground.put_copy(output::MESSAGE, 0, &target.0, bytes);
            self.end(ground, place, Status::Ok, 0);
            return;
        }
        let link = hop.filter(|link| ground.takes_bulk(*link, bytes.len() + MESSAGE_HEAD));
        let Some(link) = link else {
            course.wait(ground, ROOM_PATIENCE);
            delivery.stage = Stage::Waits;
            return;
        };
        course.tried.push(link);
        let (place, number) = (delivery.place(ground, &target), course.set_out(ground.now));
        let (exact, body) = match delivery.cargo {
            Cargo::Block => (false, Body::Put { hash: &target, block: bytes }),
            Cargo::Message { .. } => (true, Body::Data(bytes)),
        };
        ground.send_request_by(link, number, &place, exact, 0, &body);
        delivery.await_answer(ground, course, &self.trips);
    }

    /// A block or message was answered for; a block also by this node itself.
    pub(crate) fn on_delivered(&mut self, ground: &mut Ground, number: u32, status: Status, holders: u8) {
        let place = self.place(number);
        let Some(Request { course, purpose: Purpose::Delivery(delivery), .. }) = self.list.get_mut(place)
        else {
            return;
        };
        if !delivery.is_block() {
            self.end(ground, place, status, 0);
            return;
        }
        if status == Status::TooManyRequests {
            delivery.stage = Stage::Pauses;
            if !course.try_later(ground) {
                // The others in turn: it waits until somebody has time.
                course.busy = 0;
                delivery.failures = (delivery.failures + ATTEMPTS_A_PLACE) % PUT_ATTEMPTS_MAX;
            }
            return;
        }
        delivery.holders = delivery.holders.max(holders);
        delivery.met_full |= matches!(status, Status::InsufficientStorage | Status::NetworkFull);
        delivery.failures += 1;
        let others = ground.nearest_alive(&course.found.target, REPLICAS + 1).ids().len() - 1;
        let is_enough = usize::from(delivery.holders) * 2 >= others.min(REPLICAS);
        if status == Status::Ok || is_enough || delivery.failures >= PUT_ATTEMPTS_MAX {
            let (status, holders) = (delivery.status(status), delivery.holders);
            self.end(ground, place, status, holders);
            return;
        }
        delivery.stage = Stage::Waits;
        course.wait(ground, ROOM_PATIENCE);
    }
}
