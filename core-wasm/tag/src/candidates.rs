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
        let share = self.named_by(by);
        if let Some(at) = self.0.iter().position(|known| known.id == *id) {
            // Whoever named it before does not keep it waiting behind others.
            let is_better = self.0.get(at).is_some_and(|known| by == LIST || self.named_by(known.by) > share);
            if let Some(known) = self.0.get_mut(at).filter(|_| is_better) {
                known.by = by;
            }
        } else if (by == LIST || share < CANDIDATES_OF_ONE) && self.makes_room(share) {
            self.0.push(Candidate { id: *id, by, stage: Stage::Waits });
        }
    }

    fn named_by(&self, by: u64) -> usize {
        self.0.iter().filter(|known| known.by == by).count()
    }

    /// At the bound, whoever named most gives one up to who named fewer, `share`: the last that waits, else the last that failed. Those that
    /// failed stay before those that wait, so that nobody's failures are forgotten for what it names next.
    fn makes_room(&mut self, share: usize) -> bool {
        if self.0.len() < CANDIDATES_MAX {
            return true;
        }
        let most = self.0.iter().map(|known| self.named_by(known.by)).max().unwrap_or(0);
        let of_it = self.0.iter().filter(|known| self.named_by(known.by) == most && !known.is_tried());
        let given = of_it.max_by_key(|known| known.stage == Stage::Waits).map(|known| known.id);
        let Some(id) = given.filter(|_| most > share) else { return false };
        self.forget(&id);
        true
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
        while let Some(at) = self.next() {
            if let Some(next) = self.0.get_mut(at) {
                next.stage = Stage::Tried(now + Duration::from_ms(TRIAL_MS));
            }
        }
    }

    /// The next one to be tried: of those whom the list named, or else who named fewest in vain, the first.
    fn next(&self) -> Option<usize> {
        let in_vain = |by: u64| {
            let tried = self.0.iter().filter(|known| known.by == by && known.stage != Stage::Waits);
            if by == LIST { 0 } else { tried.count() }
        };
        let open = self.0.iter().enumerate();
        open.filter(|(_, known)| known.stage == Stage::Waits && self.may_try(known.by))
            .min_by_key(|(_, known)| in_vain(known.by))
            .map(|(at, _)| at)
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
