//! The shell of a requester.

use std::collections::{BTreeMap, VecDeque};

use tabmesh_port::{Attachment, Instant, NodeId, Status};
use tabmesh_tasks::{
    Command, Event, FailedWhy, OPEN_MAX, Outcome, PIECE_MAX, Question, Receipt, StalledWhy, TaskId,
};

use super::given::{MS, honest, input, task_id};
use super::stepping::{self, Settling, Way};

/// A job as its shell has it.
pub(crate) struct Job {
    pub(crate) number: u32,
    pub(crate) validation: u8,
    pub(crate) tasks: u32,
    next: u32,
    again: Vec<u32>,
    is_closed: bool,
    pub(crate) room: u32,
    pub(crate) has_begun: bool,
    pub(crate) ended: Option<bool>,
    /// What was accepted, by whom, whether checked.
    pub(crate) accepted: BTreeMap<u32, (Outcome, NodeId, bool)>,
    pub(crate) failed: Vec<(u32, FailedWhy)>,
    pub(crate) stalls: Vec<StalledWhy>,
    pub(crate) issued: u32,
}

/// An output that is fetched: from whom, of which batch and task, and what came.
type Fetching = (NodeId, [u8; 16], u16, TaskId, Vec<u8>);

pub(crate) struct Asking {
    own: NodeId,
    network: [u8; 8],
    pub(crate) jobs: Vec<Job>,
    /// How many run at a time; and whether the shell runs tasks itself, and how long it takes.
    pub(crate) side_by_side: usize,
    pub(crate) runs: bool,
    pub(crate) task_us: u64,
    pub(crate) most_in_a_batch: usize,
    /// Whom its jobs are for; of none, for all.
    pub(crate) group: Vec<NodeId>,
    /// Whether tasks are run by steps, and how long they are expected to take.
    pub(crate) by_steps: bool,
    pub(crate) expected_ms: u32,
    pub(crate) settling: Settling,
    has_begun: bool,
    here: Vec<(u64, u32, u32)>,
    pub(crate) ran_here: u32,
    pub(crate) disputes: Vec<(u32, NodeId)>,
    pub(crate) records: BTreeMap<NodeId, u32>,
    /// Tasks of batches that are out.
    packs: BTreeMap<u32, (u32, NodeId, Vec<u32>)>,
    pub(crate) packed: Vec<NodeId>,
    /// The most batches that one executor had at a time.
    pub(crate) most_out: usize,
    pub(crate) receipts: Vec<Receipt>,
    /// Whether it fetches outputs that did not come with their outcomes.
    pub(crate) fetches_outputs: bool,
    pub(crate) fetched: usize,
    fetches: BTreeMap<u32, Fetching>,
    /// Whether it gives inputs that did not go with their batch.
    pub(crate) gives_inputs: bool,
    pub(crate) refused: Vec<(u8, Status)>,
    commands: VecDeque<Vec<u8>>,
}

impl Asking {
    pub(crate) fn new(attachment: &Attachment) -> Self {
        Self {
            own: NodeId::of_key(&attachment.key),
            network: attachment.network,
            jobs: Vec::new(),
            side_by_side: 1,
            runs: true,
            task_us: 50 * MS,
            most_in_a_batch: 1_000,
            group: Vec::new(),
            by_steps: false,
            expected_ms: 0,
            settling: Settling::default(),
            has_begun: false,
            here: Vec::new(),
            ran_here: 0,
            disputes: Vec::new(),
            records: BTreeMap::new(),
            packs: BTreeMap::new(),
            packed: Vec::new(),
            most_out: 0,
            receipts: Vec::new(),
            fetches_outputs: true,
            fetched: 0,
            fetches: BTreeMap::new(),
            gives_inputs: true,
            refused: Vec::new(),
            commands: VecDeque::new(),
        }
    }

    pub(crate) fn job(&mut self, validation: u8, tasks: u32) {
        let number = self.jobs.len() as u32 + 1;
        self.jobs.push(Job {
            number,
            validation,
            tasks,
            next: 0,
            again: Vec::new(),
            is_closed: false,
            room: 0,
            has_begun: false,
            ended: None,
            accepted: BTreeMap::new(),
            failed: Vec::new(),
            stalls: Vec::new(),
            issued: 0,
        });
    }

    pub(crate) fn begin(&mut self) {
        self.has_begun = true;
        self.begin_next();
    }

