//! Topics: publish and subscribe over a mesh of subscribers, after GossipSub (Vyzovitis et al. 2020).
//!
//! Each subscriber keeps some six *mates*, linked or reached by routing, hands them every message it has not seen, and
//! tells them and a few others now and then which messages it has, so that what was lost is asked for. Subscribers find each
//! other among their links, from those that have no room, and at the node closest to the topic's id, which remembers the
//! last ones that came by. Messages are signed: whoever passes one on has checked it.

mod publish;
mod seen;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use self::seen::Seen;
use crate::coordinate::Coordinate;
use crate::ground::{Ground, ReplyTo};
use crate::id::NodeId;
use crate::io::OpId;
use crate::limits::{GUESTS_MAX, MATES, MATES_MAX, MEMBERS_MAX, TOPICS_MAX};
use crate::list::List;
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

/// One subscription.
struct Topic {
    id: NodeId,
    meet_at: Instant,
}

/// Somebody who takes part in a topic, or may.
struct Member {
    topic: u64,
    /// When something came from a mate, who gets every message; never from a candidate, who was not asked yet.
    heard: Instant,
    peer: NodeId,
}

/// Where topics stand. Topics and messages go by the first 8 bytes of their names.
#[derive(Default)]
pub(crate) struct Topics {
    list: Vec<Topic>,
    members: Vec<Member>,
    seen: Seen,
    /// Those who came by this node looking for others of a topic, the oldest first.
    guests: Vec<Member>,
    beat_at: Instant,
    beats: u32,
}

fn name(id: &[u8]) -> u64 {
    id.first_chunk().map_or(0, |head| u64::from_ne_bytes(*head))
}

impl Member {
    fn candidate(topic: u64, peer: &NodeId) -> Self {
        Self { topic, heard: Instant::NEVER, peer: *peer }
    }

    fn is_mate(&self) -> bool {
        self.heard != Instant::NEVER
    }

    fn is(&self, topic: u64, peer: &NodeId) -> bool {
        self.topic == topic && self.peer == *peer
    }

    fn is_mate_of(&self, topic: u64) -> bool {
        self.topic == topic && self.is_mate()
    }
}

impl Topics {
    fn has(&self, topic: u64) -> bool {
        self.list.iter().any(|known| name(&known.id.0) == topic)
    }

