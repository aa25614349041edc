//! Beginning links, within the bounds of the table.

use super::near::LINKS_SPARE;
use super::shared::Ground;
use crate::id::NodeId;
use crate::io::kinds::output;
use crate::io::{LinkId, LinkKind, Profile};
use crate::limits::{DIALS_MAX, HANDSHAKES_MAX, LINK_BUDGET, LINKS_MAX, LINKS_OWN};
use crate::link::{Link, Stage};
use crate::time::Duration;

/// An opening link is given up after this, a moment after the shell's own time-out.
const OPENING_TIMEOUT: Duration = Duration::from_ms(25_000);

/// After so many direct links in a row that did not come up, though the other ends were there, it is this end that cannot
/// be reached: circuits come first from then on.
const WALLED_AFTER: u8 = 5;

/// A node tries one direct link in so long where a circuit does, until one takes a circuit's place: most come to nothing, and
/// each takes a place among few.
const DIRECT_EVERY: Duration = Duration::from_ms(30_000);

/// Whether the peer of a link carries circuits.
pub(crate) fn is_relay(link: &Link) -> bool {
    link.is_relay && link.kind != LinkKind::Relayed
}

impl Ground {
    /// Begins a link to `peer`, unless there is one.
    pub(crate) fn dial(&mut self, peer: &NodeId) {
        let by_signal = match self.contacts.get(peer) {
            Some(contact) => contact.by_signal && self.is_introduced,
            None => false,
        };
        if self.is_full()
            || *peer == self.id
            || self.bans.hold(peer, self.now)
            || self.links.knows(peer)
            || !by_signal && self.links.ready_count() == 0
        {
            return;
        }
        let kind = if self.may_relay(peer) { LinkKind::Relayed } else { LinkKind::WebRtc };
        self.begin_dial(kind, peer, by_signal);
    }

    pub(crate) fn begin_dial(&mut self, kind: LinkKind, peer: &NodeId, by_signal: bool) {
        let session = self.keystream.number() as u32;
        let id = self.begin_link(kind, Some(peer), true);
        if let Some(handshake) = self.links.handshake(id) {
            handshake.session = session;
            handshake.by_signal = by_signal;
        }
        let is_circuit = kind == LinkKind::Relayed;
        self.put_kind(if is_circuit { output::OPEN_CIRCUIT } else { output::OPEN_OFFER }, Some(id));
    }

    /// Adds a link that is given up a moment after the shell's own time-out.
    #[inline(never)]
    pub(crate) fn begin_link(&mut self, kind: LinkKind, peer: Option<&NodeId>, dialled: bool) -> LinkId {
        let deadline = self.due_in(OPENING_TIMEOUT);
        // What comes of a job for an earlier link of a number must not be taken for a later one's.
        let is_taken = |id: LinkId| self.jobs.iter().any(|job| job.link() == Some(id));
        self.links.begin(kind, peer, dialled, self.now, deadline, &is_taken)
    }

    /// Whether there is room for no other link.
    pub(crate) fn is_full(&self) -> bool {
        self.room(0) == 0
    }

    /// For how many other links there is room that somebody else begins.
    pub(crate) fn room_for_others(&self) -> usize {
        self.room(self.profile_limit(&LINKS_OWN))
    }

    #[inline(never)]
    fn room(&self, kept: usize) -> usize {
        let held = self.links.len() + usize::from(self.closing.is_some()) + kept;
        let under_way = self.links.len() - self.links.ready_count();
        let room = (self.profile_limit(&LINKS_MAX) + self.held_links()).saturating_sub(held);
        room.min(HANDSHAKES_MAX.saturating_sub(under_way))
    }

    /// Tabs and servers take links beyond their budget and shed others for them; a small device does so only for a
    /// newcomer, who may be introduced to nobody else.
    pub(crate) fn takes_no_more(&self, is_newcomer: bool) -> bool {
        let is_small = self.profile() == Profile::Device && !is_newcomer;
        self.room_for_others() == 0 || is_small && self.links.len() >= self.link_budget()
    }

