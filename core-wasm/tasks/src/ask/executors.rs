//! The executors that a requester works with.

use alloc::vec::Vec;

use tabmesh_port::{Duration, Instant, NodeId, sha256};

use super::job::Job;
use super::speed::Speed;
use crate::limits::{BATCH, BATCH_MAX, COOLING, DIALLING, LAPSES_MAX, LEAVING_MAX, MANY, TURN};
use crate::list::Gather;

/// An executor may be given so many tasks, whatever others have.
const FREELY: u64 = 16;

pub(crate) struct Executor {
    pub(crate) id: NodeId,
    /// Whose it is, as it says; its own id where it says nothing.
    pub(crate) owner: NodeId,
    pub(crate) is_linked: bool,
    /// Since when it is held.
    pub(crate) since: Instant,
    pub(crate) is_leaving: bool,
    /// For this job the next two were measured.
    job: u32,
    /// Tasks of a batch.
    window: usize,
    speed: Speed,
    /// When it was done with a batch last.
    last_at: Instant,
    /// It is asked nothing before this.
    pub(crate) cool_until: Instant,
    refusals: u32,
    lapses: u8,
    /// Tasks that it was given, and all were given before it came.
    issued: u64,
    issued_before: u64,
}

#[derive(Default)]
pub(crate) struct Executors {
    pub(crate) list: Vec<Executor>,
    issued: u64,
}

impl Executors {
    pub(crate) fn find(&mut self, id: &NodeId) -> Option<&mut Executor> {
        self.list.iter_mut().find(|executor| executor.id == *id)
    }

    pub(crate) fn has(&self, id: &NodeId) -> bool {
        self.list.iter().any(|executor| executor.id == *id)
    }

    pub(crate) fn linked(&self) -> impl Iterator<Item = &Executor> {
        self.list.iter().filter(|executor| executor.is_linked)
    }

    /// Whose an executor is.
    pub(crate) fn owner_of(&self, id: &NodeId) -> NodeId {
        self.list.iter().find(|executor| executor.id == *id).map_or(*id, |executor| executor.owner)
    }

    /// Of how many owners those linked ones are that may have something of a job.
    pub(crate) fn owners(&self, job: &Job) -> usize {
        let able = || self.linked().filter(|executor| !job.is_aside(&executor.id));
        let is_first = |(at, executor): &(usize, &Executor)| {
            able().position(|other| other.owner == executor.owner) == Some(*at)
        };
        able().enumerate().filter(is_first).count()
    }

    pub(crate) fn take(&mut self, now: Instant, id: NodeId) {
        self.list.push(Executor {
            id,
            owner: id,
            is_linked: false,
            since: now,
            is_leaving: false,
            job: 0,
            window: 1,
            speed: Speed::default(),
            last_at: now,
            cool_until: Instant(0),
            refusals: 0,
            lapses: 0,
            issued: 0,
            issued_before: self.issued,
        });
    }

    /// Who may be given something now.
    pub(crate) fn ready(&self, now: Instant) -> Vec<NodeId> {
        let is_ready = |executor: &&Executor| !executor.is_leaving && now >= executor.cool_until;
        self.linked().filter(is_ready).map(|executor| executor.id).gather()
    }

    /// How many tasks more an executor of one of `among` owners may be given. Whoever is quick has no more of the votes for that than twice what
    /// they have on average, or where nobody votes an eighth of all.
    pub(crate) fn share(&self, id: &NodeId, among: usize, are_votes: bool) -> usize {
        let Some(executor) = self.list.iter().find(|executor| executor.id == *id) else { return 0 };
        let part = match are_votes {
            true => among.max(2) / 2,
            false if among < MANY => 1,
            false => 8,
        };
        let most = (self.issued - executor.issued_before) / part as u64 + FREELY;
        let own = self.list.iter().filter(|other| other.owner == executor.owner);
        most.saturating_sub(own.map(|other| other.issued).sum()) as usize
    }

    /// Those whose link does not come.
    pub(crate) fn unreachable(&self, now: Instant) -> Vec<NodeId> {
        let is_lost = |executor: &&Executor| !executor.is_linked && now.since(executor.since) >= DIALLING;
        self.list.iter().filter(is_lost).map(|executor| executor.id).gather()
    }

    /// Others wait: whoever had its turn, or has no use, makes room, a few at a time.
    pub(crate) fn rotate(&mut self, now: Instant, is_useless: impl Fn(&NodeId) -> bool) {
        let leaving = self.list.iter().filter(|executor| executor.is_leaving).count();
        let is_over = |executor: &Executor| now.since(executor.since) >= TURN || is_useless(&executor.id);
        let had = |executor: &&mut Executor| !executor.is_leaving && is_over(executor);
        let places = LEAVING_MAX.saturating_sub(leaving);
        self.list.iter_mut().filter(had).take(places).for_each(|executor| executor.is_leaving = true);
    }

    /// It was given so many tasks.
    pub(crate) fn issue(&mut self, id: &NodeId, tasks: usize) {
        self.issued += tasks as u64;
        if let Some(executor) = self.find(id) {
            executor.issued += tasks as u64;
        }
    }
}

impl Executor {
    /// Tasks of this job that make a batch for it.
    pub(crate) fn window(&self, job: u32) -> usize {
        if self.job == job { self.window } else { 1 }
    }

    /// How long a task of this job takes, if that was measured.
    pub(crate) fn us_a_task(&self, job: u32) -> Option<u64> {
        if self.job == job { self.speed.us_a_task() } else { None }
    }

    /// It says whose it is, by 32 bytes. Hashed, so that nobody says to be another node.
    pub(crate) fn own(&mut self, said: &[u8]) {
        if said.len() == 32 {
            self.owner = NodeId(sha256(said));
        }
    }

    /// Outcomes of a batch came: how long one took.
    pub(crate) fn on_outcomes(&mut self, now: Instant, job: u32, sent_at: Instant, count: usize) -> u64 {
        let took = now.since(sent_at.max(self.last_at)).0.max(1);
        let us = (took / count.max(1) as u64).max(1);
        // It grows no faster than by what was done.
        let most = self.window(job).max(count * 2).min(BATCH_MAX);
        if self.job != job {
            self.speed = Speed::default();
        }
        self.speed.measure(us);
        let usual = self.speed.us_a_task().unwrap_or(us);
        self.window = ((BATCH.0 / usual) as usize).clamp(1, most);
        (self.job, self.last_at, self.lapses, self.refusals) = (job, now, 0, 0);
        us
    }

    /// It is busy.
    pub(crate) fn cool(&mut self, now: Instant) {
        self.cool_until = now + Duration(COOLING.0 << self.refusals.min(5));
        self.refusals += 1;
    }

    /// A lease ended without outcomes; whether it is to be let go.
    pub(crate) fn lapse(&mut self, now: Instant) -> bool {
        self.window = 1;
        self.lapses += 1;
        self.cool(now);
        self.lapses >= LAPSES_MAX
    }
}
