//! What a job's face is told of jobs.

use tabmesh_engine::content::cid::Cid;
use tabmesh_tasks::{JOBS_MAX, OPEN_MAX, StalledWhy};
use thiserror::Error;

/// Tasks of one job that are open, or have a result that was not taken yet.
pub const OPEN_A_JOB: usize = OPEN_MAX;

/// Bytes of the inputs of one job's open tasks.
pub const INPUT_BYTES_A_JOB: usize = 64 << 20;

/// Modules of one job.
pub const MODULES_A_JOB: usize = 16;

/// Why nothing came of an order about a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum JobError {
    /// There are [`JOBS_MAX`].
    #[error("this node has {JOBS_MAX} jobs already; wait for one to end, or `tabmesh job cancel` one")]
    Full,
    /// It is over.
    #[error("this node has no such job any more; `tabmesh job status` shows those that it has")]
    NoJob,
    /// A bound of the order itself.
    #[error("this is more than a job takes at a time, or names a module that it has not")]
    OutOfBounds,
    /// The node stops.
    #[error("the node is stopping; start it again, and resume the job")]
    Stopping,
}

/// A job of this node, for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JobView {
    /// Its number.
    pub number: u32,
    /// Its CID, where that was told.
    pub cid: Option<Cid>,
    /// How it is checked.
    pub level: u8,
    /// Tasks with a result.
    pub accepted: u32,
    /// Tasks that have none and will have none.
    pub failed: u32,
    /// Tasks that wait for one.
    pub open: usize,
    /// Executors that have batches of it now.
    pub executors: usize,
    /// Why it does not go on.
    pub stalled: StalledWhy,
    /// It names its executors.
    pub is_for_some: bool,
    /// Nothing of it is given out.
    pub is_paused: bool,
    /// Seconds since it began.
    pub seconds: u64,
}
