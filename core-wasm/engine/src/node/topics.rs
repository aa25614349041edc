//! Topics: publish and subscribe over a mesh of subscribers, after GossipSub (Vyzovitis et al. 2020).
//!
//! Each subscriber keeps some six *mates*, linked or reached by routing, hands them every message it has not seen, and
//! tells them and a few others now and then which messages it has, so that what was lost is asked for. Subscribers find each
//! other among their links, from those that have no room, and at the node closest to the topic's id, which remembers the
//! last ones that came by. Messages are signed: whoever passes one on has checked it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Node;
use super::jobs::Pending;
use super::requests::Goal;
use super::route::ReplyTo;
use crate::id::NodeId;
use crate::io::{Event, JobResult, LinkId, OpId};
use crate::limits::{
    GUESTS_MAX, MATES, MATES_MAX, MEMBERS_MAX, PUBLISH_MAX, SEEN_MAX, TOPIC_JOBS_MAX, TOPICS_MAX,
};
use crate::status::Status;
use crate::time::{Duration, Instant};
use crate::wire::frame::{BULK_MIN, Body};
use crate::wire::topic::{self, GRAFT, HAVE, PRUNE, PUBLISH, SIGNATURE, WANT};

/// How often a subscriber looks at its mates, and in how many of these turns it tells what it has.
const BEAT_MS: u64 = 1_000;
const TELL_BEATS: u32 = 5;

/// A mate that is not linked is given up when nothing came from it for so long; one that was invited sooner.
const SILENT: Duration = Duration::from_ms(25_000);
const ANSWER: Duration = Duration::from_ms(4_000);

/// Messages that came within this time are told of.
const RECENT: Duration = Duration::from_ms(12_000);

/// How often the topic's own node is visited: with few mates, and with enough.
const MEET_SOON_MS: u64 = 3_000;
const MEET_MS: u64 = 45_000;

/// A message is passed on for so long after it was sent, if the clocks can be trusted.
const FRESH_S: u32 = 120;

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

/// A message that came not long ago.
struct Seen {
    id: u64,
    topic: u64,
    at: Instant,
}

/// Where topics stand. Topics and messages go by the first 8 bytes of their names.
#[derive(Default)]
pub(super) struct Topics {
    list: Vec<Topic>,
    members: Vec<Member>,
    /// The oldest first.
    seen: Vec<Seen>,
    /// Who came by this node looking for others of a topic; the oldest first.
    guests: Vec<(u64, NodeId)>,
    beat_at: Instant,
    beats: u32,
}

/// A message that a job is about, and who sent it or wants it; or this node's own operation.
pub(super) struct Parcel {
    op: Option<OpId>,
    peer: NodeId,
    raw: Vec<u8>,
}

fn name(id: &[u8]) -> u64 {
    id.first_chunk().map_or(0, |head| u64::from_ne_bytes(*head))
}

impl Topics {
    fn has(&self, topic: u64) -> bool {
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

    /// Takes in a candidate.
    #[inline(never)]
    fn offer(&mut self, topic: u64, peer: &NodeId) {
        if self.has(topic) && self.count(topic, false) < MEMBERS_MAX && self.member(topic, peer).is_none() {
            self.members.push(Member { topic, heard: NOT_YET, peer: *peer });
        }
    }

    #[inline(never)]
    fn forget(&mut self, topic: u64, peer: &NodeId) {
        self.members.retain(|member| member.topic != topic || member.peer != *peer);
    }

    /// A member said something.
    fn hear(&mut self, topic: u64, peer: &NodeId, now: Instant) {
        if let Some(member) = self.member(topic, peer) {
            member.heard = now;
        }
    }

    fn has_seen(&self, id: u64) -> bool {
        self.seen.iter().any(|seen| seen.id == id)
    }

    /// Notes a message.
    fn note(&mut self, id: u64, topic: u64, at: Instant) {
        if self.seen.len() >= SEEN_MAX {
            self.seen.remove(0);
        }
        self.seen.push(Seen { id, topic, at });
    }

    /// What came for a topic not long ago: 8 bytes each.
    #[inline(never)]
    fn recent(&self, topic: u64, now: Instant) -> Vec<u8> {
        let mut ids = Vec::new();
        for seen in &self.seen {
            if seen.topic == topic && now.since(seen.at) < RECENT {
                ids.extend_from_slice(&seen.id.to_ne_bytes());
            }
        }
        ids
    }
}

impl Node {
    pub(super) fn subscribe(&mut self, op: OpId, id: NodeId) {
        let is_known = self.topics.has(name(&id.0));
        let has_room = is_known || self.topics.list.len() < TOPICS_MAX;
        if has_room && !is_known {
            self.topics.list.push(Topic { id, meet_at: self.now });
            self.topics.beat_at = self.now;
            self.arm(self.now);
        }
        let status = if has_room { Status::Ok } else { Status::TooManyRequests };
        self.report(Event::Done { op, status, holders: 0 });
    }

