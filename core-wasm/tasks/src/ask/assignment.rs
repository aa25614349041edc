//! A batch that an executor has.

use alloc::vec::Vec;

use tabmesh_port::{Instant, NodeId};

use crate::outcome::{Outcome, TaskId};
use crate::wire::Nonce;

pub(crate) struct Assignment {
    pub(crate) number: u32,
    pub(crate) nonce: Nonce,
    pub(crate) to: NodeId,
    pub(crate) job: u32,
    pub(crate) slots: Vec<Slot>,
    pub(crate) stage: Stage,
    pub(crate) sent_at: Instant,
    pub(crate) deadline: Instant,
    /// When its executor spoke of it last.
    pub(crate) heard_at: Instant,
    /// So many of its tasks are done, its executor says.
    pub(crate) done: u16,
    /// It takes so long that its tasks are not waited for any more.
    pub(crate) is_late: bool,
    pub(crate) checking: Option<Checking>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The shell makes it.
    Packing,
    /// The executor was asked: the number of the question.
    Asking(u32),
    /// The executor has it.
    Open,
}

/// Outcomes whose signature is being checked.
pub(crate) struct Checking {
    pub(crate) work: u32,
    pub(crate) ticket: u32,
    pub(crate) bytes: Vec<u8>,
}

/// A place in a batch.
pub(crate) struct Slot {
    /// Of this task, which may be decided by now.
    pub(crate) key: u64,
    pub(crate) number: u32,
    pub(crate) id: TaskId,
    pub(crate) is_by_steps: bool,
    pub(crate) purpose: Purpose,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// An answer is wanted.
    Answer,
    /// And others shall be asked as well.
    Check,
    /// The answer is known.
    Canary(Outcome),
}

impl Assignment {
    /// The tasks of it whose answers are waited for.
    pub(crate) fn awaited(&self) -> impl Iterator<Item = u64> {
        let is_late = self.is_late;
        let slots = self.slots.iter().filter(move |slot| !is_late && slot.purpose.is_vote());
        slots.map(|slot| slot.key)
    }
}

impl Purpose {
    pub(crate) fn is_vote(self) -> bool {
        !matches!(self, Self::Canary(_))
    }
}
