//! Delivering a block to its holders, or a message to a node.

use super::{ATTEMPTS_MAX, BUSY, Course, LOCAL_PATIENCE, Late, Pending, Purpose, Request, Requests};
use crate::ground::{BLOCK_FRAME, Ground, Owner};
use crate::id::NodeId;
use crate::io::kinds::output;
use crate::io::{LinkId, OpId};
use crate::status::Status;
use crate::time::Duration;
use crate::wire::frame::Body;

/// An answer may take at least so long.
const PUT_PATIENCE: Duration = Duration::from_ms(6_000);
const SEND_PATIENCE: Duration = Duration::from_ms(5_000);

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

/// A block or message on its way.
pub(super) struct Delivery {
    /// The block, or the receiver.
    target: NodeId,
    cargo: Cargo,
    /// It is out, or being read; else it waits for room on its first link.
    is_busy: bool,
}

/// How far the requests that wait for room were gone through.
#[derive(Default)]
pub(crate) struct Round {
    place: usize,
    /// Messages to one node wait in their order.
    full: Option<NodeId>,
}

impl Delivery {
    pub(super) fn new(target: &NodeId, cargo: Cargo) -> Self {
        Self { target: *target, cargo, is_busy: false }
    }

    pub(super) fn is_block(&self) -> bool {
        self.cargo == Cargo::Block
    }

    /// A block goes again by another way, once that has room.
    pub(super) fn on_late(&mut self, ground: &mut Ground, course: &mut Course) -> Late {
        if !self.is_block() || !self.is_busy || course.attempts >= ATTEMPTS_MAX {
            return Late::Ends(Status::TimedOut);
        }
        self.is_busy = false;
        course.wait(ground, LOCAL_PATIENCE);
        Late::Waits
    }

    /// The link by which it leaves; `None` also where this node is the one it is for.
    fn first_hop(&self, ground: &Ground, tried: &[LinkId]) -> Option<LinkId> {
        match self.cargo {
            Cargo::Block => ground.next_hop(&self.target, &ground.id, tried, false),
            Cargo::Message { .. } if self.target == ground.id => None,
            Cargo::Message { .. } => ground.way(&self.target),
        }
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
    pub(crate) fn pump(&mut self, ground: &mut Ground, round: &mut Round) -> Option<(u32, NodeId)> {
        while let Some(request) = self.list.get_mut(round.place) {
            round.place += 1;
            let Request { course, purpose: Purpose::Delivery(delivery), .. } = request else { continue };
            let target = delivery.target;
            if delivery.is_busy || round.full == Some(target) {
                continue;
            }
            let (number, attempts) = (course.number, course.attempts);
            let is_new = delivery.is_block() && course.tried.is_empty();
            let (room, message) = delivery.size();
            match delivery.first_hop(ground, &course.tried) {
                Some(link) if !ground.takes_bulk(link, room) => round.full = Some(target),
                None if !is_new && target != ground.id => {
                    // Every way that leads nearer was tried.
                    let status = if attempts > 0 { Status::TimedOut } else { Status::Unavailable };
                    round.place -= 1;
                    self.end(ground, round.place, status, 0);
                }
                None if delivery.is_block() => return Some((number, target)),
                _ => {
                    let job = ground.load(Owner::Requests, &target, message);
                    delivery.is_busy = self.pending.add(job, Pending::Load(number));
                    if !delivery.is_busy {
                        round.full = Some(target);
                    }
                }
            }
        }
        None
    }

    /// Whether this node began to place the block that was given back.
    pub(crate) fn on_placing(&mut self, number: u32, has_begun: bool, round: &mut Round) {
        let Some(place) = self.place(number) else {
            round.place -= 1;
            return;
        };
        if let Some(Request { purpose: Purpose::Delivery(delivery), .. }) = self.list.get_mut(place) {
            delivery.is_busy |= has_begun;
            if !has_begun {
                round.full = Some(delivery.target);
            }
        }
    }

    /// The block or message is read: sends it, or waits again if its link has filled up meanwhile.
    pub(super) fn on_loaded(&mut self, ground: &mut Ground, number: u32, bytes: Option<&[u8]>) {
        let Some(place) = self.place(number) else { return };
        let Some(Request { course, purpose: Purpose::Delivery(delivery), .. }) = self.list.get_mut(place)
        else {
            return;
        };
        let target = delivery.target;
        let Some(bytes) = bytes else {
            self.end(ground, place, Status::NotFound, 0);
            return;
        };
        let hop = delivery.first_hop(ground, &course.tried);
        if hop.is_none() && !delivery.is_block() && target == ground.id {
            ground.put_copy(output::MESSAGE, 0, &target.0, bytes);
            self.end(ground, place, Status::Ok, 0);
            return;
        }
        let link = hop.filter(|link| ground.takes_bulk(*link, bytes.len() + MESSAGE_HEAD));
        delivery.is_busy = link.is_some();
        let Some(link) = link else { return };
        course.tried.push(link);
        let number = course.set_out(ground.now);
        let (exact, body, trips, least) = match delivery.cargo {
            Cargo::Block => {
                (false, Body::Put { hash: &target, block: bytes }, &self.trips.puts, PUT_PATIENCE)
            }
            Cargo::Message { .. } => (true, Body::Data(bytes), &self.trips.lookups, SEND_PATIENCE),
        };
        ground.send_request_by(link, number, &target, exact, 0, &body);
        course.await_answer(ground, trips, least);
    }

    /// A block or message was answered for; a block also by this node itself.
    pub(crate) fn on_delivered(&mut self, ground: &mut Ground, number: u32, status: Status, holders: u8) {
        let Some(place) = self.place(number) else { return };
        let Some(Request { course, purpose: Purpose::Delivery(delivery), .. }) = self.list.get_mut(place)
        else {
            return;
        };
        if delivery.is_block() && status == Status::TooManyRequests {
            course.tried.pop();
            course.attempts = course.attempts.saturating_sub(1);
            return course.wait(ground, BUSY);
        }
        self.end(ground, place, status, holders);
    }
}
