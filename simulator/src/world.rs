//! The world: shards run side by side for one window at a time.
//!
//! Nothing takes less than [`LEAST_US`] from one node to another, so what happens within a window of that length at one
//! node cannot depend on what happens within it at another (conservative windows; Chandy and Misra 1979, Nicol 1993).
//! Shards run a window, hand over what they have for each other, and go on to the first window in which anything
//! happens. At each node things happen in the order of (time, cause), which does not depend on the number of shards.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::crypto::Crypto;
use crate::dice::fold;
use crate::event::{Event, NodeNumber, Note, What};
use crate::ground::Ground;
use crate::model::place::LEAST_US;
use crate::scenario::Scenario;
use crate::shard::Shard;

/// How long a thread spins for the others before it lets the system run something else.
const SPINS: u32 = 2_000;

/// See the module's documentation.
pub(crate) struct World<C: Crypto> {
    pub(crate) ground: Ground,
    pub(crate) shards: Vec<Shard<C>>,
    /// Virtual time in microseconds.
    pub(crate) now: u64,
    caused: u32,
}

/// Where threads wait for each other at the end of a window.
struct Gate {
    threads: usize,
    waiting: AtomicUsize,
    opened: AtomicUsize,
}

impl Gate {
    fn new(threads: usize) -> Self {
        Self { threads, waiting: AtomicUsize::new(0), opened: AtomicUsize::new(0) }
    }

    fn wait(&self) {
        let before = self.opened.load(Ordering::Acquire);
        if self.waiting.fetch_add(1, Ordering::AcqRel) + 1 == self.threads {
            self.waiting.store(0, Ordering::Release);
            self.opened.fetch_add(1, Ordering::AcqRel);
            return;
        }
        let mut spins = 0;
        while self.opened.load(Ordering::Acquire) == before {
            spins += 1;
            if spins < SPINS { std::hint::spin_loop() } else { std::thread::yield_now() }
        }
    }
}

/// What threads share while they run.
struct Meeting {
    gate: Gate,
    mail: Vec<Mutex<Vec<Event>>>,
    /// By parity of the window and by shard: the first day on which it, or its mail, has anything.
    next: [Vec<AtomicU64>; 2],
}

impl<C: Crypto> World<C> {
    /// The world of a scenario, at time 0, with nobody born.
    pub(crate) fn new(scenario: &Scenario, seed: u64, threads: u32) -> Self {
        let ground = Ground::new(scenario, seed, threads);
        let shards = (0..threads).map(|number| Shard::new(&ground, number)).collect();
        Self { ground, shards, now: 0, caused: 0 }
    }

    /// Has something happen to a node; told by nobody in the world.
    pub(crate) fn inject(&mut self, at: u64, to: NodeNumber, what: What) {
        self.caused += 1;
        let cause = u64::from(u32::MAX) << 32 | u64::from(self.caused);
        let shard = (to % self.ground.shards) as usize;
        self.shards[shard].receive(Event { at, cause, to, what });
    }

    /// Lets everything before `until`, a multiple of [`LEAST_US`], happen.
    pub(crate) fn run_to(&mut self, until: u64) {
        debug_assert!(until.is_multiple_of(LEAST_US), "time stops between two windows");
        let end = until / LEAST_US;
        let ground = &self.ground;
        if let [shard] = self.shards.as_mut_slice() {
            while let Some(day) = shard.queue.next_day().filter(|day| *day < end) {
                shard.run_day(ground, day);
            }
        } else {
            let count = self.shards.len();
            let meeting = Meeting {
                gate: Gate::new(count),
                mail: (0..count).map(|_| Mutex::default()).collect(),
                next: std::array::from_fn(|_| (0..count).map(|_| AtomicU64::new(0)).collect()),
            };
            std::thread::scope(|scope| {
                for (number, shard) in self.shards.iter_mut().enumerate() {
                    let meeting = &meeting;
                    scope.spawn(move || run_shard(ground, shard, number, meeting, end));
                }
            });
        }
        self.now = until;
    }

    /// What nodes told since the last call, in order of time, node and telling.
    pub(crate) fn take_notes(&mut self) -> Vec<Note> {
        let mut notes: Vec<Note> = Vec::new();
        for shard in &mut self.shards {
            notes.append(&mut shard.notes);
        }
        notes.sort_by_key(|note| (note.at, note.node));
        notes
    }

    /// Hash over everything that every engine took in and put out: the same for the same scenario and seed, on any number of
    /// threads.
    pub(crate) fn trace_hash(&self) -> u64 {
        let mut hashes: Vec<(NodeNumber, u64)> = self.shards.iter().flat_map(Shard::traces).collect();
        hashes.sort_unstable();
        hashes.iter().fold(0, |hash, (_, of_node)| fold(hash, &of_node.to_le_bytes()))
    }

    /// The shard that a node is in.
    pub(crate) fn shard_of(&self, node: NodeNumber) -> &Shard<C> {
        &self.shards[(node % self.ground.shards) as usize]
    }
}

fn run_shard<C: Crypto>(ground: &Ground, shard: &mut Shard<C>, number: usize, meeting: &Meeting, end: u64) {
    let mut parity = 0;
    let mut mail_day = u64::MAX;
    loop {
        let own_day = shard.queue.next_day().unwrap_or(u64::MAX);
        meeting.next[parity][number].store(own_day.min(mail_day), Ordering::Release);
        meeting.gate.wait();
        let next = meeting.next[parity].iter().map(|day| day.load(Ordering::Acquire));
        let day = next.min().unwrap_or(u64::MAX);
        let mail = meeting.mail[number].lock().map(|mut mail| std::mem::take(&mut *mail));
        for event in mail.into_iter().flatten() {
            shard.receive(event);
        }
        if day >= end {
            return;
        }
        shard.run_day(ground, day);
        mail_day = u64::MAX;
        for (to, outbox) in shard.outboxes.iter_mut().enumerate().filter(|(_, outbox)| !outbox.is_empty()) {
            let first = outbox.iter().map(|event| event.at / LEAST_US).min().unwrap_or(u64::MAX);
            mail_day = mail_day.min(first);
            if let Ok(mut mail) = meeting.mail[to].lock() {
                mail.append(outbox);
            }
        }
        parity = 1 - parity;
    }
}
