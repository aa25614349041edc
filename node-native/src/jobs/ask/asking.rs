//! The requester's half of the shell: its jobs, and what they are told.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use tabmesh_engine::NodeId;
use tabmesh_tasks::{Command, JOBS_MAX, StalledWhy, TaskId};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

use super::job::{Code, Job, Open, Plan, Wishes, begin_in_module, pump};
use super::news::{Ending, Lateness, News};
use super::view::{INPUT_BYTES_A_JOB, JobError, JobView, MODULES_A_JOB, OPEN_A_JOB};
use super::work::Work;
use crate::jobs::batch::Input;
use crate::jobs::fetching::{Fetcher, Piece, Pieces, Source, Wanted};
use crate::jobs::runner::Runner;

/// A batch of this node that is packed or out.
pub(super) struct Out {
    pub(super) job: u32,
    pub(super) to: NodeId,
    pub(super) tasks: Vec<(u32, TaskId)>,
}

/// The requester's half of the shell.
pub(in crate::jobs) struct Asking {
    pub(super) own: NodeId,
    pub(super) network: [u8; 8],
    pub(super) runner: Arc<dyn Runner>,
    pub(super) own_cores: Arc<Semaphore>,
    pub(super) works: mpsc::UnboundedSender<Work>,
    pub(super) fetcher: Fetcher,
    pub(super) jobs: Vec<Job>,
    pub(super) outs: HashMap<u32, Out>,
    pub(super) pieces: Pieces,
    pub(super) last_job: u32,
}

