//! A requester with executors that the test plays, so that it sees all that they see.

use std::collections::{BTreeMap, BTreeSet};

use tabmesh_port::{NodeId, Status};
use tabmesh_tasks::{Command, Event, Outcome, TaskId};
use tabmesh_world::dice::Dice;

use super::alone::{Alone, Given, id, number_of, outcomes};
use super::given::{SECOND, task_id};

/// A place in a batch, as its executor sees it.
pub(crate) struct Seen {
    pub(crate) task: u32,
    pub(crate) by: u32,
    pub(crate) at: u64,
    pub(crate) lease_ms: u32,
    pub(crate) gas: u64,
    /// Tasks of the batch, the place among them, and batches that the executor has beside it.
    pub(crate) count: usize,
    pub(crate) place: usize,
    pub(crate) beside: usize,
}

pub(crate) struct Staff {
    pub(crate) alone: Alone,
    /// What is right.
    truth: fn(&TaskId) -> Outcome,
    /// What an executor of this number says.
    says: fn(u32, &TaskId) -> Outcome,
    dice: Dice,
    numbers: BTreeMap<TaskId, u32>,
    /// Batches that are being run, by when they are done.
    running: Vec<(u64, Given)>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) ran_here: BTreeSet<u32>,
    pub(crate) accepted: BTreeMap<u32, Outcome>,
    /// Who was proven to lie, and how much it was given by then.
    pub(crate) disputes: Vec<(u32, usize)>,
}

impl Staff {
    /// A job without an end, of level 1.
    pub(crate) fn new(
        seed: u16,
        executors: u32,
        truth: fn(&TaskId) -> Outcome,
        says: fn(u32, &TaskId) -> Outcome,
    ) -> Self {
        let mut alone = Alone::seeded(seed);
        alone.listed = (1..=executors).map(id).collect();
        Self {
            alone,
            truth,
            says,
            dice: Dice::new(seed.into(), 1),
            numbers: BTreeMap::new(),
            running: Vec::new(),
            seen: Vec::new(),
            ran_here: BTreeSet::new(),
            accepted: BTreeMap::new(),
            disputes: Vec::new(),
        }
    }

    pub(crate) fn begin(&mut self) {
        self.alone.say(&Command::Begin { job: 1, validation: 1, gas: 1 << 30, expected_ms: 0 });
    }

    /// Lets so many seconds pass.
    pub(crate) fn run_for(&mut self, seconds: u64) {
        for _ in 0..seconds * 10 {
            self.alone.run_for(SECOND / 10);
            self.take_batches();
            self.end_batches();
            self.hear();
        }
    }

    fn take_batches(&mut self) {
        for given in std::mem::take(&mut self.alone.given) {
            self.alone.answer(given.op, &given.to, Status::Ok, &[]);
            let own = self.running.iter().filter(|(_, other)| other.to == given.to);
            let (beside, last) = (own.clone().count(), own.map(|(until, _)| *until).max());
            for (place, task) in given.tasks.iter().enumerate() {
                self.seen.push(Seen {
                    task: self.numbers[task],
                    by: number_of(&given.to),
                    at: self.alone.now,
                    lease_ms: given.lease_ms,
                    gas: given.gas,
                    count: given.tasks.len(),
                    place,
                    beside,
                });
            }
            let us = given.tasks.len() as u64 * (SECOND / 20 + self.dice.below(SECOND / 20));
            self.running.push((last.unwrap_or(0).max(self.alone.now) + us, given));
        }
    }

    fn end_batches(&mut self) {
        let now = self.alone.now;
        for (_, given) in self.running.extract_if(.., |(until, _)| *until <= now).collect::<Vec<_>>() {
            let (by, own) = (number_of(&given.to), self.alone.own);
            let bytes = outcomes(by, &own, &given.nonce, &given.tasks, |task| (self.says)(by, task));
            // Of who was let go nothing is wanted.
            _ = self.alone.ask(&given.to, true, &bytes);
        }
    }

    fn hear(&mut self) {
        for bytes in std::mem::take(&mut self.alone.events) {
            match Event::read(&bytes).expect("an event") {
                Event::Room { tasks, .. } => self.add(tasks),
                Event::RunHere { job, number } => {
                    self.ran_here.insert(number);
                    let outcome = (self.truth)(&task_id(job, number));
                    self.alone.say(&Command::RanHere { job, number, outcome });
                }
                Event::Accepted { number, outcome, .. } => _ = self.accepted.insert(number, outcome),
                Event::Dispute { liar, .. } => self.on_dispute(liar),
                _ => {}
            }
        }
    }

    fn on_dispute(&mut self, liar: &NodeId) {
        let liar = number_of(liar);
        let given = self.seen.iter().filter(|seen| seen.by == liar).count();
        self.disputes.push((liar, given));
    }

    fn add(&mut self, tasks: u32) {
        let first = self.numbers.len() as u32;
        let mut rows = Vec::new();
        for number in first..first + tasks {
            let task = task_id(1, number);
            self.numbers.insert(task, number);
            rows.extend(number.to_be_bytes());
            rows.extend(task.0);
        }
        self.alone.say(&Command::Add { job: 1, tasks: &rows });
    }
}
