//! Jobs of this node, whose tasks others run.

mod job;
mod news;
mod outputs;
mod own;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use tabmesh_engine::{NodeId, Status};
use tabmesh_port::Writer;
use tabmesh_tasks::{
    BATCH_MAX, Command, Event, JOBS_MAX, MODULE_INDEX, OPEN_MAX, Outcome, Question, Receipt, StalledWhy,
    TaskId,
};
use thiserror::Error;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::batch::{Input, Packing};
use super::fetching::{Fetcher, Piece, Source, piece_of};
use super::hub::Work;
use super::runner::Runner;
pub use job::Plan;
use job::{Code, Job, Open, Said, Stage};
pub use news::{Accepted, News};
pub(super) use outputs::Fetched;
pub(super) use own::RanHere;

/// Tasks of one job that are open, or have a result that was not taken yet.
pub const OPEN_A_JOB: usize = OPEN_MAX;

/// Bytes of the inputs of one job's open tasks.
pub const INPUT_BYTES_A_JOB: usize = 64 << 20;

/// Modules of one job.
pub const MODULES_A_JOB: usize = 16;

/// Why nothing came of an order about a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum JobError {
    /// There are [`JOBS_MAX`].
    #[error("this node has {JOBS_MAX} jobs already; wait for one to end, or `tabmesh job cancel` one")]
    Full,
    /// It is over.
    #[error("this node has no such job any more; `tabmesh job status` shows those that it has")]
    NoJob,
    /// A bound of the order itself.
    #[error("this is more than a job takes at a time, or names a module that it has not")]
    OutOfBounds,
    /// The node stops.
    #[error("the node is stopping; start it again, and resume the job")]
    Stopping,
}

/// A job of this node, for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JobView {
    /// Its number.
    pub number: u32,
    /// How it is checked.
    pub level: u8,
    /// Tasks with a result.
    pub accepted: u32,
    /// Tasks that have none and will have none.
    pub failed: u32,
    /// Tasks that wait for one.
    pub open: usize,
    /// Executors that have batches of it now.
    pub executors: usize,
    /// Why it does not go on.
    pub stalled: StalledWhy,
    /// Seconds since it began.
    pub seconds: u64,
}

/// A batch of this node that is packed or out.
struct Out {
    job: u32,
    to: NodeId,
    tasks: Vec<(u32, TaskId)>,
}

/// The requester's half of the shell.
pub(super) struct Asking {
    own: NodeId,
    network: [u8; 8],
    runner: Arc<dyn Runner>,
    own_cores: Arc<Semaphore>,
    works: mpsc::UnboundedSender<Work>,
    fetcher: Fetcher,
    jobs: Vec<Job>,
    outs: HashMap<u32, Out>,
    pieces: HashMap<u32, oneshot::Sender<Piece>>,
    last_fetch: u32,
    last_job: u32,
}