    fn begin_next(&mut self) {
        let running = self.jobs.iter().filter(|job| job.has_begun && job.ended.is_none()).count();
        let next = self.jobs.iter_mut().filter(|job| !job.has_begun);
        for job in next.take(self.side_by_side - running) {
            job.has_begun = true;
            let (job, validation, expected_ms) = (job.number, job.validation, self.expected_ms);
            let begin = Command::Begin { job, validation, gas: 1 << 30, expected_ms };
            self.commands.push_back(begin.emit());
            if self.by_steps {
                self.commands.push_back(Command::BySteps { job, are_so: true }.emit());
            }
            if !self.group.is_empty() {
                self.commands.push_back(Command::Only { job, ids: &self.group }.emit());
            }
        }
    }

    pub(crate) fn say(&mut self, command: &Command<'_>) {
        self.commands.push_back(command.emit());
    }

    pub(crate) fn is_over(&self) -> bool {
        self.jobs.iter().all(|job| job.ended.is_some()) && self.fetches.is_empty()
    }

    /// Accepted outcomes that are wrong.
    pub(crate) fn wrong(&self) -> usize {
        let is_wrong =
            |job: u32, number: u32, outcome: &Outcome| *outcome != self.truth(&task_id(job, number));
        let of_job = |job: &Job| {
            job.accepted
                .iter()
                .filter(|(number, (outcome, ..))| is_wrong(job.number, **number, outcome))
                .count()
        };
        self.jobs.iter().map(of_job).sum()
    }

    pub(crate) fn accepted(&self) -> usize {
        self.jobs.iter().map(|job| job.accepted.len()).sum()
    }

    /// What a task comes to.
    fn truth(&self, task: &TaskId) -> Outcome {
        if self.by_steps { stepping::outcome(task, Way::Right) } else { honest(task).0 }
    }

    /// Its jobs have no more tasks than they have by now.
    pub(crate) fn finish(&mut self) {
        for at in 0..self.jobs.len() {
            self.jobs[at].tasks = self.jobs[at].next;
            self.add(self.jobs[at].number);
        }
    }

    fn find(&mut self, number: u32) -> &mut Job {
        self.jobs.iter_mut().find(|job| job.number == number).expect("a job of this shell")
    }

    pub(crate) fn hear(&mut self, now: Instant, event: &Event<'_>) {
        if self.settling.hear(event, &mut self.commands) {
            return;
        }
        match *event {
            Event::Room { job, tasks } => {
                self.find(job).room += tasks;
                self.add(job);
            }
            Event::Pack { assignment, job, to, numbers } => self.pack(assignment, job, to, numbers),
            Event::Dropped(assignment) => _ = self.packs.remove(&assignment).expect("a batch that is out"),
            Event::RunHere { job, number } if self.runs => {
                self.here.push((now.0 + self.task_us, job, number));
            }
            Event::RunHere { job, number } => self.say(&Command::CannotRun { job, number }),
            Event::Outcomes { assignment, executor, bytes } => self.on_outcomes(assignment, executor, bytes),
            Event::Accepted { job, number, is_checked, executor, outcome, .. } => {
                let before = self.find(job).accepted.insert(number, (outcome, *executor, is_checked));
                assert!(before.is_none(), "a task is decided once");
            }
            Event::Failed { job, number, why } => self.find(job).failed.push((number, why)),
            Event::Stalled { job, why } => self.find(job).stalls.push(why),
            Event::Dispute { job, liar, .. } => self.on_dispute(job, liar),
            Event::Ended { job, is_cancelled } => {
                let before = self.find(job).ended.replace(is_cancelled);
                assert!(before.is_none(), "a job ends once");
                self.begin_next();
            }
            Event::Record { executor, confirmed } => _ = self.records.insert(*executor, confirmed),
            Event::Fetched { fetch, status, bytes } => self.on_fetched(fetch, status, bytes),
            Event::WantInput { ticket, assignment, index, offset } => {
                self.give_input(ticket, assignment, (index, offset));
            }
            Event::Refused { command, status, .. } if command < 32 => self.refused.push((command, status)),
            _ => {}
        }
    }

    fn on_dispute(&mut self, number: u32, liar: &NodeId) {
        self.disputes.push((number, *liar));
        let job = self.find(number);
        let doubted = |row: &(Outcome, NodeId, bool)| row.1 == *liar && !row.2;
        let again: Vec<u32> =
            job.accepted.iter().filter(|(_, row)| doubted(row)).map(|(it, _)| *it).collect();
        job.accepted.retain(|_, row| !doubted(row));
        job.again.extend(again);
        job.is_closed = false;
        self.add(number);
    }

