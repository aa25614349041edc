//! Blocks on the nodes that should hold them: placed there, read for others, and kept there when the neighbourhood changes.

mod place;
mod placement;
mod repair;
mod serve;
mod share;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::vec::Vec;

pub(crate) use self::place::{Placed, Placing};
use self::placement::{Failing, Placement};
use self::repair::Repair;
use self::serve::Serve;
use crate::ground::{Ground, Jobs, ReplyTo, stored};
use crate::id::NodeId;
use crate::io::kinds::input;
use crate::io::{JobId, LinkId};

/// What this node does about blocks that others want, place or should have.
#[derive(Default)]
pub(crate) struct Blocks {
    serves: Vec<Serve>,
    last_serve: u32,
    placements: Vec<Placement>,
    /// Those that could not hold a block not long ago; this node may be among them.
    failing: Failing,
    repair: Repair,
    pending: Jobs<Pending>,
}

/// What waits for a job.
enum Pending {
    /// By the number of the serve or placement.
    LoadServe(u32),
    LoadPlacement(u32),
    StorePlacement(u32),
    /// A replica that another node places here.
    StoreHeld(Box<ReplyTo>),
    /// Which of a neighbour's keys are missing here.
    Absent(LinkId),
    /// For a neighbour's list, or for this node's own walk.
    Scan {
        for_listing: bool,
    },
}

impl Blocks {
    /// A job ended; `kind` and `bytes` say how, as in [`kinds`](crate::io::kinds::input).
    pub(crate) fn on_job_done(
        &mut self,
        ground: &mut Ground,
        job: JobId,
        kind: u32,
        bytes: &[u8],
    ) -> Option<Placed> {
        let loaded = (kind == input::LOADED).then_some(bytes);
        let hashes = if kind == input::HASHES { NodeId::list(bytes) } else { &[] };
        match self.pending.take(job)? {
            Pending::LoadServe(number) => self.on_serve_loaded(ground, number, loaded),
            Pending::LoadPlacement(token) => return self.on_placement_loaded(ground, token, loaded),
            Pending::StorePlacement(token) => {
                return self.on_placement_stored(ground, token, stored(kind));
            }
            Pending::StoreHeld(reply) => {
                let status = stored(kind);
                self.on_own_store_failed(ground, status);
                ground.answer(&reply, status, &[1]);
            }
            Pending::Absent(link) => self.on_absent(link, hashes),
            Pending::Scan { for_listing } => self.on_scanned(ground, hashes, for_listing),
        }
        None
    }

    /// Ends what took too long, up to a placement of this node's own: again until `None`.
    pub(crate) fn on_time(&mut self, ground: &mut Ground) -> Option<Placed> {
        let placed = self.on_placement_deadlines(ground);
        if placed.is_none() {
            self.on_serve_deadlines(ground);
        }
        placed
    }

    /// Sends what had to wait for room or for the store.
    pub(crate) fn pump(&mut self, ground: &mut Ground) {
        self.pump_serves(ground);
        self.pump_placements(ground);
    }
}
