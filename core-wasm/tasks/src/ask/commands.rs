//! What the shell wants of the requester's half.

use tabmesh_port::{NodeId, Status};

use super::job::Job;
use super::requester::Requester;
use super::task::{Here, Task};
use crate::bisect::Ask;
use crate::face::{Command, Event, StalledWhy};
use crate::ground::Ground;
use crate::limits::{GROUP_MAX, JOBS_MAX, OPEN_MAX, PRIORITY_MAX};
use crate::wire::Question;

/// The highest level of checks.
const VALIDATION_MAX: u8 = 4;

impl Requester {
    /// The shell wants something of this half.
    ///
    /// # Errors
    /// Why nothing came of it.
    pub(crate) fn on_command(&mut self, ground: &mut Ground, command: &Command<'_>) -> Result<(), Status> {
        match *command {
            Command::Begin { job, validation, gas, expected_ms } => {
                self.begin(ground, job, validation, gas, expected_ms)
            }
            Command::Add { job, tasks } => self.add(ground, job, tasks),
            Command::Close(job) => self.change(job, |job| job.is_closed = true),
            Command::Pause(job) => self.change(job, |job| job.is_paused = true),
            Command::Resume(job) => {
                let now = ground.now;
                self.change(job, |job| (job.is_paused, job.moved_at) = (false, now))
            }
            Command::Cancel(job) => self.cancel(ground, job),
            Command::Packed { assignment, count, bytes } => self.on_packed(ground, assignment, count, bytes),
            Command::RanHere { job, number, outcome } => {
                let key = self.running_here(job, number)?;
                self.on_ran_here(ground, key, outcome)
            }
            Command::CannotRun { job, number } => {
                let key = self.running_here(job, number)?;
                self.on_cannot_run(ground, key)
            }
            Command::Know { executor, confirmed } => {
                self.records.set(executor, confirmed, false);
                Ok(())
            }
            Command::Fetch { fetch, executor, nonce, index, offset } => {
                self.begin_fetch(fetch, executor, nonce, Question::Fetch { index, offset })
            }
            Command::Only { job, ids } => self.limit(job, ids),
            Command::BySteps { job, are_so } => self.change(job, |job| job.adds_by_steps = are_so),
            Command::FetchLeft { fetch, executor, nonce, index, number, offset } => {
                let ask = Ask::Left { number, offset };
                self.begin_fetch(fetch, executor, nonce, Question::Steps { index, ask })
            }
            Command::RanStep { job, number, step } => self.on_ran_step(job, number, &step),
            Command::CannotStep { job, number, are_silent } => self.on_cannot_step(job, number, are_silent),
            Command::Withheld { job, executor, is_known } => {
                self.on_withheld(ground, job, executor, is_known);
                Ok(())
            }
            Command::Priority { priority, .. } if priority > PRIORITY_MAX => Err(Status::BadRequest),
            Command::Priority { job, priority } => self.change(job, |job| job.priority = priority),
            Command::OwnCores { job, cores } => self.change(job, |job| job.own_cores = cores),
            Command::GiveInput { ticket, status, bytes } => self.wanted.give(ground, ticket, status, bytes),
            _ => Err(Status::BadRequest),
        }
    }

    fn change(&mut self, job: u32, change: impl FnOnce(&mut Job)) -> Result<(), Status> {
        self.job(job).map(change).ok_or(Status::NotFound)
    }

    /// Who knows nothing of a job yet is told nothing of it.
    fn limit(&mut self, job: u32, ids: &[NodeId]) -> Result<(), Status> {
        let job = self.job(job).ok_or(Status::NotFound)?;
        if ids.is_empty() || ids.len() > GROUP_MAX || job.open + job.decided() > 0 {
            return Err(Status::BadRequest);
        }
        job.group = ids.to_vec();
        Ok(())
    }

