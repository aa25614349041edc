//! Messages of others that came by: where each came from, where it went, and how it ended.

use alloc::vec::Vec;

use tabmesh_port::{Instant, Status};

use crate::limits::{PASSED_MAX, PASSED_OF_ONE};

/// One message. Members stand here by the heads of their ids.
pub(crate) struct Row {
    pub(crate) origin: u64,
    pub(crate) request: u64,
    /// Who brought it last.
    pub(crate) from: u64,
    /// To whom it was passed; nobody where it ended here.
    pub(crate) next: Option<u64>,
    pub(crate) until: Instant,
    pub(crate) status: Option<Status>,
}

/// At most [`PASSED_MAX`] of them. None is forgotten before its time: it would be taken for another one if it came again.
#[derive(Default)]
pub(crate) struct Passed(Vec<Row>);

impl Passed {
    /// The message with this number and origin.
    pub(crate) fn find(&mut self, origin: u64, request: u64) -> Option<&mut Row> {
        self.0.iter_mut().find(|row| row.request == request && row.origin == origin)
    }

    /// Takes in a message, if there is room for one that its bringer brings.
    pub(crate) fn add(&mut self, now: Instant, row: Row) -> Option<&mut Row> {
        self.0.retain(|row| row.until > now);
        let share = self.0.iter().filter(|other| other.from == row.from).count();
        if self.0.len() >= PASSED_MAX || share >= PASSED_OF_ONE {
            return None;
        }
        self.0.push(row);
        self.0.last_mut()
    }

    /// Whom it was passed to says how it ended: whom to tell so. Only the first word counts.
    pub(crate) fn end(&mut self, by: u64, request: u64, status: Status) -> Option<u64> {
        let row = self.0.iter_mut().find(|row| row.request == request && row.next == Some(by))?;
        if row.status.is_some() {
            return None;
        }
        row.status = Some(status);
        Some(row.from)
    }
}
