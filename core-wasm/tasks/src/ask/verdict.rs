//! Which answer counts, and what that says about those who gave it.

use alloc::vec::Vec;

use tabmesh_port::{Instant, NodeId, Status};

use super::job::Job;
use super::requester::{Canary, Requester};
use super::task::{Here, Task, Vote};
use crate::face::{Event, FailedWhy};
use crate::ground::Ground;
use crate::limits::CANARIES_MAX;
use crate::list::Gather;
use crate::outcome::Outcome;

/// A canary is fresh until a part of as many tasks came as are open.
const FRESH: u64 = 2;

/// Open tasks for each of which one may be a canary at a time.
const OPEN_A_CANARY: usize = 8;

/// Of those that came to what most come to, one in so many is a canary nevertheless.
const COMMON_ONE_IN: u32 = 4;

impl Requester {
    /// Looks whether a task is decided. Where two that answered may be asked about its steps, they are. Otherwise with no margin after twice the margin and three votes the requester runs it; so it does at level
    /// 1 with the first disagreement, since there the check is to find liars.
    pub(crate) fn settle(&mut self, ground: &mut Ground, key: u64) {
        let Some(at) = self.place_of(key) else { return };
        let Some(task) = self.tasks.get(at).filter(|task| task.here == Here::No) else { return };
        let Some((vote, votes, lead)) = task.best() else { return };
        let margin = usize::from(task.margin);
        if lead >= margin {
            let task = self.tasks.remove(at);
            return self.accept(ground, &task, &vote, votes);
        }
        if task.differing().is_some() && self.may_dispute(task) {
            self.tasks.get_mut(at).into_iter().for_each(|task| task.here = Here::Disputed);
            return;
        }
        let votes = task.votes.len();
        let is_adaptive =
            |task: &Task| self.jobs.iter().any(|job| job.number == task.job && job.validation == 1);
        if votes >= 2 * margin + 3 || task.differing().is_some() && is_adaptive(task) {
            self.run_here(ground, key, FailedWhy::NoMargin);
        }
    }

    /// Enough executors came to the same.
    fn accept(&mut self, ground: &mut Ground, task: &Task, winner: &Vote, votes: usize) {
        let is_checked = votes > 1;
        for vote in &task.votes {
            if vote.outcome != winner.outcome {
                self.outvote(task.job, &vote.by);
            } else if is_checked {
                self.records.confirm(&vote.by);
            }
        }
        self.tell_accepted(ground, task, winner, votes, is_checked);
    }

    fn tell_accepted(
        &mut self,
        ground: &mut Ground,
        task: &Task,
        vote: &Vote,
        votes: usize,
        is_checked: bool,
    ) {
        self.job(task.job).into_iter().for_each(|job| job.accept(&vote.outcome));
        ground.emit(&Event::Accepted {
            job: task.job,
            number: task.number,
            is_checked,
            votes: votes as u8,
            executor: &vote.by,
            assignment: vote.assignment,
            index: vote.index,
            outcome: vote.outcome,
        });
        self.moved(ground, task.job);
    }

    /// Others came to something else. That proves nothing: a cartel may outvote the honest.
    fn outvote(&mut self, job: u32, id: &NodeId) {
        self.records.clear(id);
        self.set_aside(job, id, Instant::NEVER);
    }

    /// The shell ran a task itself: that decides, and names liars.
    ///
    /// # Errors
    /// [`BadRequest`](Status::BadRequest) where it is no result.
    pub(crate) fn on_ran_here(
        &mut self,
        ground: &mut Ground,
        key: u64,
        outcome: Outcome,
    ) -> Result<(), Status> {
        if !outcome.is_result() {
            return Err(Status::BadRequest);
        }
        let at = self.place_of(key).ok_or(Status::NotFound)?;
        let task = self.tasks.remove(at);
        let (mut right, mut liars) = (None, Vec::new());
        for vote in &task.votes {
            if vote.outcome == outcome {
                self.records.confirm(&vote.by);
                right = right.or(Some(*vote));
            } else {
                liars.push(vote.by);
            }
        }
        liars.iter().for_each(|liar| self.denounce(ground, task.job, task.number, liar));
        let votes = task.votes.len() - liars.len();
        let own =
            Vote { by: ground.own, owner: ground.own, nonce: [0; 16], outcome, assignment: 0, index: 0 };
        self.tell_accepted(ground, &task, &right.unwrap_or(own), votes, true);
        if let Here::AsCanary(newest) = task.here
            && !self.passes_over(ground, task.job, &outcome)
        {
            let Task { job, number, id, .. } = task;
            self.canaries.push(Canary { job, number, id, outcome, newest });
        }
        Ok(())
    }

