//! The ground itself: who this node is, the time, chance, links, contacts, and what goes to the shell.

use alloc::vec::Vec;

use super::greeting::Greeting;
use super::owner::Job;
use super::wall::Clock;
use crate::coordinate::Coordinate;
use crate::id::NodeId;
use crate::io::{Config, Flat, LinkId};
use crate::link::Links;
use crate::rng::{Keystream, Rng};
use crate::routing::{Bans, Contacts};
use crate::status::Reason;
use crate::time::{Duration, Instant};

/// The ground that machines stand on.
// In this order: the links are found without an offset, and what is asked for most lies where it takes one byte of Wasm.
#[repr(C)]
pub(crate) struct Ground {
    pub(crate) links: Links,
    pub(crate) now: Instant,
    pub(crate) id: NodeId,
    /// The earliest of all deadlines, or earlier.
    pub(crate) wake: Instant,
    /// When the links are looked at next.
    pub(crate) maintain_at: Instant,
    pub(super) outbox: Vec<Flat>,
    /// How many of them were handed out.
    pub(super) handed_out: usize,
    /// Links that end, and why; the node ends them before its next step.
    pub(crate) ending: Vec<(LinkId, Reason)>,
    pub(super) jobs: Vec<Job>,
    pub(crate) last_job: u32,
    /// See [`Ground::depth`]; kept, because every hop asks for it.
    pub(crate) depth_hint: u32,
    pub(crate) joined: bool,
    /// The signalling server knows this node.
    pub(crate) is_introduced: bool,
    /// Direct links in a row that did not come up, though the other ends were there.
    pub(crate) walls: u8,
    /// When a direct link is tried next where a circuit does.
    pub(crate) direct_at: Instant,
    /// Chance that nobody sees.
    pub(crate) rng: Rng,
    /// Whatever number the wire shows.
    pub(crate) keystream: Keystream,
    pub(crate) contacts: Contacts,
    pub(super) greetings: Vec<Greeting>,
    pub(super) clock: Clock,
    /// The link that was shed last, and until when what its peer had sent is heard.
    pub(crate) closing: Option<(LinkId, Instant)>,
    pub(crate) bans: Bans,
    /// Nodes that links are kept to for modules.
    pub(crate) held: Vec<u8>,
    /// When bulk came last, over any link.
    pub(crate) bulk_heard: Instant,
    /// Where this node stands.
    pub(crate) at: Coordinate,
    /// A node that may be nearer than the links of its bucket, and by how many microseconds.
    pub(crate) better: Option<(NodeId, u32)>,
    /// By which this node knows its own entries in paths.
    pub(super) secret: [u8; 16],
    pub(crate) config: Config,
}

impl Ground {
    pub(crate) fn new(config: Config) -> Self {
        let id = NodeId::of_key(&config.key);
        let mut keystream = Keystream::new(&config.seed);
        let secret = *keystream.bytes().first_chunk().unwrap_or(&[0; 16]);
        Self {
            id,
            now: Instant(0),
            clock: Clock::default(),
            rng: Rng::new(keystream.number()),
            keystream,
            secret,
            outbox: Vec::new(),
            handed_out: 0,
            wake: Instant(0),
            links: Links::default(),
            ending: Vec::new(),
            closing: None,
            contacts: Contacts::new(id),
            bans: Bans::default(),
            held: Vec::new(),
            at: Coordinate::default(),
            better: None,
            greetings: Vec::new(),
            depth_hint: 0,
            jobs: Vec::new(),
            last_job: 0,
            maintain_at: Instant(0),
            bulk_heard: Instant(0),
            walls: 0,
            direct_at: Instant(0),
            is_introduced: false,
            joined: false,
            config,
        }
    }

    /// Jobs that nobody waits for any more are answered all the same: their results are dropped then.
    pub(crate) fn forget_jobs(&mut self) {
        self.jobs = Vec::new();
    }

    /// This link ends, and its peer is told why: the node sees to it before its next step.
    #[inline(never)]
    pub(crate) fn end(&mut self, id: LinkId, reason: Reason) {
        self.ending.push((id, reason));
    }

    /// A key broke the protocol: nothing of its is taken for a while.
    pub(crate) fn ban(&mut self, id: &NodeId) {
        self.bans.add(id, self.now);
        self.contacts.forget(id);
    }

    /// Makes sure that `on_time` runs at `at` or before.
    #[inline(never)]
    pub(crate) fn arm(&mut self, at: Instant) {
        self.wake = self.wake.min(at);
    }

    /// When `span` is over; `on_time` runs then or before.
    #[inline(never)]
    pub(crate) fn due_in(&mut self, span: Duration) -> Instant {
        let due = self.now + span;
        self.arm(due);
        due
    }

    /// Looks at the links within `span` at the latest.
    #[inline(never)]
    pub(crate) fn maintain_within(&mut self, span: Duration) {
        self.maintain_at = self.maintain_at.min(self.now + span);
        self.arm(self.maintain_at);
    }

    /// `ms` milliseconds from now, give or take an eighth, so that nodes do not fall into step.
    pub(crate) fn about(&mut self, ms: u64) -> Instant {
        let spread = self.rng.below(ms * 250);
        self.now + Duration(ms * 875 + spread)
    }
}
