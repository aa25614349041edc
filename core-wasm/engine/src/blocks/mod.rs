//! Blocks on the nodes that should hold them: placed there, read for others, and kept there when the neighbourhood changes.

mod place;
mod repair;
mod serve;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::vec::Vec;

use self::place::Placement;
pub(crate) use self::place::{Placed, Placing};
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
    placements: Vec<Placement>,
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
            Pending::StoreHeld(reply) => ground.answer(&reply, stored(kind), &[1]),
            Pending::Absent(link) => self.on_absent(link, hashes),
            Pending::Scan { for_listing } => self.on_scanned(ground, hashes, for_listing),
        }
        None
    }

    /// Sends what had to wait for room or for the store.
    pub(crate) fn pump(&mut self, ground: &mut Ground) {
        self.pump_serves(ground);
        self.pump_placements(ground);
    }
}
