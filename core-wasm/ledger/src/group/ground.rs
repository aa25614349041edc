//! What the parts of a voter share: who it is, the time, its numbers, and what goes out.

use alloc::vec::Vec;

use tabmesh_port::{Duration, Instant, NodeId, Outbox, Output, Room, Status, Wish, Work};

use crate::operation::Claim;

use super::event::Event;

pub(crate) struct Ground {
    pub(crate) own: NodeId,
    pub(crate) now: Instant,
    /// What the wall clock showed when.
    wall: Option<(u64, Instant)>,
    numbers: u32,
    outbox: Outbox,
}

impl Ground {
    pub(crate) fn new(own: NodeId) -> Self {
        Self { own, now: Instant(0), wall: None, numbers: 0, outbox: Outbox::default() }
    }

    pub(crate) fn set_clock(&mut self, wall_ms: u64) {
        self.wall = Some((wall_ms, self.now));
    }

    /// Milliseconds since 1970, if the clock was told.
    pub(crate) fn wall_ms(&self) -> Option<u64> {
        self.wall.map(|(ms, at)| ms.saturating_add(self.now.since(at).ms()))
    }

    pub(crate) fn is_past(&self, since: Instant, ms: u64) -> bool {
        self.now.since(since) >= Duration::from_ms(ms)
    }

    /// A number for a job, a question or a record: none is used twice.
    pub(crate) fn number(&mut self) -> u32 {
        self.numbers = self.numbers.wrapping_add(1);
        self.numbers
    }

    pub(crate) fn tell(&mut self, to: &[NodeId], bytes: &[u8]) {
        if !to.is_empty() {
            self.wish(Wish::Tell { to, bytes });
        }
    }

    pub(crate) fn ask(&mut self, to: &NodeId, bytes: &[u8]) -> u32 {
        let op = self.number();
        self.wish(Wish::Ask { op, to, within_ms: crate::limits::ASK_MS, bytes });
        op
    }

    pub(crate) fn reply(&mut self, ticket: u32, status: Status, bytes: &[u8]) {
        self.wish(Wish::Reply { ticket, status, bytes });
    }

    /// Wants links to these, and to nobody else any more.
    pub(crate) fn hold(&mut self, ids: &[NodeId]) {
        self.wish(Wish::Hold { ids });
    }

    fn wish(&mut self, wish: Wish<'_>) {
        self.outbox.put(&Output::Wish(wish));
    }

    pub(crate) fn sign(&mut self, bytes: &[u8]) -> u32 {
        let job = self.number();
        self.outbox.put(&Output::Work(Work::Sign { job, bytes }));
        job
    }

    pub(crate) fn verify(&mut self, claim: &Claim) -> u32 {
        let job = self.number();
        let Claim { key, signature, bytes } = claim;
        self.outbox.put(&Output::Work(Work::Verify { job, key, signature, bytes }));
        job
    }

    pub(crate) fn emit(&mut self, event: &Event<'_>) {
        self.outbox.put(&Output::Event(&event.emit()));
    }

    /// What waits to go out.
    pub(crate) fn waiting(&self) -> usize {
        self.outbox.len()
    }

    pub(crate) fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        self.outbox.poll(room)
    }
}
