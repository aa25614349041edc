//! Blocks on the nodes that should hold them: placed there, read for others, and kept there when the neighbourhood changes.

mod place;
mod placement;
mod repair;
mod serve;
mod share;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

pub(crate) use self::place::{Placed, Placing};
use self::placement::{Failing, Placement};
use self::repair::Repair;
use self::serve::Serve;
use crate::ground::{Ground, Job, What, stored};
use crate::id::NodeId;
use crate::io::kinds::input;

/// What this node does about blocks that others want, place or should have.
#[derive(Default)]
pub(crate) struct Blocks {
    serves: Vec<Serve>,
    last_serve: u32,
    placements: Vec<Placement>,
    /// Those that could not hold a block not long ago; this node may be among them.
    failing: Failing,
    repair: Repair,
}

impl Blocks {
    /// A job ended; `kind` and `bytes` say how, as in [`kinds`](crate::io::kinds::input).
    pub(crate) fn on_job_done(
        &mut self,
        ground: &mut Ground,
        job: Job,
        kind: u32,
        bytes: &[u8],
    ) -> Option<Placed> {
        let loaded = (kind == input::LOADED).then_some(bytes);
        let hashes = if kind == input::HASHES { NodeId::list(bytes) } else { &[] };
        match job.what {
            What::LoadServe => self.on_serve_loaded(ground, job.number, loaded),
            What::LoadPlacement => return self.on_placement_loaded(ground, job.number, loaded),
            What::StorePlacement => {
                return self.on_placement_stored(ground, job.number, stored(kind));
            }
            What::StoreHeld => {
                let status = stored(kind);
                self.on_own_store_failed(ground, status);
                ground.answer(job.parcel?.reply.as_ref()?, status, &[1]);
            }
            What::Absent => self.on_absent(job.link()?, hashes),
            _ => self.on_scanned(ground, hashes, job.number != 0),
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
