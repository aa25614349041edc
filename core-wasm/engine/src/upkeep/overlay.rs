//! Joining, and the links that are kept, missing or shed.

use alloc::vec::Vec;

use super::dialled::Dialled;
use super::membership::Membership;
use crate::ground::{Ground, LINKS_SPARE};
use crate::id::NodeId;
use crate::io::kinds::output;
use crate::io::{LinkId, Profile};
use crate::limits::{LINKS_ENOUGH, NEIGHBOURS};
use crate::time::{Duration, Instant};
use crate::wire::frame::{CLOSE, FASTEST};

/// How often a node looks at its links while something is missing, and when all is well.
const BUSY_MS: u64 = 1_000;
const CALM_MS: u64 = 5_000;

/// How often a node looks up its own place again: soon after a change, then seldom.
const REFRESH_FIRST_MS: u64 = 4_000;
const REFRESH_DOUBLINGS: u32 = 4;
const REFRESH_MS: u64 = 60_000;

/// After so many refreshes, half a minute, a node looks for better links than it has.
const SETTLED: u32 = 3;

/// A peer that says that this node is one of its closest is believed if it is one of so many that are nearest here.
const CLAIMS_MAX: usize = NEIGHBOURS * 2;

/// A link is not shed before its other end had time to say that it counts on it.
pub(super) const FRESH: Duration = Duration::from_ms(10_000);

/// Neighbours hear of a change within this.
const GOSSIP_SOON: Duration = Duration::from_ms(300);

/// An always-on peer that was lost is awaited so long at the known addresses: it may come back knowing nobody.
const RELAY_AWAITED: Duration = Duration::from_ms(600_000);

/// What keeping the overlay needs to know.
#[derive(Default)]
pub(crate) struct Upkeep {
    pub(super) membership: Membership,
    /// The shell's WebSocket addresses, by number.
    pub(super) dialled: Vec<Dialled>,
    pub(super) gossip_at: Instant,
    refresh_at: Instant,
    refreshes: u32,
    /// When a link is looked through next.
    pub(super) look_at: Instant,
    pub(super) relay_awaited_until: Instant,
    /// The bucket whose emptiness is looked at next.
    pub(super) next_bucket: u32,
}

impl Upkeep {
    /// Whether it is time to look up the own place again, and no such lookup is under way.
    pub(crate) fn begins_refresh(&mut self, ground: &mut Ground, is_under_way: bool) -> bool {
        let is_due = ground.links.ready_count() > 0 && ground.now >= self.refresh_at && !is_under_way;
        if is_due {
            self.refresh_at = ground.about(REFRESH_MS.min(REFRESH_FIRST_MS << self.refreshes));
            self.refreshes = (self.refreshes + 1).min(REFRESH_DOUBLINGS);
        }
        is_due
    }

    /// Much may have changed: look up the own place again, several times.
    pub(crate) fn refresh_soon(&mut self, ground: &Ground) {
        self.refresh_at = ground.now;
        self.refreshes = 0;
    }

    /// Whether nothing much has changed for a while.
    pub(crate) fn is_settled(&self) -> bool {
        self.refreshes >= SETTLED
    }

    /// Something about the links changed: neighbours hear of it soon. True if it changed the neighbourhood.
    pub(crate) fn on_peers_changed(&mut self, ground: &mut Ground) -> bool {
        let members = ground.linked_neighbours();
        let is_news = self.membership.update(members.ids());
        if is_news {
            self.gossip_at = self.gossip_at.min(ground.now + GOSSIP_SOON);
            ground.arm(self.gossip_at);
        }
        is_news
    }

    /// A neighbour fell silent or left.
    pub(crate) fn on_gone(&mut self, ground: &Ground, peer: &NodeId, profile: Profile) {
        self.membership.gone(peer);
        // An always-on peer comes back, perhaps knowing nobody.
        if profile == Profile::Native {
            self.relay_awaited_until = ground.now + RELAY_AWAITED;
        }
    }

