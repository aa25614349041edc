//! Topics: publish and subscribe over a mesh of subscribers, after GossipSub (Vyzovitis et al. 2020).
//!
//! Each subscriber keeps some six *mates* among its links and hands them every message that is new to it. Mates tell each other which
//! messages they have, so that what was lost is asked for, and so that whoever publishes hears how far they have come. Subscribers find
//! each other among their links, from those that have no room, and at the node closest to the topic's id, which remembers the last
//! ones that came by. Messages are signed: whoever passes one on has checked it.

mod mates;
mod publish;
mod recall;
mod streams;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use self::mates::{Guest, Mate};
use self::publish::has_room;
use self::streams::Streams;
use crate::ground::Ground;
use crate::id::TopicId;
use crate::io::{LinkId, OpId};
use crate::limits::{PUBLISHED_A_BEAT, TOPICS_MAX};
use crate::list::List;
use crate::status::Status;
use crate::time::{Duration, Instant};
use crate::wire::Writer;
use crate::wire::frame::Frame;
use crate::wire::topic::{GRAFT, HAVE, PRUNE, PUBLISH, Place, WANT};

/// How often a subscriber looks at its mates, and in how many of these turns it tells what it has.
const BEAT_MS: u64 = 500;
const TELL_BEATS: u32 = 4;

/// One subscription.
struct Topic {
    id: TopicId,
    /// When others are looked for next, and how often they were since a mate was lost.
    seek_at: Instant,
    seeks: u32,
    /// This node's own messages: their run, the name of their stream once there are any, how many there are, and how many more may come
    /// before the next beat.
    run: u32,
    stream: [u8; 8],
    number: u32,
    left: u32,
}

/// Where topics stand. Topics go by the first 4 bytes of their ids.
#[derive(Default)]
pub(crate) struct Topics {
    list: Vec<Topic>,
    mates: Vec<Mate>,
    streams: Streams,
    /// The oldest first.
    guests: Vec<Guest>,
    /// Messages that were asked for since the last beat.
    wanted: Vec<Place>,
    beat_at: Instant,
    beats: u32,
}

#[inline(never)]
fn topic<'a>(list: &'a mut [Topic], id: &TopicId) -> Option<&'a mut Topic> {
    list.iter_mut().find(|known| known.id == *id)
}

impl Topics {
    fn topic(&mut self, id: &TopicId) -> Option<&mut Topic> {
        topic(&mut self.list, id)
    }

    /// Takes part in a topic.
    pub(crate) fn subscribe(&mut self, ground: &mut Ground, op: OpId, id: &TopicId) {
        let is_known = self.topic(id).is_some();
        let has_room = is_known || self.list.len() < TOPICS_MAX;
        if has_room && !is_known {
            self.list.push(Topic {
                id: *id,
                seek_at: ground.now,
                seeks: 0,
                run: ground.keystream.number() as u32,
                stream: [0; 8],
                number: 0,
                left: PUBLISHED_A_BEAT,
            });
            self.beat_at = ground.now;
            ground.arm(ground.now);
        }
        let status = if has_room { Status::Ok } else { Status::TooManyRequests };
        ground.done(op, status, 0);
    }

    /// Takes part no longer.
    pub(crate) fn unsubscribe(&mut self, ground: &mut Ground, id: &TopicId) {
        self.list.keep(|known| known.id != *id);
        for mate in self.mates_of(id) {
            tell(ground, mate.link, PRUNE, id, &[]);
        }
        self.forget(Some(id), None);
    }

    /// Looks at the mates of every topic, if it is time. The answer is the topics whose own nodes shall be asked for others.
    pub(crate) fn on_time(&mut self, ground: &mut Ground) -> Vec<TopicId> {
        let mut lonely = Vec::new();
        if !self.list.is_empty() {
            if ground.now >= self.beat_at {
                self.beat_at = ground.now + Duration::from_ms(BEAT_MS);
                self.beats = self.beats.wrapping_add(1);
                self.wanted.clear();
                for place in 0..self.list.len() {
                    if let Some(id) = self.beat(ground, place) {
                        lonely.push(id);
                    }
                }
            }
            ground.arm(self.beat_at);
        }
        lonely
    }

    /// Parts with a mate too many, lets this node's own messages flow on, tells what is here. The answer is the topic if it is time
    /// to look for others.
    fn beat(&mut self, ground: &mut Ground, place: usize) -> Option<TopicId> {
        let topic = self.list.get_mut(place)?;
        topic.left = PUBLISHED_A_BEAT;
        let (id, number, is_due) = (topic.id, topic.number, ground.now >= topic.seek_at);
        self.forgive(&id, number);
        self.part_with_slowest(ground, &id);
        if self.beats.is_multiple_of(TELL_BEATS) {
            self.tell_mates(ground, &id, u64::MAX);
        }
        if is_due {
            self.seek(ground, &id);
        }
        is_due.then_some(id)
    }

    /// Tells the mates which messages came not long ago; of each stream's last 64 those in `mask`.
    fn tell_mates(&self, ground: &mut Ground, id: &TopicId, mask: u64) {
        let streams = self.streams.recent(id.short(), ground.now, mask);
        if !streams.is_empty() {
            for mate in self.mates_of(id) {
                tell(ground, mate.link, HAVE, id, &streams);
            }
        }
    }

    /// A linked peer says something about a topic.
    pub(crate) fn on_topic(&mut self, ground: &mut Ground, from: LinkId, kind: u8, raw: &[u8]) {
        let Some((id, rest)) = raw.split_first_chunk() else { return };
        let id = TopicId::of(id);
        let is_known = self.topic(id).is_some();
        match kind {
            // Who takes part no longer says so to whoever thinks otherwise.
            GRAFT if !is_known => tell(ground, from, PRUNE, id, &[]),
            _ if !is_known => {}
            GRAFT => self.on_graft(ground, from, id),
            PRUNE => self.on_prune(ground, from, id, rest),
            PUBLISH => self.on_publish(ground, from, raw),
            HAVE => self.on_have(ground, from, id, rest),
            WANT => self.on_want(ground, from, rest),
            _ => {}
        }
    }
}

/// Says something about a topic to a linked peer.
#[inline(never)]
fn tell(ground: &mut Ground, to: LinkId, kind: u8, topic: &TopicId, rest: &[u8]) {
    let mut raw = Writer::default();
    raw.bytes(&topic.0).bytes(rest);
    hand(ground, to, kind, &raw.finish());
}

/// The same with the topic before it. What may be long and finds no room is left unsaid: a message will be asked for.
#[inline(never)]
fn hand(ground: &mut Ground, to: LinkId, kind: u8, raw: &[u8]) {
    if kind < PUBLISH || has_room(ground, to, raw.len()) {
        ground.send(to, &Frame::Topic { kind, raw });
    }
}