    /// Adds as many tasks as there is room for.
    fn add(&mut self, number: u32) {
        let job = self.find(number);
        assert!(job.room <= OPEN_MAX as u32);
        let mut tasks = Vec::new();
        while job.room > 0 && (job.next < job.tasks || !job.again.is_empty()) {
            let task = job.again.pop().unwrap_or_else(|| {
                job.next += 1;
                job.next - 1
            });
            job.room -= 1;
            tasks.extend(task.to_be_bytes());
            tasks.extend(task_id(number, task).0);
        }
        let is_over = job.next == job.tasks && job.again.is_empty() && !job.is_closed;
        job.is_closed |= is_over;
        if !tasks.is_empty() {
            self.say(&Command::Add { job: number, tasks: &tasks });
        }
        if is_over {
            self.say(&Command::Close(number));
        }
    }

    fn pack(&mut self, assignment: u32, job: u32, to: &NodeId, numbers: &[u8]) {
        let numbers = numbers.as_chunks().0.iter().map(|four| u32::from_be_bytes(*four));
        let numbers: Vec<u32> = numbers.take(self.most_in_a_batch).collect();
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| task_id(job, *number).0).collect();
        self.find(job).issued += numbers.len() as u32;
        self.packed.push(*to);
        self.say(&Command::Packed { assignment, count: numbers.len() as u16, bytes: &bytes });
        self.packs.insert(assignment, (job, *to, numbers));
        self.most_out = self.most_out.max(self.packs.values().filter(|(_, by, _)| by == to).count());
    }

    fn give_input(&mut self, ticket: u32, assignment: u32, (index, offset): (u16, u32)) {
        let (job, _, numbers) = self.packs.get(&assignment).expect("a batch that is out");
        let whole = input(&task_id(*job, numbers[usize::from(index)])).expect("an input that is fetched");
        let piece = whole.chunks(PIECE_MAX).nth(offset as usize / PIECE_MAX).unwrap_or_default();
        let (status, bytes) =
            if self.gives_inputs { (Status::Ok, piece) } else { (Status::NotFound, &[][..]) };
        self.say(&Command::GiveInput { ticket, status, bytes });
    }

    fn on_outcomes(&mut self, assignment: u32, executor: &NodeId, flat: &[u8]) {
        let (job, to, numbers) = self.packs.remove(&assignment).expect("a batch that is out");
        assert_eq!(to, *executor);
        let Some((nonce, Question::Outcomes(batch))) = Question::read(flat) else { panic!("no outcomes") };
        assert_eq!(batch.len(), numbers.len());
        let tasks: Vec<TaskId> = numbers.iter().map(|number| task_id(job, *number)).collect();
        if self.receipts.len() < 1_000 {
            let receipt = |index| Receipt::of(self.network, self.own, nonce, &tasks, &batch, index);
            let receipts: Vec<Receipt> =
                (0..tasks.len()).map(|index| receipt(index).expect("a receipt")).collect();
            self.receipts.extend(receipts);
        }
        for (index, (outcome, output)) in batch.outcomes().enumerate() {
            let is_right = self.fetches_outputs && outcome == honest(&tasks[index]).0;
            if is_right && output.len() < outcome.length as usize && self.fetches.len() < 4 {
                let fetch = assignment * 1_000 + index as u32;
                self.fetches.insert(fetch, (to, nonce, index as u16, tasks[index], Vec::new()));
                self.fetch(fetch);
            }
        }
    }

    fn fetch(&mut self, fetch: u32) {
        let (executor, nonce, index, _, bytes) = self.fetches[&fetch].clone();
        let offset = bytes.len() as u32;
        self.say(&Command::Fetch { fetch, executor: &executor, nonce: &nonce, index, offset });
    }

    fn on_fetched(&mut self, fetch: u32, status: Status, bytes: &[u8]) {
        let (_, _, _, task, came) = self.fetches.get_mut(&fetch).expect("a fetch");
        came.extend(bytes);
        let whole = honest(task).1;
        assert!(whole.starts_with(came));
        if status != Status::Ok || came.len() == whole.len() {
            self.fetched += usize::from(status == Status::Ok);
            self.fetches.remove(&fetch);
        } else {
            self.fetch(fetch);
        }
    }

    pub(crate) fn next(&mut self, now: Instant) -> Option<Vec<u8>> {
        if let Some(at) = self.here.iter().position(|(until, ..)| *until <= now.0) {
            let (_, job, number) = self.here.remove(at);
            self.ran_here += 1;
            let outcome = self.truth(&task_id(job, number));
            return Some(Command::RanHere { job, number, outcome }.emit());
        }
        self.commands.pop_front()
    }

    pub(crate) fn wanted_at(&self) -> Instant {
        self.here.iter().map(|(until, ..)| *until).min().map_or(Instant::NEVER, Instant)
    }
}