impl Asking {
    pub(super) fn new(
        own: NodeId,
        network: [u8; 8],
        runner: Arc<dyn Runner>,
        works: mpsc::UnboundedSender<Work>,
    ) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            own,
            network,
            runner,
            own_cores: Arc::new(Semaphore::new(cores)),
            fetcher: Fetcher::new(works.clone()),
            works,
            jobs: Vec::new(),
            outs: HashMap::new(),
            pieces: HashMap::new(),
            last_fetch: 0,
            last_job: 0,
        }
    }

    /// Begins a job: its number.
    pub(super) fn begin(
        &mut self,
        plan: Plan,
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
    pub(super) fn add_module(&mut self, job: u32, module: Bytes) -> Result<usize, JobError> {
        let job = self.find(job)?;
        if job.codes.len() >= MODULES_A_JOB {
            return Err(JobError::OutOfBounds);
        }
        let terms = job.plan.terms(&module);
        job.codes.push(Code { terms, bytes: module });
        Ok(job.codes.len() - 1)
    }

    /// Adds a task under a number that is not open.
    pub(super) fn add(
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
    pub(super) fn close(
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
    pub(super) fn cancel(&mut self, job: u32, commands: &mut Vec<Vec<u8>>) -> Result<(), JobError> {
        let at = self.at(job)?;
        let job = self.jobs.remove(at);
        job.runs.end(&*self.runner);
        job.tell(News::Ended { is_cancelled: true });
        if let Some(current) = job.current {
            commands.push(Command::Cancel(current).emit());
        }
        Ok(())
    }

    /// All jobs end: the node stops.
    pub(super) fn stop_all(&mut self) {
        for job in self.jobs.drain(..) {
            job.runs.end(&*self.runner);
        }
    }

    pub(super) fn views(&self) -> Vec<JobView> {
        let view = |job: &Job| JobView {
            number: job.number,
            level: job.plan.level,
            accepted: job.accepted,
            failed: job.failed,
            open: job.open.len(),
            executors: self.executors_of(job.number),
            stalled: job.stalled,
            seconds: job.begun.elapsed().as_secs(),
        };
        self.jobs.iter().map(view).collect()
    }

    fn executors_of(&self, job: u32) -> usize {
        let own = self.outs.values().filter(|out| out.job == job);
        own.map(|out| out.to).collect::<HashSet<_>>().len()
    }

    /// What the module tells this half.
    pub(super) fn hear(&mut self, event: &Event<'_>, commands: &mut Vec<Vec<u8>>) {
        match *event {
            Event::Refused { command: 2, of, .. } => self.on_not_added(of, commands),
            Event::Room { job, tasks } => {
                if let Some(at) = self.current(job) {
                    self.jobs[at].room += tasks;
                    pump(&mut self.last_job, &mut self.jobs[at], commands);
                }
            }
            Event::Pack { assignment, job, to, numbers } => {
                let packed = self.pack(assignment, job, *to, numbers);
                let (count, bytes) = packed.unwrap_or_default();
                commands.push(Command::Packed { assignment, count, bytes: &bytes }.emit());
            }
            Event::Dropped(assignment) => drop(self.outs.remove(&assignment)),
            Event::RunHere { job, number } => self.run_here(job, number, commands),
            Event::Outcomes { assignment, executor, bytes } => self.on_outcomes(assignment, executor, bytes),
            Event::Accepted { job, number, is_checked, votes, executor, assignment, index, outcome } => {
                let accepted = (is_checked, votes, *executor, outcome);
                self.on_accepted(job, number, accepted, (assignment, index));
            }
            Event::Failed { job, number, why } => {
                if let Some(at) = self.current(job) {
                    let job = &mut self.jobs[at];
                    if job.close_one(number).is_some() {
                        job.failed += 1;
                        job.tell(News::Failed { number, why });
                    }
                }
            }
            Event::Progress { job, done, .. } => {
                if let Some(at) = self.current(job) {
                    let executors = self.executors_of(self.jobs[at].number);
                    self.jobs[at].tell(News::Progress { done, executors });
                }
            }
            Event::Stalled { job, why } => {
                if let Some(at) = self.current(job) {
                    self.jobs[at].stalled = why;
                    self.jobs[at].tell(News::Stalled(why));
                }
            }
            Event::Dispute { job, number, liar } => self.on_dispute(job, number, liar, commands),
            Event::Ended { job, .. } => self.on_ended(job, commands),
            Event::WantInput { ticket, assignment, index, offset } => {
                let piece = self.piece(assignment, index, offset);
                let (status, bytes) =
                    piece.map_or_else(|status| (status, Bytes::new()), |piece| (Status::Ok, piece));
                commands.push(Command::GiveInput { ticket, status, bytes: &bytes }.emit());
            }
            _ => {}
        }
    }

    fn at(&self, number: u32) -> Result<usize, JobError> {
        self.jobs.iter().position(|job| job.number == number).ok_or(JobError::NoJob)
    }

    fn find(&mut self, number: u32) -> Result<&mut Job, JobError> {
        self.at(number).map(|at| &mut self.jobs[at])
    }

    /// Where the job is that the module calls so.
    fn current(&self, number: u32) -> Option<usize> {
        self.jobs.iter().position(|job| job.current == Some(number))
    }

    /// The batch of those tasks at the beginning that have one module and find room.
    fn pack(&mut self, assignment: u32, job: u32, to: NodeId, numbers: &[u8]) -> Option<(u16, Vec<u8>)> {
        let job = self.jobs.iter().find(|other| other.current == Some(job))?;
        let mut numbers = numbers.as_chunks().0.iter().map(|number| u32::from_be_bytes(*number)).peekable();
        let (first, _) = job.input(*numbers.peek()?)?;
        let terms = &job.codes.get(first)?.terms;
        let mut packing = Packing::new(terms);
        let mut tasks = Vec::with_capacity(BATCH_MAX);
        for number in numbers {
            match job.input(number) {
                Some((code, input)) if code == first && packing.push(input) => {
                    tasks.push((number, input.id(terms)));
                }
                _ => break,
            }
        }
        self.outs.insert(assignment, Out { job: job.number, to, tasks });
        Some(packing.finish())
    }

    /// An executor wants a piece of what is in its batch.
    fn piece(&self, assignment: u32, index: u16, offset: u32) -> Piece {
        let out = self.outs.get(&assignment).ok_or(Status::NotFound)?;
        let job = self.jobs.iter().find(|job| job.number == out.job).ok_or(Status::NotFound)?;
        let at = if index == MODULE_INDEX { 0 } else { usize::from(index) };
        let (number, _) = out.tasks.get(at).ok_or(Status::NotFound)?;
        let (code, input) = job.input(*number).ok_or(Status::NotFound)?;
        if index != MODULE_INDEX {
            return piece_of(&input.bytes, offset);
        }
        piece_of(&job.codes.get(code).ok_or(Status::NotFound)?.bytes, offset)
    }

    /// Keeps what an executor says of open tasks: no more than each task's receipt, and its output where that came along.
    fn on_outcomes(&mut self, assignment: u32, executor: &NodeId, bytes: &[u8]) {
        let Some(out) = self.outs.remove(&assignment) else { return };
        let Some((nonce, Question::Outcomes(batch))) = Question::read(bytes) else { return };
        let (own, network) = (self.own, self.network);
        let Ok(job) = self.find(out.job) else { return };
        let ids: Vec<TaskId> = out.tasks.iter().map(|(_, id)| *id).collect();
        for (index, ((number, _), (outcome, output))) in out.tasks.iter().zip(batch.outcomes()).enumerate() {
            let Some(open) = job.open.get_mut(number) else { continue };
            let Some(receipt) = Receipt::of(network, own, nonce, &ids, &batch, index) else { continue };
            let output = came_along(&outcome, output);
            let (index, executor, receipt) = (index as u16, *executor, receipt.emit());
            open.said.push(Said { assignment, index, executor, nonce, outcome, receipt, output });
        }
    }

    fn on_dispute(&mut self, job: u32, number: u32, liar: &NodeId, commands: &mut Vec<Vec<u8>>) {
        let Some(at) = self.current(job) else { return };
        let job = &mut self.jobs[at];
        job.disputes += 1;
        // Where the module heard of the end after it had found the liar, it takes nothing more.
        job.crossed = job.close_told.then(Vec::new);
        (job.is_closed, job.close_told) = (false, false);
        for (number, open) in &mut job.open {
            open.said.retain(|said| said.executor != *liar);
            if matches!(open.stage, Stage::Fetching { single: Some(executor), .. } if executor == *liar) {
                open.stage = Stage::Waiting;
                job.waiting.push_back(*number);
            }
        }
        job.tell(News::Dispute { number, liar: *liar, disputes: job.disputes });
        pump(&mut self.last_job, &mut self.jobs[at], commands);
    }

    /// The module had been told that there is no more, or had ended the job.
    fn on_not_added(&mut self, job: u32, commands: &mut Vec<Vec<u8>>) {
        let found = self.jobs.iter_mut().find(|other| other.current == Some(job));
        let Some(job) = found else { return };
        for number in job.crossed.take().unwrap_or_default() {
            if let Some(open) = job.open.get_mut(&number).filter(|open| matches!(open.stage, Stage::Given)) {
                open.stage = Stage::Waiting;
                job.waiting.push_back(number);
            }
        }
        job.close_told = true;
        pump(&mut self.last_job, job, commands);
    }

    fn on_ended(&mut self, job: u32, commands: &mut Vec<Vec<u8>>) {
        let Some(at) = self.current(job) else { return };
        let job = &mut self.jobs[at];
        (job.current, job.room) = (None, 0);
        // What the module was given and did not decide, it never had.
        for (number, open) in &mut job.open {
            if matches!(open.stage, Stage::Given) {
                open.stage = Stage::Waiting;
                job.waiting.push_back(*number);
            }
        }
        pump(&mut self.last_job, job, commands);
        self.end_those_that_are_over();
    }

    fn end_those_that_are_over(&mut self) {
        let is_over = |job: &mut Job| job.is_closed && job.current.is_none() && job.open.is_empty();
        for job in self.jobs.extract_if(.., is_over) {
            job.runs.end(&*self.runner);
            job.tell(News::Ended { is_cancelled: false });
        }
    }

    /// An output wants a piece of what its executor has.
    pub(super) fn fetch(
        &mut self,
        source: Source,
        offset: u32,
        reply: oneshot::Sender<Piece>,
    ) -> Option<Vec<u8>> {
        let Source::Executor { executor, nonce, index } = source else { return None };
        self.last_fetch = self.last_fetch.wrapping_add(1);
        let fetch = self.last_fetch;
        self.pieces.insert(fetch, reply);
        Some(Command::Fetch { fetch, executor: &executor, nonce: &nonce, index, offset }.emit())
    }

    pub(super) fn on_piece(&mut self, fetch: u32, piece: Piece) {
        if let Some(reply) = self.pieces.remove(&fetch) {
            let _ = reply.send(piece);
        }
    }
}

/// The output that came with an outcome; one that did not, or is another, is fetched.
fn came_along(outcome: &Outcome, output: &[u8]) -> Bytes {
    let is_it = output.len() == outcome.length as usize && tabmesh_engine::sha256(output) == outcome.output;
    if is_it { Bytes::copy_from_slice(output) } else { Bytes::new() }
}

/// Has the module know of a job under a number of its own.
fn begin_in_module(last: &mut u32, job: &mut Job, commands: &mut Vec<Vec<u8>>) {
    *last = last.wrapping_add(1);
    let Plan { level, gas, .. } = job.plan;
    commands.push(Command::Begin { job: *last, validation: level, gas, expected_ms: 0 }.emit());
    (job.current, job.room, job.close_told) = (Some(*last), 0, false);
}

/// Gives the module what waits, as there is room, and tells it once there is no more.
fn pump(last: &mut u32, job: &mut Job, commands: &mut Vec<Vec<u8>>) {
    if job.current.is_none() && !job.waiting.is_empty() {
        begin_in_module(last, job, commands);
    }
    let Some(current) = job.current.filter(|_| !job.close_told) else { return };
    let mut tasks = Writer::default();
    while job.room > 0
        && let Some(number) = job.waiting.pop_front()
    {
        let Some(open) = job.open.get_mut(&number) else { continue };
        open.stage = Stage::Given;
        tasks.u32(number).bytes(&open.id.0);
        job.crossed.iter_mut().for_each(|crossed| crossed.push(number));
        job.room -= 1;
    }
    if !tasks.is_empty() {
        commands.push(Command::Add { job: current, tasks: &tasks.finish() }.emit());
    }
    if job.is_closed && job.waiting.is_empty() {
        job.close_told = true;
        job.crossed = None;
        commands.push(Command::Close(current).emit());
    }
}
