//! Which tasks go to whom.

use alloc::vec::Vec;

use tabmesh_port::{Duration, NodeId, Status, Writer};

use super::assignment::{Assignment, Purpose, Slot, Stage};
use super::job::Job;
use super::requester::{Canary, Requester};
use super::task::{Here, Task};
use crate::face::{Event, FailedWhy};
use crate::ground::Ground;
use crate::limits::{
    BATCH_MAX, BATCHES_MAX, CHECKED_FIRST, CHECKED_RARELY, LEASE, LEASE_MAX, OPEN_MAX, PACKED_MAX,
};
use crate::list::Gather;
use crate::wire::{Nonce, Question};

/// The answer to an assignment is waited for so long.
const WITHIN_MS: u32 = 10_000;

/// Questions that are left for other things than batches.
const OTHERS: usize = 2;

impl Requester {
    /// Gives executors batches, as long as somebody is free and something is left.
    pub(crate) fn give(&mut self, ground: &mut Ground) {
        if !self.tasks.iter().any(|task| task.needs() > 0) {
            return;
        }
        let mut ready = self.executors.ready(ground.now);
        while self.asked() + OTHERS < self.asks_max && !ready.is_empty() {
            let to = ready.swap_remove(ground.below(ready.len()));
            while self.asked() + OTHERS < self.asks_max && self.give_to(ground, &to) {}
        }
    }

    fn give_to(&mut self, ground: &mut Ground, to: &NodeId) -> bool {
        let own: Vec<&Assignment> = self.assignments.iter().filter(|one| one.to == *to).gather();
        if own.len() >= BATCHES_MAX {
            return false;
        }
        let has: Vec<u64> = own.iter().flat_map(|one| one.slots.iter().map(|slot| slot.key)).gather();
        let owner = self.executors.owner_of(to);
        let first = self.first(ground);
        for turn in 0..self.jobs.len() {
            let Some(job) = self.jobs.get((first + turn) % self.jobs.len()) else { return false };
            if job.is_paused || job.is_aside(to) {
                continue;
            }
            let (number, are_votes) = (job.number, job.validation > 1);
            let among = self.executors.owners(job);
            let mut share = self.executors.share(to, among, are_votes);
            if share == 0 {
                // Where nothing is out, shares would keep the last tasks from whoever has not answered them.
                if self.assignments.iter().any(|one| one.job == number) {
                    continue;
                }
                share = 1;
            }
            let may = |task: &Task| {
                task.job == number
                    && task.needs() > 0
                    && !task.has_vote_of(to, &owner)
                    && !has.contains(&task.key)
            };
            let fit: Vec<u64> = self.tasks.iter().filter(|task| may(task)).map(|task| task.key).gather();
            if !fit.is_empty() {
                self.assign(ground, to, number, share, fit);
                return true;
            }
        }
        false
    }

    /// Which job's turn it is: by chance, so that none of them waits for ever.
    fn first(&self, ground: &mut Ground) -> usize {
        let mut drawn = ground.below(self.jobs.iter().map(Job::weight).sum());
        let is_it = |job: &Job| {
            let is_it = drawn < job.weight();
            drawn = drawn.saturating_sub(job.weight());
            is_it
        };
        self.jobs.iter().position(is_it).unwrap_or(0)
    }

    /// How many tasks make a batch, of so many that this executor may have.
    fn size(&mut self, to: &NodeId, number: u32, fit: usize) -> usize {
        let linked = self.executors.linked().count().max(1);
        let job = self.job(number).map(|job| (job.is_closed, job.validation));
        let (is_closed, validation) = job.unwrap_or_default();
        let mut window = self.executors.find(to).map_or(1, |executor| executor.window(number));
        if validation > 1 {
            // Who lies is outvoted before it has much.
            window = window.min((self.records.of(to) as usize).saturating_add(1));
        }
        // Near the end all have a part of what is left.
        let share = if is_closed { fit.div_ceil(linked) } else { BATCH_MAX };
        window.min(share).min((OPEN_MAX / (BATCHES_MAX * linked)).max(1))
    }

