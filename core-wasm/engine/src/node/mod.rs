//! The node: where the rooms meet. Nothing else knows more than one of them.

mod buckets;
mod circuit;
mod commands;
mod density;
mod dial;
mod flat;
mod frames;
mod gossip;
mod handshake;
mod jobs;
mod lookup;
mod maintain;
mod merge;
mod place;
mod publish;
mod repair;
mod requests;
mod route;
mod seen;
mod serve;
mod signalling;
mod topics;
mod view;

use alloc::vec::Vec;
use core::num::NonZeroU32;

use self::density::Density;
use self::jobs::Pending;
use self::maintain::Dialled;
use self::place::Placement;
use self::repair::Repair;
use self::requests::Request;
use self::serve::Serve;
use self::signalling::Signalling;
use self::topics::Topics;
pub use self::view::LinkView;
use crate::coordinate::Coordinate;
use crate::id::NodeId;
use crate::io::{Config, Flat, Input, JobId, LinkId, Output};
use crate::limits::{LINK_BUDGET, NEIGHBOURS, REQUESTS_MAX};
use crate::link::{Link, Links};
use crate::rng::Rng;
use crate::routing::{Contact, Contacts, Membership, Nearest};
use crate::time::{Duration, Instant};

/// One node of the overlay. See the crate's documentation for the rule by which a shell drives it.
pub struct Node {
    id: NodeId,
    config: Config,
    now: Instant,
    /// Wall time minus the shell's monotonic time, in seconds; nothing until the shell has told.
    wall_offset_s: Option<u64>,
    rng: Rng,
    outbox: Vec<Flat>,
    /// How many of them were handed out.
    handed_out: usize,
    /// The earliest of all deadlines, or earlier.
    wake: Instant,
    links: Links,
    /// Where this node stands.
    at: Coordinate,
    /// A node that may be nearer than the links of its bucket, and by how many microseconds.
    better: Option<(NodeId, u32)>,
    /// The link that was shed last, and until when what its peer had sent is heard.
    closing: Option<(LinkId, Instant)>,
    contacts: Contacts,
    membership: Membership,
    requests: Vec<Request>,
    serves: Vec<Serve>,
    placements: Vec<Placement>,
    repair: Repair,
    jobs: Vec<(JobId, Pending)>,
    last_job: u32,
    signalling: Signalling,
    topics: Topics,
    density: Density,
    /// The shell's WebSocket addresses, by number.
    dialled: Vec<Dialled>,
    maintain_at: Instant,
    gossip_at: Instant,
    refresh_at: Instant,
    look_at: Instant,
    refreshes: u32,
    relay_awaited_until: Instant,
    /// When bulk came last, over any link.
    bulk_heard: Instant,
    /// A dial went unanswered: the wall clock may be wrong, so no expiry is sent or looked at.
    is_clock_doubtful: bool,
    /// Direct links in a row that did not come up, though the other ends were there.
    walls: u8,
    /// The bucket whose emptiness is looked at next.
    next_bucket: u32,
    /// See [`Node::depth`]; kept, because every hop asks for it.
    depth_hint: u32,
    joined: bool,
    left: bool,
}

impl Node {
    /// A node that knows nobody yet; it begins to join with the first input.
    pub fn new(config: Config) -> Self {
        let id = NodeId::of_key(&config.key);
        let mut node = Self {
            id,
            now: Instant(0),
            wall_offset_s: None,
            rng: Rng::new(config.seed),
            outbox: Vec::new(),
            handed_out: 0,
            wake: Instant(0),
            links: Links::default(),
            at: Coordinate::default(),
            better: None,
            closing: None,
            contacts: Contacts::new(id),
            membership: Membership::default(),
            requests: Vec::with_capacity(REQUESTS_MAX),
            serves: Vec::new(),
            placements: Vec::new(),
            repair: Repair::default(),
            jobs: Vec::new(),
            last_job: 0,
            signalling: Signalling::default(),
            topics: Topics::default(),
            density: Density::default(),
            dialled: Vec::new(),
            maintain_at: Instant(0),
            gossip_at: Instant(0),
            refresh_at: Instant(0),
            look_at: Instant(0),
            refreshes: 0,
            relay_awaited_until: Instant(0),
            bulk_heard: Instant(0),
            is_clock_doubtful: false,
            walls: 0,
            next_bucket: 0,
            depth_hint: 0,
            joined: false,
            left: false,
            config,
        };
        node.set_addresses(node.config.addresses);
        node
    }