    pub(crate) fn dials(&self) -> usize {
        let is_dial = |link: &&Link| link.stage != Stage::Ready && link.dialled;
        self.links.iter().filter(is_dial).count()
    }

    pub(crate) fn can_dial(&self) -> bool {
        self.dials() < self.profile_limit(&DIALS_MAX)
    }

    /// Whether a link that is no more than useful may be begun: a few beyond the budget, and others are shed for it.
    #[inline(never)]
    pub(crate) fn can_dial_extra(&self) -> bool {
        self.can_dial() && self.links.len() < self.link_budget() + LINKS_SPARE
    }

    /// Whether this node offers `peer` a circuit.
    pub(crate) fn may_relay(&mut self, peer: &NodeId) -> bool {
        let wants = self.contacts.get(peer).is_some_and(|contact| contact.needs_relay)
            || self.is_walled() && (self.has_circuit() || !self.may_try_direct());
        wants && self.has_relay()
    }

    /// Whether it is time for a direct link where a circuit does: the next one has to wait.
    pub(crate) fn may_try_direct(&mut self) -> bool {
        let is_due = self.now >= self.direct_at;
        if is_due {
            self.direct_at = self.now + DIRECT_EVERY;
        }
        is_due
    }

    /// Whether there is a circuit to try a direct link for: whoever names nodes does not choose for whom the next one is tried.
    fn has_circuit(&self) -> bool {
        self.links.peers().any(|link| link.kind == LinkKind::Relayed)
    }

    /// Whether a peer of this node's carries circuits.
    pub(crate) fn has_relay(&self) -> bool {
        self.links.peers().any(is_relay)
    }

    /// Whether no direct link comes up at this end, for all that is known.
    pub(crate) fn is_walled(&self) -> bool {
        self.walls >= WALLED_AFTER && !self.links.peers().any(|link| link.kind == LinkKind::WebRtc)
    }

    /// Whether this node offers circuits to those that offer it direct links.
    pub(crate) fn wants_circuits(&self) -> bool {
        self.is_walled() && self.has_relay()
    }

    /// Offers a circuit in turn.
    pub(crate) fn dial_circuit(&mut self, peer: &NodeId) {
        if let Some(contact) = self.contacts.learn(peer) {
            contact.needs_relay = true;
        }
        self.dial_as_asked(peer);
    }

    /// Begins a link to a node that a module holds. Modules take all dials but one: those whom they hold may be nobody, and the
    /// overlay's own links go on.
    pub(crate) fn dial_held(&mut self, peer: &NodeId) {
        if self.dials() + 1 < self.profile_limit(&DIALS_MAX) {
            self.dial(peer);
        }
    }

    /// Begins a link that an offer makes this node begin. Whoever offers in many names takes half of its dials, and no more places.
    pub(crate) fn dial_as_asked(&mut self, peer: &NodeId) {
        if self.dials() * 2 < self.profile_limit(&DIALS_MAX) {
            self.dial(peer);
        }
    }

    /// What the host can afford. Without the feature `native` it is a browser, and what others need is left out.
    pub(crate) fn profile(&self) -> Profile {
        if cfg!(feature = "native") { self.config.profile } else { Profile::Browser }
    }

    pub(crate) fn profile_limit(&self, limits: &[usize; 3]) -> usize {
        limits.get(self.profile() as usize).copied().unwrap_or(0)
    }

    /// Links that the node aims at, those held for modules beside the overlay's own.
    pub(crate) fn link_budget(&self) -> usize {
        self.profile_limit(&LINK_BUDGET) + self.held_links()
    }

    /// Whether a module holds this node.
    #[inline(never)]
    pub(crate) fn holds(&self, id: &NodeId) -> bool {
        self.held().contains(id)
    }

    /// The nodes that modules hold.
    pub(crate) fn held(&self) -> &[NodeId] {
        NodeId::list(&self.held)
    }

    /// How many links there are, or are being made, to nodes that are held.
    #[inline(never)]
    fn held_links(&self) -> usize {
        self.links.iter().filter(|link| self.holds(&link.peer)).count()
    }
}
