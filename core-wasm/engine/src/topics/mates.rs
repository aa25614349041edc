//! Who takes part in a topic, and how subscribers find each other.

use super::say::tell;
use super::tables::{Mate, Topics};
use crate::ground::Ground;
use crate::id::{NodeId, TopicId};
use crate::io::LinkId;
use crate::limits::{MATES, MATES_MAX};
use crate::link::Stage;
use crate::wire::Writer;
use crate::wire::topic::{GRAFT, HAVE, PRUNE};

/// How soon others are looked for again: each time after twice as long, up to half a minute.
const SEEK_MS: u64 = 500;
const SEEK_DOUBLINGS: u32 = 6;

/// Whoever has fewer mates needs each of them. Nodes that are far off are the slowest mates of all others, who would part with them.
const FEW: usize = MATES / 3;

impl Topics {
    /// Asks somebody to be a mate where there are too few: a linked peer at once, anybody else once a link is there.
    fn invite(&mut self, ground: &mut Ground, id: &TopicId, peer: &NodeId) {
        match ground.links.id_to(peer) {
            Some(link) => self.ask(ground, id, link),
            None if self.lacks(id) => ground.greet(peer),
            None => {}
        }
    }

    /// Whether there are too few mates. One more than is needed is asked, so that in time the slowest ones go.
    fn lacks(&self, id: &TopicId) -> bool {
        self.count(id) <= MATES
    }

    fn ask(&mut self, ground: &mut Ground, id: &TopicId, link: LinkId) {
        if self.lacks(id) && self.mate(id, link).is_none() {
            self.graft(ground, id, link, &[]);
        }
    }

    #[inline(never)]
    fn graft(&mut self, ground: &mut Ground, id: &TopicId, link: LinkId, needs: &[u8]) {
        self.add(id, link, needs);
        tell(ground, link, GRAFT, id, needs);
    }

    fn add(&mut self, id: &TopicId, link: LinkId, needs: &[u8]) {
        let acked = self.topic(id).map_or(0, |topic| topic.number);
        self.mates.push(Mate { topic: id.short(), link, acked, is_needed: !needs.is_empty() });
    }

    /// Looks for others among the links.
    pub(super) fn seek(&mut self, ground: &mut Ground, id: &TopicId) {
        if let Some(topic) = self.topic(id) {
            topic.seek_at = ground.about(SEEK_MS << topic.seeks);
            topic.seeks = SEEK_DOUBLINGS.min(topic.seeks + 1);
        }
        // Others of the links each time: most may take no part.
        let first = ground.rng.below(ground.links.len() as u64) as usize;
        let ready = ground.links.numbers(&|link| link.stage == Stage::Ready);
        for link in ready.get(first..).unwrap_or(&[]) {
            self.ask(ground, id, *link);
        }
    }

    /// Of more mates than are needed the slowest goes: fewer copies, and the quicker ways stay. But for whoever has few others.
    pub(super) fn part_with_slowest(&mut self, ground: &mut Ground, id: &TopicId) {
        let (mut slowest, mut most_us) = (None, 0);
        for mate in self.mates_of(id).filter(|mate| !mate.is_needed) {
            let rtt_us = ground.links.ready(mate.link).map_or(0, |link| link.rtt.smoothed_us());
            if rtt_us >= most_us {
                (slowest, most_us) = (Some(mate.link), rtt_us);
            }
        }
        if let Some(link) = slowest.filter(|_| self.count(id) > MATES + 1) {
            self.part(ground, id, link);
        }
    }

    /// Parts with a mate, or does not become one, and names others.
    #[inline(never)]
    fn part(&mut self, ground: &mut Ground, id: &TopicId, link: LinkId) {
        self.forget(Some(id), Some(link));
        let mut others = Writer::default();
        for link in self.mates_of(id).filter_map(|mate| ground.links.ready(mate.link)) {
            others.bytes(&link.peer.0);
        }
        tell(ground, link, PRUNE, id, &others.finish());
    }

    /// A peer wants to be a mate; it `needs` this one if it has few.
    pub(super) fn on_graft(&mut self, ground: &mut Ground, from: LinkId, id: &TopicId, needs: &[u8]) {
        self.forget(Some(id), Some(from));
        if self.count(id) >= MATES_MAX {
            return self.part(ground, id, from);
        }
        self.add(id, from, needs);
        let streams = self.streams.recent(id.short(), ground.now, u64::MAX);
        tell(ground, from, HAVE, id, &streams);
    }

    /// A peer is no mate, or not any more, and names others. Where this node has few, it tells one that takes part that it needs it: once,
    /// for that one may have no room.
    pub(super) fn on_prune(&mut self, ground: &mut Ground, from: LinkId, id: &TopicId, others: &[u8]) {
        let Some(was_needed) = self.mate(id, from).map(|mate| mate.is_needed) else { return };
        self.forget(Some(id), Some(from));
        if !was_needed && !others.is_empty() && self.count(id) < FEW {
            self.graft(ground, id, from, &[1]);
        }
        self.on_met(ground, id, NodeId::list(others));
    }

    /// Somebody named others who take part.
    pub(crate) fn on_met(&mut self, ground: &mut Ground, id: &TopicId, peers: &[NodeId]) {
        if self.topic(id).is_some() {
            for peer in peers.iter().take(MATES) {
                self.invite(ground, id, peer);
            }
        }
    }

    /// A link is there: its peer may take part.
    pub(crate) fn on_linked(&mut self, ground: &mut Ground, link: LinkId) {
        let mut place = 0;
        while let Some(topic) = self.list.get(place) {
            let id = topic.id;
            place += 1;
            self.ask(ground, &id, link);
        }
    }

    /// A link is gone, or what its peer passed on was unsound.
    pub(crate) fn on_mate_lost(&mut self, ground: &Ground, link: LinkId) {
        if self.needs(link) {
            self.forget(None, Some(link));
            // Others are looked for at the next beat.
            for topic in &mut self.list {
                (topic.seek_at, topic.seeks) = (ground.now, 0);
            }
        }
    }
}
