//! Topics: publish and subscribe over a mesh of subscribers, after GossipSub (Vyzovitis et al. 2020).
//!
//! Each subscriber keeps some six *mates*, linked or reached by routing, hands them every message it has not seen, and
//! tells them and a few others now and then which messages it has, so that what was lost is asked for. Subscribers find each
//! other among their links, from those that have no room, and at the node closest to the topic's id, which remembers the
//! last ones that came by. Messages are signed: whoever passes one on has checked it.

use alloc::vec::Vec;

use super::Node;
use super::seen::Seen;
use crate::coordinate::Coordinate;
use crate::ground::{Ground, ReplyTo};
use crate::id::NodeId;
use crate::io::OpId;
use crate::limits::{GUESTS_MAX, MATES, MATES_MAX, MEMBERS_MAX, TOPICS_MAX};
use crate::list::List;
use crate::requests::Aim;
use crate::status::Status;
use crate::time::{Duration, Instant};
use crate::wire::Writer;
use crate::wire::frame::{BULK_MIN, Body};
use crate::wire::named;
use crate::wire::topic::{GRAFT, HAVE, PRUNE, PUBLISH, WANT};

/// How often a subscriber looks at its mates, and in how many of these turns it tells what it has.
const BEAT_MS: u64 = 1_000;
const TELL_BEATS: u32 = 5;

/// A mate that is not linked is given up when nothing came from it for so long; one that was invited sooner.
const SILENT: Duration = Duration::from_ms(25_000);
const ANSWER: Duration = Duration::from_ms(4_000);

/// How often the topic's own node is visited: with few mates, and with enough.
const MEET_SOON_MS: u64 = 3_000;
const MEET_MS: u64 = 45_000;

/// Links made for mates beyond the budget.
const LINKS_SPARE: usize = 6;

/// When a candidate was heard.
const NOT_YET: Instant = Instant::NEVER;

/// One subscription.
struct Topic {
    id: NodeId,
    meet_at: Instant,
}

/// A mate, or a candidate: somebody who may be a subscriber and was not asked yet.
struct Member {
    topic: u64,
    heard: Instant,
    peer: NodeId,
}

/// Where topics stand. Topics and messages go by the first 8 bytes of their names.
#[derive(Default)]
pub(super) struct Topics {
    list: Vec<Topic>,
    members: Vec<Member>,
    pub(super) seen: Seen,
    /// Who came by this node looking for others of a topic; the oldest first.
    guests: Vec<Member>,
    beat_at: Instant,
    beats: u32,
}

pub(super) fn name(id: &[u8]) -> u64 {
    id.first_chunk().map_or(0, |head| u64::from_ne_bytes(*head))
}

impl Topics {
    pub(super) fn has(&self, topic: u64) -> bool {
        self.list.iter().any(|known| name(&known.id.0) == topic)
    }

    fn member(&mut self, topic: u64, peer: &NodeId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.topic == topic && member.peer == *peer)
    }

    /// Whether a link to `peer` is kept for a topic.
    pub(super) fn needs(&self, peer: &NodeId) -> bool {
        self.members.iter().any(|member| member.peer == *peer && member.heard != NOT_YET)
    }

    /// How many members there are, or how many mates.
    fn count(&self, topic: u64, only_mates: bool) -> usize {
        let counts = |member: &&Member| member.topic == topic && !(only_mates && member.heard == NOT_YET);
        self.members.iter().filter(counts).count()
    }

    /// The next mate from `place` on, and where to go on.
    pub(super) fn next_mate(&self, topic: u64, place: usize) -> Option<(NodeId, usize)> {
        let is_mate = |member: &Member| member.topic == topic && member.heard != NOT_YET;
        let found = (place..self.members.len()).find(|at| self.members.get(*at).is_some_and(is_mate))?;
        Some((self.members.get(found)?.peer, found + 1))
    }

    /// Takes in a candidate, for whom the oldest one makes room.
    #[inline(never)]
    fn offer(&mut self, topic: u64, peer: &NodeId) {
        if self.has(topic) && self.member(topic, peer).is_none() && self.make_room(topic) {
            self.members.push(Member { topic, heard: NOT_YET, peer: *peer });
        }
    }

    /// Room for one more member; false if all are mates.
    fn make_room(&mut self, topic: u64) -> bool {
        let is_full = self.count(topic, false) >= MEMBERS_MAX;
        let is_candidate = |member: &Member| member.topic == topic && member.heard == NOT_YET;
        let oldest = self.members.iter().position(is_candidate).filter(|_| is_full);
        if let Some(place) = oldest {
            self.members.remove(place);
        }
        oldest.is_some() || !is_full
    }

    #[inline(never)]
    pub(super) fn forget(&mut self, topic: u64, peer: &NodeId) {
        self.members.keep(|member| member.topic != topic || member.peer != *peer);
    }

    /// A member said something.
    pub(super) fn hear(&mut self, topic: u64, peer: &NodeId, now: Instant) {
        if let Some(member) = self.member(topic, peer) {
            member.heard = now;
        }
    }
}

