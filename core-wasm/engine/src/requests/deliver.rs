//! Delivering what has room: it is read, sent, and answered for.

use super::course::LOCAL_PATIENCE;
use super::delivery::{ATTEMPTS_A_PLACE, Cargo, MESSAGE_HEAD, PUT_ATTEMPTS_MAX, ROOM_PATIENCE, Stage};
use super::table::{Purpose, Request, Requests};
use crate::ground::{Ground, What};
use crate::id::{BlockHash, NodeId};
use crate::io::kinds::output;
use crate::limits::REPLICAS;
use crate::status::Status;
use crate::wire::frame::Body;

/// How far the requests that wait for room were gone through.
#[derive(Default)]
pub(crate) struct Round {
    place: usize,
    /// The number of the one that was given back.
    pub(crate) number: u32,
    /// Messages to one node wait in their order.
    full: Option<NodeId>,
}

impl Requests {
    /// Begins to read the blocks and messages that have room on their first link. One that this node is to place itself
    /// is given back, and how that began is to be told by [`Requests::on_placing`] before it goes on.
    pub(crate) fn pump(&mut self, ground: &mut Ground, round: &mut Round) -> Option<BlockHash> {
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
                return Some(*BlockHash::at(&target));
            }
            if hop.is_none() && target != ground.id {
                round.place -= 1;
                self.end(ground, round.place, Status::Unavailable, 0);
            } else if hop.is_none_or(|link| ground.takes_bulk(link, room))
                && ground.load(What::Load, course.number, BlockHash::at(&target), message)
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
            Cargo::Block => (false, Body::Put { hash: BlockHash::at(&target), block: bytes }),
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