    fn assign(&mut self, ground: &mut Ground, to: &NodeId, number: u32, share: usize, mut fit: Vec<u64>) {
        let mut slots = Vec::new();
        let mut confirmed = self.confirmed_soon(to);
        for _ in 0..self.size(to, number, fit.len()).min(share) {
            let purpose = self.purpose(ground, confirmed, number);
            confirmed += u32::from(purpose == Purpose::Check);
            let chosen = ground.below(fit.len());
            let Some(key) = fit.get(chosen).copied() else { break };
            if purpose == Purpose::Check
                && ground.happens(1, 2)
                && let Some(slot) = self.canary(ground, number, key)
            {
                slots.push(slot);
                continue;
            }
            fit.swap_remove(chosen);
            let Some(task) = self.task(key) else { continue };
            task.out += 1;
            let Task { number, id, is_by_steps, .. } = *task;
            slots.push(Slot { key, number, id, is_by_steps, purpose });
        }
        let mut nonce: Nonce = [0; 16];
        nonce.copy_from_slice(ground.chance().split_at(16).0);
        self.numbers = self.numbers.wrapping_add(1).max(1);
        let mut numbers = Writer::default();
        slots.iter().for_each(|slot| _ = numbers.u32(slot.number));
        self.executors.issue(to, slots.len());
        self.assignments.push(Assignment {
            number: self.numbers,
            nonce,
            to: *to,
            job: number,
            slots,
            stage: Stage::Packing,
            sent_at: ground.now,
            deadline: ground.now,
            heard_at: ground.now,
            done: 0,
            is_late: false,
            checking: None,
        });
        let (assignment, numbers) = (self.numbers, numbers.finish());
        ground.emit(&Event::Pack { assignment, job: number, to, numbers: &numbers });
    }

    /// How often an executor was checked and right, if it turns out to be so where that is not known yet. A second executor answers
    /// seconds later: who had a hundred tasks by then would be checked at each of them. Nothing is lost where it was wrong, since what
    /// it alone said is taken back, and no job ends before its checks.
    fn confirmed_soon(&self, to: &NodeId) -> u32 {
        let own = self.assignments.iter().filter(|one| one.to == *to && !one.is_late);
        let out = own.flat_map(|one| &one.slots).filter(|slot| slot.purpose != Purpose::Answer).count();
        let waits = |task: &&Task| task.margin > 1 && task.votes.iter().any(|vote| vote.by == *to);
        let answered = self.tasks.iter().filter(waits).count();
        self.records.of(to).saturating_add((out + answered) as u32)
    }

    /// Whether an executor is checked at its next task: the first ten times always, then once in as many as it was right.
    fn purpose(&mut self, ground: &mut Ground, confirmed: u32, number: u32) -> Purpose {
        let is_adaptive = self.job(number).is_some_and(|job| job.validation == 1);
        let one_in = if confirmed < CHECKED_FIRST { 1 } else { confirmed.min(CHECKED_RARELY) };
        if is_adaptive && ground.happens(1, one_in) { Purpose::Check } else { Purpose::Answer }
    }

    /// A task of the job whose answer is known and that nobody has seen, instead of the task of that key; never again after this.
    ///
    /// It was open for a while. If it stood for a task that came since, an executor who knows the order of inputs would tell it by its
    /// age; among tasks that were open when it was chosen, it is like any other.
    fn canary(&mut self, ground: &mut Ground, number: u32, key: u64) -> Option<Slot> {
        let fits = |canary: &Canary| canary.job == number && canary.newest >= key;
        let count = self.canaries.iter().filter(|canary| fits(canary)).count();
        let chosen = ground.below(count);
        let at =
            (0..self.canaries.len()).filter(|at| self.canaries.get(*at).is_some_and(fits)).nth(chosen)?;
        let canary = self.canaries.swap_remove(at);
        let Canary { number, id, outcome, .. } = canary;
        let is_by_steps = outcome.has_steps();
        Some(Slot { key: 0, number, id, is_by_steps, purpose: Purpose::Canary(outcome) })
    }

