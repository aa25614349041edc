//! What is done for jobs beside the hub.

use tabmesh_engine::NodeId;
use tabmesh_tasks::bisect::Step;

use super::news::Accepted;
use crate::jobs::runner::RunResult;

/// What was done.
pub(in crate::jobs) enum Work {
    /// A task was run.
    RanHere(RanHere),
    /// An output came, or did not.
    Output(Fetched),
    /// A step was run.
    RanStep(RanStep),
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

/// A step of a task that was run here.
pub(in crate::jobs) struct RanStep {
    /// As the module calls it.
    pub(super) job: u32,
    pub(super) number: u32,
    pub(super) step: Result<Step, CannotStep>,
}

/// Why it was not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum CannotStep {
    /// Neither gave what the step before it left.
    Silent,
    /// This host cannot run it.
    Host,
}