impl Asking {
    /// And where what is done for it, and what it wants, comes out.
    pub(in crate::jobs) fn new(
        own: NodeId,
        network: [u8; 8],
        runner: Arc<dyn Runner>,
    ) -> (Self, mpsc::UnboundedReceiver<Work>, mpsc::UnboundedReceiver<Wanted>) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let (fetcher, wanted) = Fetcher::new();
        let (works, done) = mpsc::unbounded_channel();
        let asking = Self {
            own,
            network,
            runner,
            own_cores: Arc::new(Semaphore::new(cores)),
            fetcher,
            works,
            jobs: Vec::new(),
            outs: HashMap::new(),
            pieces: Pieces::default(),
            last_job: 0,
        };
        (asking, done, wanted)
    }

    /// Begins a job: its number.
    pub(in crate::jobs) fn begin(
        &mut self,
        plan: (Plan, Wishes),
        news: mpsc::UnboundedSender<News>,
        commands: &mut Vec<Vec<u8>>,
    ) -> Result<u32, JobError> {
        if self.jobs.len() >= JOBS_MAX {
            return Err(JobError::Full);
        }
        let mut job = Job::new(self.last_job.wrapping_add(1), plan, news);
        begin_in_module(&mut self.last_job, &mut job, commands);
        let number = job.number;
        self.jobs.push(job);
        Ok(number)
    }

    /// Gives a job one module more: its index.
    pub(in crate::jobs) fn add_module(&mut self, job: u32, module: Bytes) -> Result<usize, JobError> {
        let job = self.find(job)?;
        if job.codes.len() >= MODULES_A_JOB {
            return Err(JobError::OutOfBounds);
        }
        let terms = job.plan.terms(&module);
        job.codes.push(Code { terms, bytes: module });
        Ok(job.codes.len() - 1)
    }

    /// Adds a task under a number that is not open.
    pub(in crate::jobs) fn add(
        &mut self,
        job: u32,
        (number, code, input): (u32, usize, Input),
        commands: &mut Vec<Vec<u8>>,
    ) -> Result<(), JobError> {
        let at = self.at(job)?;
        let job = &mut self.jobs[at];
        let id = job.codes.get(code).map(|code| input.id(&code.terms)).ok_or(JobError::OutOfBounds)?;
        let is_over = job.open.len() >= OPEN_A_JOB
            || job.open_bytes + input.bytes.len() > INPUT_BYTES_A_JOB
            || job.open.contains_key(&number);
        if is_over {
            return Err(JobError::OutOfBounds);
        }
        job.is_closed = false;
        job.open_bytes += input.bytes.len();
        job.open.insert(number, Open::new(code, input, id));
        job.waiting.push_back(number);
        pump(&mut self.last_job, job, commands);
        Ok(())
    }

    /// There is no more, as far as whoever says so knows of `disputes`.
    pub(in crate::jobs) fn close(
        &mut self,
        job: u32,
        disputes: u32,
        commands: &mut Vec<Vec<u8>>,
    ) -> Result<(), JobError> {
        let at = self.at(job)?;
        let job = &mut self.jobs[at];
        if job.disputes == disputes {
            job.is_closed = true;
            pump(&mut self.last_job, job, commands);
        }
        self.end_those_that_are_over();
        Ok(())
    }

    /// Ends a job; whoever follows it hears that.
    pub(in crate::jobs) fn cancel(&mut self, job: u32, commands: &mut Vec<Vec<u8>>) -> Result<(), JobError> {
        self.end(job, Ending::Cancelled, commands)
    }

    /// When the first job comes to its deadline.
    pub(in crate::jobs) fn late_at(&self) -> Option<Instant> {
        self.jobs.iter().filter_map(Job::late_at).min()
    }

    /// Ends the jobs that came to their deadlines.
    pub(in crate::jobs) fn end_late(&mut self, now: Instant, commands: &mut Vec<Vec<u8>>) {
        let is_late = |job: &&Job| job.late_at().is_some_and(|at| at <= now);
        while let Some(job) = self.jobs.iter().find(is_late) {
            let (number, why) = (job.number, self.lateness(job));
            let _ = self.end(number, Ending::Late(why), commands);
        }
    }

    /// What holds a job up. The module says so after a while; until then it shows in what was given out.
    fn lateness(&self, job: &Job) -> Lateness {
        if job.is_paused {
            return Lateness::Paused;
        }
        let is_at_work = self.outs.values().any(|out| out.job == job.number) || job.wishes.own_cores > 0;
        let has_come = job.accepted > 0 || job.open.values().any(|open| !open.said.is_empty());
        let is_unknown = job.stalled == StalledWhy::Not && !job.open.is_empty();
        Lateness::Stalled(match job.was_given_out {
            _ if !is_unknown || is_at_work || has_come => job.stalled,
            false => StalledWhy::NoOffers,
            true => StalledWhy::NoneFits,
        })
    }

    /// Gives nothing of a job out for a while, or does again; what is out goes on.
    pub(in crate::jobs) fn pause(
        &mut self,
        job: u32,
        is_paused: bool,
        commands: &mut Vec<Vec<u8>>,
    ) -> Result<(), JobError> {
        let job = self.find(job)?;
        if std::mem::replace(&mut job.is_paused, is_paused) != is_paused {
            job.tell(News::Paused(is_paused));
        }
        if let Some(current) = job.current {
            let command = if is_paused { Command::Pause(current) } else { Command::Resume(current) };
            commands.push(command.emit());
        }
        Ok(())
    }

    fn end(&mut self, job: u32, ending: Ending, commands: &mut Vec<Vec<u8>>) -> Result<(), JobError> {
        let at = self.at(job)?;
        let job = self.jobs.remove(at);
        job.runs.end(&*self.runner);
        job.tell(News::Ended(ending));
        if let Some(current) = job.current {
            commands.push(Command::Cancel(current).emit());
        }
        Ok(())
    }

    /// All jobs end: the node stops.
    pub(in crate::jobs) fn stop_all(&mut self) {
        for job in self.jobs.drain(..) {
            job.runs.end(&*self.runner);
        }
    }

    pub(in crate::jobs) fn views(&self) -> Vec<JobView> {
        let view = |job: &Job| JobView {
            number: job.number,
            cid: job.wishes.cid,
            level: job.plan.level,
            accepted: job.accepted,
            failed: job.failed,
            open: job.open.len(),
            executors: self.executors_of(job.number),
            stalled: job.stalled,
            is_for_some: !job.wishes.only.is_empty(),
            is_paused: job.is_paused,
            seconds: job.begun.elapsed().as_secs(),
        };
        self.jobs.iter().map(view).collect()
    }

    pub(super) fn executors_of(&self, job: u32) -> usize {
        let own = self.outs.values().filter(|out| out.job == job);
        own.map(|out| out.to).collect::<HashSet<_>>().len()
    }

    pub(super) fn at(&self, number: u32) -> Result<usize, JobError> {
        self.jobs.iter().position(|job| job.number == number).ok_or(JobError::NoJob)
    }

    pub(super) fn find(&mut self, number: u32) -> Result<&mut Job, JobError> {
        self.at(number).map(|at| &mut self.jobs[at])
    }

    /// Where the job is that the module calls so.
    pub(super) fn current(&self, number: u32) -> Option<usize> {
        self.jobs.iter().position(|job| job.current == Some(number))
    }

    /// What was done beside the hub.
    pub(in crate::jobs) fn take(&mut self, work: Work, commands: &mut Vec<Vec<u8>>) {
        match work {
            Work::RanHere(ran) => self.on_ran_here(ran, commands),
            Work::Output(fetched) => self.on_fetched(fetched, commands),
            Work::RanStep(ran) => self.on_ran_step(&ran, commands),
        }
    }

    /// An output wants a piece of what its executor has.
    pub(in crate::jobs) fn fetch(&mut self, wanted: Wanted, commands: &mut Vec<Vec<u8>>) {
        let (offset, fetch) = (wanted.offset, self.pieces.wait(wanted.reply));
        let command = match &wanted.source {
            Source::Executor { executor, nonce, index } => {
                Command::Fetch { fetch, executor, nonce, index: *index, offset }.emit()
            }
            Source::Left { executor, nonce, index, number } => {
                Command::FetchLeft { fetch, executor, nonce, index: *index, number: *number, offset }.emit()
            }
            Source::Requester { .. } => return,
        };
        commands.push(command);
    }

    pub(in crate::jobs) fn on_piece(&mut self, fetch: u32, piece: Piece) {
        self.pieces.give(fetch, piece);
    }
}
