//! Who is near: the neighbourhood, the nodes nearest to a target, the links of a bucket, and who would be nearer than those.

use super::shared::Ground;
use crate::id::{BlockHash, NodeId};
use crate::io::LinkId;
use crate::limits::{CANDIDATES, NEIGHBOURS, REPLICAS};
use crate::link::Link;
use crate::routing::{Contact, Nearest};
use crate::wire::named;

/// A node of unknown place is thought to be so far.
const UNKNOWN_US: u32 = 150_000;

/// What a link to a nearer node has to be better by: so much, and a quarter of what there is.
const BETTER_US: u32 = 15_000;

/// Neighbourhoods reach so many bits further in some places than in others.
const CLOSE_SLACK: u32 = 2;

/// A block is this node's to hold within so many bits beyond its neighbourhood: there are some 50 nodes, and the 16 nearest to the
/// block among them.
const HOLD_SLACK_BITS: u32 = 2;

/// So many links beyond its budget a node takes into buckets that have one.
pub(crate) const LINKS_SPARE: usize = 4;

impl Ground {
    /// The linked peers nearest to this node: those it tells others of.
    pub(crate) fn linked_neighbours(&self) -> Nearest {
        self.nearest(&self.id, NEIGHBOURS, false, |_| false)
    }

    /// The nearest nodes, linked or known to be alive not long ago.
    pub(crate) fn known_neighbours(&self) -> Nearest {
        self.nearest(&self.id, NEIGHBOURS, false, |contact| contact.is_vouched && !contact.is_doubtful)
    }

    /// The nodes nearest to `target`, of the linked ones and this one.
    pub(crate) fn nearest_linked(&self, target: &NodeId, room: usize) -> Nearest {
        self.nearest(target, room, true, |_| false)
    }

    /// The nodes nearest to `target`, of all that are known to be there, and this one.
    pub(crate) fn nearest_alive(&self, target: &NodeId, room: usize) -> Nearest {
        self.nearest(target, room, true, Contact::is_alive)
    }

    /// The nodes nearest to `target`: of the linked ones, this one if `own`, and the contacts that `counts` is true of.
    #[inline(never)]
    pub(crate) fn nearest(
        &self,
        target: &NodeId,
        room: usize,
        own: bool,
        counts: fn(&Contact) -> bool,
    ) -> Nearest {
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

    /// How many leading bits of this node's id its neighbourhood shares: about log2(n) − 3. Where there are too few to fill it, all
    /// that there are belong to it: none, however many bits their ids share.
    pub(crate) fn depth(&self) -> u32 {
        let neighbours = self.known_neighbours();
        neighbours.ids().get(NEIGHBOURS - 1).map_or(0, |furthest| self.id.shared_bits(furthest))
    }

    /// Whether one node may be among the closest of another, as densely as ids lie around this one.
    pub(crate) fn may_be_close(&self, one: &NodeId, other: &NodeId) -> bool {
        one.shared_bits(other) + CLOSE_SLACK >= self.depth_hint
    }

    /// The fastest link of a bucket, one that is still being made or measured only where there is no other; and how many
    /// there are.
    #[inline(never)]
    pub(crate) fn bucket(&self, bucket: u32) -> (Option<&Link>, usize) {
        let (mut fastest, mut count) = (None::<&Link>, 0);
        let rank = |link: &Link| link.rtt.smoothed_us().wrapping_sub(1);
        for link in self.links.iter().filter(|link| self.id.shared_bits(&link.peer) == bucket) {
            count += 1;
            if fastest.is_none_or(|fastest| rank(link) < rank(fastest)) {
                fastest = Some(link);
            }
        }
        (fastest, count)
    }

    /// Whether a link that `from` asks for would only be one more in a bucket, and there are enough of those.
    pub(crate) fn is_one_too_many(&self, from: &NodeId) -> bool {
        let bucket = self.id.shared_bits(from);
        self.links.len() > self.link_budget() + LINKS_SPARE
            && bucket < self.depth_hint
            && !self.holds(from)
            && self.bucket(bucket).1 > 0
    }

    /// Somebody named nodes: the best of those that are nearer than the links of their buckets is remembered. Into a
    /// bucket without links it is greeted at once.
    pub(crate) fn weigh(&mut self, nodes: &[u8]) {
        let now = self.now;
        for (id, at) in named::list(nodes).take(REPLICAS) {
            let bucket = self.id.shared_bits(id);
            if bucket >= self.depth_hint || !self.joined {
                continue;
            }
            let least = self.bucket(bucket).0.map_or(u32::MAX, |link| link.rtt.smoothed_us());
            let gain = least.saturating_sub(self.at.rtt_us(&at).unwrap_or(UNKNOWN_US));
            let is_late = |contact: &mut Contact| now < contact.not_before || contact.needs_relay;
            if gain > BETTER_US.max(least / 4)
                && self.better.is_none_or(|(_, most)| gain > most)
                && !self.links.knows(id)
                && !self.contacts.get(id).is_some_and(is_late)
            {
                self.better = Some((*id, gain));
            }
        }
        if self.better.is_some_and(|(_, gain)| gain > u32::MAX / 2) {
            self.greet_better();
        }
    }

    /// Greets the best of those that were named since.
    pub(crate) fn greet_better(&mut self) {
        if let Some((id, _)) = self.better.take()
            && self.can_dial_extra()
        {
            self.greet(&id);
        }
    }

    /// Whether a block may be this node's to hold, also in the eyes of others, who know other nodes: it is not much further off
    /// than the neighbours are, and few peers are nearer to it.
    pub(crate) fn may_hold(&self, hash: &BlockHash) -> bool {
        self.is_around(hash, HOLD_SLACK_BITS)
            && self.nearest_linked(hash.place(), CANDIDATES * 3 / 2).contains(&self.id)
    }

    /// Whether a block lies within the neighbourhood, or so many bits beyond it.
    pub(crate) fn is_around(&self, hash: &BlockHash, bits: u32) -> bool {
        let neighbours = self.linked_neighbours();
        let furthest = neighbours.ids().get(NEIGHBOURS - 1);
        furthest.is_none_or(|far| self.id.shared_bits(hash.place()) + bits >= self.id.shared_bits(far))
    }

    /// Whether a block of so many bytes that came by `link` may be kept: each link has a share of the store.
    pub(crate) fn may_keep(&mut self, link: Option<LinkId>, length: usize) -> bool {
        link.and_then(|link| self.links.get_mut(link)).is_none_or(|link| link.flow.keep(length))
    }

    /// Whether this node is one of those that hold `hash`, as far as it sees.
    pub(crate) fn should_hold(&self, hash: &BlockHash) -> bool {
        self.nearest_linked(hash.place(), REPLICAS).contains(&self.id)
    }
}
