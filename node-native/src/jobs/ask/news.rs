//! What whoever follows a job hears.

use bytes::Bytes;
use tabmesh_engine::NodeId;
use tabmesh_tasks::{FailedWhy, Outcome, StalledWhy, TaskId};
use tokio::sync::OwnedSemaphorePermit;

/// What one hears of a job.
#[derive(Debug)]
pub enum News {
    /// A task has a result. It may be told again for one number: then it replaces what was told before.
    Accepted(Box<Accepted>),
    /// A task has none.
    Failed {
        /// Which.
        number: u32,
        /// Why.
        why: FailedWhy,
    },
    /// How it goes.
    Progress {
        /// So many tasks are done at executors that were not told yet.
        done: u32,
        /// Executors that have batches now.
        executors: usize,
    },
    /// It does not go on, or does again.
    Stalled(StalledWhy),
    /// Nothing more of it is given out, or it is again.
    Paused(bool),
    /// An executor lied. What it alone said is to be added again, and the job to be closed again, with this many disputes known.
    Dispute {
        /// About this task.
        number: u32,
        /// Who.
        liar: NodeId,
        /// Disputes so far.
        disputes: u32,
    },
    /// The last of it.
    Ended(Ending),
}

/// How a job ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// All is decided.
    Done,
    /// By `cancel`.
    Cancelled,
    /// At its deadline.
    Late(Lateness),
}

/// What held a job up that came to its deadline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lateness {
    /// This; or nothing, and there was too little time.
    Stalled(StalledWhy),
    /// It was paused.
    Paused,
}

/// The result of a task. Of those with long outputs four of a job are there at a time: dropping one lets another come.
#[derive(Debug)]
pub struct Accepted {
    /// Which.
    pub number: u32,
    /// Its id.
    pub task: TaskId,
    /// Others, or this node, came to the same.
    pub is_checked: bool,
    /// So many executors did.
    pub votes: u8,
    /// One of them; this node where it ran it and nobody else did.
    pub executor: NodeId,
    /// What came of it.
    pub outcome: Outcome,
    /// The output, which has the outcome's hash.
    pub output: Bytes,
    /// The receipt of `executor`; empty where that is this node.
    pub receipt: Vec<u8>,
    /// Gives room for another output once this one is taken.
    pub(in crate::jobs) _place: Option<OwnedSemaphorePermit>,
}
