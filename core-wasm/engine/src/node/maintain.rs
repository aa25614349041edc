//! Joining, and keeping the links that a node should have: neighbours first, then every bucket, within the budget.

use super::Node;
use crate::ground::LINKS_SPARE;
use crate::id::NodeId;
use crate::io::kinds::output;
use crate::io::{LinkId, LinkKind, Profile};
use crate::limits::{LINKS_ENOUGH, NEIGHBOURS};
use crate::linking;
use crate::requests::Aim;
use crate::status::Reason;
use crate::time::{Duration, Instant};
use crate::wire::frame::CLOSE;

/// How often a node looks at its links while something is missing, and when all is well.
const BUSY_MS: u64 = 1_000;
const CALM_MS: u64 = 5_000;

/// How often a node looks up its own place again: soon after a change, then seldom.
const REFRESH_FIRST_MS: u64 = 4_000;
const REFRESH_DOUBLINGS: u32 = 4;
const REFRESH_MS: u64 = 60_000;

/// After so many refreshes, half a minute, a node looks for better links than it has.
const SETTLED: u32 = 3;

/// Addresses dialled at once.
const SOCKET_DIALS_MAX: usize = 2;

/// After an address failed first; doubles up to [`SOCKET_RETRY_MAX_DOUBLINGS`] times.
const SOCKET_RETRY_MS: u64 = 2_000;
const SOCKET_RETRY_MAX_DOUBLINGS: u8 = 5;

/// A link is not shed before its other end had time to say that it counts on it.
const FRESH: Duration = Duration::from_ms(10_000);

/// An always-on peer that was lost is awaited so long at the known addresses: it may come back knowing nobody.
const RELAY_AWAITED: Duration = Duration::from_ms(600_000);

/// One of the shell's WebSocket addresses.
#[derive(Default)]
pub(super) struct Dialled {
    link: Option<LinkId>,
    not_before: Instant,
    failures: u8,
}

impl Node {
    pub(super) fn maintain(&mut self) {
        self.close_shed(self.ground.now);
        if self.ground.links.ready_count() < LINKS_ENOUGH || self.ground.now < self.relay_awaited_until {
            self.dial_addresses();
        }
        let ready = self.ground.links.ready_count();
        if ready > 0 && self.ground.now >= self.refresh_at && self.requests.lookups(Aim::Join) == 0 {
            self.refresh_at = self.ground.about(REFRESH_MS.min(REFRESH_FIRST_MS << self.refreshes));
            self.refreshes = (self.refreshes + 1).min(REFRESH_DOUBLINGS);
            let own = self.ground.id;
            self.look_up(Aim::Join, &own);
            // The neighbourhood's furthest lie across this bit, where its own members hardly look.
            let depth = self.ground.depth();
            self.look_up(Aim::Fill, &self.ground.id.flipped(depth));
            if self.is_settled() && depth > 0 {
                let bucket = self.ground.rng.below(depth.into()) as u32;
                self.look_into(bucket);
            }
        }
        let lacks = self.dial_neighbours() | self.fill_buckets();
        if !lacks && self.is_settled() {
            self.ground.dial_better();
        }
        self.shed();
        linking::try_direct(&mut self.ground);
        self.linking.on_signal_deadline(&mut self.ground);
        let pause = if lacks || ready < LINKS_ENOUGH || !self.ground.joined { BUSY_MS } else { CALM_MS };
        self.ground.maintain_at = self.ground.about(pause);
    }

    /// Much may have changed: look up the own place again, several times.
    pub(super) fn refresh_soon(&mut self) {
        self.refresh_at = self.ground.now;
        self.refreshes = 0;
    }

    /// Whether nothing much has changed for a while.
    fn is_settled(&self) -> bool {
        self.refreshes >= SETTLED
    }

    /// The lookup of the own place ended: the node knows its neighbourhood.
    pub(super) fn on_own_place_known(&mut self) {
        if !self.ground.joined {
            self.ground.joined = true;
            self.ground.put_kind(output::JOINED, None);
        }
        self.ground.maintain_within(Duration(0));
    }

    /// True if a neighbour is known and not linked.
    fn dial_neighbours(&mut self) -> bool {
        let (mut lacks, now) = (false, self.ground.now);
        for id in self.ground.known_neighbours().ids().iter().take(self.ground.link_budget() * 3 / 4) {
            if self.ground.links.to(id).is_some()
                || self.ground.contacts.get(id).is_some_and(|contact| now < contact.not_before)
            {
                continue;
            }
            lacks = true;
            if self.ground.can_dial() {
                self.ground.dial(id);
            }
        }
        lacks
    }

