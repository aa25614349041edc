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

pub(crate) use self::place::Placed;
use self::placement::{Failing, Placement};
use self::repair::Repair;
use self::serve::Serve;
use crate::ground::{Ground, Jobs, ReplyTo, stored};
use crate::id::NodeId;
use crate::io::kinds::input;
use crate::io::{JobId, LinkId};
use crate::status::Status;

/// What this node does about blocks that others want, place or should have.
#[derive(Default)]
pub(crate) struct Blocks {
    serves: Vec<Serve>,
    last_serve: u32,
    placements: Vec<Placement>,
    /// What became of this node's own blocks, until somebody takes it.
    pub(crate) placed: Vec<Placed>,
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
    Scan,
}

impl Blocks {
    /// A job ended; `kind` and `bytes` say how, as in [`kinds`](crate::io::kinds::input).
    pub(crate) fn on_job_done(&mut self, ground: &mut Ground, job: JobId, kind: u32, bytes: &[u8]) {
        let loaded = (kind == input::LOADED).then_some(bytes);
        let hashes = if kind == input::HASHES { NodeId::list(bytes) } else { &[] };
        let Some(pending) = self.pending.take(job) else { return };
        let status = stored(kind);
        // A wrong block says nothing about the store.
        if let Pending::StorePlacement(_) | Pending::StoreHeld(_) = pending
            && status != Status::BadRequest
        {
            self.failing.note(&ground.id, status, ground.now);
        }
        match pending {
            Pending::LoadServe(number) => self.on_serve_loaded(ground, number, loaded),
            Pending::LoadPlacement(token) => self.on_placement_loaded(ground, token, loaded),
            Pending::StorePlacement(token) => self.on_placement_stored(ground, token, status),
            Pending::StoreHeld(reply) => ground.answer(&reply, status, &[1]),
            Pending::Absent(link) => self.on_absent(link, hashes),
            Pending::Scan => self.on_scanned(ground, hashes),
        }
    }

    /// Ends what took too long.
    pub(crate) fn on_time(&mut self, ground: &mut Ground) {
        self.on_placement_deadlines(ground);
        self.on_serve_deadlines(ground);
    }

    /// Sends what had to wait for room or for the store.
    pub(crate) fn pump(&mut self, ground: &mut Ground) {
        self.pump_serves(ground);
        self.pump_placements(ground);
    }
}
