//! Placing a block on the nodes closest to it: one of them stores it, sends it to the others, and counts.
//!
//! A holder that is full, fails or is silent is passed over, and the next nearest takes its place.

use alloc::vec::Vec;

use super::placement::{BUSY, HOLDER_PATIENCE, Holder, Placement, ROOM_PATIENCE, Step, Why, way_with_room};
use super::tables::Blocks;
use crate::ground::{Ground, Job, Parcel, ReplyTo, What, number};
use crate::id::{BlockHash, NodeId};
use crate::io::LinkId;
use crate::limits::{BLOCK_MAX, CANDIDATES, PLACEMENTS_MAX, REPLICAS, STORES_A_LINK, STORES_MAX};
use crate::link::crowded_out;
use crate::list::copied;
use crate::status::Status;
use crate::time::Duration;
use crate::wire::frame::Body;

/// After so long those that hold the block are counted.
const PLACE_TIMEOUT: Duration = Duration::from_ms(6_000);

impl Blocks {
    /// A block to hold (`exact`), or to place.
    pub(crate) fn on_put(
        &mut self,
        ground: &mut Ground,
        reply: ReplyTo,
        hash: &BlockHash,
        block: &[u8],
        exact: bool,
    ) {
        if !exact && self.failing.why(&ground.id, ground.now).is_some() {
            // This node has no room: the nearest that may have some places it instead. Each is further off than the one before.
            // No answer goes back over the link that it came by, so the block does not go back either.
            for id in ground.nearest_alive(hash.place(), CANDIDATES + 1).ids() {
                if ground.id.is_nearer(id, hash.place())
                    && *id != reply.origin
                    && self.failing.why(id, ground.now).is_none()
                    && let Some(link) = way_with_room(ground, id)
                    && reply.link() != Some(link)
                {
                    return ground.pass_request(link, &reply, id, false, &Body::Put { hash, block });
                }
            }
        }
        let status = self.take_in(ground, &reply, hash, block, exact);
        if status != Status::Ok {
            ground.answer(&reply, status, &[]);
        }
    }

    /// Begins to store what came to be held or placed; says how that began.
    fn take_in(
        &mut self,
        ground: &mut Ground,
        reply: &ReplyTo,
        hash: &BlockHash,
        block: &[u8],
        exact: bool,
    ) -> Status {
        let link = reply.link();
        if block.len() > BLOCK_MAX || !ground.may_hold(hash) {
            return Status::BadRequest;
        }
        let came_by = number(link);
        let is_of_link = |job: &Job| job.what == What::StoreHeld && job.number == came_by;
        if ground.stores_under_way() >= STORES_MAX && ground.count_jobs(&is_of_link) >= STORES_A_LINK
            || !ground.may_keep(link, block.len())
            || !exact && !self.has_place(ground, link)
        {
            return Status::TooManyRequests;
        }
        let what = if exact { What::StoreHeld } else { What::StorePlacement };
        if !ground.store(what, came_by, hash, block, true) {
            return Status::TooManyRequests;
        }
        let reply = ReplyTo { path: copied(&reply.path), ..*reply };
        if exact {
            ground.attach(Parcel { peer: reply.origin, bytes: Vec::new(), by: None, reply: Some(reply) });
        } else {
            let token = self.begin_placement(ground, reply, hash);
            ground.renumber(token);
        }
        Status::Ok
    }

    /// Whether there is room for one more placement by `link`: whoever has most of them makes room for who has fewer.
    fn has_place(&mut self, ground: &mut Ground, link: Option<LinkId>) -> bool {
        if self.placements.len() < PLACEMENTS_MAX {
            return true;
        }
        let mut links = Vec::new();
        for placement in &self.placements {
            links.push(placement.reply.link());
        }
        let Some(place) = crowded_out(&links, link) else { return false };
        self.end_placement(ground, place, Some(Status::TooManyRequests));
        true
    }

    fn begin_placement(&mut self, ground: &mut Ground, reply: ReplyTo, hash: &BlockHash) -> u32 {
        let token = ground.keystream.number() as u32;
        let deadline = ground.due_in(PLACE_TIMEOUT);
        self.placements.push(Placement {
            token,
            reply,
            hash: *hash,
            holders: Vec::new(),
            is_held: false,
            is_loading: false,
            deadline,
        });
        token
    }

    /// Where a placement is.
    fn placement(&self, token: u32) -> Option<usize> {
        self.placements.iter().position(|placement| placement.token == token)
    }

