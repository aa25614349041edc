//! What is done for jobs beside the hub.

use tabmesh_engine::NodeId;

use super::news::Accepted;
use crate::jobs::runner::RunResult;

/// What was done.
pub(in crate::jobs) enum Work {
    /// A task was run.
    RanHere(RanHere),
    /// An output came, or did not.
    Output(Fetched),
}

/// An output that was fetched, or was nowhere to be had.
pub(in crate::jobs) struct Fetched {
    pub(super) job: u32,
    pub(super) number: u32,
    pub(super) ticket: u64,
    pub(super) accepted: Option<Box<Accepted>>,
    /// Who said to have it, and gave nothing.
    pub(super) withheld: Vec<NodeId>,
}

/// For what a task was run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum What {
    /// The module wanted it.
    Module,
    /// Nobody had its output.
    Output,
}

/// A task that was run here; without a result where it could not.
pub(in crate::jobs) struct RanHere {
    pub(super) job: u32,
    pub(super) number: u32,
    pub(super) what: What,
    pub(super) result: Option<RunResult>,
}
