//! Placing a block on the nodes closest to it: one of them stores it, sends it to the others, and counts.
//!
//! A holder that is full, fails or is silent is passed over, and the next nearest takes its place.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::placement::{
    BUSY, HOLDER_PATIENCE, Placement, ROOM_PATIENCE, Step, has_no_store, way_with_room,
};
use super::share::crowded_out;
use super::{Blocks, Pending};
use crate::ground::{Ground, Owner, ReplyTo};
use crate::id::NodeId;
use crate::io::LinkId;
use crate::limits::{BLOCK_MAX, CANDIDATES, PLACEMENTS_MAX, PLACEMENTS_OWN, STORES_A_LINK, STORES_MAX};
use crate::status::Status;
use crate::time::Duration;
use crate::wire::frame::Body;

/// After so long those that hold the block are counted.
const PLACE_TIMEOUT: Duration = Duration::from_ms(6_000);

/// What became of a block of this node's own.
pub(crate) struct Placed {
    /// The request that it was placed for.
    pub(crate) request: u32,
    pub(crate) status: Status,
    pub(crate) holders: u8,
}

impl Blocks {
    /// A block to hold (`exact`), or to place. `is_near`: it was sent to whoever is nearest to some place, rather than to this
    /// node.
    pub(crate) fn on_put(
        &mut self,
        ground: &mut Ground,
        reply: ReplyTo,
        hash: &NodeId,
        block: &[u8],
        exact: bool,
        is_near: bool,
    ) {
        if is_near && self.failing.why(&ground.id, ground.now).is_some() {
            // This node has no room: the nearest that may have some places it instead.
            for id in ground.nearest_alive(hash, CANDIDATES).ids() {
                if *id != reply.origin
                    && self.failing.why(id, ground.now).is_none()
                    && let Some(link) = way_with_room(ground, id)
                {
                    return ground.pass_request(link, &reply, id, false, &Body::Put { hash, block });
                }
            }
        }
        let is_good = block.len() <= BLOCK_MAX && ground.may_hold(hash);
        let job = if is_good && self.takes(ground, reply.link(), block.len(), exact) {
            ground.store(Owner::Blocks, hash, block, true)
        } else {
            None
        };
        if job.is_none() {
            let status = if is_good { Status::TooManyRequests } else { Status::BadRequest };
            return ground.answer(&reply, status, &[]);
        }
        let pending = if exact {
            Pending::StoreHeld(Box::new(reply))
        } else {
            Pending::StorePlacement(self.begin_placement(ground, reply, hash))
        };
        self.pending.add(job, pending);
    }

    /// Whether a link has a share left of the stores under way, of what is kept, and of the placements.
    fn takes(&mut self, ground: &mut Ground, link: Option<LinkId>, length: usize, exact: bool) -> bool {
        let is_of_link =
            |pending: &Pending| matches!(pending, Pending::StoreHeld(other) if other.link() == link);
        (ground.stores_under_way() < STORES_MAX || self.pending.count(is_of_link) < STORES_A_LINK)
            && ground.may_keep(link, length)
            && (exact || self.has_place(ground, link))
    }

    /// Whether there is room for one more placement by `link`: whoever has most of them makes room for who has fewer.
    fn has_place(&mut self, ground: &mut Ground, link: Option<LinkId>) -> bool {
        if self.placements.len() < PLACEMENTS_MAX {
            return true;
        }
        let by = |place: usize| self.placements.get(place)?.reply.link();
        let Some(place) = crowded_out(PLACEMENTS_MAX, &by, link) else { return false };
        self.end_placement(ground, place, Some(Status::TooManyRequests));
        true
    }

    /// Places a block of this node's own, which is in its store already. False if too many are under way: it has to wait.
    pub(crate) fn place_own(&mut self, ground: &mut Ground, request: u32, hash: &NodeId) -> bool {
        let own = self.placements.iter().filter(|placement| placement.reply.link().is_none()).count();
        if own >= PLACEMENTS_OWN || !self.has_place(ground, None) {
            return false;
        }
        let reply = ReplyTo { origin: ground.id, request, path: Vec::new() };
        self.begin_placement(ground, reply, hash);
        self.step_placement(ground, self.placements.len() - 1);
        true
    }

    fn begin_placement(&mut self, ground: &mut Ground, reply: ReplyTo, hash: &NodeId) -> u32 {
        let token = ground.rng.next() as u32;
        let deadline = ground.now + PLACE_TIMEOUT;
        ground.arm(deadline);
        self.placements.push(Placement {
            token,
            reply,
            hash: *hash,
            holders: Vec::new(),
            is_held: false,
            met_full: false,
            is_loading: false,
            deadline,
        });
        token
    }

    /// Where a placement is; beyond all of them if it is over.
    fn placement(&self, token: u32) -> usize {
        let others = self.placements.iter().take_while(|placement| placement.token != token);
        others.count()
    }

