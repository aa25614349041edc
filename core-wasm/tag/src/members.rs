//! The members that are linked to this one, and those to which links are held.
//!
//! A member is linked where the view names it: it said over its own link that the port is open there. A full view says nothing of
//! others; then whoever speaks over its own link counts, as long as its link is held or it goes on speaking.

use alloc::vec::Vec;

use tabmesh_port::limits::VIEW_MAX;
use tabmesh_port::{Duration, Instant, NodeId, Wish};

use crate::candidates::Candidates;
use crate::ground::Ground;
use crate::limits::{
    BURST, FEW, HEARD_MS, HOLD_MAX, LEFT_MAX, NAMED_MAX, NAMES_COST, NEAR, PASSED_PART, PEERS_MAX, RATE,
};

/// So many messages of a link, in the time that brings it back the right to them.
const fn cost(messages: u32) -> Duration {
    Duration(messages as u64 * 1_000_000 / RATE as u64)
}

/// What a stranger may bring at once that comes in the place of another one: its [`Hello`](crate::Message::Hello) is answered.
const STRANGER_BURST: u32 = 1 + NAMES_COST;

/// Of the ids that a member is told, those nearest to it.
const NAMED_NEAR: usize = 10;

/// Held links stand before those that are tried, up to here: a node that may hold few tries some as well.
const FIRST: usize = 4;

/// A linked member.
pub(crate) struct Peer {
    pub(crate) id: NodeId,
    /// It is told of publications instead of being sent them.
    pub(crate) is_lazy: bool,
    is_in_view: bool,
    heard: Option<Instant>,
    /// When it may bring all of [`BURST`] at once again; how far off that is says what it may bring now.
    full_at: Instant,
    /// The same of what it is passed that others sent.
    passed_at: Instant,
}

/// See the module.
pub(crate) struct Members {
    own: NodeId,
    /// The nearest first.
    peers: Vec<Peer>,
    pub(crate) candidates: Candidates,
    /// Those who left, by the heads of their ids, until they may bring all of [`BURST`] again: whoever comes and goes brings no more than others do.
    left: Vec<(u64, Instant)>,
    held: Vec<NodeId>,
    /// Those held whose links are there.
    linked: Vec<NodeId>,
    is_view_full: bool,
    /// Those that came since they were taken last.
    fresh: Vec<NodeId>,
    /// Counts changes of who is linked.
    pub(crate) changes: u32,
}

impl Members {
    pub(crate) fn new(own: NodeId) -> Self {
        Self {
            own,
            peers: Vec::new(),
            candidates: Candidates::default(),
            left: Vec::new(),
            held: Vec::new(),
            linked: Vec::new(),
            is_view_full: false,
            fresh: Vec::new(),
            changes: 0,
        }
    }

    pub(crate) fn peers(&self) -> &[Peer] {
        &self.peers
    }

    pub(crate) fn ids(&self) -> Vec<NodeId> {
        self.peers.iter().map(|peer| peer.id).collect()
    }

    pub(crate) fn find(&mut self, id: &NodeId) -> Option<&mut Peer> {
        self.peers.iter_mut().find(|peer| peer.id == *id)
    }

    pub(crate) fn is_linked(&self, id: &NodeId) -> bool {
        self.peers.iter().any(|peer| peer.id == *id)
    }

    /// The linked member whose id begins so.
    pub(crate) fn by_head(&self, head: u64) -> Option<NodeId> {
        self.peers.iter().map(|peer| peer.id).find(|id| id.head() == head)
    }

    /// Those who became linked since this was asked last.
    pub(crate) fn take_fresh(&mut self) -> Vec<NodeId> {
        core::mem::take(&mut self.fresh)
    }

    /// These are linked and have the port open; so may others be where the view is full.
    pub(crate) fn on_view(&mut self, now: Instant, ids: &[NodeId]) {
        self.is_view_full = ids.len() >= VIEW_MAX;
        for peer in &mut self.peers {
            let is_in_view = ids.contains(&peer.id);
            if peer.is_in_view && !is_in_view && !self.is_view_full {
                // It left, or its link is lost.
                peer.heard = None;
            }
            peer.is_in_view = is_in_view;
        }
        self.expire(now);
        for id in ids.iter().take(VIEW_MAX) {
            if *id != self.own && !self.is_linked(id) {
                self.make_room(now, true);
                self.add(now, id, true);
                self.fresh.push(*id);
            }
        }
    }

