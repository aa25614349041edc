//! Placing a block on the nodes closest to it: the closest one stores it, sends it to the others, and counts.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Node;
use super::jobs::Pending;
use super::serve::BLOCK_FRAME;
use crate::ground::{Owner, ReplyTo};
use crate::id::NodeId;
use crate::io::LinkId;
use crate::limits::{BLOCK_MAX, PLACEMENTS_MAX, REPLICAS};
use crate::status::Status;
use crate::time::{Duration, Instant};
use crate::wire::frame::Body;

/// The holders have so long; then those that answered are counted.
const PLACE_TIMEOUT: Duration = Duration::from_ms(4_000);

/// Whom the count is for.
pub(super) enum Asker {
    /// Another node.
    Remote(ReplyTo),
    /// This node's own request of this number.
    Own(u32),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Waiting,
    Sent,
    Done,
}

/// One block on its way to its holders.
pub(super) struct Placement {
    token: u32,
    asker: Asker,
    hash: NodeId,
    holders: Vec<(NodeId, Step)>,
    /// How many should hold it, this node included.
    wanted: u8,
    /// How many do.
    held: u8,
    is_loading: bool,
    deadline: Instant,
}

impl Node {
    /// A block to hold (`exact`), or to place.
    pub(super) fn on_put(&mut self, reply: ReplyTo, hash: &NodeId, block: &[u8], exact: bool) {
        if block.len() > BLOCK_MAX {
            return self.ground.answer(&reply, Status::BadRequest, &[]);
        }
        if exact {
            if !self.pending.add(
                self.ground.store(Owner::Blocks, hash, block, true),
                Pending::StoreHeld(Box::new(reply.clone())),
            ) {
                self.ground.answer(&reply, Status::TooManyRequests, &[]);
            }
            return;
        }
        if self.placements.len() >= PLACEMENTS_MAX {
            return self.ground.answer(&reply, Status::TooManyRequests, &[]);
        }
        let token = self.begin_placement(Asker::Remote(reply.clone()), hash);
        if !self
            .pending
            .add(self.ground.store(Owner::Blocks, hash, block, true), Pending::StorePlacement(token))
        {
            self.placements.pop();
            self.ground.answer(&reply, Status::TooManyRequests, &[]);
        }
    }

    /// Places a block of this node's own, which is in its store already. False if it has to wait.
    pub(super) fn place_own(&mut self, request: u32, hash: &NodeId) -> bool {
        if self.placements.len() >= PLACEMENTS_MAX {
            return false;
        }
        let token = self.begin_placement(Asker::Own(request), hash);
        self.on_placement_stored(token, Status::Ok);
        true
    }

    fn begin_placement(&mut self, asker: Asker, hash: &NodeId) -> u32 {
        let token = self.ground.rng.next() as u32;
        let deadline = self.ground.now + PLACE_TIMEOUT;
        self.ground.arm(deadline);
        self.placements.push(Placement {
            token,
            asker,
            hash: *hash,
            holders: Vec::new(),
            wanted: 1,
            held: 0,
            is_loading: false,
            deadline,
        });
        token
    }

    fn placement(&mut self, token: u32) -> Option<&mut Placement> {
        self.placements.iter_mut().find(|placement| placement.token == token)
    }

    pub(super) fn on_placement_stored(&mut self, token: u32, status: Status) {
        let Some(placement) = self.placement(token) else { return };
        if status != Status::Ok {
            return self.end_placement(token, Some(status));
        }
        let hash = placement.hash;
        let origin = match &placement.asker {
            Asker::Remote(reply) => reply.origin,
            Asker::Own(_) => self.ground.id,
        };
        let nearest = self.ground.nearest_alive(&hash, REPLICAS);
        let mut holders = Vec::with_capacity(REPLICAS);
        let mut held = 1;
        for id in nearest.ids().iter().filter(|id| **id != self.ground.id) {
            if *id == origin {
                // Whoever puts a block has it in its own store.
                held += 1;
            } else {
                holders.push((*id, Step::Waiting));
            }
        }
        let wanted = nearest.ids().len().max(1) as u8;
        if let Some(placement) = self.placement(token) {
            placement.holders = holders;
            placement.held = held;
            placement.wanted = wanted;
        }
        self.end_if_all_answered(token);
    }

