//! Placing a block on the nodes closest to it: the closest one stores it, sends it to the others, and counts.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Blocks, Pending};
use crate::ground::{BLOCK_FRAME, Ground, Owner, ReplyTo};
use crate::id::NodeId;
use crate::io::LinkId;
use crate::limits::{BLOCK_MAX, PLACEMENTS_MAX, REPLICAS};
use crate::status::Status;
use crate::time::{Duration, Instant};
use crate::wire::frame::Body;

/// The holders have so long; then those that answered are counted.
const PLACE_TIMEOUT: Duration = Duration::from_ms(4_000);

/// Whom the count is for.
enum Asker {
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

/// What became of a block of this node's own.
pub(crate) struct Placed {
    /// The request that it was placed for.
    pub(crate) request: u32,
    pub(crate) status: Status,
    pub(crate) holders: u8,
}

/// How placing a block of this node's own begins.
pub(crate) enum Placing {
    /// Too many are under way: it has to wait.
    Busy,
    UnderWay,
    Ended(Placed),
}

impl Blocks {
    /// A block to hold (`exact`), or to place.
    pub(crate) fn on_put(
        &mut self,
        ground: &mut Ground,
        reply: ReplyTo,
        hash: &NodeId,
        block: &[u8],
        exact: bool,
    ) {
        if block.len() > BLOCK_MAX {
            return ground.answer(&reply, Status::BadRequest, &[]);
        }
        if exact {
            if !self.pending.add(
                ground.store(Owner::Blocks, hash, block, true),
                Pending::StoreHeld(Box::new(reply.clone())),
            ) {
                ground.answer(&reply, Status::TooManyRequests, &[]);
            }
            return;
        }
        if self.placements.len() >= PLACEMENTS_MAX {
            return ground.answer(&reply, Status::TooManyRequests, &[]);
        }
        let token = self.begin_placement(ground, Asker::Remote(reply.clone()), hash);
        if !self.pending.add(ground.store(Owner::Blocks, hash, block, true), Pending::StorePlacement(token)) {
            self.placements.pop();
            ground.answer(&reply, Status::TooManyRequests, &[]);
        }
    }

    /// Places a block of this node's own, which is in its store already.
    pub(crate) fn place_own(&mut self, ground: &mut Ground, request: u32, hash: &NodeId) -> Placing {
        if self.placements.len() >= PLACEMENTS_MAX {
            return Placing::Busy;
        }
        let token = self.begin_placement(ground, Asker::Own(request), hash);
        self.on_placement_stored(ground, token, Status::Ok).map_or(Placing::UnderWay, Placing::Ended)
    }

