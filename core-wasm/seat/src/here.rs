//! What the modules of one node ask each other, while it is under way.

use alloc::vec::Vec;

use tabmesh_port::{Instant, Port};

/// As they came: at most [`ASKS_MAX`](tabmesh_port::limits::ASKS_MAX) of one asker and [`HERE_MAX`](tabmesh_port::limits::HERE_MAX) at one port.
#[derive(Default)]
pub(crate) struct Here(Vec<Question>);

pub(crate) struct Question {
    pub(crate) ticket: u32,
    pub(crate) from: Port,
    /// The asker's number for it.
    pub(crate) op: u32,
    pub(crate) to: Port,
    /// It ends then.
    pub(crate) until: Instant,
}

impl Here {
    pub(crate) fn wanted_at(&self) -> Instant {
        self.0.iter().map(|question| question.until).min().unwrap_or(Instant::NEVER)
    }

    pub(crate) fn add(&mut self, question: Question) {
        self.0.push(question);
    }

    /// The newest question at a port of whoever has most there, if that is more than one of `from` would make for that one.
    pub(crate) fn surplus(&self, to: Port, from: Port) -> Option<u32> {
        let of = |from: Port| self.count(|question| (question.from, question.to) == (from, to));
        let there = self.0.iter().filter(|question| question.to == to);
        let most = there.max_by_key(|question| of(question.from))?;
        (of(most.from) > of(from) + 1).then_some(most.ticket)
    }

    pub(crate) fn count(&self, is: impl Fn(&Question) -> bool) -> usize {
        self.0.iter().filter(|question| is(question)).count()
    }

    pub(crate) fn take(&mut self, is: impl Fn(&Question) -> bool) -> Option<Question> {
        let at = self.0.iter().position(is)?;
        Some(self.0.remove(at))
    }
}
