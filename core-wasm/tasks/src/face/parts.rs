//! What events are made of.

use tabmesh_port::{NodeId, Reader, Writer};

use crate::wire::Nonce;

/// Why a job does not go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum StalledWhy {
    /// It does.
    Not = 0,
    /// Nobody offers to run tasks, or nobody who does can be reached.
    NoOffers = 1,
    /// None of those who offer takes a task of this job, or all were set aside.
    NoneFits = 2,
    /// All are busy.
    Busy = 3,
    /// The shell has yet to pack a batch or to run a task.
    Shell = 4,
    /// Those who offer are of fewer owners than its level asks votes of.
    TooFewOwners = 5,
}

/// Why a task has no outcome.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum FailedWhy {
    /// Nobody came to a result, or none in time.
    NoResult = 1,
    /// There were too many answers, and no more for one of them than the job's level asks.
    NoMargin = 2,
    /// There were too few executors for the job's level.
    TooFew = 3,
    /// It is too large to be sent.
    TooLarge = 4,
}

/// A task as somebody ran it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ran<'a> {
    /// Who.
    pub executor: &'a NodeId,
    /// The assignment, as its outcomes name it.
    pub nonce: &'a Nonce,
    /// Which of its tasks.
    pub index: u16,
}

impl<'a> Ran<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Self {
        Self { executor: reader.id(), nonce: reader.array(), index: reader.u16() }
    }

    pub(super) fn emit(&self, writer: &mut Writer) {
        writer.bytes(&self.executor.0).bytes(self.nonce).u16(self.index);
    }
}

impl StalledWhy {
    pub(super) fn from_code(code: u8) -> Option<Self> {
        let all = [Self::Not, Self::NoOffers, Self::NoneFits, Self::Busy, Self::Shell, Self::TooFewOwners];
        all.into_iter().find(|why| *why as u8 == code)
    }
}

impl FailedWhy {
    pub(super) fn from_code(code: u8) -> Option<Self> {
        let all = [Self::NoResult, Self::NoMargin, Self::TooFew, Self::TooLarge];
        all.into_iter().find(|why| *why as u8 == code)
    }
}