    fn begin_placement(&mut self, ground: &mut Ground, asker: Asker, hash: &NodeId) -> u32 {
        let token = ground.keystream.number() as u32;
        let deadline = ground.now + PLACE_TIMEOUT;
        ground.arm(deadline);
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

    pub(super) fn on_placement_stored(
        &mut self,
        ground: &mut Ground,
        token: u32,
        status: Status,
    ) -> Option<Placed> {
        let placement = self.placement(token)?;
        if status != Status::Ok {
            return self.end_placement(ground, token, Some(status));
        }
        let hash = placement.hash;
        let origin = match &placement.asker {
            Asker::Remote(reply) => reply.origin,
            Asker::Own(_) => ground.id,
        };
        let nearest = ground.nearest_alive(&hash, REPLICAS);
        let mut holders = Vec::with_capacity(REPLICAS);
        let mut held = 1;
        for id in nearest.ids().iter().filter(|id| **id != ground.id) {
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
        self.end_if_all_answered(ground, token)
    }

    pub(super) fn pump_placements(&mut self, ground: &mut Ground) {
        let mut place = 0;
        while let Some(placement) = self.placements.get(place) {
            place += 1;
            let has_room = |(holder, step): &(NodeId, Step)| {
                *step == Step::Waiting && hop_with_room(ground, holder).is_some()
            };
            if placement.is_loading || !placement.holders.iter().any(has_room) {
                continue;
            }
            let (token, hash) = (placement.token, placement.hash);
            if !self.pending.add(ground.load(Owner::Blocks, &hash, None), Pending::LoadPlacement(token)) {
                return;
            }
            if let Some(placement) = self.placements.get_mut(place - 1) {
                placement.is_loading = true;
            }
        }
    }

    pub(super) fn on_placement_loaded(
        &mut self,
        ground: &mut Ground,
        token: u32,
        block: Option<&[u8]>,
    ) -> Option<Placed> {
        let placement = self.placement(token)?;
        placement.is_loading = false;
        let hash = placement.hash;
        let Some(block) = block else {
            return self.end_placement(ground, token, None);
        };
        let mut index = 0;
        while let Some(&(holder, step)) =
            self.placement(token).and_then(|placement| placement.holders.get(index))
        {
            index += 1;
            let Some(link) = hop_with_room(ground, &holder).filter(|_| step == Step::Waiting) else {
                continue;
            };
            if let Some(holder) =
                self.placement(token).and_then(|placement| placement.holders.get_mut(index - 1))
            {
                holder.1 = Step::Sent;
            }
            ground.send_request_by(link, token, &holder, true, 0, &Body::Put { hash: &hash, block });
        }
        None
    }

    /// Whether an answer with this number is a holder's.
    pub(crate) fn awaits(&self, token: u32) -> bool {
        self.placements.iter().any(|placement| placement.token == token)
    }

    /// A holder answered.
    pub(crate) fn on_answered(
        &mut self,
        ground: &mut Ground,
        token: u32,
        from: &NodeId,
        status: Status,
    ) -> Option<Placed> {
        let placement = self.placement(token)?;
        for (holder, step) in &mut placement.holders {
            if holder == from && *step == Step::Sent {
                *step = Step::Done;
                placement.held += u8::from(status == Status::Ok);
            }
        }
        self.end_if_all_answered(ground, token)
    }

    /// A peer is gone: it will not answer. Ends what waited for it alone, up to one of this node's own: again until `None`.
    pub(crate) fn on_holder_lost(&mut self, ground: &mut Ground, peer: &NodeId) -> Option<Placed> {
        let counts = |(holder, step): &(NodeId, Step)| holder == peer && *step != Step::Done;
        while let Some(placement) =
            self.placements.iter_mut().find(|placement| placement.holders.iter().any(counts))
        {
            for (_, step) in placement.holders.iter_mut().filter(|holder| counts(holder)) {
                *step = Step::Done;
            }
            let token = placement.token;
            if let Some(placed) = self.end_if_all_answered(ground, token) {
                return Some(placed);
            }
        }
        None
    }

    fn end_if_all_answered(&mut self, ground: &mut Ground, token: u32) -> Option<Placed> {
        let is_done =
            |placement: &mut Placement| placement.holders.iter().all(|(_, step)| *step == Step::Done);
        if !self.placement(token).is_some_and(is_done) {
            return None;
        }
        self.end_placement(ground, token, None)
    }

    fn end_placement(&mut self, ground: &mut Ground, token: u32, failure: Option<Status>) -> Option<Placed> {
        let place = self.placements.iter().position(|placement| placement.token == token)?;
        let placement = self.placements.remove(place);
        let full = if placement.held >= placement.wanted { Status::Ok } else { Status::Partial };
        let status = failure.unwrap_or(full);
        match placement.asker {
            Asker::Remote(reply) => {
                ground.answer(&reply, status, &[placement.held]);
                None
            }
            Asker::Own(request) => Some(Placed { request, status, holders: placement.held }),
        }
    }

    /// Ends placements that took too long, up to one of this node's own: again until `None`.
    pub(crate) fn on_time(&mut self, ground: &mut Ground) -> Option<Placed> {
        while let Some(late) = self.placements.iter().find(|placement| ground.now >= placement.deadline) {
            let token = late.token;
            // Nothing held means the store never answered.
            let failure = (late.held == 0).then_some(Status::Unavailable);
            if let Some(placed) = self.end_placement(ground, token, failure) {
                return Some(placed);
            }
        }
        for placement in &self.placements {
            ground.arm(placement.deadline);
        }
        None
    }
}

/// The link toward a node, if there is room for a block on it.
fn hop_with_room(ground: &Ground, to: &NodeId) -> Option<LinkId> {
    let link = ground.way(to)?;
    ground.takes_bulk(link, BLOCK_FRAME).then_some(link)
}
