//! What follows when a job ends, when something is late, and when there may be room.

use super::tables::Blocks;
use crate::ground::{Ground, Job, What, stored};
use crate::id::BlockHash;
use crate::io::kinds::input;

impl Blocks {
    /// A job ended; `kind` and `bytes` say how, as in [`kinds`](crate::io::kinds::input).
    pub(crate) fn on_job_done(&mut self, ground: &mut Ground, job: &Job, kind: u32, bytes: &[u8]) {
        let loaded = (kind == input::LOADED).then_some(bytes);
        let hashes = if kind == input::HASHES { BlockHash::list(bytes) } else { &[] };
        let status = stored(kind);
        if let What::StorePlacement | What::StoreHeld = job.what {
            self.on_own_stored(ground, status);
        }
        match job.what {
            What::LoadServe => self.on_serve_loaded(ground, job.number, loaded),
            What::LoadPlacement => self.on_placement_loaded(ground, job.number, loaded),
            What::StorePlacement => self.on_placement_stored(ground, job.number, status),
            What::StoreHeld => {
                if let Some(reply) = job.reply() {
                    ground.answer(reply, status, &[1]);
                }
            }
            What::Absent => {
                if let Some(link) = job.link() {
                    self.on_absent(link, hashes);
                }
            }
            _ => self.on_scanned(ground, hashes),
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