    fn begin(
        &mut self,
        ground: &Ground,
        number: u32,
        validation: u8,
        gas: u64,
        expected_ms: u32,
    ) -> Result<(), Status> {
        if validation > VALIDATION_MAX || self.job(number).is_some() {
            return Err(Status::BadRequest);
        }
        if self.jobs.len() >= JOBS_MAX {
            return Err(Status::TooManyRequests);
        }
        self.jobs.push(Job::new(ground.now, number, validation, gas, expected_ms));
        self.tick_at = ground.now;
        Ok(())
    }

    fn add(&mut self, ground: &Ground, number: u32, tasks: &[u8]) -> Result<(), Status> {
        let Self { jobs, tasks: open, keys, .. } = self;
        let job = jobs.iter_mut().find(|job| job.number == number).ok_or(Status::NotFound)?;
        let count = Command::tasks(tasks).len() as u32;
        if job.is_closed || !tasks.len().is_multiple_of(36) {
            return Err(Status::BadRequest);
        }
        job.granted = job.granted.checked_sub(count).ok_or(Status::TooManyRequests)?;
        job.open += count;
        job.moved_at = ground.now;
        for (number, id) in Command::tasks(tasks) {
            *keys += 1;
            open.push(Task {
                key: *keys,
                job: job.number,
                number,
                id: *id,
                is_by_steps: job.adds_by_steps,
                margin: job.margin(),
                out: 0,
                tries: 0,
                disputes: 0,
                here: Here::No,
                votes: alloc::vec::Vec::new(),
                alone_since: ground.now,
            });
        }
        Ok(())
    }

    fn cancel(&mut self, ground: &mut Ground, number: u32) -> Result<(), Status> {
        let at = self.jobs.iter().position(|job| job.number == number).ok_or(Status::NotFound)?;
        self.jobs.remove(at);
        self.tasks.retain(|task| task.job != number);
        self.canaries.retain(|canary| canary.job != number);
        self.quarrels.retain(|quarrel| quarrel.job != number);
        self.end_those(ground, &|assignment| assignment.job == number);
        ground.emit(&Event::Ended { job: number, is_cancelled: true });
        Ok(())
    }

    fn running_here(&self, job: u32, number: u32) -> Result<u64, Status> {
        let is_it = |task: &&Task| task.job == job && task.number == number && task.runs_here();
        self.tasks.iter().find(is_it).map(|task| task.key).ok_or(Status::NotFound)
    }

    /// Tells jobs of room, each of its share, unless there is hardly any more than they know of.
    pub(crate) fn grant_room(&mut self, ground: &mut Ground) {
        let share = OPEN_MAX.checked_div(self.jobs.len()).unwrap_or(0) as u32;
        let taken: u32 = self.jobs.iter().map(|job| job.open + job.granted).sum();
        let mut free = (OPEN_MAX as u32).saturating_sub(taken);
        for job in self.jobs.iter_mut().filter(|job| !job.is_closed) {
            let tasks = share.saturating_sub(job.open + job.granted).min(free);
            if tasks > 0 && (tasks >= share / 16 || job.open == 0) {
                job.granted += tasks;
                free -= tasks;
                ground.emit(&Event::Room { job: job.number, tasks });
            }
        }
    }

    /// Jobs that are closed and have nothing open are over.
    pub(crate) fn end_jobs(&mut self, ground: &mut Ground) {
        while let Some(at) = self.jobs.iter().position(|job| job.is_closed && job.open == 0) {
            self.tell_progress(ground, at);
            let job = self.jobs.remove(at).number;
            self.canaries.retain(|canary| canary.job != job);
            self.end_those(ground, &|assignment| assignment.job == job);
            self.tell_records(ground);
            ground.emit(&Event::Ended { job, is_cancelled: false });
        }
    }

    /// A job goes on.
    pub(crate) fn moved(&mut self, ground: &mut Ground, number: u32) {
        let now = ground.now;
        if let Some(job) = self.job(number) {
            job.moved_at = now;
            if core::mem::replace(&mut job.stalled, StalledWhy::Not) != StalledWhy::Not {
                ground.emit(&Event::Stalled { job: number, why: StalledWhy::Not });
            }
        }
    }
}