    /// Somebody goes where there is no room for another one: of the strangers that which was silent longest. `needs` says that
    /// others whom the view does not name may go as well: the furthest.
    fn make_room(&mut self, now: Instant, needs: bool) -> bool {
        if self.peers.len() < PEERS_MAX {
            return true;
        }
        let is_stranger = |peer: &&Peer| !peer.is_in_view && !self.linked.contains(&peer.id);
        let silent = self.peers.iter().filter(is_stranger).min_by_key(|peer| peer.heard).map(|peer| peer.id);
        let furthest = self.peers.iter().rfind(|peer| needs && !peer.is_in_view).map(|peer| peer.id);
        let Some(gone) = silent.or(furthest) else { return false };
        self.remove(now, |peer| peer.id == gone);
        true
    }

    /// These are linked no longer; true if there were any.
    fn remove(&mut self, now: Instant, goes: impl Fn(&Peer) -> bool) -> bool {
        self.left.retain(|(_, full_at)| *full_at > now);
        let left = &mut self.left;
        let before = self.peers.len();
        self.peers.retain(|peer| {
            let goes = goes(peer);
            if goes && peer.full_at > now {
                if left.len() >= LEFT_MAX {
                    left.remove(0);
                }
                left.push((peer.id.head(), peer.full_at));
            }
            !goes
        });
        self.peers.len() < before
    }

    fn add(&mut self, now: Instant, id: &NodeId, is_in_view: bool) {
        let own = self.own;
        let at = self.peers.partition_point(|peer| peer.id.is_nearer(id, &own));
        let left = self.left.iter().position(|(left, _)| *left == id.head());
        let full_at = left.map_or(now, |at| self.left.swap_remove(at).1);
        self.peers
            .insert(at, Peer { id: *id, is_lazy: false, is_in_view, heard: None, full_at, passed_at: now });
        self.candidates.forget(id);
        self.changes = self.changes.wrapping_add(1);
    }

    /// A node spoke over its own link, at this port: it is a member. Whether what it said is to be looked at.
    pub(crate) fn hear(&mut self, now: Instant, from: &NodeId) -> bool {
        let was_full = self.peers.len() >= PEERS_MAX;
        if !self.is_linked(from) && *from != self.own && self.make_room(now, false) {
            self.add(now, from, false);
            match self.find(from).filter(|_| was_full) {
                // Strangers that take turns bring no more than others do, and are not greeted each time.
                Some(peer) => peer.full_at = peer.full_at.max(now + cost(BURST - STRANGER_BURST)),
                None => self.fresh.push(*from),
            }
        }
        if let Some(peer) = self.find(from) {
            peer.heard = Some(now);
        }
        self.spend(now, from, 1)
    }

    /// A link brings so many messages; false if those are more than it may.
    pub(crate) fn spend(&mut self, now: Instant, from: &NodeId, messages: u32) -> bool {
        let left = self.left.iter_mut().find(|(left, _)| *left == from.head()).map(|(_, full_at)| full_at);
        let linked = self.peers.iter_mut().find(|peer| peer.id == *from).map(|peer| &mut peer.full_at);
        let Some(full_at) = linked.or(left) else { return false };
        let (next, most) = ((*full_at).max(now) + cost(messages), now + cost(BURST));
        *full_at = next.min(most);
        next <= most
    }

    /// Whether a member takes one more message that others sent: [`PASSED_PART`] of what one link may bring, so that this node's own
    /// messages do not pay for theirs.
    pub(crate) fn takes(&mut self, now: Instant, to: &NodeId) -> bool {
        let Some(peer) = self.find(to) else { return false };
        let next = peer.passed_at.max(now) + Duration(cost(PASSED_PART.1).0 / u64::from(PASSED_PART.0));
        let takes = next <= now + cost(BURST);
        if takes {
            peer.passed_at = next;
        }
        takes
    }

    /// The link to a held node is there. True if only a word to it can tell whether it is a member.
    pub(crate) fn on_linked(&mut self, id: &NodeId) -> bool {
        if self.held.contains(id) && !self.linked.contains(id) {
            self.linked.push(*id);
        }
        self.is_view_full && self.held.contains(id) && !self.is_linked(id)
    }

    /// The link to a held node is lost, or could not be made.
    pub(crate) fn on_unlinked(&mut self, now: Instant, id: &NodeId) {
        self.linked.retain(|linked| linked != id);
        self.candidates.fail(id, now);
        if let Some(peer) = self.find(id) {
            peer.heard = None;
            self.expire(now);
        }
    }

    /// Those who are linked no longer go.
    fn expire(&mut self, now: Instant) {
        let (is_view_full, linked) = (self.is_view_full, core::mem::take(&mut self.linked));
        let have_gone = self.remove(now, |peer| {
            !(peer.is_in_view
                || peer.heard.is_some_and(|heard| now < heard + Duration::from_ms(HEARD_MS))
                || is_view_full && peer.heard.is_some() && linked.contains(&peer.id))
        });
        self.linked = linked;
        if have_gone {
            self.changes = self.changes.wrapping_add(1);
        }
    }