    /// The shell made a batch.
    ///
    /// # Errors
    /// [`NotFound`](Status::NotFound) where it is not wanted any more, [`BadRequest`](Status::BadRequest) where it cannot be.
    pub(crate) fn on_packed(
        &mut self,
        ground: &mut Ground,
        number: u32,
        count: u16,
        bytes: &[u8],
    ) -> Result<(), Status> {
        let is_it = |one: &Assignment| one.number == number && one.stage == Stage::Packing;
        let at = self.assignments.iter().position(is_it).ok_or(Status::NotFound)?;
        let assignment = self.assignments.get_mut(at).ok_or(Status::NotFound)?;
        let count = usize::from(count);
        if bytes.len() > PACKED_MAX || count > assignment.slots.len() {
            return Err(Status::BadRequest);
        }
        let left = assignment.slots.split_off(count);
        let first = left.first().filter(|_| count == 0).map(|slot| slot.key);
        for key in left.iter().filter(|slot| slot.purpose.is_vote()).map(|slot| slot.key) {
            self.take_back(key);
        }
        if count == 0 {
            self.assignments.remove(at);
            ground.emit(&Event::Dropped(number));
            if let Some(key) = first {
                self.run_here(ground, key, FailedWhy::TooLarge);
            }
            return Ok(());
        }
        self.send(ground, at, bytes);
        Ok(())
    }

    fn send(&mut self, ground: &mut Ground, at: usize, bytes: &[u8]) {
        let Some(assignment) = self.assignments.get(at) else { return };
        let (to, job, count) = (assignment.to, assignment.job, assignment.slots.len());
        let lease = self.lease(at);
        let gas = self.job(job).map_or(0, |job| job.gas);
        let Some(assignment) = self.assignments.get_mut(at) else { return };
        let question = Question::Assign { lease_ms: lease.ms() as u32, gas, count: count as u16, bytes };
        let op = ground.ask(&to, WITHIN_MS, &question.emit(&assignment.nonce));
        assignment.stage = Stage::Asking(op);
        (assignment.sent_at, assignment.heard_at) = (ground.now, ground.now);
        assignment.deadline = ground.after(lease);
        self.moved(ground, job);
    }

    /// How long an executor may take for a batch: three times what is expected of all that it has, and a little; twice as long each
    /// time that one of the tasks was not done in time.
    fn lease(&mut self, at: usize) -> Duration {
        let Some(assignment) = self.assignments.get(at) else { return LEASE };
        let (to, job) = (assignment.to, assignment.job);
        let own = self.assignments.iter().filter(|one| one.to == to);
        let tasks: usize = own.map(|one| one.slots.len()).sum();
        let keys: Vec<u64> = assignment.awaited().gather();
        let tries = keys.iter().filter_map(|key| Some(self.task(*key)?.tries)).max().unwrap_or(0);
        let measured = self.executors.find(&to).and_then(|executor| executor.us_a_task(job));
        // Others, who may be quick liars, say little about who comes.
        let (usual, first) = self.job(job).map_or((0, 0), |job| (job.us_a_task, job.us_expected));
        let expected = usual.max(measured.unwrap_or(first));
        let lease = expected.min(LEASE_MAX.0) * 3 * tasks as u64 + LEASE.0;
        Duration(lease << tries.min(10)).min(LEASE_MAX)
    }

    /// A task is not with an executor any more.
    pub(crate) fn take_back(&mut self, key: u64) {
        if let Some(task) = self.task(key) {
            task.out = task.out.saturating_sub(1);
        }
    }

    /// Has the shell run tasks that nobody has, where it shall beside executors.
    pub(crate) fn run_own(&mut self, ground: &mut Ground) {
        for job in self.jobs.iter().filter(|job| !job.is_paused && job.own_cores > 0) {
            let number = job.number;
            let running =
                self.tasks.iter().filter(|task| task.job == number && task.here == Here::Beside).count();
            for _ in running..job.own_cores.into() {
                let is_free = |task: &&mut Task| task.job == number && task.out == 0 && task.needs() > 0;
                let count = self.tasks.iter_mut().filter(is_free).count();
                let chosen = ground.below(count);
                let Some(task) = self.tasks.iter_mut().filter(is_free).nth(chosen) else { break };
                task.here = Here::Beside;
                ground.emit(&Event::RunHere { job: number, number: task.number });
            }
        }
    }

    /// The shell runs a task to decide it. One whose steps are in dispute is decided by these first.
    pub(crate) fn run_here(&mut self, ground: &mut Ground, key: u64, why: FailedWhy) {
        let Some(task) = self.task(key).filter(|task| task.here != Here::Disputed) else { return };
        let (job, number) = (task.job, task.number);
        if core::mem::replace(&mut task.here, Here::ToDecide(why)) == Here::No {
            ground.emit(&Event::RunHere { job, number });
        }
    }
}
