//! Jobs over the control socket: what both sides say.
//!
//! After [`Answer::Begun`](super::Answer::Begun) the client sends [`Order`]s and the node [`News`], each a header; data with an end follow
//! where these say so. The client closes the connection to cancel the job.

use serde::{Deserialize, Serialize};

/// What all tasks of a job have in common.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanLine {
    /// How outcomes are checked, 0 to 4.
    pub level: u8,
    /// The limit of gas of each task, at most 2^62.
    pub gas: u64,
    /// Pages of memory that each task may have, 1 to 65,536.
    pub pages: u32,
    /// 64 hexadecimal digits.
    pub seed: String,
    /// Nanoseconds since 1970.
    pub time: u64,
    /// Bytes of a piece, for tasks by steps; 0 where they are run whole.
    pub piece: u32,
    /// How long a task is expected to take, in milliseconds; 0 where nobody knows.
    #[serde(default)]
    pub expected_ms: u32,
    /// How the job is dealt with.
    #[serde(default)]
    pub wishes: WishesLine,
}

/// How a job is dealt with, which is no part of what it is.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WishesLine {
    /// Its CID, for whoever looks at the node's jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// The ids of the only executors that get anything of it, 64 at most; none named, all may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// Whose turn it is, among jobs: 0 to 3.
    #[serde(default)]
    pub priority: u8,
    /// Tasks that the node runs at a time, beside executors.
    #[serde(default)]
    pub own_cores: u8,
    /// The job ends after so many milliseconds, however far it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// What it may cost: nothing is paid for tasks yet, so 0.
    #[serde(default)]
    pub budget: u64,
}

/// What a client wants of its job.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// One module more, at most 16: the data that follow, at most 4 MiB. The first one has the index 0.
    Module {},
    /// A task with the input that follows: at most 16 MiB. 2,048 of them may have no result yet, with inputs of 64 MiB.
    Add {
        /// A number that is not open.
        number: u32,
        /// Which module.
        module: u16,
    },
    /// There is no more, as far as is known after so many [`News::Dispute`].
    Close {
        /// How many.
        disputes: u32,
    },
}

/// What a client hears of its job.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// A task has a result: data follow, first the receipt, then the output. Told again for one number it replaces what was told before.
    Accepted(AcceptedLine),
    /// A task has none.
    Failed {
        /// Which.
        number: u32,
        /// In words.
        why: String,
    },
    /// How it goes.
    Progress {
        /// Tasks that are done at executors and were not told yet.
        done: u32,
        /// Executors that have batches now.
        executors: usize,
    },
    /// It does not go on, and why; missing where it does again.
    Stalled {
        /// In words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// Nothing more of it is given out, by [`Request::PauseJob`](super::Request::PauseJob), or it is again.
    Paused {
        /// Or it is again.
        paused: bool,
    },
    /// An executor lied: what it alone said (`checked` is false) is to be added again, and the job closed again.
    Dispute {
        /// About this task.
        number: u32,
        /// Who: 64 hexadecimal digits.
        liar: String,
        /// Disputes so far.
        disputes: u32,
    },
}

/// The result of a task.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AcceptedLine {
    /// Which.
    pub number: u32,
    /// Its id: 64 hexadecimal digits.
    pub task: String,
    /// Others, or the node, came to the same.
    pub checked: bool,
    /// So many executors did.
    pub votes: u8,
    /// One of them, or the node itself: 64 hexadecimal digits.
    pub executor: String,
    /// As `docs/TASKS.md` numbers them.
    pub status: u8,
    /// The gas that is billed.
    pub gas: u64,
    /// The root over its steps, where it was run by them: 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<String>,
    /// Bytes of the receipt, the first of the data; 0 where the node ran the task itself.
    pub receipt_bytes: u32,
}

/// A job of the node.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct JobLine {
    /// Its number.
    pub job: u32,
    /// Its CID, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cid: Option<String>,
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
    /// Why it does not go on, in words; missing where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stalled: Option<String>,
    /// Nothing of it is given out.
    #[serde(default)]
    pub paused: bool,
    /// Since it began.
    pub seconds: u64,
}

/// What is known of an executor.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RecordLine {
    /// 64 hexadecimal digits.
    pub executor: String,
    /// Its outcomes in a row that were checked and right.
    pub confirmed: u32,
}
