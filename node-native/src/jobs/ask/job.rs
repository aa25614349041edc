//! A job of this node, as its shell keeps it: what is open, and who said what of it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tabmesh_engine::NodeId;
use tabmesh_engine::content::cid::Cid;
use tabmesh_port::Writer;
use tabmesh_tasks::{Command, Nonce, Outcome, StalledWhy, TaskId};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

use super::news::{Accepted, News};
use super::quiet::Quiet;
use crate::jobs::batch::Input;
use crate::jobs::runner::Runs;
use crate::jobs::terms::Terms;

/// Outputs of one job that are fetched, or were and are not yet taken.
const OUTPUTS_MAX: usize = 4;

/// Tasks that were run here and are decided, whose inputs are kept: a canary is given out after that. Of more the oldest goes, and is
/// no canary then.
const RAN_MAX: usize = 32;

/// What all tasks of a job have in common but the module, and how they are checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Plan {
    /// How outcomes are checked, 0 to 4.
    pub level: u8,
    /// The limit of gas of each task.
    pub gas: u64,
    /// Pages of memory that each task may have.
    pub pages: u32,
    /// What random bytes come from.
    pub seed: [u8; 32],
    /// Nanoseconds since 1970.
    pub time: u64,
    /// Bytes of a piece, for tasks by steps; 0 where they are run whole.
    pub piece: u32,
    /// How long a task is expected to take, in milliseconds; 0 where nobody knows.
    pub expected_ms: u32,
}

/// How a job is dealt with, which is no part of what it is.
#[derive(Clone, Default, Debug)]
pub struct Wishes {
    /// Its CID, for whoever looks at the node's jobs.
    pub cid: Option<Cid>,
    /// The only executors that get anything of it: at most [`GROUP_MAX`](tabmesh_tasks::GROUP_MAX); none named, all may.
    pub only: Vec<NodeId>,
    /// Whose turn it is, among jobs: at most [`PRIORITY_MAX`](tabmesh_tasks::PRIORITY_MAX).
    pub priority: u8,
    /// Tasks that this node runs at a time, beside executors.
    pub own_cores: u8,
    /// The job ends after so long, however far it is.
    pub deadline: Option<Duration>,
}

impl Plan {
    /// The terms of tasks with a module.
    #[must_use]
    pub fn terms(&self, module: &[u8]) -> Terms {
        let Self { gas, pages, seed, time, piece, .. } = *self;
        let (hash, module_bytes) = (tabmesh_engine::sha256(module), module.len() as u32);
        Terms { module: hash, module_bytes, gas, pages, seed, time, piece }
    }
}

/// A module of a job.
pub(super) struct Code {
    pub(super) terms: Terms,
    pub(super) bytes: Bytes,
}

/// A task that has no result yet that could be handed on.
pub(super) struct Open {
    /// Which of the job's modules.
    pub(super) code: usize,
    pub(super) input: Input,
    pub(super) id: TaskId,
    pub(super) stage: Stage,
    pub(super) said: Vec<Said>,
    /// What it came to when it was run here.
    pub(super) own: Option<(Outcome, Bytes)>,
    /// How often nobody had the output.
    pub(super) lost: u8,
}

impl Open {
    pub(super) fn new(code: usize, input: Input, id: TaskId) -> Self {
        Self { code, input, id, stage: Stage::Waiting, said: Vec::new(), own: None, lost: 0 }
    }
}

pub(super) enum Stage {
    /// The module has yet to get it.
    Waiting,
    /// The module has it.
    Given,
    /// It is accepted, and its output comes. Whoever said it alone may still turn out a liar.
    Fetching { ticket: u64, single: Option<NodeId> },
}

/// What one executor said of a task.
pub(super) struct Said {
    pub(super) assignment: u32,
    pub(super) index: u16,
    pub(super) executor: NodeId,
    pub(super) nonce: Nonce,
    pub(super) outcome: Outcome,
    /// `Receipt::emit`.
    pub(super) receipt: Vec<u8>,
    /// Where it came along.
    pub(super) output: Bytes,
}

