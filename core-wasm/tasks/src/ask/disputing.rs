//! Two executors that differ about a task that is run by steps: both are asked about these, and who lies is found by one of them.

use alloc::vec::Vec;

use tabmesh_port::{Duration, Instant, NodeId, Status};

use super::requester::Requester;
use super::task::{Here, Task, Vote};
use crate::bisect::{Ask, Dispute, Next, Step, Verdict};
use crate::face::{Event, Ran};
use crate::ground::Ground;
use crate::limits::{DISPUTES_A_TASK, DISPUTES_MAX, LEASE_MAX, STEPS};
use crate::list::Gather;
use crate::wire::Question;

/// How long one answer is waited for. Who has to run steps again says so at once, and is asked again after this.
const WITHIN_MS: u32 = 20_000;
const AGAIN: Duration = Duration::from_ms(1_000);

/// Two that differ about a task.
pub(crate) struct Quarrel {
    pub(crate) job: u32,
    key: u64,
    number: u32,
    dispute: Dispute,
    sides: [Side; 2],
    /// What both are asked now, and until when.
    ask: Option<Ask>,
    until: Instant,
    /// The shell runs a step.
    pub(crate) is_running: bool,
}

struct Side {
    vote: Vote,
    op: Option<u32>,
    has_answered: bool,
    ask_at: Instant,
}

impl Quarrel {
    fn new(task: &Task, votes: [Vote; 2]) -> Self {
        let side = |vote| Side { vote, op: None, has_answered: false, ask_at: Instant(0) };
        Self {
            job: task.job,
            key: task.key,
            number: task.number,
            dispute: Dispute::new(votes.map(|vote| vote.outcome)),
            sides: votes.map(side),
            ask: None,
            until: Instant::NEVER,
            is_running: false,
        }
    }

    /// Questions under way.
    pub(crate) fn asked(&self) -> usize {
        self.sides.iter().filter(|side| side.op.is_some()).count()
    }

    pub(crate) fn side_of(&self, id: &NodeId) -> Option<usize> {
        self.sides.iter().position(|side| side.vote.by == *id)
    }

    /// A side answered, or did not in time.
    fn hear(&mut self, at: usize, bytes: &[u8]) {
        if let Some(side) = self.sides.get_mut(at)
            && !core::mem::replace(&mut side.has_answered, true)
        {
            side.op = None;
            self.dispute.answer(at, bytes);
        }
    }

    /// Another question begins once both answered the one before.
    fn begin(&mut self, ask: Ask, until: Instant) {
        if self.ask != Some(ask) {
            (self.ask, self.until) = (Some(ask), until);
            self.sides.iter_mut().for_each(|side| side.has_answered = false);
        }
    }
}

impl Requester {
    /// Whether two that differ about a task are asked about its steps.
    pub(crate) fn may_dispute(&self, task: &Task) -> bool {
        let is_dear = self.jobs.iter().any(|job| job.number == task.job && job.is_dear());
        is_dear && task.is_by_steps && task.disputes < DISPUTES_A_TASK
    }

    /// Asks executors about steps, and has the shell run the one about which they differ.
    pub(crate) fn ask_about_steps(&mut self, ground: &mut Ground) {
        self.begin_quarrels().into_iter().for_each(|key| self.settle(ground, key));
        let mut at = 0;
        while let Some(quarrel) = self.quarrels.get_mut(at) {
            match quarrel.dispute.next() {
                Next::Ask(ask) => {
                    self.ask_both(ground, at, ask);
                    // Who has no time left may have answered by that.
                    if self.quarrels.get(at).is_some_and(|quarrel| ground.now < quarrel.until) {
                        at += 1;
                    }
                }
                Next::Run { number, before } => {
                    if !core::mem::replace(&mut quarrel.is_running, true) {
                        let ran = |side: &Side| side.vote;
                        let [one, other] = quarrel.sides.each_ref().map(ran);
                        let sides = [&one, &other].map(|vote| Ran {
                            executor: &vote.by,
                            nonce: &vote.nonce,
                            index: vote.index,
                        });
                        let (job, task) = (quarrel.job, quarrel.number);
                        ground.emit(&Event::RunStep { job, number: task, step: number, before, sides });
                    }
                    at += 1;
                }
                Next::Over(verdict) => {
                    let quarrel = self.quarrels.remove(at);
                    self.conclude(ground, &quarrel, verdict);
                }
            }
        }
    }

    /// As many as there may be at a time. Gives those tasks that have nothing to quarrel about any more: somebody was found to lie
    /// about another one.
    fn begin_quarrels(&mut self) -> Vec<u64> {
        let Self { tasks, quarrels, .. } = self;
        let mut agreed = Vec::new();
        for task in tasks.iter_mut().filter(|task| task.here == Here::Disputed) {
            if quarrels.len() >= DISPUTES_MAX {
                break;
            }
            if quarrels.iter().any(|quarrel| quarrel.key == task.key) {
                continue;
            }
            if let Some(votes) = task.differing() {
                task.disputes += 1;
                quarrels.push(Quarrel::new(task, votes));
            } else {
                task.here = Here::No;
                agreed.push(task.key);
            }
        }
        agreed
    }

