//! A dispute about the steps of one task, and what is asked for it.

use tabmesh_port::{Instant, NodeId};

use super::task::{Task, Vote};
use crate::bisect::{Ask, Dispute};

/// Two that differ about a task.
pub(crate) struct Quarrel {
    pub(crate) job: u32,
    pub(crate) key: u64,
    pub(crate) number: u32,
    pub(crate) dispute: Dispute,
    pub(crate) sides: [Side; 2],
    /// What both are asked now, and until when.
    ask: Option<Ask>,
    pub(crate) until: Instant,
    /// The shell runs a step.
    pub(crate) is_running: bool,
}

/// One of them.
pub(crate) struct Side {
    pub(crate) vote: Vote,
    pub(crate) op: Option<u32>,
    pub(crate) has_answered: bool,
    pub(crate) ask_at: Instant,
}

impl Quarrel {
    pub(crate) fn new(task: &Task, votes: [Vote; 2]) -> Self {
        let side = |vote| Side { vote, op: None, has_answered: false, ask_at: Instant(0) };
        Self {
            job: task.job,
            key: task.key,
            number: task.number,
            dispute: Dispute::new(votes.map(|vote| vote.outcome)),
            sides: votes.map(side),
            ask: None,
            until: Instant::NEVER,
            is_running: false,
        }
    }

    /// Questions under way.
    pub(crate) fn asked(&self) -> usize {
        self.sides.iter().filter(|side| side.op.is_some()).count()
    }

    pub(crate) fn side_of(&self, id: &NodeId) -> Option<usize> {
        self.sides.iter().position(|side| side.vote.by == *id)
    }

    /// A side answered, or did not in time.
    pub(crate) fn hear(&mut self, at: usize, bytes: &[u8]) {
        if let Some(side) = self.sides.get_mut(at)
            && !core::mem::replace(&mut side.has_answered, true)
        {
            side.op = None;
            self.dispute.answer(at, bytes);
        }
    }

    /// Another question begins once both answered the one before.
    pub(crate) fn begin(&mut self, ask: Ask, until: Instant) {
        if self.ask != Some(ask) {
            (self.ask, self.until) = (Some(ask), until);
            self.sides.iter_mut().for_each(|side| side.has_answered = false);
        }
    }
}
