//! What both halves share and neither owns: who this node is, the time, chance, and the outputs.

use alloc::vec::Vec;

use tabmesh_port::{
    Attachment, Duration, Instant, NodeId, Outbox, Output, Room, Status, Wish, Work, Writer, sha256,
};

use crate::face::Event;

/// Numbers below are those of lists.
const FIRST_OP: u32 = 16;

pub(crate) struct Ground {
    pub(crate) attachment: Attachment,
    pub(crate) own: NodeId,
    pub(crate) now: Instant,
    drawn: u64,
    /// What is left of the last draw.
    chance: Vec<u32>,
    ops: u32,
    works: u32,
    outbox: Outbox,
}

impl Ground {
    pub(crate) fn new(attachment: Attachment) -> Self {
        Self {
            attachment,
            own: NodeId::of_key(&attachment.key),
            now: Instant(0),
            drawn: 0,
            chance: Vec::new(),
            ops: FIRST_OP,
            works: 0,
            outbox: Outbox::default(),
        }
    }

    /// Fresh chance, that nobody else can foretell.
    pub(crate) fn chance(&mut self) -> [u8; 32] {
        self.drawn += 1;
        let mut writer = Writer::with_capacity(40);
        writer.bytes(&self.attachment.seed).u64(self.drawn);
        sha256(&writer.finish())
    }

    /// A number below `bound`; 0 where that is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        if self.chance.is_empty() {
            let fresh = self.chance();
            self.chance.extend(fresh.as_chunks().0.iter().map(|four| u32::from_be_bytes(*four)));
        }
        let number = self.chance.pop().unwrap_or_default();
        ((u64::from(number) * bound as u64) >> 32) as usize
    }

    /// Whether what happens `times` in `among` happens now.
    pub(crate) fn happens(&mut self, times: u32, among: u32) -> bool {
        self.below(among as usize) < times as usize
    }

    pub(crate) fn after(&self, span: Duration) -> Instant {
        self.now + span
    }

    /// Whether so long has passed since then.
    pub(crate) fn is_past(&self, since: Instant, span: Duration) -> bool {
        self.now.since(since) >= span
    }

    pub(crate) fn ask(&mut self, to: &NodeId, within_ms: u32, bytes: &[u8]) -> u32 {
        self.ops = self.ops.wrapping_add(1).max(FIRST_OP);
        let op = self.ops;
        self.wish(Wish::Ask { op, to, within_ms, bytes });
        op
    }

    pub(crate) fn tell(&mut self, to: &NodeId, bytes: &[u8]) {
        self.wish(Wish::Tell { to: &[*to], bytes });
    }

    pub(crate) fn reply(&mut self, ticket: u32, status: Status, bytes: &[u8]) {
        self.wish(Wish::Reply { ticket, status, bytes });
    }

    pub(crate) fn wish(&mut self, wish: Wish<'_>) {
        self.outbox.put(&Output::Wish(wish));
    }

    /// Has a signature made; the number of the work.
    pub(crate) fn sign(&mut self, bytes: &[u8]) -> u32 {
        self.works = self.works.wrapping_add(1);
        self.outbox.put(&Output::Work(Work::Sign { job: self.works, bytes }));
        self.works
    }

    /// Has one checked that a module of this port made; the number of the work.
    pub(crate) fn verify(&mut self, key: &[u8; 64], signature: &[u8; 64], bytes: &[u8]) -> u32 {
        self.works = self.works.wrapping_add(1);
        let Attachment { network, port, .. } = &self.attachment;
        let bytes = Attachment::covered(network, *port, bytes);
        let (key, signature) = (tabmesh_port::PublicKey::of(key), tabmesh_port::Signature::of(signature));
        self.outbox.put(&Output::Work(Work::Verify { job: self.works, key, signature, bytes: &bytes }));
        self.works
    }

    pub(crate) fn emit(&mut self, event: &Event<'_>) {
        self.outbox.put(&Output::Event(&event.emit()));
    }

    pub(crate) fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        self.outbox.poll(room)
    }
}

/// Where those who run tasks are listed: SHA-256(`"tabmesh compute v1"`).
pub(crate) fn compute() -> NodeId {
    NodeId(sha256(b"tabmesh compute v1"))
}