    /// The node's id: SHA-256 of its key.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// Whether the node is part of the network now.
    pub fn is_joined(&self) -> bool {
        self.joined
    }

    /// Takes in one thing that happened at `now`. A clock that steps back stands still.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        if self.enter(now) {
            self.take(input);
            self.settle();
        }
    }

    /// What comes before every input; false if nothing comes after it.
    fn enter(&mut self, now: Instant) -> bool {
        self.now = now.max(self.now);
        !self.left
    }

    /// What an input does. Where the kind of input is known, all but its own line goes.
    #[inline(always)]
    fn take(&mut self, input: Input<'_>) {
        match input {
            Input::Timeout => {}
            Input::WallTime(seconds) => {
                self.wall_offset_s = Some(seconds.saturating_sub(self.now.0 / 1_000_000));
                self.is_clock_doubtful = false;
            }

            Input::Incoming => self.on_incoming(),
            Input::Described { link, description } => self.on_described(link, description),
            Input::LinkUp(link) => self.on_link_up(link),
            Input::LinkDown(link) => self.on_link_down(link),
            Input::LinkBytes { link, bytes } => self.on_packet(link, bytes),
            Input::LinkDrained { link, queued } => {
                if let Some(link) = self.links.get_mut(link) {
                    link.flow.drained(queued);
                }
            }
            Input::Sealed { link, bytes } => self.on_sealed(link, bytes),
            Input::SignalUp => self.on_signal_up(),
            Input::SignalDown => self.on_signal_down(),
            Input::SignalBytes(bytes) => self.on_signal_bytes(bytes),
            Input::JobDone { job, result } => {
                let (kind, bytes) = result.flat();
                self.on_job_done(job, kind, bytes);
            }
            Input::Command(command) => self.on_command(command),
        }
    }

    /// What follows every input.
    fn settle(&mut self) {
        if self.now >= self.wake && !self.left {
            self.on_time();
        }
        self.pump();
    }

    /// The next thing to do; [`Output::Timeout`] when there is nothing more.
    pub fn poll_output(&mut self) -> Output {
        let typed = self.poll_flat().map(core::mem::take).and_then(Flat::typed);
        typed.unwrap_or_else(|| Output::Timeout(self.wanted_at()))
    }

    /// The next thing to do in its flat form; `None` when there is nothing more until [`Node::wanted_at`].
    pub fn poll_flat(&mut self) -> Option<&mut Flat> {
        if self.handed_out >= self.outbox.len() {
            // A burst does not keep its room.
            self.outbox = Vec::new();
            self.handed_out = 0;
            return None;
        }
        self.handed_out += 1;
        self.outbox.get_mut(self.handed_out - 1)
    }

    /// When the node wants its next input at the latest.
    pub fn wanted_at(&self) -> Instant {
        if self.left { Instant::NEVER } else { self.wake }
    }

    /// Does what is due, and finds out when to come back.
    fn on_time(&mut self) {
        self.wake = Instant::NEVER;
        self.on_link_deadlines();
        self.on_request_deadlines();
        self.on_placement_deadlines();
        self.on_signal_deadline();
        self.on_topic_deadline();
        if self.now >= self.gossip_at {
            self.gossip();
        }
        if self.now >= self.repair.next_pass {
            self.begin_repair();
        }
        if self.now >= self.maintain_at {
            self.maintain();
        }
        self.arm(self.gossip_at);
        self.arm(self.repair.next_pass);
        self.arm(self.maintain_at);
    }

    /// Sends what had to wait for room, storage or a job.
    fn pump(&mut self) {
        self.pump_serves();
        self.pump_placements();
        self.pump_requests();
        self.pump_repair();
    }

    /// Makes sure that `on_time` runs at `at` or before.
    #[inline(never)]
    fn arm(&mut self, at: Instant) {
        self.wake = self.wake.min(at);
    }

    /// Looks at the links within `span` at the latest.
    #[inline(never)]
    fn maintain_within(&mut self, span: Duration) {
        self.maintain_at = self.maintain_at.min(self.now + span);
        self.arm(self.maintain_at);
    }

    /// `ms` milliseconds from now, give or take an eighth, so that nodes do not fall into step.
    fn about(&mut self, ms: u64) -> Instant {
        let spread = self.rng.below(ms * 250);
        self.now + Duration(ms * 875 + spread)
    }

    /// Seconds since 1970, if the shell has told and nothing speaks against it.
    fn wall_s(&self) -> Option<NonZeroU32> {
        let offset_s = self.wall_offset_s.filter(|_| !self.is_clock_doubtful)?;
        NonZeroU32::new((offset_s + self.now.0 / 1_000_000) as u32)
    }

    fn profile_limit(&self, limits: &[usize; 3]) -> usize {
        limits.get(self.config.profile as usize).copied().unwrap_or(0)
    }

    fn link_budget(&self) -> usize {
        self.profile_limit(&LINK_BUDGET)
    }

    /// The linked peers nearest to this node: those it tells others of.
    fn linked_neighbours(&self) -> Nearest {
        self.nearest(&self.id, NEIGHBOURS, false, |_| false)
    }

    /// The nearest nodes, linked or known to be alive not long ago.
    fn known_neighbours(&self) -> Nearest {
        self.nearest(&self.id, NEIGHBOURS, false, |contact| !contact.is_doubtful)
    }

    /// The nodes nearest to `target`, of the linked ones and this one.
    fn nearest_linked(&self, target: &NodeId, room: usize) -> Nearest {
        self.nearest(target, room, true, |_| false)
    }

    /// The nodes nearest to `target`, of all that are known to be there, and this one.
    fn nearest_alive(&self, target: &NodeId, room: usize) -> Nearest {
        self.nearest(target, room, true, Contact::is_alive)
    }

    /// The nodes nearest to `target`: of the linked ones, this one if `own`, and the contacts that `counts` is true of.
    #[inline(never)]
    fn nearest(&self, target: &NodeId, room: usize, own: bool, counts: fn(&Contact) -> bool) -> Nearest {
        let mut nearest = Nearest::new(target, room);
        if own {
            nearest.offer(&self.id);
        }
        for link in self.links.peers() {
            nearest.offer(&link.peer);
        }
        for contact in self.contacts.iter().filter(|contact| counts(contact)) {
            nearest.offer(&contact.id);
        }
        nearest
    }

    /// How many leading bits of this node's id its neighbourhood shares: about log2(n) − 3.
    fn depth(&self) -> u32 {
        let neighbours = self.known_neighbours();
        neighbours.ids().last().map_or(0, |furthest| self.id.shared_bits(furthest))
    }

    /// Adds the shell's addresses from the first new number on.
    fn set_addresses(&mut self, count: u16) {
        let count = usize::from(count.min(crate::limits::ADDRESSES_MAX));
        while self.dialled.len() < count {
            self.dialled.push(Dialled::default());
        }
        self.maintain_at = self.now;
        self.wake = self.now;
    }

    /// Something about the links changed: see to the neighbourhood soon.
    fn on_peers_changed(&mut self, link: Option<&Link>) {
        let members = self.linked_neighbours();
        if self.membership.update(members.ids()) {
            self.gossip_at = self.gossip_at.min(self.now + Duration::from_ms(300));
            self.repair.next_pass = self.repair.next_pass.min(self.now + Duration::from_ms(2_000));
            self.arm(self.gossip_at);
            self.arm(self.repair.next_pass);
        }
        self.depth_hint = self.depth();
        if let Some(link) = link {
            self.on_link_lost(link.id, &link.peer);
        }
        self.maintain_within(Duration::from_ms(100));
    }
}