    /// Dials the neighbours that are known and not linked; true if there are any.
    pub(crate) fn dial_neighbours(&self, ground: &mut Ground) -> bool {
        let (mut lacks, now) = (false, ground.now);
        for id in ground.known_neighbours().ids().iter().take(ground.link_budget() * 3 / 4) {
            if ground.links.to(id).is_some() || ground.contacts.is_late(id, now) {
                continue;
            }
            lacks = true;
            if ground.can_dial() {
                ground.dial(id);
            }
        }
        lacks
    }

    /// The link beyond the budget that shall close: of the fullest bucket, the slowest; never a neighbour's, none that something else
    /// `needs`, and unless this is a small device, never the last of a bucket and never one whose other end counts on it.
    pub(crate) fn surplus(&self, ground: &Ground, needs: &dyn Fn(LinkId) -> bool) -> Option<LinkId> {
        if ground.links.ready_count() <= ground.link_budget() {
            return None;
        }
        // A small device is a poor neighbour: others may count on it, and it sheds them all the same.
        let is_small = ground.profile() == Profile::Device;
        let room = NEIGHBOURS.min(ground.link_budget() * 3 / 4);
        let neighbours = ground.nearest(&ground.id, room, false, |_| false);
        let is_full = ground.links.ready_count() > ground.link_budget() + LINKS_SPARE;
        let close = ground.nearest(&ground.id, CLAIMS_MAX, false, |_| false);
        let (mut victim, mut most) = (None, 0);
        for link in ground.links.peers() {
            let (fastest, fellows) = ground.bucket(ground.id.shared_bits(&link.peer));
            let is_fastest = fastest.is_some_and(|fastest| fastest.id == link.id);
            let worth = (fellows as u64) << 32 | u64::from(link.rtt.smoothed_us());
            let is_fresh = ground.now.since(link.since()) < FRESH;
            // Who is asked by too many cannot be the fastest of each.
            let is_close = link.ties & CLOSE != 0 && close.contains(&link.peer);
            let counts = is_close || !is_full && link.ties & FASTEST != 0;
            let is_needed = needs(link.id)
                || ground.holds(&link.peer)
                || is_fresh
                || !is_small && (counts || is_fastest)
                || neighbours.contains(&link.peer);
            if !is_needed && (victim.is_none() || worth > most) {
                (victim, most) = (Some(link.id), worth);
            }
        }
        victim
    }

    /// Says when the links are looked at next: soon while something `lacks` or is too much.
    pub(crate) fn pause(ground: &mut Ground, lacks: bool) {
        let ready = ground.links.ready_count();
        let is_calm = !lacks && ready >= LINKS_ENOUGH && ready <= ground.link_budget() && ground.joined;
        ground.maintain_at = ground.about(if is_calm { CALM_MS } else { BUSY_MS });
    }

    /// The host slept or changed networks.
    pub(crate) fn wake_up(&mut self, ground: &mut Ground) {
        ground.contacts.forgive();
        ground.walls = 0;
        self.forgive_addresses();
    }
}

/// Dials those that modules hold; true if one is not linked.
pub(crate) fn dial_held(ground: &mut Ground) -> bool {
    let mut lacks = false;
    let mut place = 0;
    while let Some(id) = ground.held().get(place).copied() {
        place += 1;
        if ground.links.to(&id).is_some() || id == ground.id {
            continue;
        }
        lacks = true;
        // Of those that nobody vouched for some may be nobody.
        if !ground.contacts.is_late(&id, ground.now) {
            ground.dial_held(&id);
        }
    }
    lacks
}

/// The lookup of the own place ended: the node knows its neighbourhood.
pub(crate) fn on_own_place_known(ground: &mut Ground) {
    if !ground.joined {
        ground.joined = true;
        ground.put_kind(output::JOINED, None);
    }
    ground.maintain_within(Duration(0));
}