pub(super) struct Job {
    pub(super) number: u32,
    /// Its number in the module now; `None` where that has ended it while outputs still come.
    pub(super) current: Option<u32>,
    pub(super) plan: Plan,
    pub(super) wishes: Wishes,
    pub(super) codes: Vec<Code>,
    pub(super) news: mpsc::UnboundedSender<News>,
    pub(super) open: HashMap<u32, Open>,
    /// Bytes of their inputs.
    pub(super) open_bytes: usize,
    pub(super) waiting: VecDeque<u32>,
    /// Tasks that the module takes now.
    pub(super) room: u32,
    /// What the module was given since a dispute that it may have heard the end of the job after: then it has not taken it.
    pub(super) crossed: Option<Vec<u32>>,
    pub(super) is_closed: bool,
    pub(super) is_paused: bool,
    pub(super) close_told: bool,
    pub(super) disputes: u32,
    /// Run here and decided, with their inputs.
    pub(super) ran: VecDeque<(u32, usize, Input)>,
    pub(super) runs: Arc<Runs>,
    pub(super) outputs: Arc<Semaphore>,
    /// Who withheld outputs: the module is told again where it gets the job anew.
    pub(super) withholders: Vec<NodeId>,
    /// Executors that had no output of what they said, and whose turn it is.
    pub(super) quiet: Arc<Quiet>,
    pub(super) begun: Instant,
    pub(super) accepted: u32,
    pub(super) failed: u32,
    pub(super) stalled: StalledWhy,
    /// A batch of it was packed.
    pub(super) was_given_out: bool,
    /// Numbers fetches of outputs.
    pub(super) tickets: u64,
}

impl Job {
    pub(super) fn new(
        number: u32,
        (plan, wishes): (Plan, Wishes),
        news: mpsc::UnboundedSender<News>,
    ) -> Self {
        Self {
            number,
            current: None,
            plan,
            wishes,
            codes: Vec::new(),
            news,
            open: HashMap::new(),
            open_bytes: 0,
            waiting: VecDeque::new(),
            room: 0,
            crossed: None,
            is_closed: false,
            is_paused: false,
            close_told: false,
            disputes: 0,
            ran: VecDeque::new(),
            runs: Arc::default(),
            outputs: Arc::new(Semaphore::new(OUTPUTS_MAX)),
            withholders: Vec::new(),
            quiet: Arc::default(),
            begun: Instant::now(),
            accepted: 0,
            failed: 0,
            stalled: StalledWhy::Not,
            was_given_out: false,
            tickets: 0,
        }
    }

    /// When it ends, however far it is.
    pub(super) fn late_at(&self) -> Option<Instant> {
        self.begun.checked_add(self.wishes.deadline?)
    }

    /// Whoever follows the job may be gone; then it is cancelled soon.
    pub(super) fn tell(&self, news: News) {
        let _ = self.news.send(news);
    }

    /// An input that may be given out: that of an open task, or of one that was run here.
    pub(super) fn input(&self, number: u32) -> Option<(usize, &Input)> {
        if let Some(open) = self.open.get(&number) {
            return Some((open.code, &open.input));
        }
        let ran = self.ran.iter().find(|(other, ..)| *other == number);
        ran.map(|(_, code, input)| (*code, input))
    }

    /// Takes a decided task out; one that was run here may become a canary.
    pub(super) fn close_one(&mut self, number: u32) -> Option<Open> {
        let open = self.open.remove(&number)?;
        self.open_bytes -= open.input.bytes.len();
        if open.own.is_some() {
            if self.ran.len() >= RAN_MAX {
                self.ran.pop_front();
            }
            self.ran.push_back((number, open.code, open.input.clone()));
        }
        Some(open)
    }
}

/// Has the module know of a job under a number of its own.
pub(super) fn begin_in_module(last: &mut u32, job: &mut Job, commands: &mut Vec<Vec<u8>>) {
    *last = last.wrapping_add(1);
    let Plan { level, gas, piece, expected_ms, .. } = job.plan;
    let number = *last;
    commands.push(Command::Begin { job: number, validation: level, gas, expected_ms }.emit());
    if piece > 0 {
        commands.push(Command::BySteps { job: number, are_so: true }.emit());
    }
    let Wishes { only, priority, own_cores, .. } = &job.wishes;
    if !only.is_empty() {
        commands.push(Command::Only { job: number, ids: only }.emit());
    }
    if *priority > 0 {
        commands.push(Command::Priority { job: number, priority: *priority }.emit());
    }
    if *own_cores > 0 {
        commands.push(Command::OwnCores { job: number, cores: *own_cores }.emit());
    }
    if job.is_paused {
        commands.push(Command::Pause(number).emit());
    }
    for executor in &job.withholders {
        commands.push(Command::Withheld { job: number, executor, is_known: true }.emit());
    }
    (job.current, job.room, job.close_told) = (Some(number), 0, false);
}

/// Gives the module what waits, as there is room, and tells it once there is no more.
pub(super) fn pump(last: &mut u32, job: &mut Job, commands: &mut Vec<Vec<u8>>) {
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

/// Hands a result on.
pub(super) fn deliver(job: &mut Job, accepted: Accepted) {
    if job.close_one(accepted.number).is_some() {
        job.accepted += 1;
        job.tell(News::Accepted(Box::new(accepted)));
    }
}
