//! Placing a block on the nodes closest to it: one of them stores it, sends it to the others, and counts.
//!
//! A holder that is full, fails or is silent is passed over, and the next nearest takes its place.

use alloc::vec::Vec;

use super::Blocks;
use super::placement::{Asker, BUSY, HOLDER_PATIENCE, Holder, Placement, Step, Why};
use super::share::crowded_out;
use crate::ground::{BLOCK_FRAME, Ground, Job, Parcel, ReplyTo, What, number};
use crate::id::NodeId;
use crate::io::LinkId;
use crate::limits::{BLOCK_MAX, CANDIDATES, PLACEMENTS_MAX, PLACEMENTS_OWN, STORES_A_LINK, STORES_MAX};
use crate::status::Status;
use crate::time::{Duration, Stamp};
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

/// How placing a block of this node's own begins.
pub(crate) enum Placing {
    /// Too many are under way: it has to wait.
    Busy,
    UnderWay,
    Ended(Placed),
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
        let deputy = if is_near { self.deputy(ground, &reply, hash) } else { None };
        if let Some((id, link)) = deputy {
            return ground.pass_request(link, &reply, &id, false, &Body::Put { hash, block });
        }
        let status = self.take_in(ground, &reply, hash, block, exact);
        if status != Status::Ok {
            ground.answer(&reply, status, &[]);
        }
    }

    /// Who places a block instead of this node, which has no room, and the link toward it.
    fn deputy(&self, ground: &Ground, reply: &ReplyTo, hash: &NodeId) -> Option<(NodeId, LinkId)> {
        self.failing.why(&ground.id, ground.now)?;
        let nearest = ground.nearest_alive(hash, CANDIDATES);
        let is_deputy = |id: &&NodeId| {
            **id != ground.id && **id != reply.origin && self.failing.why(id, ground.now).is_none()
        };
        let id = nearest.ids().iter().find(is_deputy)?;
        let link = ground.way(id).filter(|link| Some(*link) != reply.link())?;
        ground.takes_bulk(link, BLOCK_FRAME).then_some((*id, link))
    }

    /// Begins to store what came to be held or placed; says how that began.
    fn take_in(
        &mut self,
        ground: &mut Ground,
        reply: &ReplyTo,
        hash: &NodeId,
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
        let reply = reply.clone();
        if exact {
            ground.attach(Parcel { peer: reply.origin, bytes: Vec::new(), reply: Some(reply) });
        } else {
            let token = self.begin_placement(ground, Asker::Remote(reply), hash);
            ground.renumber(token);
        }
        Status::Ok
    }

    /// Whether there is room for one more placement by `link`: whoever has most of them makes room for who has fewer.
    fn has_place(&mut self, ground: &mut Ground, link: Option<LinkId>) -> bool {
        if self.placements.len() < PLACEMENTS_MAX {
            return true;
        }
        let mut links = Vec::with_capacity(PLACEMENTS_MAX);
        for placement in &self.placements {
            links.push(placement.link());
        }
        let Some(place) = crowded_out(&links, link) else { return false };
        if let Asker::Remote(reply) = self.placements.remove(place).asker {
            ground.answer(&reply, Status::TooManyRequests, &[]);
        }
        true
    }

    /// Places a block of this node's own, which is in its store already.
    pub(crate) fn place_own(&mut self, ground: &mut Ground, request: u32, hash: &NodeId) -> Placing {
        let own = self.placements.iter().filter(|placement| placement.link().is_none()).count();
        if own >= PLACEMENTS_OWN || !self.has_place(ground, None) {
            return Placing::Busy;
        }
        let token = self.begin_placement(ground, Asker::Own(request), hash);
        self.step_placement(ground, token).map_or(Placing::UnderWay, Placing::Ended)
    }

    fn begin_placement(&mut self, ground: &mut Ground, asker: Asker, hash: &NodeId) -> u32 {
        let token = ground.rng.next() as u32;
        let deadline = ground.now + PLACE_TIMEOUT;
        ground.arm(deadline);
        self.placements.push(Placement {
            token,
            asker,
            hash: *hash,
            holders: Vec::new(),
            is_held: false,
            met_full: false,
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
        if status != Status::Ok {
            self.on_own_store_failed(ground, status);
            return self.end_placement(ground, token, Some(status));
        }
        self.failing.remove(&ground.id);
        self.placement(token)?.is_held = true;
        self.step_placement(ground, token)
    }

    /// This node's own store is full or broken: for a while it is no holder.
    pub(super) fn on_own_store_failed(&mut self, ground: &Ground, status: Status) {
        if matches!(status, Status::InsufficientStorage | Status::Unavailable) {
            self.failing.add(&ground.id, Why::Store, ground.now);
        }
    }

    /// Takes in further holders, and ends the placement if nothing more will come of it.
    fn step_placement(&mut self, ground: &mut Ground, token: u32) -> Option<Placed> {
        let placement = self.placements.iter_mut().find(|placement| placement.token == token)?;
        placement.refill(ground, &self.failing);
        if !placement.is_done() {
            return None;
        }
        self.end_placement(ground, token, None)
    }

    pub(super) fn pump_placements(&mut self, ground: &mut Ground) {
        for placement in &mut self.placements {
            if placement.is_loading || !placement.holders.iter().any(|holder| holder.takes(ground).is_some())
            {
                continue;
            }
            if !ground.load(What::LoadPlacement, placement.token, &placement.hash, None) {
                return;
            }
            placement.is_loading = true;
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
        for holder in &mut placement.holders {
            let Some(link) = holder.takes(ground) else { continue };
            holder.step = Step::Sent(Stamp::of(ground.now));
            ground.arm(ground.now + HOLDER_PATIENCE);
            ground.send_request_by(link, token, &holder.id, true, 0, &Body::Put { hash: &hash, block });
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
        let now = ground.now;
        let placement = self.placement(token)?;
        let holder = placement.holder(from)?;
        if !matches!(holder.step, Step::Sent(_) | Step::Silent) {
            return None;
        }
        match status {
            Status::Ok => {
                holder.step = Step::Holds;
                self.failing.remove(from);
            }
            Status::TooManyRequests => {
                holder.step = Step::Busy(Stamp::of(now));
                ground.arm(now + BUSY);
            }
            _ => {
                placement.remove(from);
                let is_store = matches!(status, Status::InsufficientStorage | Status::Unavailable);
                placement.met_full |= is_store;
                self.failing.add(from, if is_store { Why::Store } else { Why::Silent }, now);
            }
        }
        self.step_placement(ground, token)
    }

    /// A peer is gone: it will not answer. Ends what waited for it alone, up to one of this node's own: again until `None`.
    pub(crate) fn on_holder_lost(&mut self, ground: &mut Ground, peer: &NodeId) -> Option<Placed> {
        let counts =
            |holder: &Holder| holder.id == *peer && (holder.is_open() || holder.step == Step::Silent);
        while let Some(placement) =
            self.placements.iter_mut().find(|placement| placement.holders.iter().any(counts))
        {
            let token = placement.token;
            placement.remove(peer);
            self.failing.add(peer, Why::Silent, ground.now);
            if let Some(placed) = self.step_placement(ground, token) {
                return Some(placed);
            }
        }
        None
    }

    fn end_placement(&mut self, ground: &mut Ground, token: u32, failure: Option<Status>) -> Option<Placed> {
        let place = self.placements.iter().position(|placement| placement.token == token)?;
        let placement = self.placements.remove(place);
        let holders = placement.held() as u8;
        let status = failure.unwrap_or_else(|| placement.status(ground));
        match placement.asker {
            Asker::Remote(reply) => {
                ground.answer(&reply, status, &[holders]);
                None
            }
            Asker::Own(request) => Some(Placed { request, status, holders }),
        }
    }

    /// Passes over holders that are silent, and ends placements that took too long, up to one of this node's own: again until
    /// `None`.
    pub(super) fn on_placement_deadlines(&mut self, ground: &mut Ground) -> Option<Placed> {
        let now = ground.now;
        let is_late = |holder: &Holder| holder.due(now).is_some_and(|due| due <= now);
        while let Some(placement) = self
            .placements
            .iter_mut()
            .find(|placement| placement.deadline <= now || placement.holders.iter().any(is_late))
        {
            let token = placement.token;
            for holder in placement.holders.iter_mut().filter(|holder| is_late(holder)) {
                match holder.step {
                    Step::Busy(_) => holder.step = Step::Waiting(Stamp::of(now)),
                    Step::Waiting(_) => holder.step = Step::Slow,
                    _ => {
                        holder.step = Step::Silent;
                        self.failing.add(&holder.id, Why::Silent, now);
                    }
                }
            }
            let is_over = placement.deadline <= now;
            // A store that never answered.
            let is_stuck = placement.link().is_some() && !placement.is_held;
            let placed = if is_over {
                self.end_placement(ground, token, is_stuck.then_some(Status::Unavailable))
            } else {
                self.step_placement(ground, token)
            };
            if placed.is_some() {
                return placed;
            }
        }
        for placement in &self.placements {
            ground.arm(placement.deadline);
            for holder in &placement.holders {
                if let Some(due) = holder.due(now) {
                    ground.arm(due);
                }
            }
        }
        None
    }
}
