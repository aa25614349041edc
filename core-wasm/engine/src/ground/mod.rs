//! What all machines share and none owns: who this node is, the time, chance, links, contacts, and what goes to the shell.

mod carry;
mod clock;
mod dial;
mod forward;
mod greet;
mod jobs;
mod near;
mod outbox;
mod owner;
mod send;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use self::clock::Clock;
pub(crate) use self::dial::is_relay;
pub(crate) use self::forward::Carried;
use self::greet::Greeting;
pub(crate) use self::jobs::stored;
pub(crate) use self::near::LINKS_SPARE;
use self::owner::Job;
pub(crate) use self::owner::{Jobs, Owner};
pub(crate) use self::send::{BLOCK_FRAME, PROBE_AFTER};
use crate::coordinate::Coordinate;
use crate::id::NodeId;
use crate::io::{Config, Flat, LinkId};
use crate::link::Links;
pub(crate) use crate::link::ReplyTo;
use crate::rng::Rng;
use crate::routing::Contacts;
use crate::status::Reason;
use crate::time::{Duration, Instant};

/// The ground that machines stand on.
pub(crate) struct Ground {
    pub(crate) id: NodeId,
    pub(crate) config: Config,
    pub(crate) now: Instant,
    clock: Clock,
    pub(crate) rng: Rng,
    /// By which this node knows its own entries in paths.
    secret: [u8; 16],
    outbox: Vec<Flat>,
    /// How many of them were handed out.
    handed_out: usize,
    /// The earliest of all deadlines, or earlier.
    pub(crate) wake: Instant,
    pub(crate) links: Links,
    /// Links that end, and why; the node ends them before its next step.
    pub(crate) ending: Vec<(LinkId, Reason)>,
    /// The link that was shed last, and until when what its peer had sent is heard.
    pub(crate) closing: Option<(LinkId, Instant)>,
    pub(crate) contacts: Contacts,
    /// Where this node stands.
    pub(crate) at: Coordinate,
    /// A node that may be nearer than the links of its bucket, and by how many microseconds.
    pub(crate) better: Option<(NodeId, u32)>,
    greetings: Vec<Greeting>,
    /// See [`Ground::depth`]; kept, because every hop asks for it.
    pub(crate) depth_hint: u32,
    jobs: Vec<Job>,
    pub(crate) last_job: u32,
    /// When the links are looked at next.
    pub(crate) maintain_at: Instant,
    /// When bulk came last, over any link.
    pub(crate) bulk_heard: Instant,
    /// Direct links in a row that did not come up, though the other ends were there.
    pub(crate) walls: u8,
    /// The signalling server knows this node.
    pub(crate) is_introduced: bool,
    pub(crate) joined: bool,
}

impl Ground {
    pub(crate) fn new(config: Config) -> Self {
        let id = NodeId::of_key(&config.key);
        let mut rng = Rng::new(config.seed);
        let mut secret = [0; 16];
        rng.fill(&mut secret);
        Self {
            id,
            now: Instant(0),
            clock: Clock::default(),
            rng,
            secret,
            outbox: Vec::new(),
            handed_out: 0,
            wake: Instant(0),
            links: Links::default(),
            ending: Vec::new(),
            closing: None,
            contacts: Contacts::new(id),
            at: Coordinate::default(),
            better: None,
            greetings: Vec::new(),
            depth_hint: 0,
            jobs: Vec::new(),
            last_job: 0,
            maintain_at: Instant(0),
            bulk_heard: Instant(0),
            walls: 0,
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

    /// Makes sure that `on_time` runs at `at` or before.
    #[inline(never)]
    pub(crate) fn arm(&mut self, at: Instant) {
        self.wake = self.wake.min(at);
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