    /// Whether a link to this node would be of use.
    pub(crate) fn wants(&self, id: &NodeId) -> bool {
        if *id == self.own || self.is_linked(id) {
            return false;
        }
        let bucket = self.own.shared_bits(id);
        let furthest = self.peers.get(NEAR.min(self.peers.len()).saturating_sub(1));
        self.peers.len() < NEAR.max(FEW)
            || furthest.is_none_or(|furthest| id.is_nearer(&furthest.id, &self.own))
            || self.peers.iter().all(|peer| self.own.shared_bits(&peer.id) != bucket)
    }

    /// Says which links are to be held, if others than before.
    pub(crate) fn go_on(&mut self, ground: &mut Ground) {
        self.expire(ground.now);
        let mut candidates = core::mem::take(&mut self.candidates);
        candidates.go_on(ground.now, |id| self.wants(id));
        self.candidates = candidates;
        let ids = self.to_hold();
        if ids != self.held {
            self.linked.retain(|linked| ids.contains(linked));
            ground.wish(Wish::Hold { ids: &ids });
            self.held = ids;
        }
    }

    /// The nearest, those that are tried, and one of every bucket further off, from the furthest on.
    fn to_hold(&self) -> Vec<NodeId> {
        let (near, far) = self.peers.split_at(NEAR.min(self.peers.len()));
        let (first, more) = near.split_at(FIRST.min(near.len()));
        let mut ids: Vec<NodeId> = first.iter().map(|peer| peer.id).collect();
        ids.extend(self.candidates.tried().copied());
        ids.extend(more.iter().map(|peer| peer.id));
        let bits = |peer: &Peer| self.own.shared_bits(&peer.id);
        for bucket in far.chunk_by(|one, other| bits(one) == bits(other)).rev() {
            let held = bucket.iter().find(|peer| self.held.contains(&peer.id)).or(bucket.first());
            ids.extend(held.map(|peer| peer.id));
        }
        ids.truncate(HOLD_MAX);
        ids
    }

    /// The member to pass something on to that is for `target`: of those nearer to it than this node the nearest, the second
    /// nearest, or so on by `rank`.
    pub(crate) fn toward(&self, target: &NodeId, rank: u32) -> Option<NodeId> {
        let mut chosen: Option<NodeId> = None;
        for _ in 0..=rank {
            let after = |id: &NodeId| chosen.is_none_or(|last| last.is_nearer(id, target));
            let nearer = self.peers.iter().map(|peer| peer.id).filter(|id| id.is_nearer(&self.own, target));
            let next = nearer
                .filter(after)
                .reduce(|one, other| if other.is_nearer(&one, target) { other } else { one });
            chosen = Some(next?);
        }
        chosen
    }

    /// Whom a member is told of: those nearest to it, and others by chance.
    pub(crate) fn named_for(&self, to: &NodeId, chance: u64) -> Vec<NodeId> {
        let mut ids: Vec<NodeId> = Vec::with_capacity(NAMED_MAX);
        while ids.len() < NAMED_NEAR {
            let others = self.peers.iter().map(|peer| peer.id).filter(|id| id != to && !ids.contains(id));
            match others.reduce(|one, other| if other.is_nearer(&one, to) { other } else { one }) {
                Some(nearest) => ids.push(nearest),
                None => return ids,
            }
        }
        for id in self.some(NAMED_MAX - NAMED_NEAR, chance) {
            if id != *to && !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }

    /// So many linked members by chance, of every distance.
    pub(crate) fn some(&self, count: usize, chance: u64) -> Vec<NodeId> {
        let all = self.peers.len();
        let from = chance.checked_rem(all as u64).unwrap_or(0) as usize;
        let count = count.min(all);
        (0..count)
            .filter_map(|turn| self.peers.get((from + turn * all / count) % all))
            .map(|peer| peer.id)
            .collect()
    }

    /// When [`Members::go_on`] has something to do.
    pub(crate) fn wanted_at(&self) -> Instant {
        let heard = self
            .peers
            .iter()
            .filter(|peer| !(peer.is_in_view || self.is_view_full && self.linked.contains(&peer.id)));
        let due = heard.filter_map(|peer| peer.heard).min();
        due.map_or(Instant::NEVER, |heard| heard + Duration::from_ms(HEARD_MS))
            .min(self.candidates.wanted_at())
    }
}

#[cfg(test)]
mod tests;
