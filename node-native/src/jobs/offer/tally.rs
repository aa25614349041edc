//! What was done for others.

use std::collections::BTreeMap;

use tabmesh_engine::NodeId;

use crate::task::Status;

/// Requesters whose tasks are counted; of more the one that was served least lately goes.
const REQUESTERS_MAX: usize = 64;

/// What was done for one requester.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Served {
    /// Who.
    pub requester: NodeId,
    /// Tasks that were run.
    pub tasks: u64,
    /// Gas of those that came to a result.
    pub gas: u64,
}

/// What was done since the node began.
#[derive(Clone, Default, Debug)]
pub struct Tally {
    /// Tasks by status.
    pub tasks: BTreeMap<Status, u64>,
    /// Gas of those that came to a result.
    pub gas: u64,
    /// For whom, who was served latest first; at most 64.
    pub served: Vec<Served>,
}

impl Tally {
    pub(super) fn count(&mut self, requester: &NodeId, status: Status, gas: u64) {
        *self.tasks.entry(status).or_default() += 1;
        self.gas = self.gas.saturating_add(gas);
        let at = self.served.iter().position(|served| served.requester == *requester);
        let mut served = match at {
            Some(at) => self.served.remove(at),
            None => Served { requester: *requester, tasks: 0, gas: 0 },
        };
        served.tasks += 1;
        served.gas = served.gas.saturating_add(gas);
        self.served.insert(0, served);
        self.served.truncate(REQUESTERS_MAX);
    }
}
