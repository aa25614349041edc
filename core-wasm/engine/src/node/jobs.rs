//! Jobs under way at the shell, and where their results go.

use super::Node;
use crate::ground::What;
use crate::io::JobId;
use crate::io::kinds::input;

impl Node {
    /// A job ended; `kind` and `bytes` say how, as in [`kinds`](crate::io::kinds::input).
    pub(super) fn on_job_done(&mut self, job: JobId, kind: u32, bytes: &[u8]) {
        let Some(job) = self.ground.end_job(job) else { return };
        match job.what {
            what if what.is_linking() => {
                if let Some(offer) = self.linking.on_job(&mut self.ground, job, kind, bytes) {
                    self.on_offer(*offer);
                }
                self.follow();
            }
            What::Load | What::Store => self.requests.on_job_done(&mut self.ground, &job, kind, bytes),
            What::SignMessage | What::CheckMessage | What::Recall => {
                let message = (kind == input::LOADED).then_some(bytes);
                self.topics.on_job(&mut self.ground, &job, message);
            }
            _ => self.blocks.on_job_done(&mut self.ground, &job, kind, bytes),
        }
        self.ground.grant_credit();
    }
}