    pub(super) fn on_placement_stored(&mut self, ground: &mut Ground, token: u32, status: Status) {
        let Some(place) = self.placement(token) else { return };
        if status != Status::Ok {
            return self.end_placement(ground, place, Some(status));
        }
        if let Some(placement) = self.placements.get_mut(place) {
            placement.is_held = true;
        }
        self.step_placement(ground, place);
    }

    /// Whether this node's own store is full or broken: then for a while it is no holder.
    pub(super) fn on_own_stored(&mut self, ground: &Ground, status: Status) {
        self.failing.remove(&ground.id);
        if why(status) == Why::Store {
            self.failing.add(&ground.id, Why::Store, ground.now);
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
            if placement.is_loading {
                continue;
            }
            let takes = |holder: &Holder| holder.takes(ground);
            let Some(link) = placement.holders.iter().find_map(takes) else { continue };
            if !ground.load(What::LoadPlacement, placement.token, &placement.hash, None, Some(link)) {
                return;
            }
            placement.is_loading = true;
        }
    }

    pub(super) fn on_placement_loaded(&mut self, ground: &mut Ground, token: u32, block: Option<&[u8]>) {
        let Some(place) = self.placement(token) else { return };
        let Some(block) = block else { return self.end_placement(ground, place, None) };
        let Some(Placement { is_loading, hash, holders, .. }) = self.placements.get_mut(place) else {
            return;
        };
        *is_loading = false;
        for holder in holders {
            let Some(link) = holder.takes(ground) else { continue };
            holder.begin(ground, Step::Sent, HOLDER_PATIENCE);
            if holder.number == 0 {
                holder.number = ground.keystream.number() as u32;
            }
            ground.send_request_by(link, holder.number, &holder.id, true, 0, &Body::Put { hash, block });
        }
    }

    /// A holder answered, if it is one; false if the answer is not for a placement.
    pub(crate) fn on_answered(
        &mut self,
        ground: &mut Ground,
        number: u32,
        from: &NodeId,
        status: Status,
    ) -> bool {
        let is_asked = |holder: &Holder| holder.number == number && holder.id == *from;
        let asks = |placement: &Placement| placement.holders.iter().any(is_asked);
        let Some(place) = self.placements.iter().position(asks) else { return false };
        let Some(placement) = self.placements.get_mut(place) else { return false };
        let Some(holder) = placement.holder(from) else { return true };
        match (holder.step, status) {
            (Step::Sent | Step::Silent, Status::Ok) => {
                holder.rest(Step::Holds);
                self.failing.remove(from);
            }
            (Step::Sent | Step::Silent, Status::TooManyRequests) => holder.begin(ground, Step::Busy, BUSY),
            (Step::Sent | Step::Silent, _) => {
                placement.remove(from);
                self.failing.add(from, why(status), ground.now);
            }
            _ => return true,
        }
        self.step_placement(ground, place);
        true
    }

    /// A peer is gone: it will not answer.
    pub(crate) fn on_holder_lost(&mut self, ground: &mut Ground, peer: &NodeId) {
        for place in (0..self.placements.len()).rev() {
            if let Some(placement) = self.placements.get_mut(place)
                && placement.holder(peer).is_some_and(|holder| holder.step != Step::Holds)
            {
                placement.remove(peer);
                self.failing.add(peer, Why::Silent, ground.now);
                self.step_placement(ground, place);
            }
        }
    }

    #[inline(never)]
    fn end_placement(&mut self, ground: &mut Ground, place: usize, failure: Option<Status>) {
        let placement = self.placements.remove(place);
        for holder in placement.holders.iter().filter(|holder| holder.step == Step::Silent) {
            self.failing.add(&holder.id, Why::Silent, ground.now);
        }
        let holders = placement.held() as u8;
        let status = failure.unwrap_or_else(|| placement.status(ground));
        ground.answer(&placement.reply, status, &[holders]);
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
                        // Where nobody can take its place it may only be slow: it is left out if it is silent to the end.
                        if ground.links.ready_count() > REPLICAS {
                            self.failing.add(&holder.id, Why::Silent, ground.now);
                        }
                    }
                }
            }
            if is_late {
                self.step_placement(ground, place);
            }
        }
    }
}

/// Why somebody who answered so is left out.
fn why(status: Status) -> Why {
    match status {
        Status::InsufficientStorage | Status::Unavailable => Why::Store,
        _ => Why::Silent,
    }
}
