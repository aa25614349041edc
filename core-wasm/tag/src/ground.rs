//! What all parts share and none owns: who this node is, the time, chance, and the outputs.

use alloc::vec::Vec;

use tabmesh_port::{Attachment, Duration, Instant, NodeId, Outbox, Output, Room, Wish, Work, Writer, sha256};

use crate::face::Event;
use crate::limits::OUTBOX_MAX;
use crate::wire::Message;

pub(crate) struct Ground {
    pub(crate) attachment: Attachment,
    pub(crate) own: NodeId,
    pub(crate) now: Instant,
    /// What the wall clock said, and when.
    clock: (u64, Instant),
    drawn: u64,
    jobs: u32,
    outbox: Outbox,
}

impl Ground {
    pub(crate) fn new(attachment: Attachment) -> Self {
        let own = NodeId::of_key(&attachment.key);
        let (now, clock) = (Instant(0), (0, Instant(0)));
        Self { attachment, own, now, clock, drawn: 0, jobs: 0, outbox: Outbox::default() }
    }

    pub(crate) fn set_clock(&mut self, wall_ms: u64) {
        self.clock = (wall_ms, self.now);
    }

    /// Milliseconds since 1970.
    pub(crate) fn wall_ms(&self) -> u64 {
        let (wall_ms, at) = self.clock;
        wall_ms.saturating_add(self.now.since(at).ms())
    }

    /// `ms` from now.
    pub(crate) fn after(&self, ms: u64) -> Instant {
        self.now + Duration::from_ms(ms)
    }

    /// Fresh chance, that nobody else can foretell.
    pub(crate) fn chance(&mut self) -> [u8; 32] {
        self.drawn += 1;
        let mut writer = Writer::with_capacity(40);
        writer.bytes(&self.attachment.seed).u64(self.drawn);
        sha256(&writer.finish())
    }

    /// Fresh chance as a number.
    pub(crate) fn number(&mut self) -> u64 {
        self.chance().first_chunk().map_or(0, |head| u64::from_be_bytes(*head))
    }

    /// A number for the next job.
    pub(crate) fn job(&mut self) -> u32 {
        self.jobs = self.jobs.wrapping_add(1);
        self.jobs
    }

    pub(crate) fn work(&mut self, work: Work<'_>) {
        self.outbox.put(&Output::Work(work));
    }

    pub(crate) fn wish(&mut self, wish: Wish<'_>) {
        self.outbox.put(&Output::Wish(wish));
    }

    pub(crate) fn emit(&mut self, event: &Event<'_>) {
        self.outbox.put(&Output::Event(&event.emit()));
    }

    /// Tells linked members something.
    pub(crate) fn tell(&mut self, to: &[NodeId], message: &Message<'_>) {
        self.tell_flat(to, &message.emit());
    }

    /// The same, of a message in its bytes.
    pub(crate) fn tell_flat(&mut self, to: &[NodeId], bytes: &[u8]) {
        if !to.is_empty() && self.outbox.len() < OUTBOX_MAX {
            self.outbox.put(&Output::Wish(Wish::Tell { to, bytes }));
        }
    }

    pub(crate) fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        self.outbox.poll(room)
    }
}
