//! Who takes part in a topic, and how subscribers find each other.

use super::say::tell;
use super::tables::{Guest, Mate, Topics};
use crate::coordinate::Coordinate;
use crate::ground::{Ground, ReplyTo};
use crate::id::{NodeId, TopicId};
use crate::io::LinkId;
use crate::limits::{GUESTS_MAX, MATES, MATES_MAX};
use crate::link::Stage;
use crate::list::List;
use crate::status::Status;
use crate::wire::Writer;
use crate::wire::frame::Body;
use crate::wire::named::{self, NAMED};
use crate::wire::topic::{GRAFT, HAVE, PRUNE};

/// How soon others are looked for again: each time after twice as long, up to half a minute.
const SEEK_MS: u64 = 500;
const SEEK_DOUBLINGS: u32 = 6;

impl Topics {
    /// Asks somebody to be a mate where there are too few: a linked peer at once, anybody else once a link is there.
    fn invite(&mut self, ground: &mut Ground, id: &TopicId, peer: &NodeId) {
        match ground.links.to(peer).map(|link| link.id) {
            Some(link) => self.ask(ground, id, link),
            None if self.lacks(id) => ground.greet(peer),
            None => {}
        }
    }

    /// Whether there are too few mates. One more than is needed is asked, so that in time the slowest ones go.
    fn lacks(&self, id: &TopicId) -> bool {
        self.count(id) <= MATES
    }

    #[inline(never)]
    fn ask(&mut self, ground: &mut Ground, id: &TopicId, link: LinkId) {
        if self.lacks(id) && self.mate(id, link).is_none() {
            self.add(id, link);
            tell(ground, link, GRAFT, id, &[]);
        }
    }

    fn add(&mut self, id: &TopicId, link: LinkId) {
        let acked = self.topic(id).map_or(0, |topic| topic.number);
        self.mates.push(Mate { topic: id.short(), link, acked });
    }

    /// Looks for others among the links and the guests here.
    pub(super) fn seek(&mut self, ground: &mut Ground, id: &TopicId) {
        if let Some(topic) = self.topic(id) {
            topic.seek_at = ground.about(SEEK_MS << topic.seeks);
            topic.seeks = SEEK_DOUBLINGS.min(topic.seeks + 1);
        }
        let mut place = 0;
        while let Some(guest) = self.guests.get(place) {
            let (peer, topic) = (guest.peer, guest.topic);
            place += 1;
            if topic == id.short() {
                self.invite(ground, id, &peer);
            }
        }
        // Others of the links each time: most may take no part.
        let first = ground.rng.below(ground.links.len() as u64) as usize;
        let ready = ground.links.numbers(&|link| link.stage == Stage::Ready);
        for link in ready.get(first..).unwrap_or(&[]) {
            self.ask(ground, id, *link);
        }
    }

    /// Of more mates than are needed the slowest goes: fewer copies, and the quicker ways stay.
    pub(super) fn part_with_slowest(&mut self, ground: &mut Ground, id: &TopicId) {
        let (mut slowest, mut most_us) = (None, 0);
        for mate in self.mates_of(id) {
            let rtt_us = ground.links.ready(mate.link).map_or(0, |link| link.rtt.smoothed_us());
            if rtt_us >= most_us {
                (slowest, most_us) = (Some(mate.link), rtt_us);
            }
        }
        if let Some(link) = slowest.filter(|_| self.count(id) > MATES + 1) {
            self.forget(Some(id), Some(link));
            tell(ground, link, PRUNE, id, &[]);
        }
    }

    /// A peer wants to be a mate.
    pub(super) fn on_graft(&mut self, ground: &mut Ground, from: LinkId, id: &TopicId) {
        self.forget(Some(id), Some(from));
        if self.count(id) < MATES_MAX {
            self.add(id, from);
            let streams = self.streams.recent(id.short(), ground.now, u64::MAX);
            return tell(ground, from, HAVE, id, &streams);
        }
        let mut others = Writer::default();
        for link in self.mates_of(id).filter_map(|mate| ground.links.ready(mate.link)) {
            others.bytes(&link.peer.0);
        }
        tell(ground, from, PRUNE, id, &others.finish());
    }

    /// A peer is no mate, or not any more, and names others.
    pub(super) fn on_prune(&mut self, ground: &mut Ground, from: LinkId, id: &TopicId, others: &[u8]) {
        if self.mate(id, from).is_some() {
            self.forget(Some(id), Some(from));
            self.on_met(ground, id, NodeId::list(others));
        }
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

    /// Somebody looks for others of a topic whose closest node this is: the last ones that came by. At the bound the link that brought
    /// most of them makes room.
    pub(crate) fn on_meet(&mut self, ground: &mut Ground, reply: &ReplyTo, id: &NodeId) {
        let (topic, by) = (TopicId(id.0).short(), reply.link());
        let guests = &mut self.guests;
        guests.keep(|guest| guest.topic != topic || guest.peer != reply.origin);
        let mut others = Writer::default();
        for guest in guests.iter().rev() {
            if guest.topic == topic && others.len() < MATES * NAMED {
                named::emit(&mut others, &guest.peer, &Coordinate::default());
            }
        }
        if guests.len() >= GUESTS_MAX {
            let (mut most, mut oldest) = (0, 0);
            for (place, guest) in guests.iter().enumerate() {
                let count = guests.iter().filter(|other| other.by == guest.by).count();
                if count > most {
                    (most, oldest) = (count, place);
                }
            }
            guests.drop_at(oldest);
        }
        guests.push(Guest { topic, peer: reply.origin, by });
        ground.reply(reply, &Body::Nodes { status: Status::Ok, nodes: &others.finish() });
    }
}
