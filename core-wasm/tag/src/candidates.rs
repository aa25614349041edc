//! Those who may be members: somebody named them, and they did not answer yet.

use alloc::vec::Vec;

use tabmesh_port::{Duration, Instant, NodeId};

use crate::limits::{
    CANDIDATES_MAX, CANDIDATES_OF_ONE, FAILED_MS, TRIAL_MS, TRIALS_HEARSAY, TRIALS_MAX, TRIALS_OF_ONE,
};

/// Stands for the overlay's list among those who name candidates: the head of nobody's id.
pub(crate) const LIST: u64 = 0;

struct Candidate {
    id: NodeId,
    /// The head of the id of whoever named it.
    by: u64,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waits,
    /// A link to it is held until then.
    Tried(Instant),
    /// It is left alone until then.
    Failed(Instant),
}

impl Candidate {
    fn is_tried(&self) -> bool {
        matches!(self.stage, Stage::Tried(_))
    }
}

/// In the order in which they were named.
#[derive(Default)]
pub(crate) struct Candidates(Vec<Candidate>);

impl Candidates {
    /// Somebody names a node.
    pub(crate) fn learn(&mut self, id: &NodeId, by: u64) {
        let share = self.0.iter().filter(|known| known.by == by).count();
        if self.0.iter().any(|known| known.id == *id) || by != LIST && share >= CANDIDATES_OF_ONE {
            return;
        }
        if self.0.len() >= CANDIDATES_MAX {
            let failed = self.0.iter().position(|known| matches!(known.stage, Stage::Failed(_)));
            let Some(at) = failed else { return };
            self.0.remove(at);
        }
        self.0.push(Candidate { id: *id, by, stage: Stage::Waits });
    }

    /// It is a member, or nobody wants it any more.
    pub(crate) fn forget(&mut self, id: &NodeId) {
        self.0.retain(|known| known.id != *id);
    }

    /// The link to it was lost, or could not be made.
    pub(crate) fn fail(&mut self, id: &NodeId, now: Instant) {
        let tried = self.0.iter_mut().find(|known| known.id == *id && known.is_tried());
        if let Some(known) = tried {
            known.stage = Stage::Failed(now + Duration::from_ms(FAILED_MS));
        }
    }

    /// Trials end, and others begin of those that are wanted; those that are not are forgotten.
    pub(crate) fn go_on(&mut self, now: Instant, wants: impl Fn(&NodeId) -> bool) {
        for known in &mut self.0 {
            if let Stage::Tried(until) = known.stage
                && until <= now
            {
                known.stage = Stage::Failed(now + Duration::from_ms(FAILED_MS));
            }
        }
        self.0.retain(|known| match known.stage {
            Stage::Waits => wants(&known.id),
            Stage::Tried(_) => true,
            Stage::Failed(until) => until > now,
        });
        for at in 0..self.0.len() {
            let is_next =
                self.0.get(at).is_some_and(|next| next.stage == Stage::Waits && self.may_try(next.by));
            if let Some(next) = self.0.get_mut(at).filter(|_| is_next) {
                next.stage = Stage::Tried(now + Duration::from_ms(TRIAL_MS));
            }
        }
    }

    fn may_try(&self, by: u64) -> bool {
        let tried = |of: &dyn Fn(&Candidate) -> bool| {
            self.0.iter().filter(|known| known.is_tried() && of(known)).count()
        };
        tried(&|_| true) < TRIALS_MAX
            && (by == LIST
                || tried(&|known| known.by != LIST) < TRIALS_HEARSAY
                    && tried(&|known| known.by == by) < TRIALS_OF_ONE)
    }

    /// Those to which a link is tried.
    pub(crate) fn tried(&self) -> impl Iterator<Item = &NodeId> {
        self.0.iter().filter(|known| known.is_tried()).map(|known| &known.id)
    }

    /// All of them but those that failed.
    pub(crate) fn ids(&self) -> Vec<NodeId> {
        let open = self.0.iter().filter(|known| !matches!(known.stage, Stage::Failed(_)));
        open.map(|known| known.id).collect()
    }

    /// When [`Candidates::go_on`] has something to do.
    pub(crate) fn wanted_at(&self) -> Instant {
        let due = self.0.iter().map(|known| match known.stage {
            Stage::Waits => Instant::NEVER,
            Stage::Tried(until) | Stage::Failed(until) => until,
        });
        due.min().unwrap_or(Instant::NEVER)
    }
}
