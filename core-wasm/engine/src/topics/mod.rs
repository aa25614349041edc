//! Topics: publish and subscribe over a mesh of subscribers, after GossipSub (Vyzovitis et al. 2020).
//!
//! Each subscriber keeps some six *mates* among its links and hands them every message that is new to it. Who takes part and is not
//! linked is *far*: it gets messages by routing and is asked for what it has, until a link to it is made. Mates tell each other now
//! and then which messages they have, so that what was lost is asked for. Subscribers find each other among their links, from those that
//! have no room, and at the node closest to the topic's id, which remembers the last ones that came by. Messages are signed: whoever
//! passes one on has checked it.

mod mates;
mod pace;
mod publish;
mod recall;
mod streams;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::vec::Vec;

use self::mates::{Guest, Member, Role};
use self::streams::Streams;
use crate::ground::{Ground, Jobs, ReplyTo};
use crate::id::{NodeId, TopicId};
use crate::io::OpId;
use crate::io::kinds::output;
use crate::limits::{MATES, TOPICS_MAX};
use crate::list::List;
use crate::status::Status;
use crate::time::{Duration, Instant, Stamp};
use crate::wire::Reader;
use crate::wire::frame::{BULK_MIN, Body};
use crate::wire::topic::{GRAFT, HAVE, PRUNE, PUBLISH, Place, ROOM, WANT};

/// How often a subscriber looks at its mates, and how often while it has few in a topic that was opened just now.
const BEAT_MS: u64 = 1_000;
const BEAT_SOON_MS: u64 = 250;

/// A topic is young for so long.
const YOUNG: Duration = Duration::from_ms(10_000);

/// How often it tells what it has; each second time what came before the last mark is told of no more.
const TELL_MS: u64 = 3_000;

/// One subscription.
struct Topic {
    id: TopicId,
    opened: Instant,
    meet_at: Instant,
    /// This node's own messages: their run, how many there are, and how many there were at the last beat.
    run: u32,
    number: u32,
    number_at_beat: u32,
    /// When the last of them was sent, in milliseconds since 1970.
    sent_ms: u64,
}

/// What a job does with a message.
enum Pending {
    Sign {
        op: OpId,
        topic: u32,
    },
    Check {
        place: Place,
        topic: u32,
        /// The linked peer that handed it here; nobody if it was routed.
        from: Option<NodeId>,
    },
    Recall {
        to: Box<ReplyTo>,
    },
}

/// Where topics stand. Topics go by the first 4 bytes of their ids.
#[derive(Default)]
pub(crate) struct Topics {
    list: Vec<Topic>,
    members: Vec<Member>,
    streams: Streams,
    /// The oldest first.
    guests: Vec<Guest>,
    /// Messages that were asked for just now, the oldest first.
    wanted: Vec<(Place, Stamp)>,
    pending: Jobs<Pending>,
    beat_at: Instant,
    tell_at: Instant,
    is_marking: bool,
    /// The number of this node's questions to other subscribers.
    question: u32,
}

impl Topics {
    fn has(&self, topic: u32) -> bool {
        self.list.iter().any(|known| known.id.short() == topic)
    }

    fn topic(&mut self, topic: u32) -> Option<&mut Topic> {
        self.list.iter_mut().find(|known| known.id.short() == topic)
    }

    /// Takes part in a topic.
    pub(crate) fn subscribe(&mut self, ground: &mut Ground, op: OpId, id: &TopicId) {
        let is_known = self.has(id.short());
        let has_room = is_known || self.list.len() < TOPICS_MAX;
        if has_room && !is_known {
            self.question = ground.rng.next() as u32;
            self.list.push(Topic {
                id: *id,
                opened: ground.now,
                meet_at: ground.now,
                run: ground.rng.next() as u32,
                number: 0,
                number_at_beat: 0,
                sent_ms: 0,
            });
            self.beat_within(ground, Duration(0));
        }
        let status = if has_room { Status::Ok } else { Status::TooManyRequests };
        ground.done(op, status, 0);
    }

    /// Takes part no longer.
    pub(crate) fn unsubscribe(&mut self, ground: &mut Ground, id: &TopicId) {
        let topic = id.short();
        self.list.keep(|known| known.id != *id);
        while let Some(place) = self.members.iter().position(|member| member.topic == topic) {
            let member = self.members.swap_remove(place);
            if member.is_mate() {
                tell(ground, &member.peer, PRUNE, id, &[]);
            }
        }
    }

    /// How many topics there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Looks at the mates within `span` at the latest.
    fn beat_within(&mut self, ground: &mut Ground, span: Duration) {
        self.beat_at = self.beat_at.min(ground.now + span);
        ground.arm(self.beat_at);
    }

    /// Whether the mates are to be looked at now: then follow [`Topics::gather`] and [`Topics::beat`] for each topic.
    pub(crate) fn begin_beats(&mut self, ground: &mut Ground) -> bool {
        let is_due = !self.list.is_empty() && ground.now >= self.beat_at;
        if is_due {
            let is_busy =
                |topic: &Topic| ground.now.since(topic.opened) < YOUNG && self.has_few(topic.id.short());
            let is_soon = self.list.iter().any(is_busy);
            self.beat_at = ground.about(if is_soon { BEAT_SOON_MS } else { BEAT_MS });
        }
        is_due
    }