    pub(super) fn unsubscribe(&mut self, id: &NodeId) {
        let topic = name(&id.0);
        self.topics.list.retain(|known| known.id != *id);
        while let Some(place) = self.topics.members.iter().position(|member| member.topic == topic) {
            let peer = self.topics.members.swap_remove(place).peer;
            self.tell(&peer, PRUNE, id, &[]);
        }
    }

    /// Signs a message; it goes out once that is done.
    pub(super) fn publish(&mut self, op: OpId, id: &NodeId, payload: &[u8]) {
        let mut status = Status::NotFound;
        if payload.len() > PUBLISH_MAX {
            status = Status::BadRequest;
        } else if self.topics.has(name(&id.0)) {
            let (sent_s, nonce) = (self.wall_s().unwrap_or(0), self.rng.next() as u32);
            let raw = topic::message(id, sent_s, nonce, &self.config.key, payload);
            let bytes = topic::signed_bytes(&self.config.network, &raw);
            let own = self.id;
            if self.parcel(Some(op), &own, raw).is_some_and(|parcel| self.sign(parcel, bytes)) {
                return;
            }
            status = Status::TooManyRequests;
        }
        self.report(Event::Done { op, status, holders: 0 });
    }

    /// What a job is for; `None` at the bound.
    #[inline(never)]
    fn parcel(&self, op: Option<OpId>, peer: &NodeId, raw: Vec<u8>) -> Option<Pending> {
        let running = self.jobs.iter().filter(|(_, job)| matches!(job, Pending::Topic(_))).count();
        (running < TOPIC_JOBS_MAX).then(|| Pending::Topic(Box::new(Parcel { op, peer: *peer, raw })))
    }

    pub(super) fn on_topic_job(&mut self, parcel: Parcel, result: &JobResult<'_>) {
        let Parcel { op, peer, mut raw } = parcel;
        match result {
            JobResult::Signature(signature) => {
                if let Some(place) = raw.get_mut(SIGNATURE..).and_then(|rest| rest.first_chunk_mut()) {
                    *place = **signature;
                }
                let topic = name(&raw);
                self.topics.note(name(&topic::id(&raw)), topic, self.now);
                self.spread(&peer, raw);
            }
            JobResult::Verified(true) => self.spread(&peer, raw),
            // Whoever passes a message on has checked it.
            JobResult::Verified(false) => self.topics.forget(name(&raw), &peer),
            JobResult::Loaded(raw) => self.tell_raw(&peer, raw),
            _ => {}
        }
        if let Some(op) = op {
            let is_signed = matches!(result, JobResult::Signature(_));
            let status = if is_signed { Status::Ok } else { Status::Unavailable };
            self.report(Event::Done { op, status, holders: 0 });
        }
    }

    /// Hands a message that is known to be sound to the mates, and tells the application.
    fn spread(&mut self, from: &NodeId, raw: Vec<u8>) {
        let Some((_, key, _)) = topic::parse(&raw) else { return };
        let (origin, topic) = (NodeId::of_key(key), name(&raw));
        let mut place = 0;
        while let Some(member) = self.topics.members.get(place) {
            place += 1;
            let peer = member.peer;
            if member.topic == topic && member.heard != NOT_YET && peer != *from && peer != origin {
                self.tell_raw(&peer, &raw);
            }
        }
        self.report(Event::Published { from: origin, id: topic::id(&raw), bytes: raw });
    }