    pub(super) fn pump_placements(&mut self) {
        let mut place = 0;
        while let Some(placement) = self.placements.get(place) {
            place += 1;
            let has_room = |(holder, step): &(NodeId, Step)| {
                *step == Step::Waiting && self.hop_with_room(holder).is_some()
            };
            if placement.is_loading || !placement.holders.iter().any(has_room) {
                continue;
            }
            let (token, hash) = (placement.token, placement.hash);
            if !self.pending.add(self.ground.load(Owner::Blocks, &hash, None), Pending::LoadPlacement(token))
            {
                return;
            }
            if let Some(placement) = self.placements.get_mut(place - 1) {
                placement.is_loading = true;
            }
        }
    }

    pub(super) fn on_placement_loaded(&mut self, token: u32, block: Option<&[u8]>) {
        let Some(placement) = self.placement(token) else { return };
        placement.is_loading = false;
        let hash = placement.hash;
        let Some(block) = block else {
            return self.end_placement(token, None);
        };
        let mut index = 0;
        while let Some(&(holder, step)) =
            self.placement(token).and_then(|placement| placement.holders.get(index))
        {
            index += 1;
            let Some(link) = self.hop_with_room(&holder).filter(|_| step == Step::Waiting) else { continue };
            if let Some(holder) =
                self.placement(token).and_then(|placement| placement.holders.get_mut(index - 1))
            {
                holder.1 = Step::Sent;
            }
            self.ground.send_request_by(link, token, &holder, true, 0, &Body::Put { hash: &hash, block });
        }
    }

    /// The link toward a node, if there is room for a block on it.
    fn hop_with_room(&self, to: &NodeId) -> Option<LinkId> {
        let link = self.ground.way(to)?;
        self.ground
            .links
            .ready(link)
            .filter(|link| self.ground.has_room(link, BLOCK_FRAME, true))
            .map(|link| link.id)
    }

    /// A holder answered; false if the answer is for no placement.
    pub(super) fn on_placement_answered(&mut self, token: u32, from: &NodeId, status: Status) -> bool {
        let Some(placement) = self.placement(token) else { return false };
        for (holder, step) in &mut placement.holders {
            if holder == from && *step == Step::Sent {
                *step = Step::Done;
                placement.held += u8::from(status == Status::Ok);
            }
        }
        self.end_if_all_answered(token);
        true
    }

    /// A peer is gone: it will not answer.
    pub(super) fn on_holder_lost(&mut self, peer: &NodeId) {
        let mut touched = Vec::new();
        for placement in &mut self.placements {
            for (holder, step) in &mut placement.holders {
                if holder == peer && *step != Step::Done {
                    *step = Step::Done;
                    touched.push(placement.token);
                }
            }
        }
        for token in touched {
            self.end_if_all_answered(token);
        }
    }

    fn end_if_all_answered(&mut self, token: u32) {
        let is_done =
            |placement: &mut Placement| placement.holders.iter().all(|(_, step)| *step == Step::Done);
        if self.placement(token).is_some_and(is_done) {
            self.end_placement(token, None);
        }
    }

    fn end_placement(&mut self, token: u32, failure: Option<Status>) {
        let Some(place) = self.placements.iter().position(|placement| placement.token == token) else {
            return;
        };
        let placement = self.placements.remove(place);
        let full = if placement.held >= placement.wanted { Status::Ok } else { Status::Partial };
        let status = failure.unwrap_or(full);
        match placement.asker {
            Asker::Remote(reply) => self.ground.answer(&reply, status, &[placement.held]),
            Asker::Own(request) => self.on_put_answered(request, status, placement.held),
        }
    }

    pub(super) fn on_placement_deadlines(&mut self) {
        while let Some(late) = self.placements.iter().find(|placement| self.ground.now >= placement.deadline)
        {
            let token = late.token;
            // Nothing held means the store never answered.
            let failure = (late.held == 0).then_some(Status::Unavailable);
            self.end_placement(token, failure);
        }
        for placement in &self.placements {
            self.ground.wake = self.ground.wake.min(placement.deadline);
        }
    }
}
