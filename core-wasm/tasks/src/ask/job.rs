//! A job, as far as this module knows it.

use alloc::vec::Vec;

use tabmesh_port::{Instant, NodeId};

use super::speed::Speed;
use crate::face::StalledWhy;
use crate::limits::{ASIDE_MAX, CHEAP, DOUBLED, FIRST_MS, SPARED};
use crate::outcome::Outcome;

pub(crate) struct Job {
    pub(crate) number: u32,
    pub(crate) validation: u8,
    pub(crate) gas: u64,
    /// How long a task takes, in microseconds: as expected, then as measured.
    pub(crate) us_a_task: u64,
    /// As expected: it counts for executors of which nothing was measured yet.
    pub(crate) us_expected: u64,
    speed: Speed,
    /// Tasks that are added now are run by steps.
    pub(crate) adds_by_steps: bool,
    pub(crate) is_closed: bool,
    pub(crate) is_paused: bool,
    /// Some were answered, and their outputs withheld.
    pub(crate) was_in_vain: bool,
    /// The shell runs tasks of it itself.
    pub(crate) runs_here: bool,
    pub(crate) priority: u8,
    /// Tasks that the shell runs beside executors, at a time.
    pub(crate) own_cores: u8,
    pub(crate) accepted: u32,
    pub(crate) failed: u32,
    pub(crate) open: u32,
    /// Room that the shell was told of and has not used.
    pub(crate) granted: u32,
    /// Copies that were given out beside those that the level asks for.
    pub(crate) doubles: u32,
    /// Tasks that were run here to be canaries, and are none.
    spared: u32,
    /// What most tasks come to, if more than half come to one thing, and by how much (Boyer and Moore, 1981).
    commonest: Option<Outcome>,
    lead: u32,
    /// The only executors of it; of none, all are.
    pub(crate) group: Vec<NodeId>,
    /// Executors that get nothing of it, until then.
    aside: Vec<(NodeId, Instant)>,
    pub(crate) stalled: StalledWhy,
    /// When something of it went on last.
    pub(crate) moved_at: Instant,
    /// Decided tasks at the last word of progress.
    pub(crate) told: u32,
}

impl Job {
    pub(crate) fn new(now: Instant, number: u32, validation: u8, gas: u64, expected_ms: u32) -> Self {
        let us_expected = u64::from(if expected_ms == 0 { FIRST_MS } else { expected_ms }) * 1_000;
        Self {
            number,
            validation,
            gas,
            us_a_task: us_expected,
            us_expected,
            speed: Speed::default(),
            adds_by_steps: false,
            is_closed: false,
            is_paused: false,
            was_in_vain: false,
            runs_here: true,
            priority: 0,
            own_cores: 0,
            accepted: 0,
            failed: 0,
            open: 0,
            granted: 0,
            doubles: 0,
            spared: 0,
            commonest: None,
            lead: 0,
            group: Vec::new(),
            aside: Vec::new(),
            stalled: StalledWhy::Not,
            moved_at: now,
            told: 0,
        }
    }

    /// How often it is its turn, among others.
    pub(crate) fn weight(&self) -> usize {
        1 << (2 * self.priority)
    }

    /// By how many votes an answer has to lead at first.
    pub(crate) fn margin(&self) -> u8 {
        self.validation.max(1)
    }

    /// Whether this executor gets nothing of it, or nothing any more.
    pub(crate) fn is_aside(&self, id: &NodeId) -> bool {
        let is_of_group = self.group.is_empty() || self.group.contains(id);
        !is_of_group || self.aside.iter().any(|(other, _)| other == id)
    }

    pub(crate) fn set_aside(&mut self, id: &NodeId, until: Instant) {
        if let Some((_, known)) = self.aside.iter_mut().find(|(other, _)| other == id) {
            *known = until.max(*known);
            return;
        }
        if self.aside.len() >= ASIDE_MAX {
            self.aside.remove(0);
        }
        self.aside.push((*id, until));
    }

    /// Those whose time is up may have something again.
    pub(crate) fn take_back_in(&mut self, now: Instant) {
        self.aside.retain(|(_, until)| now < *until);
    }

    /// A task was accepted.
    pub(crate) fn accept(&mut self, outcome: &Outcome) {
        self.accepted += 1;
        self.open -= 1;
        if self.lead == 0 {
            self.commonest = Some(*outcome);
        }
        self.lead = if self.commonest == Some(*outcome) { self.lead + 1 } else { self.lead - 1 };
    }

    /// Whether executors are asked about a task's steps, in place of a run of the whole here. Liars, who are quick, make none cheap that
    /// was not expected to be.
    pub(crate) fn is_dear(&self) -> bool {
        self.us_a_task.max(self.us_expected) > CHEAP.0
    }

    /// Whether most tasks come to this.
    pub(crate) fn is_common(&self, outcome: &Outcome) -> bool {
        self.commonest == Some(*outcome)
    }

    /// Takes leave to have run a task here for nothing, if there is.
    pub(crate) fn spare(&mut self) -> bool {
        let may = self.spared < self.decided() / SPARED;
        self.spared += u32::from(may);
        may
    }

    /// A task took so long.
    pub(crate) fn measure(&mut self, us: u64) {
        let is_first = self.speed.us_a_task().is_none();
        self.speed.measure(us);
        let usual = self.speed.us_a_task().unwrap_or(us);
        // It falls at once and rises slowly: a few late answers make no lease long.
        let is_less = is_first || usual < self.us_a_task;
        self.us_a_task = if is_less { usual } else { (self.us_a_task * 7 + usual) / 8 };
    }

    /// Takes leave for so many copies more, if there is.
    pub(crate) fn may_double(&mut self, copies: u32) -> bool {
        let all = self.accepted + self.failed + self.open;
        let may = self.doubles + copies <= all / DOUBLED;
        self.doubles += if may { copies } else { 0 };
        may
    }

    pub(crate) fn decided(&self) -> u32 {
        self.accepted + self.failed
    }
}