    /// Looks at the mates of every topic.
    pub(super) fn on_topic_deadline(&mut self) {
        if self.topics.list.is_empty() {
            return;
        }
        if self.now >= self.topics.beat_at {
            self.topics.beat_at = self.about(BEAT_MS);
            self.topics.beats = self.topics.beats.wrapping_add(1);
            for place in 0..self.topics.list.len() {
                self.beat(place);
            }
        }
        self.arm(self.topics.beat_at);
    }

    fn beat(&mut self, place: usize) {
        let now = self.now;
        let Some(Topic { id, meet_at }) = self.topics.list.get(place) else { return };
        let (id, topic, is_due) = (*id, name(&id.0), now >= *meet_at);
        let Self { topics, links, .. } = self;
        // A link tells soon enough when its peer is gone.
        let lasts = |member: &Member| {
            let is_quick = member.heard == NOT_YET || now.since(member.heard) < SILENT;
            member.topic != topic || is_quick || links.to(&member.peer).is_some()
        };
        topics.members.retain(lasts);
        if is_due {
            self.meet(place, &id);
        }
        for _ in self.topics.count(topic, true)..MATES {
            self.invite(&id);
        }
        let tells = self.topics.beats.is_multiple_of(TELL_BEATS);
        let ids = if tells { self.topics.recent(topic, now) } else { Vec::new() };
        let mut place = 0;
        while let Some(member) = self.topics.members.get(place) {
            place += 1;
            if member.topic != topic {
                continue;
            }
            let (peer, is_mate) = (member.peer, member.heard != NOT_YET);
            let is_linked = self.links.to(&peer).is_some();
            if tells && (!ids.is_empty() || is_mate && !is_linked) {
                self.tell(&peer, HAVE, &id, &ids);
            }
            // A mate is worth a link of its own, within what this node can spare.
            let has_room = self.links.len() < self.link_budget() + LINKS_SPARE && self.can_dial();
            if is_mate && !is_linked && has_room && !self.contacts.is_late(&peer, now) {
                self.dial(&peer);
            }
        }
    }

    /// Looks for candidates: among the links, and where others of the topic come by.
    fn meet(&mut self, place: usize, id: &NodeId) {
        let topic = name(&id.0);
        let few = self.topics.count(topic, true) < MATES / 2;
        let meet_at = self.about(if few { MEET_SOON_MS } else { MEET_MS });
        if let Some(known) = self.topics.list.get_mut(place) {
            known.meet_at = meet_at;
        }
        for link in self.links.peers() {
            self.topics.offer(topic, &link.peer);
        }
        let mut guest = 0;
        while let Some((known, who)) = self.topics.guests.get(guest) {
            guest += 1;
            if *known == topic {
                let who = *who;
                self.offer(topic, &who);
            }
        }
        self.begin_request(None, Goal::Meet, id);
    }

    fn offer(&mut self, topic: u64, peer: &NodeId) {
        if *peer != self.id {
            self.topics.offer(topic, peer);
        }
    }

    /// Asks a candidate to be a mate, a linked one first.
    fn invite(&mut self, id: &NodeId) {
        let mut best: Option<(bool, usize)> = None;
        for (place, member) in self.topics.members.iter().enumerate() {
            if member.topic == name(&id.0) && member.heard == NOT_YET {
                best = best.max(Some((self.links.to(&member.peer).is_some(), place)));
            }
        }
        let soon = Instant((self.now.0 + ANSWER.0).saturating_sub(SILENT.0));
        if let Some(member) = best.and_then(|(_, place)| self.topics.members.get_mut(place)) {
            member.heard = soon;
            let peer = member.peer;
            self.tell(&peer, GRAFT, id, &[]);
        }
    }

    fn tell_raw(&mut self, to: &NodeId, raw: &[u8]) {
        if let Some((id, rest)) = raw.split_first_chunk() {
            self.tell(to, PUBLISH, &NodeId(*id), rest);
        }
    }

