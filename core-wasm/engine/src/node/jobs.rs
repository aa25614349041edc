//! Jobs under way at the shell, and where their results go.

use super::Node;
use crate::ground::Owner;
use crate::io::JobId;
use crate::io::kinds::input;

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
                let message = (kind == input::LOADED).then_some(bytes);
                self.topics.on_job(&mut self.ground, job, message);
            }
        }
        self.ground.grant_credit();
    }
}
