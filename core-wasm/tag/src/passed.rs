//! Messages of others that came by: where each came from, where it went, and how it ended.

use alloc::vec::Vec;
use core::num::NonZeroU64;

use tabmesh_port::{Instant, Status};

use crate::limits::{PASSED_MAX, PASSED_OF_ONE, PASSES_MAX};

/// One message. Members stand here by the heads of their ids.
pub(crate) struct Row {
    pub(crate) origin: u64,
    pub(crate) request: u64,
    /// Who brought it first, and counts for it.
    pub(crate) by: u64,
    /// Who brought it last, and hears how it ended.
    pub(crate) from: u64,
    /// To whom it was passed; nobody where it ended here.
    pub(crate) next: Option<NonZeroU64>,
    pub(crate) until: Instant,
    pub(crate) status: Option<Status>,
    /// How often it was passed on.
    pub(crate) passes: u8,
}

impl Row {
    /// Whoever brought it sent it: that counts apart from what is others'.
    fn is_own(&self) -> bool {
        self.by == self.origin
    }

    /// To whom it is passed once more, if to anybody.
    pub(crate) fn pass(&mut self) -> Option<u64> {
        self.passes = self.passes.saturating_add(1);
        self.next.filter(|_| self.passes <= PASSES_MAX).map(NonZeroU64::get)
    }
}

/// At most [`PASSED_MAX`] of them. None is forgotten before its time: it would be taken for another one if it came again.
#[derive(Default)]
pub(crate) struct Passed(Vec<Row>);

impl Passed {
    /// The message with this number and origin.
    pub(crate) fn find(&mut self, origin: u64, request: u64) -> Option<&mut Row> {
        self.0.iter_mut().find(|row| row.request == request && row.origin == origin)
    }

    /// Takes in a message, if there is room for one that its bringer brings. Nobody has more than is left free for others, of all and of
    /// what one member takes: of that, this node's own messages have a share of their own there.
    pub(crate) fn add(&mut self, now: Instant, row: Row) -> Option<&mut Row> {
        self.0.retain(|row| row.until > now);
        let count = |is: &dyn Fn(&Row) -> bool| self.0.iter().filter(|other| is(other)).count();
        let share = count(&|other| other.by == row.by && other.is_own() == row.is_own());
        let to_next = |other: &Row| row.next.is_some() && other.next == row.next;
        let share_to_next = count(&|other| to_next(other) && other.by == row.by);
        if share >= PASSED_OF_ONE.min(PASSED_MAX - self.0.len())
            || share_to_next >= PASSED_OF_ONE.saturating_sub(count(&to_next))
        {
            return None;
        }
        self.0.push(row);
        self.0.last_mut()
    }

    /// Whom it was passed to says how it ended: whom to tell so. Only the first word counts.
    pub(crate) fn end(&mut self, by: u64, request: u64, status: Status) -> Option<u64> {
        let row = self
            .0
            .iter_mut()
            .find(|row| row.request == request && row.next.is_some_and(|next| next.get() == by))?;
        if row.status.is_some() {
            return None;
        }
        row.status = Some(status);
        Some(row.from)
    }
}
