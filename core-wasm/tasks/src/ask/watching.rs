//! What is looked at now and then: whether jobs go on, and what holds them up.

use alloc::vec::Vec;

use super::assignment::{Assignment, Stage};
use super::requester::Requester;
use super::task::{Here, Task};
use crate::face::{Event, FailedWhy, StalledWhy};
use crate::ground::Ground;
use crate::limits::{ALONE, ALONE_IN_VAIN, BATCH, SHORT, STALLED};
use crate::list::Gather;

impl Requester {
    /// Tells how far jobs are, and which do not go on.
    pub(crate) fn watch(&mut self, ground: &mut Ground) {
        self.jobs.iter_mut().for_each(|job| job.take_back_in(ground.now));
        for at in 0..self.jobs.len() {
            self.tell_progress(ground, at);
            self.tell_stall(ground, at);
        }
        self.tell_records(ground);
    }

    pub(crate) fn tell_progress(&mut self, ground: &mut Ground, at: usize) {
        let Some(job) = self.jobs.get_mut(at) else { return };
        if core::mem::replace(&mut job.told, job.accepted + job.failed) == job.decided() {
            return;
        }
        let own = self.assignments.iter().filter(|one| one.job == job.number);
        let done = own.map(|one| u32::from(one.done)).sum();
        let (accepted, failed, open) = (job.accepted, job.failed, job.open);
        ground.emit(&Event::Progress { job: job.number, accepted, failed, open, done });
    }

    pub(crate) fn tell_records(&mut self, ground: &mut Ground) {
        for (executor, confirmed) in self.records.news() {
            ground.emit(&Event::Record { executor: &executor, confirmed });
        }
    }

    fn tell_stall(&mut self, ground: &mut Ground, at: usize) {
        let Some(job) = self.jobs.get(at) else { return };
        let is_quiet = |time| !job.is_paused && job.open > 0 && ground.is_past(job.moved_at, time);
        let is_short = || (1..job.margin().into()).contains(&self.executors.owners(job));
        let is_still = is_quiet(STALLED) || is_quiet(SHORT) && is_short();
        let mut out = self.assignments.iter().filter(|one| one.job == job.number);
        let mut quarrels = self.quarrels.iter().filter(|quarrel| quarrel.job == job.number);
        let mut is_out = || {
            out.any(|one| one.stage != Stage::Packing)
                || quarrels.any(|quarrel| !quarrel.is_running)
                || self.runs_beside(job.number)
        };
        let why = if !is_still || is_out() {
            StalledWhy::Not
        } else if self.waits_for_shell(job.number) {
            StalledWhy::Shell
        } else if self.executors.linked().next().is_none() {
            StalledWhy::NoOffers
        } else if self.executors.linked().all(|executor| job.is_aside(&executor.id)) {
            StalledWhy::NoneFits
        } else if self.executors.owners(job) < job.margin().into() {
            StalledWhy::TooFewOwners
        } else {
            StalledWhy::Busy
        };
        let number = job.number;
        if let Some(job) = self.jobs.get_mut(at)
            && core::mem::replace(&mut job.stalled, why) != why
        {
            ground.emit(&Event::Stalled { job: number, why });
        }
    }

    fn runs_beside(&self, job: u32) -> bool {
        self.tasks.iter().any(|task| task.job == job && task.here == Here::Beside)
    }

    fn waits_for_shell(&self, job: u32) -> bool {
        let is_here = |task: &Task| task.job == job && task.here != Here::No;
        let is_packing = |one: &Assignment| one.job == job && one.stage == Stage::Packing;
        self.tasks.iter().any(is_here) || self.assignments.iter().any(is_packing)
    }

    /// A task that was answered, or may have been in vain, and that no other executor can be asked about for a while, is run by the shell.
    pub(crate) fn run_what_nobody_can(&mut self, ground: &mut Ground) {
        let Self { tasks, executors, jobs, .. } = self;
        let mut alone = Vec::new();
        for task in tasks.iter_mut() {
            let job = jobs.iter().find(|job| job.number == task.job && !job.is_paused);
            let Some(job) = job.filter(|job| task.needs() > 0 && (job.was_in_vain || !task.votes.is_empty()))
            else {
                task.alone_since = ground.now;
                continue;
            };
            let mut others = executors.linked();
            if others.any(|other| !task.has_vote_of(&other.id, &other.owner) && !job.is_aside(&other.id)) {
                task.alone_since = ground.now;
            } else if ground.is_past(task.alone_since, if job.was_in_vain { ALONE_IN_VAIN } else { ALONE }) {
                alone.push(task.key);
            }
        }
        alone.into_iter().for_each(|key| self.run_here(ground, key, FailedWhy::TooFew));
    }

    /// Near the end of a job, tasks of batches that take twice as long as expected are given to others too. If then the first
    /// answer counted, liars, who are quick, would win: so such a task asks for a vote more, and what is late is not waited for.
    pub(crate) fn double(&mut self, ground: &mut Ground) {
        for at in 0..self.assignments.len() {
            let Some(one) = self.assignments.get(at) else { return };
            let number = one.job;
            let Some(job) = self.jobs.iter().find(|job| job.number == number && job.is_closed) else {
                continue;
            };
            let expected = job.us_a_task * one.slots.len() as u64 * 2 + BATCH.0;
            let is_slow =
                one.stage == Stage::Open && !one.is_late && ground.now.since(one.sent_at).0 > 2 * expected;
            let waits = |task: &Task| task.job == number && task.needs() > 0;
            if !is_slow || one.checking.is_some() || self.tasks.iter().any(waits) {
                continue;
            }
            let keys: Vec<u64> = one.awaited().filter(|key| self.place_of(*key).is_some()).gather();
            let copies = keys.iter().filter_map(|key| Some(u32::from(self.task(*key)?.margin) + 1)).sum();
            if !keys.is_empty() && self.job(number).is_some_and(|job| job.may_double(copies)) {
                for key in keys {
                    self.take_back(key);
                    self.task(key).into_iter().for_each(|task| task.margin = task.margin.saturating_add(1));
                }
                self.assignments.get_mut(at).into_iter().for_each(|one| one.is_late = true);
            }
        }
    }
}