    /// Says something about a topic to one node, over a link or by routing. What is bulk and finds no room is left unsaid.
    #[inline(never)]
    fn tell(&mut self, to: &NodeId, kind: u8, topic: &NodeId, rest: &[u8]) {
        let bytes = [&[kind], &topic.0[..], rest].concat();
        let linked = self.links.to(to).map(|link| link.id);
        let way = linked.or_else(|| self.way_round(to, LinkId(0)));
        let Some(link) = way.or_else(|| self.next_hop(to, &self.id, &[], true)) else { return };
        let length = bytes.len() + 256;
        let has_room = self.links.ready(link).is_some_and(|link| self.has_room(link, length, false));
        if length <= BULK_MIN || has_room {
            self.send_request_by(link, 0, to, true, &Body::Topic(&bytes));
        }
    }

    /// Somebody says something about a topic.
    pub(super) fn on_topic(&mut self, from: &NodeId, bytes: &[u8]) {
        let Some((kind, raw)) = bytes.split_first() else { return };
        let Some((id, rest)) = raw.split_first_chunk() else { return };
        let (id, topic, now) = (NodeId(*id), name(raw), self.now);
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
            HAVE => {
                self.topics.hear(topic, from, now);
                let mut missing = Vec::new();
                for message in rest.as_chunks::<8>().0 {
                    if !self.topics.has_seen(name(message)) {
                        missing.extend_from_slice(message);
                    }
                }
                if !missing.is_empty() {
                    self.tell(from, WANT, &id, &missing);
                }
            }
            WANT => {
                for message in rest.as_chunks::<8>().0 {
                    let parcel = self.parcel(None, from, Vec::new());
                    if let Some(parcel) = parcel.filter(|_| self.topics.has_seen(name(message))) {
                        self.recall(parcel, message);
                    }
                }
            }
            _ => {}
        }
    }

    fn on_graft(&mut self, from: &NodeId, id: &NodeId) {
        let topic = name(&id.0);
        self.topics.forget(topic, from);
        if self.topics.count(topic, true) < MATES_MAX {
            self.topics.members.push(Member { topic, heard: self.now, peer: *from });
            let ids = self.topics.recent(topic, self.now);
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

    fn on_publish(&mut self, from: &NodeId, raw: &[u8]) {
        let Some((sent_s, key, signature)) = topic::parse(raw) else { return };
        let (topic, id) = (name(raw), name(&topic::id(raw)));
        self.topics.hear(topic, from, self.now);
        let is_late = self.wall_s().is_some_and(|now| sent_s != 0 && now.abs_diff(sent_s) > FRESH_S);
        if is_late || self.topics.has_seen(id) {
            return;
        }
        let bytes = topic::signed_bytes(&self.config.network, raw);
        let parcel = self.parcel(None, from, raw.to_vec());
        if parcel.is_some_and(|parcel| self.verify(parcel, key, signature, bytes)) {
            self.topics.note(id, topic, self.now);
        }
    }

    /// Somebody looks for others of a topic whose closest node this is: the last ones that came by.
    pub(super) fn on_meet(&mut self, reply: &ReplyTo, id: &NodeId) {
        let topic = name(&id.0);
        let guests = &mut self.topics.guests;
        guests.retain(|(known, who)| *known != topic || *who != reply.origin);
        if guests.len() >= GUESTS_MAX {
            guests.remove(0);
        }
        let mut ids = Vec::new();
        for (known, who) in guests.iter().rev() {
            if *known == topic && ids.len() < MATES * 32 {
                ids.extend_from_slice(&who.0);
            }
        }
        guests.push((topic, reply.origin));
        self.answer(reply, Status::Ok, &ids);
    }

    /// The topic's own node answered.
    pub(super) fn on_met(&mut self, id: &NodeId, ids: &[NodeId]) {
        for peer in ids {
            self.offer(name(&id.0), peer);
        }
        self.topics.beat_at = self.now;
        self.arm(self.now);
    }

    /// A link is gone, and a mate with it.
    pub(super) fn on_mate_lost(&mut self, peer: &NodeId) {
        self.topics.members.retain(|member| member.peer != *peer);
    }
}
