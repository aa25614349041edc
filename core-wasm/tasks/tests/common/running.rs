//! The shell of an executor.

use std::collections::VecDeque;

use tabmesh_port::{BlockHash, Instant, NodeId, Status};
use tabmesh_tasks::{Command, Event, INLINE_MAX, Outcome, PIECE_MAX, Refusal, TaskId};

use super::given::{MS, honest, input, offer};
use super::inputs::Inputs;
use super::stepping::{self, Answering, Way};

/// What an executor does with a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Conduct {
    Honest,
    /// It takes so many times as long.
    Slow(u64),
    /// It takes a task of so many microseconds.
    Takes(u64),
    /// It says the same wrong thing as all its like.
    Lies,
    /// It is broken: it says something wrong that nobody else says.
    Errs(u8),
    /// It runs nothing and says the same wrong thing at once.
    LiesAtOnce,
    /// It is honest so often, and lies from then on.
    Turns(u32),
    /// It takes tasks and never says what came of them.
    Stalls,
    /// It signs another task's outcome.
    Swaps,
    /// Its host fails at each.
    Aborts,
    /// It runs tasks by steps.
    Steps(Way),
    /// It gives back each batch that it took.
    Declines(Refusal),
}

pub(crate) struct Running {
    pub(crate) conduct: Conduct,
    pub(crate) task_us: u64,
    pub(crate) cores: u8,
    pub(crate) gas: u64,
    /// Batches that run: number, for whom, tasks.
    pub(crate) batches: Vec<(u32, NodeId, Vec<TaskId>)>,
    queue: VecDeque<(u32, u16, TaskId)>,
    /// What runs, until when.
    at_work: Vec<(u64, u32, u16, TaskId)>,
    commands: VecDeque<Vec<u8>>,
    pub(crate) inputs: Inputs,
    pub(crate) ran: u32,
    pub(crate) stopped: u32,
    pub(crate) forgotten: u32,
    /// Microseconds at work for each requester.
    pub(crate) busy_us: Vec<(NodeId, u64)>,
    /// The largest batch, and all in their order.
    pub(crate) largest: usize,
    pub(crate) sizes: Vec<usize>,
    pub(crate) steps: Answering,
}

impl Default for Running {
    fn default() -> Self {
        Self {
            conduct: Conduct::Honest,
            task_us: 50 * MS,
            cores: 1,
            gas: 1 << 40,
            batches: Vec::new(),
            queue: VecDeque::new(),
            at_work: Vec::new(),
            commands: VecDeque::new(),
            inputs: Inputs::default(),
            ran: 0,
            stopped: 0,
            forgotten: 0,
            busy_us: Vec::new(),
            largest: 0,
            sizes: Vec::new(),
            steps: Answering::default(),
        }
    }
}

impl Running {
    pub(crate) fn offer(&mut self) {
        self.commands.push_back(offer(self.cores, self.gas).emit());
    }

    pub(crate) fn withdraw(&mut self) {
        self.commands.push_back(Command::Withdraw.emit());
    }

    pub(crate) fn prefer(&mut self, ids: &[NodeId]) {
        self.commands.push_back(Command::Prefer(ids).emit());
    }

