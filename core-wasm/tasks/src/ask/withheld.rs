//! Executors that said outcomes and do not give their outputs.

use alloc::vec::Vec;

use tabmesh_port::{Instant, NodeId};

use super::requester::Requester;
use crate::ground::Ground;
use crate::limits::{WITHHELD_MAX, WITHHOLDERS_MAX};
use crate::list::List;

/// How often each did.
#[derive(Default)]
pub(crate) struct Withholders(Vec<(NodeId, u8)>);

impl Withholders {
    fn count(&mut self, id: &NodeId) -> u8 {
        let before = self.0.take_first(|(other, _)| other == id).map_or(0, |(_, times)| times);
        if self.0.len() >= WITHHOLDERS_MAX
            && let Some(least) = (0..self.0.len()).min_by_key(|at| self.0.get(*at).map(|row| row.1))
        {
            self.0.remove(least);
        }
        let times = before.saturating_add(1);
        self.0.push((*id, times));
        times
    }

    /// Whether somebody did so often that nothing more is asked of it.
    pub(crate) fn is_barred(&self, id: &NodeId) -> bool {
        self.0.iter().any(|(other, times)| other == id && *times >= WITHHELD_MAX)
    }
}

impl Requester {
    /// An executor does not give an output of its own. It gets nothing more of the job, and begins anew: nothing is proven, but whoever would
    /// go on with it would wait again.
    pub(crate) fn on_withheld(&mut self, ground: &mut Ground, job: u32, id: &NodeId) {
        self.records.clear(id);
        self.set_aside(job, id, Instant::NEVER);
        self.job(job).into_iter().for_each(|job| job.was_in_vain = true);
        if self.withholders.count(id) >= WITHHELD_MAX {
            return self.let_go(ground, id);
        }
        self.end_those(ground, &|assignment| assignment.to == *id && assignment.job == job);
    }
}
