//! Jobs under way at the shell, and where their results go.

use super::Node;
use crate::ground::{Owner, stored};
use crate::io::JobId;
use crate::io::kinds::input;

/// What waits for a job.
pub(super) enum Pending {
    /// By the number of the request.
    LoadOwn(u32),
    StoreGot(u32),
}

impl Node {
    /// A job ended; `kind` and `bytes` say how, as in [`kinds`](crate::io::kinds::input).
    pub(super) fn on_job_done(&mut self, job: JobId, kind: u32, bytes: &[u8]) {
        match self.ground.end_job(job) {
            None => return,
            Some(Owner::Linking) => {
                let step = self.linking.on_job(&mut self.ground, job, kind, bytes);
                self.follow(step);
            }
            Some(Owner::Blocks) => {
                let placed = self.blocks.on_job_done(&mut self.ground, job, kind, bytes);
                self.on_placed(placed);
            }
            Some(Owner::Topics) => {
                let message = (kind == input::LOADED).then_some(bytes);
                self.topics.on_job(&mut self.ground, job, message);
            }
            Some(Owner::Requests) => self.on_other_job(job, kind, bytes),
        }
        self.ground.grant_credit();
    }

    fn on_other_job(&mut self, job: JobId, kind: u32, bytes: &[u8]) {
        let Some(pending) = self.pending.take(job) else { return };
        let loaded = (kind == input::LOADED).then_some(bytes);
        match pending {
            Pending::LoadOwn(request) => self.on_own_loaded(request, loaded),
            Pending::StoreGot(request) => self.on_got_stored(request, stored(kind)),
        }
    }
}
