//! What the module tells the requester's half.

use bytes::Bytes;
use tabmesh_engine::{NodeId, Status};
use tabmesh_tasks::{BATCH_MAX, Command, Event, MODULE_INDEX, Outcome, Question, Receipt, TaskId};

use super::asking::{Asking, Out};
use super::job::{Job, Said, Stage, pump};
use super::news::{Ending, News};
use crate::jobs::batch::Packing;
use crate::jobs::fetching::{Piece, piece_of};

impl Asking {
    /// What the module tells this half.
    pub(in crate::jobs) fn hear(&mut self, event: &Event<'_>, commands: &mut Vec<Vec<u8>>) {
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
            Event::RunStep { job, number, step, before, sides } => {
                self.run_step((job, number, step), before, sides, commands);
            }
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

    /// The batch of those tasks at the beginning that have one module and find room.
    fn pack(&mut self, assignment: u32, job: u32, to: NodeId, numbers: &[u8]) -> Option<(u16, Vec<u8>)> {
        let job = self.jobs.iter_mut().find(|other| other.current == Some(job))?;
        job.was_given_out = true;
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

    pub(super) fn end_those_that_are_over(&mut self) {
        let is_over = |job: &mut Job| job.is_closed && job.current.is_none() && job.open.is_empty();
        for job in self.jobs.extract_if(.., is_over) {
            job.runs.end(&*self.runner);
            job.tell(News::Ended(Ending::Done));
        }
    }
}

/// The output that came with an outcome; one that did not, or is another, is fetched.
fn came_along(outcome: &Outcome, output: &[u8]) -> Bytes {
    let is_it = output.len() == outcome.length as usize && tabmesh_engine::sha256(output) == outcome.output;
    if is_it { Bytes::copy_from_slice(output) } else { Bytes::new() }
}