    fn member(&mut self, topic: u64, peer: &NodeId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.is(topic, peer))
    }

    /// Whether a link to `peer` is kept for a topic.
    pub(crate) fn needs(&self, peer: &NodeId) -> bool {
        self.members.iter().any(|member| member.peer == *peer && member.is_mate())
    }

    fn mates(&self, topic: u64) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(move |member| member.is_mate_of(topic))
    }

    #[inline(never)]
    fn mate_count(&self, topic: u64) -> usize {
        self.mates(topic).count()
    }

    /// Takes in a candidate, for whom the oldest one makes room.
    #[inline(never)]
    fn offer(&mut self, topic: u64, peer: &NodeId, own: &NodeId) {
        if peer != own && self.has(topic) && self.member(topic, peer).is_none() && self.make_room(topic) {
            self.members.push(Member::candidate(topic, peer));
        }
    }

    /// Room for one more member; false if all are mates.
    fn make_room(&mut self, topic: u64) -> bool {
        let of_topic = self.members.iter().filter(|member| member.topic == topic);
        let is_full = of_topic.count() >= MEMBERS_MAX;
        let is_candidate = |member: &Member| member.topic == topic && !member.is_mate();
        let oldest = self.members.iter().position(is_candidate).filter(|_| is_full);
        if let Some(place) = oldest {
            self.members.remove(place);
        }
        oldest.is_some() || !is_full
    }

    #[inline(never)]
    fn forget(&mut self, topic: u64, peer: &NodeId) {
        self.members.keep(|member| !member.is(topic, peer));
    }

    /// A member said something.
    fn hear(&mut self, topic: u64, peer: &NodeId, now: Instant) {
        if let Some(member) = self.member(topic, peer) {
            member.heard = now;
        }
    }

    /// Takes part in a topic.
    pub(crate) fn subscribe(&mut self, ground: &mut Ground, op: OpId, id: &NodeId) {
        let is_known = self.has(name(&id.0));
        let has_room = is_known || self.list.len() < TOPICS_MAX;
        if has_room && !is_known {
            self.list.push(Topic { id: *id, meet_at: ground.now });
            self.beat_at = ground.now;
            ground.arm(ground.now);
        }
        let status = if has_room { Status::Ok } else { Status::TooManyRequests };
        ground.done(op, status, 0);
    }

    /// Takes part no longer.
    pub(crate) fn unsubscribe(&mut self, ground: &mut Ground, id: &NodeId) {
        let topic = name(&id.0);
        self.list.keep(|known| known.id != *id);
        for member in self.members.iter().filter(|member| member.topic == topic) {
            tell(ground, &member.peer, PRUNE, id, &[]);
        }
        self.members.keep(|member| member.topic != topic);
    }

    /// How many topics there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// The topic at a place of their list.
    pub(crate) fn id(&self, place: usize) -> Option<&NodeId> {
        self.list.get(place).map(|known| &known.id)
    }

    /// Whether the mates are to be looked at now: then follows a [beat](Self::beat) for each topic.
    pub(crate) fn begin_beats(&mut self, ground: &mut Ground) -> bool {
        let is_due = !self.list.is_empty() && ground.now >= self.beat_at;
        if is_due {
            self.beat_at = ground.about(BEAT_MS);
            self.beats = self.beats.wrapping_add(1);
        }
        is_due
    }

    /// Makes sure that the next beat comes.
    pub(crate) fn arm(&self, ground: &mut Ground) {
        if !self.list.is_empty() {
            ground.arm(self.beat_at);
        }
    }

    /// Gives up mates that are gone. Where it is time to look for others, candidates come from the links and the guests here,
    /// and the answer is that the topic's own node shall be asked for more.
    pub(crate) fn gather(&mut self, ground: &mut Ground, place: usize, id: &NodeId) -> bool {
        let (now, topic) = (ground.now, name(&id.0));
        // A link tells soon enough when its peer is gone.
        let lasts = |member: &Member| {
            member.topic != topic
                || now.since(member.heard) < SILENT
                || ground.links.to(&member.peer).is_some()
        };
        self.members.keep(lasts);
        let is_due = self.list.get(place).is_some_and(|known| now >= known.meet_at);
        if is_due {
            self.seek(ground, place, topic);
        }
        is_due
    }

    fn seek(&mut self, ground: &mut Ground, place: usize, topic: u64) {
        let few = self.mate_count(topic) < MATES / 2;
        let meet_at = ground.about(if few { MEET_SOON_MS } else { MEET_MS });
        if let Some(known) = self.list.get_mut(place) {
            known.meet_at = meet_at;
        }
        // Others of the links each time: most may take no part.
        let first = ground.rng.below(ground.links.len() as u64) as usize;
        for link in ground.links.peers().skip(first).take(MEMBERS_MAX) {
            self.offer(topic, &link.peer, &ground.id);
        }
        let mut guest = 0;
        while let Some(known) = self.guests.get(guest) {
            guest += 1;
            if known.topic == topic {
                let peer = known.peer;
                self.offer(topic, &peer, &ground.id);
            }
        }
    }

    /// Looks at the mates of a topic: invites more, parts with one too many, tells what is here, begins links.
    pub(crate) fn beat(&mut self, ground: &mut Ground, id: &NodeId) {
        let (now, topic) = (ground.now, name(&id.0));
        for _ in self.mate_count(topic)..MATES {
            self.invite(ground, id);
        }
        if self.mate_count(topic) > MATES + 1 {
            self.part_with_slowest(ground, id);
        }
        let tells = self.beats.is_multiple_of(TELL_BEATS);
        let ids = if tells { self.seen.recent(topic, now) } else { Vec::new() };
        for member in self.members.iter().filter(|member| member.topic == topic) {
            let (peer, is_mate) = (&member.peer, member.is_mate());
            let is_linked = ground.links.to(peer).is_some();
            if tells && (!ids.is_empty() || is_mate && !is_linked) {
                tell(ground, peer, HAVE, id, &ids);
            }
            // A mate is worth a link of its own, within what this node can spare.
            let has_room = ground.links.len() < ground.link_budget() + LINKS_SPARE && ground.can_dial();
            if is_mate && !is_linked && has_room && !ground.contacts.is_late(peer, now) {
                ground.dial(peer);
            }
        }
    }

    /// Of more mates than are needed the slowest goes: fewer copies, and the quicker ways stay.
    fn part_with_slowest(&mut self, ground: &mut Ground, id: &NodeId) {
        let topic = name(&id.0);
        let (mut slowest, mut most) = (None::<&NodeId>, 0);
        for member in self.mates(topic) {
            let rtt_us = rtt_us(ground, &member.peer);
            if rtt_us > most || rtt_us == most && slowest < Some(&member.peer) {
                (slowest, most) = (Some(&member.peer), rtt_us);
            }
        }
        if let Some(peer) = slowest.copied() {
            self.forget(topic, &peer);
            tell(ground, &peer, PRUNE, id, &[]);
        }
    }

    /// Asks a candidate to be a mate, the one with the fastest link. Not again while there are enough: in the long run mates that are
    /// all close by make the way round the world longer.
    fn invite(&mut self, ground: &mut Ground, id: &NodeId) {
        let (mut best, mut least) = (None, 0);
        for member in &mut self.members {
            if member.topic == name(&id.0) && !member.is_mate() {
                let rtt_us = rtt_us(ground, &member.peer);
                if best.is_none() || rtt_us < least {
                    (best, least) = (Some(member), rtt_us);
                }
            }
        }
        let soon = Instant((ground.now.0 + ANSWER.0).saturating_sub(SILENT.0));
        if let Some(member) = best {
            member.heard = soon;
            tell(ground, &member.peer, GRAFT, id, &[]);
        }
    }

    /// Somebody says something about a topic.
    pub(crate) fn on_topic(&mut self, ground: &mut Ground, from: &NodeId, bytes: &[u8]) {
        let Some((kind, raw)) = bytes.split_first() else { return };
        let Some((id, rest)) = raw.split_first_chunk() else { return };
        let (id, topic) = (NodeId(*id), name(raw));
        if !self.has(topic) {
            // Who takes part no longer says so to whoever thinks otherwise.
            return if *kind == GRAFT {
                tell(ground, from, PRUNE, &id, &[])
            };
        }
        match *kind {
            GRAFT => self.on_graft(ground, from, &id),
            PRUNE => {
                self.forget(topic, from);
                for other in NodeId::list(rest).iter().take(MATES) {
                    self.offer(topic, other, &ground.id);
                }
            }
            PUBLISH => self.on_publish(ground, from, raw),
            HAVE => self.on_have(ground, from, &id, rest),
            WANT => self.on_wanted(ground, from, rest),
            _ => {}
        }
    }

    fn on_graft(&mut self, ground: &mut Ground, from: &NodeId, id: &NodeId) {
        let topic = name(&id.0);
        self.forget(topic, from);
        if self.mate_count(topic) < MATES_MAX && self.make_room(topic) {
            self.members.push(Member { topic, heard: ground.now, peer: *from });
            let ids = self.seen.recent(topic, ground.now);
            return tell(ground, from, HAVE, id, &ids);
        }
        let mut others = Vec::new();
        for member in self.mates(topic) {
            others.extend_from_slice(&member.peer.0);
        }
        tell(ground, from, PRUNE, id, &others);
    }

    /// Somebody looks for others of a topic whose closest node this is: the last ones that came by.
    pub(crate) fn on_meet(&mut self, ground: &mut Ground, reply: &ReplyTo, id: &NodeId) {
        let topic = name(&id.0);
        let guests = &mut self.guests;
        guests.keep(|guest| !guest.is(topic, &reply.origin));
        if guests.len() >= GUESTS_MAX {
            guests.remove(0);
        }
        let mut others = Writer::default();
        for guest in guests.iter().rev().filter(|guest| guest.topic == topic).take(MATES) {
            named::emit(&mut others, &guest.peer, &Coordinate::default());
        }
        guests.push(Member::candidate(topic, &reply.origin));
        ground.reply(reply, &Body::Nodes { status: Status::Ok, nodes: &others.finish() });
    }

    /// The topic's own node answered.
    pub(crate) fn on_met(&mut self, ground: &mut Ground, id: &NodeId, ids: &[NodeId]) {
        for peer in ids {
            self.offer(name(&id.0), peer, &ground.id);
        }
        self.beat_at = ground.now;
        ground.arm(ground.now);
    }

    /// A link is gone, and a mate with it.
    pub(crate) fn on_mate_lost(&mut self, peer: &NodeId) {
        self.members.keep(|member| member.peer != *peer);
    }
}

/// The round trip to a subscriber; the longest there is to one that is not linked.
fn rtt_us(ground: &Ground, peer: &NodeId) -> u32 {
    ground.links.to(peer).map_or(u32::MAX, |link| link.rtt.smoothed_us())
}

/// Says something about a topic to one node, over a link or by routing. What is bulk and finds no room is left unsaid.
#[inline(never)]
fn tell(ground: &mut Ground, to: &NodeId, kind: u8, topic: &NodeId, rest: &[u8]) {
    let mut writer = Writer::default();
    writer.u8(kind).bytes(&topic.0).bytes(rest);
    let bytes = writer.finish();
    let linked = ground.links.to(to).map(|link| link.id);
    let Some(link) = linked.or_else(|| ground.way(to)) else { return };
    let length = bytes.len() + 256;
    let has_room = ground.links.ready(link).is_some_and(|link| ground.has_room(link, length, false));
    if length <= BULK_MIN || has_room {
        ground.send_request_by(link, 0, to, true, 0, &Body::Topic(&bytes));
    }
}
