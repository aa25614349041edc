//! Outcomes that come: they count for the open assignment that they name, once their signature holds.

use alloc::vec::Vec;

use tabmesh_port::{Instant, NodeId, Status};

use super::assignment::{Assignment, Checking, Purpose, Slot, Stage};
use super::requester::Requester;
use super::task::Vote;
use crate::face::Event;
use crate::ground::Ground;
use crate::limits::CHECKS_MAX;
use crate::list::Gather;
use crate::outcome::Outcome;
use crate::wire::{Batch, Nonce, Question, signed};

impl Requester {
    /// An executor says what came of a batch; it is answered once that is checked.
    ///
    /// # Errors
    /// Why it is not even checked.
    pub(crate) fn on_outcomes(
        &mut self,
        ground: &mut Ground,
        (from, ticket): (&NodeId, u32),
        nonce: &Nonce,
        batch: &Batch<'_>,
        flat: &[u8],
    ) -> Result<(), Status> {
        let checks = self.assignments.iter().filter(|one| one.checking.is_some()).count();
        let is_it =
            |one: &&mut Assignment| one.nonce == *nonce && one.to == *from && one.stage != Stage::Packing;
        let assignment = self.assignments.iter_mut().find(is_it).ok_or(Status::NotFound)?;
        if NodeId::of_key(batch.key) != *from {
            return Err(Status::Forbidden);
        }
        if batch.len() != assignment.slots.len() {
            return Err(Status::BadRequest);
        }
        let number = assignment.job;
        let job = self.jobs.iter().find(|job| job.number == number);
        let gas = job.map_or(0, |job| job.gas);
        let mut all = assignment.slots.iter().zip(batch.outcomes());
        if all.any(|(slot, (outcome, _))| !outcome.is_possible(gas, slot.is_by_steps)) {
            // Whoever believed it would fetch gigabytes, or bill gas that nobody gave.
            self.let_go(ground, from);
            self.set_aside(number, from, Instant::NEVER);
            return Err(Status::Forbidden);
        }
        if checks >= CHECKS_MAX || assignment.checking.is_some() {
            return Err(Status::TooManyRequests);
        }
        let root = batch.root(assignment.slots.iter().map(|slot| &slot.id));
        let bytes = signed(&ground.own, nonce, batch.len(), &root);
        let work = ground.verify(&batch.key.0, &batch.signature.0, &bytes);
        assignment.checking = Some(Checking { work, ticket, bytes: flat.to_vec() });
        assignment.heard_at = ground.now;
        Ok(())
    }

    /// A signature was checked; `None` where the shell could not.
    pub(crate) fn on_verified(&mut self, ground: &mut Ground, work: u32, holds: Option<bool>) {
        let is_it = |one: &Assignment| one.checking.as_ref().is_some_and(|checking| checking.work == work);
        let Some(at) = self.assignments.iter().position(is_it) else { return };
        let Some(assignment) = self.assignments.get_mut(at) else { return };
        let Some(checking) = assignment.checking.take() else { return };
        let (to, job) = (assignment.to, assignment.job);
        match holds {
            Some(true) => {
                ground.reply(checking.ticket, Status::Ok, &[]);
                self.take_outcomes(ground, at, &checking.bytes);
            }
            // It signed something else than it was asked for: it ran other tasks, or lies.
            Some(false) => {
                ground.reply(checking.ticket, Status::Forbidden, &[]);
                self.let_go(ground, &to);
                self.set_aside(job, &to, Instant::NEVER);
            }
            None => ground.reply(checking.ticket, Status::TooManyRequests, &[]),
        }
    }

    fn take_outcomes(&mut self, ground: &mut Ground, at: usize, bytes: &[u8]) {
        let Some((_, Question::Outcomes(batch))) = Question::read(bytes) else { return };
        let assignment = self.assignments.remove(at);
        let Assignment { number, nonce, to, job, sent_at, .. } = assignment;
        let (now, owner) = (ground.now, self.executors.owner_of(&to));
        ground.emit(&Event::Outcomes { assignment: number, executor: &to, bytes });
        let took = self
            .executors
            .find(&to)
            .map(|executor| executor.on_outcomes(now, job, sent_at, assignment.slots.len()));
        if let (Some(job), Some(us)) = (self.job(job), took) {
            job.measure(us);
        }
        self.moved(ground, job);
        assignment.awaited().for_each(|key| self.take_back(key));
        let outcomes: Vec<Outcome> = batch.outcomes().map(|(outcome, _)| outcome).gather();
        // Canaries first: what a liar says of other tasks counts for nothing.
        for (slot, outcome) in assignment.slots.iter().zip(&outcomes) {
            if let Purpose::Canary(known) = slot.purpose {
                self.on_canary(ground, job, slot.number, &to, known == *outcome);
            }
        }
        for (index, (slot, outcome)) in assignment.slots.iter().zip(outcomes).enumerate() {
            let vote = Vote { by: to, owner, nonce, outcome, assignment: number, index: index as u16 };
            self.on_vote(ground, job, slot, vote);
        }
    }

    fn on_vote(&mut self, ground: &mut Ground, job: u32, slot: &Slot, vote: Vote) {
        let is_aside = self.job(job).is_none_or(|job| job.is_aside(&vote.by));
        let Some(task) = self.task(slot.key).filter(|_| slot.purpose.is_vote() && !is_aside) else { return };
        if !vote.outcome.is_result() {
            return self.try_again(ground, slot.key);
        }
        // Who has the same owner checks nobody.
        if task.has_vote_of(&vote.by, &vote.owner) {
            return;
        }
        if slot.purpose == Purpose::Check {
            task.margin = task.margin.max(2);
        }
        task.votes.push(vote);
        self.settle(ground, slot.key);
    }
}
