//! When an executor does not have a batch any more: its tasks go to others at once.

use alloc::vec::Vec;

use tabmesh_port::{Instant, NodeId, Status};

use super::assignment::{Assignment, Stage};
use super::requester::Requester;
use crate::face::{Event, FailedWhy};
use crate::ground::Ground;
use crate::limits::{EXECUTORS_MAX, SILENCE, TRIES_MAX, UNWILLING};
use crate::list::Gather;
use crate::wire::{Nonce, Question, Refusal, Word};

/// How long the answer to a revocation is waited for.
const REVOKED_MS: u32 = 3_000;

/// Revocations that wait; more are left unsaid, and leases end them.
const REVOKES_MAX: usize = 2 * EXECUTORS_MAX;

impl Requester {
    /// An executor took a batch, or did not; whether it was a question of this half.
    pub(crate) fn on_answered(
        &mut self,
        ground: &mut Ground,
        op: u32,
        from: &NodeId,
        status: Status,
        bytes: &[u8],
    ) -> bool {
        let revoking = self.revoking.len();
        self.revoking.retain(|other| *other != op);
        if revoking > self.revoking.len()
            || self.on_fetched(ground, op, from, status, bytes)
            || self.on_steps(ground, op, from, status, bytes)
        {
            return true;
        }
        let is_it = |one: &Assignment| one.stage == Stage::Asking(op) && one.to == *from;
        let Some(at) = self.assignments.iter().position(is_it) else { return false };
        let Some(assignment) = self.assignments.get_mut(at) else { return true };
        if status == Status::Ok {
            assignment.stage = Stage::Open;
            assignment.heard_at = ground.now;
            self.executors.find(from).into_iter().for_each(|executor| executor.own(bytes));
            return true;
        }
        match Refusal::read(bytes) {
            Some(why) => self.on_refused(ground, at, why),
            // It may have it.
            None => self.lapse(ground, at, true),
        }
        true
    }

    /// An executor does not take a batch, or cannot run it.
    fn on_refused(&mut self, ground: &mut Ground, at: usize, why: Refusal) {
        let Some((to, number)) = self.assignments.get(at).map(|one| (one.to, one.job)) else { return };
        self.end_assignment(ground, at, false);
        let now = ground.now;
        match why {
            Refusal::Busy => self.executors.find(&to).into_iter().for_each(|executor| executor.cool(now)),
            Refusal::TooLarge => self.set_aside(number, &to, Instant::NEVER),
            Refusal::Unwilling => self.set_aside(number, &to, now + UNWILLING),
        }
    }

    /// An executor gets nothing of a job until then.
    pub(crate) fn set_aside(&mut self, job: u32, id: &NodeId, until: Instant) {
        self.job(job).into_iter().for_each(|job| job.set_aside(id, until));
    }

    pub(crate) fn on_word(&mut self, ground: &mut Ground, from: &NodeId, nonce: &Nonce, word: Word) {
        let is_it = |one: &Assignment| one.nonce == *nonce && one.to == *from && one.stage != Stage::Packing;
        let Some(at) = self.assignments.iter().position(is_it) else { return };
        let Some(assignment) = self.assignments.get_mut(at) else { return };
        match word {
            Word::Beat(done) => {
                assignment.heard_at = ground.now;
                assignment.done = done.min(assignment.slots.len() as u16);
            }
            Word::Over(Refusal::Busy) => {
                // Whoever always gives back what it took would hold tasks for good.
                let keys: Vec<u64> = assignment.awaited().gather();
                self.lapse(ground, at, false);
                keys.into_iter().for_each(|key| self.try_again(ground, key));
            }
            Word::Over(why) => self.on_refused(ground, at, why),
        }
    }

    pub(crate) fn on_linked(&mut self, id: &NodeId) {
        self.executors.find(id).into_iter().for_each(|executor| executor.is_linked = true);
    }

    /// An executor is not held any more.
    pub(crate) fn let_go(&mut self, ground: &mut Ground, id: &NodeId) {
        self.executors.list.retain(|executor| executor.id != *id);
        self.fall_silent(id);
        self.end_those(ground, &|assignment| assignment.to == *id);
    }

    /// Ends leases that are over, and those of executors that fell silent.
    pub(crate) fn end_leases(&mut self, ground: &mut Ground) {
        let now = ground.now;
        let is_sent = |one: &&Assignment| one.stage != Stage::Packing && one.checking.is_none();
        let sent = self.assignments.iter().filter(is_sent);
        let is_over = |one: &&Assignment| now >= one.deadline || now.since(one.heard_at) >= SILENCE;
        let over: Vec<u32> = sent.filter(is_over).map(|one| one.number).gather();
        for number in over {
            let Some(at) = self.assignments.iter().position(|one| one.number == number) else { continue };
            let Some(assignment) = self.assignments.get(at) else { continue };
            if now >= assignment.deadline {
                let keys: Vec<u64> = assignment.awaited().gather();
                self.lapse(ground, at, true);
                keys.into_iter().for_each(|key| self.try_again(ground, key));
            } else {
                self.lapse(ground, at, true);
            }
        }
    }

    /// Nothing came of a task, this time.
    pub(crate) fn try_again(&mut self, ground: &mut Ground, key: u64) {
        let Some(task) = self.task(key) else { return };
        task.tries = task.tries.saturating_add(1);
        if task.tries >= TRIES_MAX {
            self.run_here(ground, key, FailedWhy::NoResult);
        }
    }

    /// An executor did not do what it took; it is told, unless it says so itself.
    fn lapse(&mut self, ground: &mut Ground, at: usize, is_told: bool) {
        let Some(to) = self.assignments.get(at).map(|one| one.to) else { return };
        self.end_assignment(ground, at, is_told);
        let now = ground.now;
        if self.executors.find(&to).is_some_and(|executor| executor.lapse(now)) {
            self.let_go(ground, &to);
        }
    }

    pub(crate) fn end_those(&mut self, ground: &mut Ground, is_it: &dyn Fn(&Assignment) -> bool) {
        while let Some(at) = self.assignments.iter().position(is_it) {
            self.end_assignment(ground, at, true);
        }
    }

    /// Nothing comes of a batch; its executor is told, if it may be at it.
    fn end_assignment(&mut self, ground: &mut Ground, at: usize, is_told: bool) {
        if at >= self.assignments.len() {
            return;
        }
        let assignment = self.assignments.remove(at);
        assignment.awaited().for_each(|key| self.take_back(key));
        ground.emit(&Event::Dropped(assignment.number));
        if let Some(checking) = &assignment.checking {
            ground.reply(checking.ticket, Status::NotFound, &[]);
        }
        let is_sent = assignment.stage != Stage::Packing;
        if is_told && is_sent && self.revokes.len() < REVOKES_MAX {
            self.revokes.push((assignment.to, assignment.nonce));
        }
    }

    /// Tells executors what is not wanted any more.
    pub(crate) fn revoke(&mut self, ground: &mut Ground) {
        while self.has_question()
            && let Some((to, nonce)) = self.revokes.pop()
        {
            self.revoking.push(ground.ask(&to, REVOKED_MS, &Question::Revoke.emit(&nonce)));
        }
    }
}
