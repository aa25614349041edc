//! A task that is not decided yet, and the votes on it.

use alloc::vec::Vec;

use tabmesh_port::{Instant, NodeId};

use crate::outcome::{Outcome, TaskId};
use crate::wire::Nonce;

pub(crate) struct Task {
    /// Its number among all that ever were, of all jobs.
    pub(crate) key: u64,
    pub(crate) job: u32,
    pub(crate) number: u32,
    pub(crate) id: TaskId,
    pub(crate) is_by_steps: bool,
    /// An answer is accepted once it has so many votes more than any other.
    pub(crate) margin: u8,
    /// How often executors were asked about its steps.
    pub(crate) disputes: u8,
    /// Executors that have it and are waited for.
    pub(crate) out: u8,
    /// How often it gave no result, or none in time.
    pub(crate) tries: u8,
    pub(crate) here: Here,
    pub(crate) votes: Vec<Vote>,
    /// Since when there is nobody to give it to.
    pub(crate) alone_since: Instant,
}

/// Whether the shell runs it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Here {
    No,
    /// To decide it: `CannotRun` ends it with this reason.
    ToDecide(crate::face::FailedWhy),
    /// As executors do.
    Beside,
    /// To know the answer to a canary, which was chosen when this was the newest task's key.
    AsCanary(u64),
    /// It does not: two of those who answered are asked about the steps.
    Disputed,
}

/// What an executor says came of it.
#[derive(Clone, Copy)]
pub(crate) struct Vote {
    pub(crate) by: NodeId,
    /// Whose that one is.
    pub(crate) owner: NodeId,
    pub(crate) nonce: Nonce,
    pub(crate) outcome: Outcome,
    pub(crate) assignment: u32,
    pub(crate) index: u16,
}

impl Task {
    /// The first vote for the answer with most of them, how many it has, and how many more than any other.
    pub(crate) fn best(&self) -> Option<(Vote, usize, usize)> {
        let count = |outcome: &Outcome| self.votes.iter().filter(|vote| vote.outcome == *outcome).count();
        let mut best: Option<(Vote, usize)> = None;
        for vote in &self.votes {
            let votes = count(&vote.outcome);
            if best.is_none_or(|(_, most)| votes > most) {
                best = Some((*vote, votes));
            }
        }
        let (vote, most) = best?;
        let others = self.votes.iter().filter(|other| other.outcome != vote.outcome);
        let second = others.map(|other| count(&other.outcome)).max().unwrap_or(0);
        Some((vote, most, most - second))
    }

    /// How many executors more it is to be given to now.
    pub(crate) fn needs(&self) -> usize {
        if self.here != Here::No {
            return 0;
        }
        let lead = self.best().map_or(0, |(_, _, lead)| lead);
        usize::from(self.margin).saturating_sub(lead + usize::from(self.out))
    }

    /// Two of the answers that differ.
    pub(crate) fn differing(&self) -> Option<[Vote; 2]> {
        let first = self.votes.first()?;
        let other = self.votes.iter().find(|vote| vote.outcome != first.outcome)?;
        Some([*first, *other])
    }

    /// Whether the shell runs the whole of it.
    pub(crate) fn runs_here(&self) -> bool {
        !matches!(self.here, Here::No | Here::Disputed)
    }

    /// Whether an executor answered it, or another one of its owner. What it says of its owner may change; its id does not.
    pub(crate) fn has_vote_of(&self, id: &NodeId, owner: &NodeId) -> bool {
        self.votes.iter().any(|vote| vote.by == *id || vote.owner == *owner)
    }
}
