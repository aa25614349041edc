//! What a requester knows, and where its parts meet.

use alloc::vec::Vec;

use tabmesh_port::{Instant, NodeId};

use super::assignment::{Assignment, Stage};
use super::disputing::Quarrel;
use super::executors::Executors;
use super::finding::Finding;
use super::job::Job;
use super::records::Records;
use super::task::Task;
use super::withholders::Withholders;
use crate::ground::Ground;
use crate::limits::{ASKS_ASKING, ASKS_FETCHING, EXECUTORS_MAX, SERVED_MAX, TICK};
use crate::outcome::{Outcome, TaskId};
use crate::wanted::Wanted;
use crate::wire::Nonce;

pub(crate) struct Requester {
    pub(crate) jobs: Vec<Job>,
    /// In the order of their keys.
    pub(crate) tasks: Vec<Task>,
    pub(crate) keys: u64,
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) numbers: u32,
    pub(crate) executors: Executors,
    pub(crate) records: Records,
    pub(crate) finding: Finding,
    pub(crate) withholders: Withholders,
    pub(crate) canaries: Vec<Canary>,
    /// Executors of batches that are not wanted any more are to be told.
    pub(crate) revokes: Vec<(NodeId, Nonce)>,
    /// Those that were told, by the number of the question.
    pub(crate) revoking: Vec<u32>,
    pub(crate) fetches: Vec<Fetch>,
    pub(crate) quarrels: Vec<Quarrel>,
    /// Pieces of inputs.
    pub(crate) wanted: Wanted,
    /// Questions that may be under way.
    pub(crate) asks_max: usize,
    pub(crate) tick_at: Instant,
}

/// A task that was run here and given to nobody.
pub(crate) struct Canary {
    pub(crate) job: u32,
    pub(crate) number: u32,
    pub(crate) id: TaskId,
    pub(crate) outcome: Outcome,
    /// The newest task's key when it was chosen.
    pub(crate) newest: u64,
}

/// A piece that the face waits for: of an output, or of what a step left.
pub(crate) struct Fetch {
    pub(crate) op: Option<u32>,
    pub(crate) fetch: u32,
    pub(crate) executor: NodeId,
    pub(crate) question: Vec<u8>,
}

impl Requester {
    pub(crate) fn new() -> Self {
        Self {
            jobs: Vec::new(),
            tasks: Vec::new(),
            keys: 0,
            assignments: Vec::new(),
            numbers: 0,
            executors: Executors::default(),
            records: Records::default(),
            finding: Finding::new(),
            withholders: Withholders::default(),
            canaries: Vec::new(),
            revokes: Vec::new(),
            revoking: Vec::new(),
            fetches: Vec::new(),
            quarrels: Vec::new(),
            wanted: Wanted::default(),
            asks_max: ASKS_ASKING,
            tick_at: Instant::NEVER,
        }
    }

    pub(crate) fn job(&mut self, number: u32) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.number == number)
    }

    pub(crate) fn place_of(&self, key: u64) -> Option<usize> {
        self.tasks.binary_search_by_key(&key, |task| task.key).ok()
    }

    pub(crate) fn task(&mut self, key: u64) -> Option<&mut Task> {
        let at = self.place_of(key)?;
        self.tasks.get_mut(at)
    }

    /// Questions under way, or sure to be asked.
    pub(crate) fn asked(&self) -> usize {
        let is_asking = |assignment: &&Assignment| assignment.stage != Stage::Open;
        let fetching = self.fetches.iter().filter(|fetch| fetch.op.is_some()).count();
        let steps: usize = self.quarrels.iter().map(Quarrel::asked).sum();
        self.assignments.iter().filter(is_asking).count() + self.revoking.len() + fetching + steps
    }

    pub(crate) fn has_question(&self) -> bool {
        self.asked() < self.asks_max
    }

    /// Whatever it is time for; where the node offers too, with fewer executors and questions.
    pub(crate) fn go_on(&mut self, ground: &mut Ground, is_offering: bool) {
        let (executors_less, asks_less) = if is_offering { (SERVED_MAX, ASKS_FETCHING) } else { (0, 0) };
        self.asks_max = ASKS_ASKING - asks_less;
        let is_tick = ground.now >= self.tick_at;
        if is_tick {
            self.end_leases(ground);
            self.double(ground);
            self.run_what_nobody_can(ground);
        }
        self.revoke(ground);
        self.ask_about_steps(ground);
        self.fetch(ground);
        self.staff(ground, EXECUTORS_MAX - executors_less);
        self.run_canaries(ground);
        self.run_own(ground);
        self.give(ground);
        self.grant_room(ground);
        if is_tick {
            self.watch(ground);
        }
        self.end_jobs(ground);
        self.tick_at = if self.is_idle() {
            Instant::NEVER
        } else if is_tick {
            ground.after(TICK)
        } else {
            self.tick_at.min(ground.after(TICK))
        };
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.jobs.is_empty() && self.revokes.is_empty() && self.fetches.is_empty()
    }

    /// Chooses executors: as many as may be, by the draw.
    fn staff(&mut self, ground: &mut Ground, executors_max: usize) {
        for id in self.executors.unreachable(ground.now) {
            self.let_go(ground, &id);
        }
        if self.jobs.is_empty() {
            self.executors.list.clear();
            return self.finding.rest();
        }
        while self.executors.list.len() > executors_max
            && let Some(last) = self.executors.list.last().map(|executor| executor.id)
        {
            self.let_go(ground, &last);
        }
        if self.jobs.iter().all(|job| !job.group.is_empty()) {
            self.finding.rest();
        } else {
            self.finding.go_on(ground);
        }
        if self.executors.list.len() >= executors_max && self.finding.has_candidates() {
            self.executors.rotate(ground.now, |id| self.jobs.iter().all(|job| job.is_aside(id)));
        }
        let is_done = |id: &NodeId| {
            let is_asked = self.quarrels.iter().any(|quarrel| quarrel.side_of(id).is_some());
            !is_asked && !self.assignments.iter().any(|assignment| assignment.to == *id)
        };
        self.executors.list.retain(|executor| !executor.is_leaving || !is_done(&executor.id));
        let mut group = self.jobs.iter().flat_map(|job| &job.group);
        while self.executors.list.len() < executors_max
            && let Some(id) = group.next().copied().or_else(|| self.finding.next())
        {
            if id != ground.own && !self.executors.has(&id) && !self.withholders.is_barred(&id) {
                self.executors.take(ground.now, id);
            }
        }
    }
}