    /// Closes one link beyond the budget: of the fullest bucket, the slowest; never a neighbour's, and unless this is a
    /// small device, never the last of a bucket and never one whose other end counts on it.
    fn shed(&mut self) {
        if self.ground.links.ready_count() <= self.ground.link_budget() {
            return;
        }
        // A small device is a poor neighbour: others may count on it, and it sheds them all the same.
        let is_small = self.ground.config.profile == Profile::Device;
        let room = NEIGHBOURS.min(self.ground.link_budget() * 3 / 4);
        let neighbours = self.ground.nearest(&self.ground.id, room, false, |_| false);
        let is_full = self.ground.links.ready_count() > self.ground.link_budget() + LINKS_SPARE;
        let mut victim: Option<((usize, u32), LinkId)> = None;
        for link in self.ground.links.peers() {
            let (fastest, fellows) = self.ground.bucket(self.ground.id.shared_bits(&link.peer));
            let is_fastest = fastest.is_some_and(|fastest| fastest.id == link.id);
            let worth = (fellows, link.rtt.smoothed_us());
            let is_fresh = self.ground.now.since(link.since) < FRESH;
            // Who is asked by too many cannot be the nearest of each.
            let counts = if is_full { link.ties & CLOSE } else { link.ties };
            let is_needed = self.topics.needs(&link.peer)
                || is_fresh
                || !is_small && (counts != 0 || is_fastest)
                || neighbours.contains(&link.peer);
            if !is_needed && victim.is_none_or(|(most, _)| worth > most) {
                victim = Some((worth, link.id));
            }
        }
        if let Some((_, link)) = victim {
            self.drop_link(link, Reason::Shed, true);
        }
    }

    fn dial_addresses(&mut self) {
        let under_way =
            |entry: &&Dialled| entry.link.is_some_and(|link| self.ground.links.ready(link).is_none());
        let mut free = SOCKET_DIALS_MAX.saturating_sub(self.dialled.iter().filter(under_way).count());
        for number in 0..self.dialled.len() {
            let Some(entry) = self.dialled.get(number) else { return };
            if entry.link.is_some() || self.ground.now < entry.not_before || free == 0 {
                continue;
            }
            free -= 1;
            let link = self.ground.begin_link(LinkKind::Socket, &NodeId([0; 32]), true);
            if let Some(entry) = self.dialled.get_mut(number) {
                entry.link = Some(link);
            }
            self.ground.put_plain(output::OPEN_SOCKET, link.number().into(), number as u32, &[]);
        }
    }

    /// An always-on peer went silent.
    pub(super) fn await_relay(&mut self) {
        self.relay_awaited_until = self.ground.now + RELAY_AWAITED;
    }

    /// The peer behind an address proved itself.
    pub(super) fn settle_address(&mut self, link: LinkId, dialled: bool) {
        if let Some(entry) = self.dialled.iter_mut().find(|entry| dialled && entry.link == Some(link)) {
            entry.failures = 0;
        }
    }

    /// The peer behind an address is reached by another link.
    pub(super) fn redirect_address(&mut self, from: LinkId, to: LinkId) {
        for entry in self.dialled.iter_mut().filter(|entry| entry.link == Some(from)) {
            entry.link = Some(to);
        }
    }

    /// A link is gone; if an address led to it, that may be dialled again after a while.
    pub(super) fn release_address(&mut self, link: LinkId, was_ready: bool) {
        let Some(place) = self.dialled.iter().position(|entry| entry.link == Some(link)) else { return };
        let failures =
            self.dialled.get(place).map_or(0, |entry| entry.failures.min(SOCKET_RETRY_MAX_DOUBLINGS));
        let not_before = self.ground.about(SOCKET_RETRY_MS << failures);
        if let Some(entry) = self.dialled.get_mut(place) {
            entry.link = None;
            entry.not_before = not_before;
            entry.failures = if was_ready { 0 } else { failures + 1 };
        }
    }

    /// The host slept or changed networks.
    pub(super) fn wake_up(&mut self) {
        self.ground.contacts.forgive();
        self.ground.walls = 0;
        for entry in &mut self.dialled {
            entry.not_before = Instant(0);
            entry.failures = 0;
        }
        self.linking.retry_signalling(&self.ground);
        self.probe_all();
        self.refresh_soon();
        self.ground.maintain_within(Duration(0));
    }

    /// Says goodbye to everybody; nothing happens after it.
    pub(super) fn leave(&mut self) {
        // The newest first: circuits go before the links that carry them.
        for link in self.ground.links.numbers(&|_| true).into_iter().rev() {
            self.drop_link(link, Reason::Leaving, true);
        }
        self.close_shed(Instant::NEVER);
        self.linking.close_signalling(&mut self.ground);
        self.ground.forget_jobs();
        self.left = true;
    }
}
