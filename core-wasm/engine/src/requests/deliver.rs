//! Delivering what has room: it is read, sent, and answered for.

use alloc::vec::Vec;

use super::course::LOCAL_PATIENCE;
use super::delivery::{ATTEMPTS_A_PLACE, Ask, Cargo, MESSAGE_HEAD, PUT_ATTEMPTS_MAX, ROOM_PATIENCE, Stage};
use super::table::{Purpose, Request, Requests};
use crate::ground::{Ground, What};
use crate::id::BlockHash;
use crate::io::LISTS;
use crate::limits::REPLICAS;
use crate::link::ReplyTo;
use crate::status::Status;
use crate::wire::frame::{Body, Said};

impl Requests {
    /// Begins to read the blocks and questions that have room on their first link. A block that has links but for now none that
    /// answers waits; without any it is with nobody.
    pub(crate) fn pump(&mut self, ground: &mut Ground) {
        let mut place = 0;
        while place < self.list.len() {
            place += 1;
            if self.is_behind(place - 1) {
                continue;
            }
            let Some(Request { course, purpose: Purpose::Delivery(delivery), .. }) =
                self.list.get_mut(place - 1)
            else {
                continue;
            };
            let target = course.found.target;
            let (room, message) = delivery.size();
            let hop = delivery.first_hop(ground, &target, &course.tried);
            let is_stuck = hop.is_none() && target != ground.id;
            if is_stuck && (!delivery.is_block() || ground.links.ready_count() == 0) {
                let status = if delivery.is_block() { Status::Partial } else { Status::Unavailable };
                place -= 1;
                self.end(ground, place, status, 0);
            } else if !is_stuck
                && hop.is_none_or(|link| ground.takes_bulk(link, room, false))
                && ground.load(What::Load, course.number, BlockHash::at(&target), message, hop)
            {
                delivery.wait(ground, course, LOCAL_PATIENCE);
                delivery.stage = Stage::Out;
            }
        }
    }

    /// Whether the request at this place waits for another one: what a port asks a node goes in its order. Blocks and other ports do not
    /// wait for it.
    fn is_behind(&self, place: usize) -> bool {
        let goal = |request: &Request| match &request.purpose {
            Purpose::Delivery(it) if it.stage == Stage::Waits => {
                Some((request.course.found.target, it.port()))
            }
            _ => None,
        };
        let own = self.list.get(place).and_then(goal);
        own.is_none() || self.list.iter().take(place).any(|earlier| goal(earlier) == own)
    }

    /// The bytes are read: sends them, or waits again if their link has filled up meanwhile.
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
        let body = match delivery.cargo {
            Cargo::Block => Body::Put { hash: BlockHash::at(&target), block: bytes },
            Cargo::Ask(Ask { port: LISTS, kind: 0, .. }) => Body::List,
            Cargo::Ask(Ask { port: LISTS, .. }) => Body::Enlist,
            Cargo::Ask(Ask { port, version, kind, .. }) => {
                let within_ms = (course.deadline.since(ground.now).0 / 1_000).max(1) as u32;
                let said = Said { port, version, kind, within_ms, bytes };
                if target == ground.id {
                    let request = course.set_out(ground.now);
                    return ground.hand_over(&ReplyTo { origin: target, request, path: Vec::new() }, &said);
                }
                Body::Port(said)
            }
        };
        let room = bytes.len() + MESSAGE_HEAD;
        let Some(link) = hop.filter(|link| ground.takes_bulk(*link, room, true)) else {
            delivery.wait(ground, course, ROOM_PATIENCE);
            delivery.stage = Stage::Waits;
            return;
        };
        course.tried.push(link);
        let (place, number) = (delivery.place(ground, &target), course.set_out(ground.now));
        let exact = matches!(body, Body::Port(_));
        ground.send_request_by(link, number, &place, exact, 0, &body);
        delivery.await_answer(ground, course, &self.trips);
    }

    /// A block was answered for.
    pub(super) fn on_delivered(&mut self, ground: &mut Ground, number: u32, status: Status, holders: u8) {
        let place = self.place(number);
        let Some(Request { course, purpose: Purpose::Delivery(delivery), .. }) = self.list.get_mut(place)
        else {
            return;
        };
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
