//! Executors that said outcomes and do not give their outputs.

use tabmesh_port::{Instant, NodeId};

use super::requester::Requester;
use crate::ground::Ground;
use crate::limits::WITHHELD_MAX;

impl Requester {
    /// An executor does not give an output of its own. It gets nothing more of the job, and begins anew: nothing is proven, but whoever would
    /// go on with it would wait again.
    pub(crate) fn on_withheld(&mut self, ground: &mut Ground, job: u32, id: &NodeId, is_known: bool) {
        self.records.clear(id);
        self.set_aside(job, id, Instant::NEVER);
        self.job(job).into_iter().for_each(|job| job.was_in_vain = true);
        if !is_known && self.withholders.count(id) >= WITHHELD_MAX {
            return self.let_go(ground, id);
        }
        self.end_those(ground, &|assignment| assignment.to == *id && assignment.job == job);
    }
}
