//! A link into every bucket beyond the neighbourhood, to somebody close by (proximity neighbour selection: Gummadi et al., SIGCOMM
//! 2003). Of those that answers name, also answers that only pass, the one is dialled whose coordinate promises the shortest round
//! trip: at once where a bucket has no link, and now and then where that is much shorter than what there is.

use super::Node;
use super::requests::Goal;
use crate::id::NodeId;
use crate::limits::REPLICAS;
use crate::link::Link;
use crate::routing::Contact;
use crate::wire::named;

/// Buckets looked up at once.
const FILLS_MAX: usize = 3;

/// A node of unknown place is thought to be so far.
const UNKNOWN_US: u32 = 150_000;

/// What a link to a nearer node has to be better by: so much, and a quarter of what there is.
const BETTER_US: u32 = 15_000;

/// So many links beyond its budget a node takes into buckets that have one.
pub(super) const LINKS_SPARE: usize = 4;

impl Node {
    /// The fastest link of a bucket, one that is still being made or measured only where there is no other; and how many
    /// there are.
    #[inline(never)]
    pub(super) fn bucket(&self, bucket: u32) -> (Option<&Link>, usize) {
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
    pub(super) fn is_one_too_many(&self, from: &NodeId) -> bool {
        let bucket = self.id.shared_bits(from);
        self.links.len() > self.link_budget() + LINKS_SPARE
            && bucket < self.depth_hint
            && self.bucket(bucket).1 > 0
    }

    /// Looks up who is in buckets without a link (Kademlia §2.3); true if there are any.
    pub(super) fn fill_buckets(&mut self) -> bool {
        if !self.joined || self.links.ready_count() == 0 {
            return false;
        }
        let (depth, first) = (self.depth(), self.next_bucket);
        let mut lacks = false;
        for step in 0..depth {
            let bucket = (first + step) % depth;
            if self.bucket(bucket).1 > 0 {
                continue;
            }
            lacks = true;
            if !self.can_dial()
                || self.links.len() >= self.link_budget() + LINKS_SPARE
                || self.count_requests(Goal::Fill) >= FILLS_MAX
            {
                break;
            }
            self.look_into(bucket);
            self.next_bucket = bucket + 1;
        }
        lacks
    }

    /// Looks up who is anywhere in a bucket.
    #[inline(never)]
    pub(super) fn look_into(&mut self, bucket: u32) {
        let target = self.id.within(bucket, &mut self.rng);
        self.begin_request(None, Goal::Fill, &target);
    }

    /// Somebody named nodes: the best of those that are nearer than the links of their buckets is remembered. Into a
    /// bucket without links it is dialled at once.
    pub(super) fn weigh(&mut self, nodes: &[u8]) {
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
            self.dial_better();
        }
    }

    /// Dials the best of those that were named since.
    pub(super) fn dial_better(&mut self) {
        let has_room = self.links.len() < self.link_budget() + LINKS_SPARE && self.can_dial();
        if let Some((id, _)) = self.better.take().filter(|_| has_room) {
            self.dial(&id);
        }
    }
}