    /// Asks those that have yet to answer; once their time is up they are silent.
    fn ask_both(&mut self, ground: &mut Ground, at: usize, ask: Ask) {
        let Some(quarrel) = self.quarrels.get(at) else { return };
        let (number, now) = (quarrel.job, ground.now);
        let us = self.job(number).map_or(0, |job| job.us_a_task);
        let span = Duration(us.min(LEASE_MAX.0) * 3 + STEPS.0).min(LEASE_MAX);
        for side in 0..2 {
            let has_question = self.has_question();
            let Some(quarrel) = self.quarrels.get_mut(at) else { return };
            quarrel.begin(ask, now + span);
            if now >= quarrel.until {
                quarrel.hear(side, &[]);
                continue;
            }
            let Some(side) = quarrel.sides.get_mut(side) else { return };
            if has_question && !side.has_answered && side.op.is_none() && now >= side.ask_at {
                let question = Question::Steps { index: side.vote.index, ask };
                side.op = Some(ground.ask(&side.vote.by, WITHIN_MS, &question.emit(&side.vote.nonce)));
            }
        }
    }

    /// An answer about steps came, or none; whether it was asked for.
    pub(crate) fn on_steps(
        &mut self,
        ground: &Ground,
        op: u32,
        from: &NodeId,
        status: Status,
        bytes: &[u8],
    ) -> bool {
        for quarrel in &mut self.quarrels {
            let is_it = |side: &Side| side.op == Some(op) && side.vote.by == *from;
            let Some(at) = quarrel.sides.iter().position(is_it) else { continue };
            match status {
                // It runs steps again, or a message was lost.
                Status::TooManyRequests | Status::TimedOut => {
                    let again = ground.after(AGAIN);
                    let side = quarrel.sides.get_mut(at);
                    side.into_iter().for_each(|side| (side.op, side.ask_at) = (None, again));
                }
                Status::Ok => quarrel.hear(at, bytes),
                _ => quarrel.hear(at, &[]),
            }
            return true;
        }
        false
    }

    /// An executor is not held any more: it answers nothing.
    pub(crate) fn fall_silent(&mut self, id: &NodeId) {
        for quarrel in &mut self.quarrels {
            if let Some(at) = quarrel.side_of(id) {
                quarrel.hear(at, &[]);
            }
        }
    }

    fn running_step(&mut self, job: u32, number: u32) -> Result<&mut Quarrel, Status> {
        let is_it = |quarrel: &&mut Quarrel| (quarrel.job, quarrel.number) == (job, number);
        let quarrel = self.quarrels.iter_mut().find(is_it).filter(|quarrel| quarrel.is_running);
        quarrel.ok_or(Status::NotFound)
    }

    /// The shell ran a step.
    ///
    /// # Errors
    /// [`NotFound`](Status::NotFound) where it does not have to.
    pub(crate) fn on_ran_step(&mut self, job: u32, number: u32, step: &Step) -> Result<(), Status> {
        self.running_step(job, number)?.dispute.ran(step);
        Ok(())
    }

    /// It could not: neither gave what the step before left, or it cannot run that one.
    ///
    /// # Errors
    /// [`NotFound`](Status::NotFound) where it does not have to.
    pub(crate) fn on_cannot_step(&mut self, job: u32, number: u32, are_silent: bool) -> Result<(), Status> {
        self.running_step(job, number)?.dispute.end_without([are_silent; 2]);
        Ok(())
    }

    /// Who is proven to lie is named. Silence proves nothing: the task is decided as one without steps.
    fn conclude(&mut self, ground: &mut Ground, quarrel: &Quarrel, verdict: Verdict) {
        let Quarrel { job, key, number, .. } = *quarrel;
        if let Some(task) = self.task(key) {
            task.here = Here::No;
            if !matches!(verdict, Verdict::Liars(_)) {
                task.disputes = DISPUTES_A_TASK;
            }
        }
        let those = |are: [bool; 2]| {
            let sides = quarrel.sides.iter().zip(are).filter(|(_, is_it)| *is_it);
            let ids: Vec<NodeId> = sides.map(|(side, _)| side.vote.by).gather();
            ids
        };
        match verdict {
            Verdict::Liars(liars) => {
                those(liars).iter().for_each(|liar| self.denounce(ground, job, number, liar));
            }
            Verdict::Silent(silent) => {
                those(silent).iter().for_each(|id| self.set_aside(job, id, Instant::NEVER));
            }
            Verdict::Same => {}
        }
        self.settle(ground, key);
    }
}