    pub(super) fn on_placement_stored(&mut self, ground: &mut Ground, token: u32, status: Status) {
        let place = self.placement(token);
        let Some(placement) = self.placements.get_mut(place) else { return };
        placement.is_held = status == Status::Ok;
        if placement.is_held {
            self.step_placement(ground, place);
        } else {
            self.end_placement(ground, place, Some(status));
        }
    }

    /// Takes in further holders, and ends the placement if nothing more will come of it.
    fn step_placement(&mut self, ground: &mut Ground, place: usize) {
        if let Some(placement) = self.placements.get_mut(place) {
            placement.refill(ground, &self.failing);
            if placement.is_done() || placement.deadline <= ground.now {
                self.end_placement(ground, place, None);
            }
        }
    }

    pub(super) fn pump_placements(&mut self, ground: &mut Ground) {
        for placement in &mut self.placements {
            if placement.is_loading || !placement.holders.iter().any(|holder| holder.takes(ground).is_some())
            {
                continue;
            }
            let job = ground.load(Owner::Blocks, &placement.hash, None);
            if !self.pending.add(job, Pending::LoadPlacement(placement.token)) {
                return;
            }
            placement.is_loading = true;
        }
    }

    pub(super) fn on_placement_loaded(&mut self, ground: &mut Ground, token: u32, block: Option<&[u8]>) {
        let place = self.placement(token);
        let Some(Placement { is_loading, hash, holders, .. }) = self.placements.get_mut(place) else {
            return;
        };
        let Some(block) = block else { return self.end_placement(ground, place, None) };
        *is_loading = false;
        for holder in holders {
            let Some(link) = holder.takes(ground) else { continue };
            holder.begin(ground, Step::Sent, HOLDER_PATIENCE);
            ground.send_request_by(link, token, &holder.id, true, 0, &Body::Put { hash, block });
        }
    }

    /// A holder answered, if it is one; false if the answer is not for a placement.
    pub(crate) fn on_answered(
        &mut self,
        ground: &mut Ground,
        token: u32,
        from: &NodeId,
        status: Status,
    ) -> bool {
        let place = self.placement(token);
        let Some(placement) = self.placements.get_mut(place) else { return false };
        let Some(holder) = placement.holder(from) else { return true };
        if !matches!(holder.step, Step::Sent | Step::Silent) {
            return true;
        }
        match status {
            Status::Ok => holder.rest(Step::Holds),
            Status::TooManyRequests => holder.begin(ground, Step::Busy, BUSY),
            _ => {
                holder.rest(Step::Out);
                placement.met_full |= has_no_store(status);
            }
        }
        if status != Status::TooManyRequests {
            self.failing.note(from, status, ground.now);
        }
        self.step_placement(ground, place);
        true
    }

    /// A peer is gone: it will not answer.
    pub(crate) fn on_holder_lost(&mut self, ground: &mut Ground, peer: &NodeId) {
        for place in (0..self.placements.len()).rev() {
            if let Some(placement) = self.placements.get_mut(place)
                && let Some(holder) = placement.holder(peer).filter(|holder| holder.step != Step::Holds)
            {
                holder.rest(Step::Out);
                self.failing.note(peer, Status::TimedOut, ground.now);
                self.step_placement(ground, place);
            }
        }
    }

    #[inline(never)]
    fn end_placement(&mut self, ground: &mut Ground, place: usize, failure: Option<Status>) {
        let placement = self.placements.remove(place);
        let holders = placement.held() as u8;
        let status = failure.unwrap_or_else(|| placement.status(ground));
        if placement.reply.link().is_some() {
            ground.answer(&placement.reply, status, &[holders]);
        } else {
            self.placed.push(Placed { request: placement.reply.request, status, holders });
        }
    }

    /// Passes over holders that are silent, and ends placements that took too long.
    pub(super) fn on_placement_deadlines(&mut self, ground: &mut Ground) {
        for place in (0..self.placements.len()).rev() {
            let Some(placement) = self.placements.get_mut(place) else { continue };
            let mut is_late = placement.deadline <= ground.now;
            if !is_late {
                ground.arm(placement.deadline);
            }
            for holder in &mut placement.holders {
                if holder.due > ground.now {
                    ground.arm(holder.due);
                    continue;
                }
                is_late = true;
                match holder.step {
                    Step::Busy => holder.begin(ground, Step::Waiting, ROOM_PATIENCE),
                    Step::Waiting => holder.rest(Step::Slow),
                    _ => {
                        holder.rest(Step::Silent);
                        self.failing.note(&holder.id, Status::TimedOut, ground.now);
                    }
                }
            }
            if is_late {
                self.step_placement(ground, place);
            }
        }
    }
}