    /// Whether a task that came to this shall be no canary: who guesses what most come to would be right about it.
    fn passes_over(&mut self, ground: &mut Ground, job: u32, outcome: &Outcome) -> bool {
        let is_common = |job: &mut Job| job.is_common(outcome) && job.spare();
        !ground.happens(1, COMMON_ONE_IN) && self.job(job).is_some_and(is_common)
    }

    /// The shell cannot run a task.
    ///
    /// # Errors
    /// [`NotFound`](Status::NotFound) where it does not have to.
    pub(crate) fn on_cannot_run(&mut self, ground: &mut Ground, key: u64) -> Result<(), Status> {
        let at = self.place_of(key).ok_or(Status::NotFound)?;
        let task = self.tasks.get_mut(at).ok_or(Status::NotFound)?;
        let (number, why) = (task.number, task.here);
        let job = task.job;
        let Here::ToDecide(why) = why else {
            task.here = Here::No;
            return self
                .job(job)
                .map(|job| (job.runs_here, job.own_cores) = (false, 0))
                .ok_or(Status::NotFound);
        };
        self.tasks.remove(at);
        if let Some(job) = self.job(job) {
            job.failed += 1;
            job.open -= 1;
        }
        ground.emit(&Event::Failed { job, number, why });
        self.moved(ground, job);
        Ok(())
    }

    pub(crate) fn on_canary(
        &mut self,
        ground: &mut Ground,
        job: u32,
        number: u32,
        by: &NodeId,
        is_right: bool,
    ) {
        if is_right {
            self.records.confirm(by);
        } else {
            self.denounce(ground, job, number, by);
        }
    }

    /// Somebody's outcome was proven wrong: nothing that it said and nobody confirmed counts any more.
    pub(crate) fn denounce(&mut self, ground: &mut Ground, number: u32, task: u32, liar: &NodeId) {
        self.records.clear(liar);
        if let Some(job) = self.job(number) {
            job.set_aside(liar, Instant::NEVER);
            // The shell adds again what that one alone has said.
            job.is_closed = false;
        }
        self.let_go(ground, liar);
        ground.emit(&Event::Dispute { job: number, number: task, liar });
        let keys: Vec<u64> = self
            .tasks
            .iter()
            .filter(|task| task.votes.iter().any(|vote| vote.by == *liar))
            .map(|task| task.key)
            .gather();
        for key in keys {
            self.task(key).into_iter().for_each(|task| task.votes.retain(|vote| vote.by != *liar));
            // Without it others may have the margin.
            self.settle(ground, key);
        }
    }

    /// Has the shell run some tasks that nobody has seen, so that there are canaries.
    pub(crate) fn run_canaries(&mut self, ground: &mut Ground) {
        for at in 0..self.jobs.len() {
            let Some(job) = self.jobs.get(at) else { return };
            let number = job.number;
            if job.validation != 1 || !job.runs_here || job.is_paused {
                continue;
            }
            let newest = self.keys.saturating_sub(u64::from(job.open) / FRESH);
            self.drop_canaries(number, newest);
            let Some(job) = self.jobs.get(at) else { return };
            // A short job is not run here for the most part.
            let most = (CANARIES_MAX / self.jobs.len()).min(job.open as usize / OPEN_A_CANARY);
            let ready = self.canaries.iter().filter(|canary| canary.job == number).count();
            let running = |task: &&Task| task.job == number && matches!(task.here, Here::AsCanary(_));
            let running = self.tasks.iter().filter(running).count();
            for _ in ready + running..most {
                self.run_canary(ground, number);
            }
        }
    }

    /// Canaries chosen before this task came stand for few of those that are given out: others are run instead.
    fn drop_canaries(&mut self, number: u32, newest: u64) {
        let is_old = |canary: &Canary| canary.job == number && canary.newest < newest;
        while let Some(at) = self.canaries.iter().position(is_old)
            && self.job(number).is_some_and(Job::spare)
        {
            self.canaries.swap_remove(at);
        }
    }

    fn run_canary(&mut self, ground: &mut Ground, number: u32) {
        let is_unseen = |task: &&mut Task| {
            task.job == number && task.here == Here::No && task.out + task.tries == 0 && task.votes.is_empty()
        };
        let count = self.tasks.iter_mut().filter(is_unseen).count();
        let (chosen, newest) = (ground.below(count), self.keys);
        if let Some(task) = self.tasks.iter_mut().filter(is_unseen).nth(chosen) {
            task.here = Here::AsCanary(newest);
            ground.emit(&Event::RunHere { job: number, number: task.number });
        }
    }
}