    pub(crate) fn hear(&mut self, now: Instant, event: &Event<'_>) {
        match *event {
            Event::Run { assignment, from, count, bytes, .. } => {
                let tasks: Vec<TaskId> = BlockHash::list(bytes).to_vec();
                assert_eq!(tasks.len(), usize::from(count));
                self.largest = self.largest.max(tasks.len());
                self.sizes.push(tasks.len());
                if let Conduct::Declines(why) = self.conduct {
                    return self.commands.push_back(Command::Decline { assignment, why }.emit());
                }
                let looks = !matches!(self.conduct, Conduct::Takes(_) | Conduct::LiesAtOnce);
                for (index, task) in tasks.iter().enumerate() {
                    let place = (assignment, index as u16, *task);
                    if looks && input(task).is_some() {
                        self.inputs.want(place);
                    } else {
                        self.queue.push_back(place);
                    }
                }
                self.batches.push((assignment, *from, tasks));
                self.inputs.go_on(&mut self.commands);
                self.work(now);
            }
            Event::Stop(assignment) => {
                self.stopped += 1;
                self.drop_batch(assignment);
                self.work(now);
            }
            Event::FetchedInput { fetch, status, bytes } => {
                let is_wanted = |number| self.batches.iter().any(|batch| batch.0 == number);
                match self.inputs.on_fetched((fetch, status, bytes), is_wanted, &mut self.commands) {
                    Some(Ok(place)) => self.queue.push_back(place),
                    Some(Err(assignment)) => self.drop_batch(assignment),
                    None => {}
                }
                self.inputs.go_on(&mut self.commands);
                self.work(now);
            }
            Event::Want { ticket, assignment, index, offset } => {
                let task = self
                    .batches
                    .iter()
                    .find(|(of, ..)| *of == assignment)
                    .map(|batch| batch.2[index as usize]);
                let output = task.map(|task| self.outcome(&task).1).unwrap_or_default();
                let end = output.len().min(offset as usize + PIECE_MAX);
                let bytes = output.get(offset as usize..end).unwrap_or_default();
                self.commands.push_back(Command::Give { ticket, status: Status::Ok, bytes }.emit());
            }
            Event::WantSteps { ticket, assignment, index, ask } => {
                let task = self.batches.iter().find(|(of, ..)| *of == assignment).expect("a batch").2
                    [index as usize];
                let Conduct::Steps(way) = self.conduct else { panic!("it has no steps") };
                let (status, bytes) = self.steps.answer(&task, way, ask);
                self.commands.push_back(Command::Give { ticket, status, bytes: &bytes }.emit());
            }
            Event::Forget(assignment) => {
                self.forgotten += 1;
                self.batches.retain(|(number, ..)| *number != assignment);
            }
            // It was revoked while it was given back.
            Event::Refused { command: 38, status: Status::NotFound, .. } => {}
            Event::Refused { command, .. } if command >= 32 => panic!("refused: {event:?}"),
            _ => {}
        }
    }

    fn drop_batch(&mut self, assignment: u32) {
        self.batches.retain(|(number, ..)| *number != assignment);
        self.queue.retain(|(of, ..)| *of != assignment);
        self.at_work.retain(|(_, of, ..)| *of != assignment);
        self.inputs.forget(assignment);
    }

    /// Gives free cores something to do.
    fn work(&mut self, now: Instant) {
        while self.at_work.len() < usize::from(self.cores) && self.conduct != Conduct::Stalls {
            let Some((assignment, index, task)) = self.queue.pop_front() else { return };
            let us = match self.conduct {
                Conduct::Slow(times) => self.task_us * times,
                Conduct::Takes(us) => us,
                Conduct::LiesAtOnce => 1,
                _ => self.task_us,
            };
            self.at_work.push((now.0 + us, assignment, index, task));
            if let Some((_, from, _)) = self.batches.iter().find(|(number, ..)| *number == assignment) {
                match self.busy_us.iter_mut().find(|(id, _)| id == from) {
                    Some((_, busy)) => *busy += us,
                    None => self.busy_us.push((*from, us)),
                }
            }
        }
    }

    pub(crate) fn next(&mut self, now: Instant) -> Option<Vec<u8>> {
        if let Some(at) = self.at_work.iter().position(|(until, ..)| *until <= now.0) {
            let (_, assignment, index, task) = self.at_work.remove(at);
            self.work(now);
            self.ran += 1;
            let (outcome, output) = self.outcome(&task);
            let shown = if self.conduct == Conduct::Swaps { BlockHash([9; 32]) } else { task };
            let output = if output.len() <= INLINE_MAX { &output[..] } else { &[] };
            return Some(Command::Ran { assignment, index, task: &shown, outcome, output }.emit());
        }
        self.commands.pop_front()
    }

    fn outcome(&self, task: &TaskId) -> (Outcome, Vec<u8>) {
        if let Conduct::Steps(way) = self.conduct {
            let outcome = stepping::outcome(task, way);
            let output = stepping::left(task, stepping::count(task) - 1).0;
            // As long as it says.
            return (outcome, output.into_iter().cycle().take(outcome.length as usize).collect());
        }
        let (outcome, output) = honest(task);
        let lies = match self.conduct {
            Conduct::Lies | Conduct::LiesAtOnce => true,
            Conduct::Errs(own) => return (Outcome { output: [own; 32], ..outcome }, output),
            Conduct::Turns(after) => self.ran > after,
            Conduct::Aborts => {
                return (Outcome::whole(6, 0, 0, [0; 32]), Vec::new());
            }
            _ => false,
        };
        // The wrong output as long as the right one: only its hash differs.
        let hash = if lies { [7; 32] } else { outcome.output };
        (Outcome { output: hash, ..outcome }, output)
    }

    pub(crate) fn wanted_at(&self) -> Instant {
        let at = self.at_work.iter().map(|(until, ..)| *until).min();
        at.map_or(Instant::NEVER, Instant)
    }
}
