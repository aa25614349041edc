//! Taking part: subscribing, the regular look at the mates, and what linked peers say.

use alloc::vec::Vec;

use super::say::tell;
use super::tables::{Topic, Topics};
use crate::ground::Ground;
use crate::id::TopicId;
use crate::io::{LinkId, OpId};
use crate::limits::{PUBLISHED_A_BEAT, TOPICS_MAX};
use crate::list::List;
use crate::status::Status;
use crate::time::Duration;
use crate::wire::topic::{GRAFT, HAVE, PRUNE, PUBLISH, WANT};

/// How often a subscriber looks at its mates, and in how many of these turns it tells what it has.
pub(super) const BEAT_MS: u64 = 500;
const TELL_BEATS: u32 = 4;

impl Topics {
    /// Takes part in a topic.
    pub(crate) fn subscribe(&mut self, ground: &mut Ground, op: OpId, id: &TopicId) {
        let is_known = self.topic(id).is_some();
        let has_room = is_known || self.list.len() < ground.profile_limit(&TOPICS_MAX);
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
    pub(super) fn tell_mates(&self, ground: &mut Ground, id: &TopicId, mask: u64) {
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
            GRAFT => self.on_graft(ground, from, id, rest),
            PRUNE => self.on_prune(ground, from, id, rest),
            PUBLISH => self.on_publish(ground, from, raw),
            HAVE => self.on_have(ground, from, id, rest),
            WANT => self.on_want(ground, from, rest),
            _ => {}
        }
    }
}
