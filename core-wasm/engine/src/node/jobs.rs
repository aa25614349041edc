//! Jobs under way at the shell, and where their results go.

use alloc::boxed::Box;

use super::Node;
use super::publish::Parcel;
use crate::ground::Owner;
use crate::io::JobId;
use crate::io::kinds::input;

/// What waits for a job.
pub(super) enum Pending {
    Topic(Box<Parcel>),
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
            Some(Owner::Requests) => self.requests.on_job_done(&mut self.ground, job, kind, bytes),
            Some(Owner::Topics) => {
                if let Some(Pending::Topic(parcel)) = self.pending.take(job) {
                    self.on_topic_job(&parcel, (kind == input::LOADED).then_some(bytes));
                }
            }
        }
        self.ground.grant_credit();
    }
}
