//! A batch that this node runs for another.

use alloc::vec::Vec;

use tabmesh_port::{Instant, NodeId};

use crate::limits::MODULE_INDEX;
use crate::outcome::{Outcome, TaskId};
use crate::wire::Nonce;

pub(crate) struct Served {
    pub(crate) number: u32,
    pub(crate) nonce: Nonce,
    pub(crate) from: NodeId,
    pub(crate) stage: Stage,
    /// When the lease is over, or the outputs are forgotten.
    pub(crate) until: Instant,
    pub(crate) beat_at: Instant,
    /// What came of each task.
    pub(crate) ran: Vec<Option<Ran>>,
    /// Bytes of outputs, which the shell keeps.
    pub(crate) output_bytes: u64,
    /// Up to then its requester was charged for the time that it ran.
    pub(crate) charged: Instant,
    /// Since when it waits for inputs.
    pub(crate) feeding: Option<Instant>,
    /// Since when pieces of them were asked for in vain.
    pub(crate) unfed: Option<Instant>,
}

pub(crate) enum Stage {
    /// Its turn is yet to come.
    Waiting {
        gas: u64,
        bytes: Vec<u8>,
    },
    /// Its turn began then, or once the last input came that all of it waited for.
    Running {
        since: Instant,
    },
    Signing {
        work: u32,
    },
    /// The requester is told, and told again.
    Telling {
        bytes: Vec<u8>,
        op: Option<u32>,
        next: Instant,
    },
    /// It knows. Its outputs may be fetched.
    Kept,
}

pub(crate) struct Ran {
    pub(crate) task: TaskId,
    pub(crate) outcome: Outcome,
    /// Where it comes with the outcome.
    pub(crate) output: Vec<u8>,
}

/// A piece of one of its inputs, or of its module, that the shell waits for.
pub(crate) struct Fetch {
    pub(crate) op: Option<u32>,
    pub(crate) fetch: u32,
    pub(crate) assignment: u32,
    pub(crate) from: NodeId,
    pub(crate) nonce: Nonce,
    pub(crate) index: u16,
    pub(crate) offset: u32,
}

impl Served {
    pub(crate) fn count(&self) -> usize {
        self.ran.len()
    }

    pub(crate) fn done(&self) -> usize {
        self.ran.iter().filter(|ran| ran.is_some()).count()
    }

    /// Whether its requester waits for it.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.stage, Stage::Kept)
    }

    pub(crate) fn is_running(&self) -> bool {
        matches!(self.stage, Stage::Running { .. })
    }

    /// Whether all its tasks were run.
    pub(crate) fn is_over(&self) -> bool {
        self.done() == self.count()
    }

    /// Tasks that hold a core, or will as soon as one is free: those before the first whose input is still to come, and none without the
    /// module.
    pub(crate) fn at_work(&self, fetches: &[Fetch]) -> usize {
        let awaited = fetches.iter().filter(|fetch| fetch.assignment == self.number).map(|fetch| fetch.index);
        let first = awaited.map(|index| if index == MODULE_INDEX { 0 } else { index.into() }).min();
        let ready = if self.is_running() { first.unwrap_or(self.count()) } else { 0 };
        self.ran.iter().take(ready).filter(|ran| ran.is_none()).count()
    }
}