impl Node {
    pub(super) fn subscribe(&mut self, op: OpId, id: &NodeId) {
        let is_known = self.topics.has(name(&id.0));
        let has_room = is_known || self.topics.list.len() < TOPICS_MAX;
        if has_room && !is_known {
            self.topics.list.push(Topic { id: *id, meet_at: self.ground.now });
            self.topics.beat_at = self.ground.now;
            self.ground.arm(self.ground.now);
        }
        let status = if has_room { Status::Ok } else { Status::TooManyRequests };
        self.ground.done(op, status, 0);
    }

    pub(super) fn unsubscribe(&mut self, id: &NodeId) {
        let topic = name(&id.0);
        self.topics.list.keep(|known| known.id != *id);
        while let Some(place) = self.topics.members.iter().position(|member| member.topic == topic) {
            let peer = self.topics.members.swap_remove(place).peer;
            self.tell(&peer, PRUNE, id, &[]);
        }
    }

    /// Looks at the mates of every topic.
    pub(super) fn on_topic_deadline(&mut self) {
        if self.topics.list.is_empty() {
            return;
        }
        if self.ground.now >= self.topics.beat_at {
            self.topics.beat_at = self.ground.about(BEAT_MS);
            self.topics.beats = self.topics.beats.wrapping_add(1);
            for place in 0..self.topics.list.len() {
                self.beat(place);
            }
        }
        self.ground.arm(self.topics.beat_at);
    }

    fn beat(&mut self, place: usize) {
        let now = self.ground.now;
        let Some(Topic { id, meet_at }) = self.topics.list.get(place) else { return };
        let (id, topic, is_due) = (*id, name(&id.0), now >= *meet_at);
        let Self { topics, ground: Ground { links, .. }, .. } = self;
        // A link tells soon enough when its peer is gone.
        let lasts = |member: &Member| {
            let is_quick = member.heard == NOT_YET || now.since(member.heard) < SILENT;
            member.topic != topic || is_quick || links.to(&member.peer).is_some()
        };
        topics.members.keep(lasts);
        if is_due {
            self.meet(place, &id);
        }
        for _ in self.topics.count(topic, true)..MATES {
            self.invite(&id);
        }
        if self.topics.count(topic, true) > MATES + 1 {
            self.part_with_slowest(&id);
        }
        let tells = self.topics.beats.is_multiple_of(TELL_BEATS);
        let ids = if tells { self.topics.seen.recent(topic, now) } else { Vec::new() };
        let mut place = 0;
        while let Some(member) = self.topics.members.get(place) {
            place += 1;
            if member.topic != topic {
                continue;
            }
            let (peer, is_mate) = (member.peer, member.heard != NOT_YET);
            let is_linked = self.ground.links.to(&peer).is_some();
            if tells && (!ids.is_empty() || is_mate && !is_linked) {
                self.tell(&peer, HAVE, &id, &ids);
            }
            // A mate is worth a link of its own, within what this node can spare.
            let has_room =
                self.ground.links.len() < self.ground.link_budget() + LINKS_SPARE && self.ground.can_dial();
            if is_mate && !is_linked && has_room && !self.ground.contacts.is_late(&peer, now) {
                self.ground.dial(&peer);
            }
        }
    }

    /// The round trip to a subscriber; the longest there is to one that is not linked.
    fn rtt_us(&self, peer: &NodeId) -> u32 {
        self.ground.links.to(peer).map_or(u32::MAX, |link| link.rtt.smoothed_us())
    }

    /// Of more mates than are needed the slowest goes: fewer copies, and the quicker ways stay.
    fn part_with_slowest(&mut self, id: &NodeId) {
        let topic = name(&id.0);
        let mut slowest: Option<(u32, &NodeId)> = None;
        for member in &self.topics.members {
            if member.topic == topic && member.heard != NOT_YET {
                slowest = slowest.max(Some((self.rtt_us(&member.peer), &member.peer)));
            }
        }
        if let Some((_, peer)) = slowest {
            let peer = *peer;
            self.topics.forget(topic, &peer);
            self.tell(&peer, PRUNE, id, &[]);
        }
    }

    /// Looks for candidates: among the links, and where others of the topic come by.
    fn meet(&mut self, place: usize, id: &NodeId) {
        let topic = name(&id.0);
        let few = self.topics.count(topic, true) < MATES / 2;
        let meet_at = self.ground.about(if few { MEET_SOON_MS } else { MEET_MS });
        if let Some(known) = self.topics.list.get_mut(place) {
            known.meet_at = meet_at;
        }
        // Others of the links each time: most may take no part.
        let first = self.ground.rng.below(self.ground.links.len() as u64) as usize;
        for link in self.ground.links.peers().skip(first).take(MEMBERS_MAX) {
            self.topics.offer(topic, &link.peer);
        }
        let mut guest = 0;
        while let Some(known) = self.topics.guests.get(guest) {
            guest += 1;
            if known.topic == topic {
                let peer = known.peer;
                self.offer(topic, &peer);
            }
        }
        self.look_up(Aim::Meet, id);
    }

