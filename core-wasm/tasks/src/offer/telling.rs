//! From the last task of a batch to the requester's word that it has the outcomes.

use alloc::vec::Vec;

use tabmesh_port::limits::MESSAGE_MAX;
use tabmesh_port::{Duration, Instant, NodeId, Signature, Status};

use super::executor::{Executor, leave};
use super::served::{Ran, Served, Stage};
use crate::ground::Ground;
use crate::limits::{ASKS_OFFERING, INLINE_MAX, KEPT};
use crate::list::Gather;
use crate::outcome::{Outcome, TaskId, leaf, root};
use crate::wire::{Batch, OUTCOMES_HEAD, Question, records, signed};

/// An answer is waited for so long, and what got none told again after so long.
const WITHIN_MS: u32 = 10_000;
const AGAIN: Duration = Duration::from_ms(1_000);

impl Executor {
    /// The shell ran a task. Of what was stopped meanwhile nothing is wanted.
    ///
    /// # Errors
    /// [`BadRequest`](Status::BadRequest) where it is none of a running batch's, or was run before, or the output is not as long as said.
    pub(crate) fn on_ran(
        &mut self,
        ground: &mut Ground,
        (assignment, index): (u32, u16),
        (task, outcome): (&TaskId, Outcome),
        output: &[u8],
    ) -> Result<(), Status> {
        let is_inline = outcome.length as usize <= INLINE_MAX;
        if output.len() != if is_inline { outcome.length as usize } else { 0 } {
            return Err(Status::BadRequest);
        }
        let is_it = |served: &&Served| served.number == assignment;
        let served = self.served.iter().find(is_it).ok_or(Status::NotFound)?;
        if !served.is_running() {
            return Err(Status::BadRequest);
        }
        let is_open = served.ran.get(usize::from(index)).is_some_and(Option::is_none);
        if !is_open {
            return Err(Status::BadRequest);
        }
        self.charge(ground.now, assignment);
        let Some(served) = self.served.iter_mut().find(|served| served.number == assignment) else {
            return Ok(());
        };
        let Some(place) = served.ran.get_mut(usize::from(index)) else { return Ok(()) };
        *place = Some(Ran { task: *task, outcome, output: output.to_vec() });
        served.output_bytes += u64::from(outcome.length);
        if served.is_over() {
            let leaves: Vec<_> =
                served.ran.iter().flatten().map(|ran| leaf(&ran.task, &ran.outcome)).gather();
            let count = leaves.len();
            let work = ground.sign(&signed(&served.from, &served.nonce, count, &root(leaves)));
            served.stage = Stage::Signing { work };
        }
        Ok(())
    }

    pub(crate) fn on_signed(&mut self, ground: &Ground, work: u32, signature: &Signature) {
        let is_it = |served: &&mut Served| matches!(served.stage, Stage::Signing { work: of } if of == work);
        let Some(served) = self.served.iter_mut().find(is_it) else { return };
        let count = served.count();
        let outcomes = served.ran.iter().flatten().map(|ran| (ran.outcome, &ran.output[..]));
        let bytes = records(outcomes, MESSAGE_MAX - OUTCOMES_HEAD);
        let batch = Batch::of(&ground.attachment.key, signature, count, &bytes);
        let bytes = Question::Outcomes(batch).emit(&served.nonce);
        served.stage = Stage::Telling { bytes, op: None, next: ground.now };
        for ran in served.ran.iter_mut().flatten() {
            ran.output = Vec::new();
        }
    }

    /// The shell could not sign: nothing comes of the batch.
    pub(crate) fn on_unsigned(&mut self, ground: &mut Ground, work: u32) {
        self.drop_those(ground, &|served| matches!(served.stage, Stage::Signing { work: of } if of == work));
    }

    /// Tells requesters what came of their batches, as it is time.
    pub(crate) fn tell(&mut self, ground: &mut Ground) {
        while let Some(at) = self.next_told(ground.now)
            && let Some(Served { from, stage: Stage::Telling { bytes, op, .. }, .. }) =
                self.served.get_mut(at)
        {
            *op = Some(ground.ask(from, WITHIN_MS, bytes));
        }
    }

    /// What has waited longest of whoever is told least, as long as there is room. Who is told something already leaves the last place
    /// to others: those that never answer would take all.
    fn next_told(&self, now: Instant) -> Option<usize> {
        let asked = |from: Option<&NodeId>| {
            let asked = self.served.iter().filter(|served| op_of(served).is_some());
            asked.filter(|served| from.is_none_or(|from| served.from == *from)).count()
        };
        let waiting = self.served.iter().enumerate().filter_map(|(at, served)| match served.stage {
            Stage::Telling { op: None, next, .. } if next <= now => {
                Some((asked(Some(&served.from)), next, at))
            }
            _ => None,
        });
        let (own, _, at) = waiting.min()?;
        (asked(None) + own.min(1) < ASKS_OFFERING).then_some(at)
    }

    /// A requester answered, or did not; whether it was a question of this half.
    pub(crate) fn on_answered(
        &mut self,
        ground: &mut Ground,
        op: u32,
        from: &NodeId,
        status: Status,
    ) -> bool {
        let is_it = |served: &Served| op_of(served) == Some(op) && served.from == *from;
        let Some(at) = self.served.iter().position(is_it) else { return false };
        let Some(served) = self.served.get_mut(at) else { return false };
        match status {
            Status::Ok => {
                served.stage = Stage::Kept;
                served.until = ground.after(KEPT);
            }
            Status::TooManyRequests | Status::TimedOut | Status::Unavailable | Status::Unauthorized => {
                let again = ground.after(AGAIN);
                if let Stage::Telling { op, next, .. } = &mut served.stage {
                    (*op, *next) = (None, again);
                }
            }
            _ => leave(ground, &self.served.remove(at)),
        }
        true
    }

    /// When something is told again. What waits for room is told once something was answered.
    pub(crate) fn tells_at(&self, now: Instant) -> Instant {
        let times = self.served.iter().map(|served| match served.stage {
            Stage::Telling { op: None, next, .. } if next > now => next,
            _ => Instant::NEVER,
        });
        times.min().unwrap_or(Instant::NEVER)
    }
}

fn op_of(served: &Served) -> Option<u32> {
    match served.stage {
        Stage::Telling { op, .. } => op,
        _ => None,
    }
}
