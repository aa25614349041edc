//! One counter whose shell is the test.

#![allow(dead_code, reason = "not every test needs all of it")]

use tabmesh_counter::{Counter, Row, port};
use tabmesh_port::{
    Attachment, Done, Input, Instant, Module, NodeId, Output, PublicKey, Room, Signature, Told, Work,
};

pub(crate) struct Alone(pub(crate) Counter);

impl Alone {
    pub(crate) fn new() -> Self {
        let attachment = Attachment { key: PublicKey([1; 64]), network: [2; 8], port: port(), seed: [0; 32] };
        let mut alone = Self(Counter::new(attachment));
        alone.0.handle(Instant(0), Input::Told(Told::View { version: 1, ids: &[NodeId([5; 32])] }));
        alone.outputs();
        alone
    }

    pub(crate) fn hear(&mut self, rows: &[Row]) -> Vec<Vec<u8>> {
        self.hear_from(5, rows)
    }

    pub(crate) fn hear_from(&mut self, peer: u8, rows: &[Row]) -> Vec<Vec<u8>> {
        let bytes = Row::emit_all(rows);
        let told = Told::Said { from: &NodeId([peer; 32]), is_proven: true, bytes: &bytes };
        self.0.handle(Instant(0), Input::Told(told));
        self.outputs()
    }

    pub(crate) fn done(&mut self, done: Done<'_>) -> Vec<Vec<u8>> {
        self.0.handle(Instant(0), Input::Done(done));
        self.outputs()
    }

    /// Rows whose signatures hold; what it gives once they are checked.
    pub(crate) fn learn(&mut self, rows: &[Row]) -> Vec<Vec<u8>> {
        let checks = self.hear(rows);
        checks.iter().flat_map(|flat| self.done(Done::Verified { job: job(flat), holds: true })).collect()
    }

    pub(crate) fn outputs(&mut self) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.0.poll(Room::ALL)).collect()
    }
}

pub(crate) fn row(owner: u8, count: u64) -> Row {
    Row { key: PublicKey([owner; 64]), run: 1, count, signature: Signature([owner; 64]) }
}

pub(crate) fn job(flat: &[u8]) -> u32 {
    match Output::read(flat) {
        Ok(Output::Work(Work::Verify { job, .. } | Work::Sign { job, .. })) => job,
        other => panic!("no job: {other:?}"),
    }
}
