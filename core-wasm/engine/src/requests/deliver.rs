//! Delivering what has room: it is read, sent, and answered for.

use super::course::LOCAL_PATIENCE;
use super::delivery::{ATTEMPTS_A_PLACE, Cargo, MESSAGE_HEAD, PUT_ATTEMPTS_MAX, ROOM_PATIENCE, Stage};
use super::table::{Purpose, Request, Requests};
use crate::ground::{Ground, What};
use crate::id::BlockHash;
use crate::io::kinds::output;
use crate::limits::REPLICAS;
use crate::status::Status;
use crate::wire::frame::Body;

impl Requests {
    /// Begins to read the blocks and messages that have room on their first link. A block that has links but for now none that
    /// answers waits; without any it is with nobody.
    pub(crate) fn pump(&mut self, ground: &mut Ground) {
        let mut place = 0;
        // Messages to one node wait in their order.
        let mut full = None;
        while let Some(Request { course, purpose, .. }) = self.list.get_mut(place) {
            place += 1;
            let Purpose::Delivery(delivery) = purpose else { continue };
            let target = course.found.target;
            if delivery.stage != Stage::Waits || full == Some(target) {
                continue;
            }
            let (room, message) = delivery.size();
            let hop = delivery.first_hop(ground, &target, &course.tried);
            let is_stuck = hop.is_none() && target != ground.id;
            if is_stuck && (!delivery.is_block() || ground.links.ready_count() == 0) {
                let status = if delivery.is_block() { Status::Partial } else { Status::Unavailable };
                place -= 1;
                self.end(ground, place, status, 0);
            } else if !is_stuck
                && hop.is_none_or(|link| ground.takes_bulk(link, room))
                && ground.load(What::Load, course.number, BlockHash::at(&target), message)
            {
                course.wait(ground, LOCAL_PATIENCE);
                delivery.stage = Stage::Out;
            } else {
                full = Some(target);
            }
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

    /// A block or message was answered for.
    pub(super) fn on_delivered(&mut self, ground: &mut Ground, number: u32, status: Status, holders: u8) {
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