    /// Ends a round of beats, and makes sure that the next one comes.
    pub(crate) fn end_beats(&mut self, ground: &mut Ground) {
        if ground.now >= self.tell_at {
            self.tell_at = ground.about(TELL_MS);
            self.is_marking = !self.is_marking;
            if self.is_marking {
                self.streams.mark();
            }
        }
        self.arm(ground);
    }

    /// Makes sure that the next beat comes.
    pub(crate) fn arm(&self, ground: &mut Ground) {
        if !self.list.is_empty() {
            ground.arm(self.beat_at);
        }
    }

    /// Looks at the members of a topic: asks more, parts with one too many, tells what is here, begins links.
    pub(crate) fn beat(&mut self, ground: &mut Ground, place: usize) {
        let Some(topic) = self.list.get_mut(place) else { return };
        let (id, short) = (topic.id, topic.id.short());
        topic.number_at_beat = topic.number;
        let missed = self.streams.give_up(short, ground.now);
        self.tell_missed(ground, &id, missed);
        self.ask_more(ground, &id);
        if self.count(short, Member::takes_part) > MATES + 1 {
            self.part_with_slowest(ground, &id);
        }
        self.note_laggards(short);
        self.make_way(ground, true);
        let tells = ground.now >= self.tell_at;
        let streams = if tells { self.streams.recent(short) } else { Vec::new() };
        for member in self.members.iter().filter(|member| member.topic == short) {
            match member.role {
                Role::Mate(_) if !streams.is_empty() => tell(ground, &member.peer, HAVE, &id, &streams),
                Role::Far { .. } if tells => ask(ground, self.question, &member.peer, GRAFT, &id, &[]),
                _ => {}
            }
            member.dial(ground);
        }
    }

    fn tell_missed(&self, ground: &mut Ground, topic: &TopicId, count: u32) {
        if count > 0 {
            ground.put_plain(output::MISSED, 0, count, &topic.0);
        }
    }

    /// Somebody says something about a topic.
    pub(crate) fn on_topic(&mut self, ground: &mut Ground, reply: ReplyTo, bytes: &[u8]) {
        let Some((kind, raw)) = bytes.split_first() else { return };
        let Some((id, rest)) = raw.split_first_chunk() else { return };
        let (id, from) = (TopicId(*id), reply.origin);
        let is_linked = ground.is_from_peer(&reply);
        if !self.has(id.short()) {
            // Who takes part no longer says so to whoever thinks otherwise.
            match *kind {
                GRAFT | HAVE | PUBLISH if is_linked => tell(ground, &from, PRUNE, &id, &[]),
                GRAFT => answer(ground, &reply, PRUNE, &id, &[]),
                _ => {}
            }
            return;
        }
        match *kind {
            GRAFT if is_linked => self.on_graft(ground, &from, &id, rest),
            GRAFT => {
                answer(ground, &reply, HAVE, &id, &self.streams.recent(id.short()));
                self.offer(ground, id.short(), &from);
            }
            PRUNE if is_linked => self.on_prune(ground, &from, &id, rest),
            PUBLISH => self.on_publish(ground, Some(from).filter(|_| is_linked), raw),
            HAVE if is_linked => {
                self.accept(ground, &id, &from);
                self.on_have(ground, &from, &id, rest);
            }
            WANT => self.on_want(ground, &reply, rest),
            ROOM if is_linked => self.on_room(&from, id.short(), rest),
            _ => {}
        }
    }

    /// Somebody answers a question of this node's.
    pub(crate) fn on_answer(&mut self, ground: &mut Ground, question: u32, from: &NodeId, bytes: &[u8]) {
        let mut reader = Reader::new(bytes);
        let (kind, id) = (reader.u8(), *TopicId::of(reader.array()));
        let rest = reader.rest();
        if question != self.question || !self.has(id.short()) {
            return;
        }
        match kind {
            HAVE => {
                self.hear_far(ground, id.short(), from);
                self.on_have(ground, from, &id, rest);
            }
            PRUNE => self.on_prune(ground, from, &id, &[]),
            PUBLISH => self.on_publish(ground, None, bytes.get(1..).unwrap_or(&[])),
            _ => {}
        }
    }
}

/// Says something about a topic to one node, over a link or by routing. What is bulk and finds no room is left unsaid.
fn tell(ground: &mut Ground, to: &NodeId, kind: u8, topic: &TopicId, rest: &[u8]) {
    ask(ground, 0, to, kind, topic, rest);
}

/// The same, to be answered under this number.
#[inline(never)]
fn ask(ground: &mut Ground, question: u32, to: &NodeId, kind: u8, topic: &TopicId, rest: &[u8]) {
    let bytes = [&[kind], &topic.0[..], rest].concat();
    let linked = ground.links.to(to).map(|link| link.id);
    let Some(link) = linked.or_else(|| ground.way(to)) else { return };
    let length = bytes.len() + 256;
    let has_room = ground.links.ready(link).is_some_and(|link| ground.has_room(link, length, false));
    if length <= BULK_MIN || has_room {
        ground.send_request_by(link, question, to, true, 0, &Body::Topic(&bytes));
    }
}

/// Answers by the way the question came.
fn answer(ground: &mut Ground, to: &ReplyTo, kind: u8, topic: &TopicId, rest: &[u8]) {
    let bytes = [&[kind], &topic.0[..], rest].concat();
    ground.reply(to, &Body::Topic(&bytes));
}