    fn offer(&mut self, topic: u64, peer: &NodeId) {
        if *peer != self.ground.id {
            self.topics.offer(topic, peer);
        }
    }

    /// Asks a candidate to be a mate, the one with the fastest link. Not again while there are enough: in the long run mates that are
    /// all close by make the way round the world longer.
    fn invite(&mut self, id: &NodeId) {
        let mut best: Option<(u32, usize)> = None;
        for (place, member) in self.topics.members.iter().enumerate() {
            if member.topic == name(&id.0) && member.heard == NOT_YET {
                let rtt_us = self.rtt_us(&member.peer);
                if best.is_none_or(|(least, _)| rtt_us < least) {
                    best = Some((rtt_us, place));
                }
            }
        }
        let soon = Instant((self.ground.now.0 + ANSWER.0).saturating_sub(SILENT.0));
        if let Some(member) = best.and_then(|(_, place)| self.topics.members.get_mut(place)) {
            member.heard = soon;
            let peer = member.peer;
            self.tell(&peer, GRAFT, id, &[]);
        }
    }

    /// Says something about a topic to one node, over a link or by routing. What is bulk and finds no room is left unsaid.
    #[inline(never)]
    pub(super) fn tell(&mut self, to: &NodeId, kind: u8, topic: &NodeId, rest: &[u8]) {
        let bytes = [&[kind], &topic.0[..], rest].concat();
        let linked = self.ground.links.to(to).map(|link| link.id);
        let Some(link) = linked.or_else(|| self.ground.way(to)) else { return };
        let length = bytes.len() + 256;
        let has_room =
            self.ground.links.ready(link).is_some_and(|link| self.ground.has_room(link, length, false));
        if length <= BULK_MIN || has_room {
            self.ground.send_request_by(link, 0, to, true, 0, &Body::Topic(&bytes));
        }
    }

    /// Somebody says something about a topic.
    pub(super) fn on_topic(&mut self, from: &NodeId, bytes: &[u8]) {
        let Some((kind, raw)) = bytes.split_first() else { return };
        let Some((id, rest)) = raw.split_first_chunk() else { return };
        let (id, topic) = (NodeId(*id), name(raw));
        if !self.topics.has(topic) {
            // Who takes part no longer says so to whoever thinks otherwise.
            return if *kind == GRAFT {
                self.tell(from, PRUNE, &id, &[])
            };
        }
        match *kind {
            GRAFT => self.on_graft(from, &id),
            PRUNE => {
                self.topics.forget(topic, from);
                for other in NodeId::list(rest).iter().take(MATES) {
                    self.offer(topic, other);
                }
            }
            PUBLISH => self.on_publish(from, raw),
            HAVE => self.on_have(from, &id, rest),
            WANT => self.on_wanted(from, topic, rest),
            _ => {}
        }
    }

    fn on_graft(&mut self, from: &NodeId, id: &NodeId) {
        let topic = name(&id.0);
        self.topics.forget(topic, from);
        if self.topics.count(topic, true) < MATES_MAX && self.topics.make_room(topic) {
            self.topics.members.push(Member { topic, heard: self.ground.now, peer: *from });
            let ids = self.topics.seen.recent(topic, self.ground.now);
            return self.tell(from, HAVE, id, &ids);
        }
        let mut others = Vec::new();
        for member in &self.topics.members {
            if member.topic == topic && member.heard != NOT_YET {
                others.extend_from_slice(&member.peer.0);
            }
        }
        self.tell(from, PRUNE, id, &others);
    }

    /// Somebody looks for others of a topic whose closest node this is: the last ones that came by.
    pub(super) fn on_meet(&mut self, reply: &ReplyTo, id: &NodeId) {
        let topic = name(&id.0);
        let guests = &mut self.topics.guests;
        guests.keep(|guest| guest.topic != topic || guest.peer != reply.origin);
        if guests.len() >= GUESTS_MAX {
            guests.remove(0);
        }
        let mut others = Writer::default();
        for guest in guests.iter().rev().filter(|guest| guest.topic == topic).take(MATES) {
            named::emit(&mut others, &guest.peer, &Coordinate::default());
        }
        guests.push(Member { topic, heard: NOT_YET, peer: reply.origin });
        self.ground.reply(reply, &Body::Nodes { status: Status::Ok, nodes: &others.finish() });
    }

    /// The topic's own node answered.
    pub(super) fn on_met(&mut self, id: &NodeId, ids: &[NodeId]) {
        for peer in ids {
            self.offer(name(&id.0), peer);
        }
        self.topics.beat_at = self.ground.now;
        self.ground.arm(self.ground.now);
    }

    /// A link is gone, and a mate with it.
    pub(super) fn on_mate_lost(&mut self, peer: &NodeId) {
        self.topics.members.keep(|member| member.peer != *peer);
    }
}
