//! What the modules of one node ask each other, while it is under way.

use alloc::vec::Vec;

use tabmesh_port::{Instant, Port};

/// At most [`ASKS_MAX`](tabmesh_port::limits::ASKS_MAX) of one asker and [`HERE_MAX`](tabmesh_port::limits::HERE_MAX) at one port.
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

    /// Nobody waits for its end.
    pub(crate) fn forget(&mut self, ticket: u32) {
        self.0.retain(|question| question.ticket != ticket);
    }

    pub(crate) fn add(&mut self, question: Question) {
        self.0.push(question);
    }

    /// Nobody at this port waits for any end.
    pub(crate) fn forget_of(&mut self, from: Port) {
        self.0.retain(|question| question.from != from);
    }

    pub(crate) fn count(&self, is: impl Fn(&Question) -> bool) -> usize {
        self.0.iter().filter(|question| is(question)).count()
    }

    pub(crate) fn take(&mut self, is: impl Fn(&Question) -> bool) -> Option<Question> {
        let at = self.0.iter().position(is)?;
        Some(self.0.swap_remove(at))
    }
}
