//! Messages of topics: signed, checked, handed on, asked for again. The shell keeps the messages themselves.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::num::NonZeroU32;

use super::Node;
use super::jobs::Pending;
use super::topics::name;
use crate::ground::Owner;
use crate::id::NodeId;
use crate::io::OpId;
use crate::io::kinds::output;
use crate::limits::{PUBLISH_MAX, TOPIC_JOBS_MAX};
use crate::status::Status;
use crate::time::Instant;
use crate::wire::topic::{self, PUBLISH, WANT};

/// A message is passed on for so long after it was sent, if the clocks can be trusted.
const FRESH_S: u32 = 120;

/// What a job does with a message.
pub(super) enum Task {
    Sign(OpId),
    Check,
    Recall,
}

/// One of them under way.
pub(super) struct Parcel {
    task: Task,
    topic: u64,
    /// Who sent the message or wants it.
    peer: NodeId,
}

impl Node {
    /// Signs a message; it goes out once that is done.
    pub(super) fn publish(&mut self, op: OpId, id: &NodeId, payload: &[u8]) {
        let topic = name(&id.0);
        let status = if payload.len() > PUBLISH_MAX {
            Status::BadRequest
        } else if !self.topics.has(topic) {
            Status::NotFound
        } else {
            let (sent_s, nonce) =
                (self.ground.wall_s().map_or(0, NonZeroU32::get), self.ground.keystream.number() as u32);
            let raw = topic::message(id, sent_s, nonce, &self.ground.config.key, payload);
            let own = self.ground.id;
            if self.start_topic_job(Task::Sign(op), topic, &own, raw) {
                return;
            }
            Status::TooManyRequests
        };
        self.ground.done(op, status, 0);
    }

    /// Begins a job with a message or, to recall it, its name; false at the bound.
    #[inline(never)]
    fn start_topic_job(&mut self, task: Task, topic: u64, peer: &NodeId, bytes: Vec<u8>) -> bool {
        let running = self.pending.count(|job| matches!(job, Pending::Topic(_)));
        let kind = match task {
            Task::Sign(_) => output::SIGN_MESSAGE,
            Task::Check => output::CHECK_MESSAGE,
            Task::Recall => output::RECALL,
        };
        let parcel = Pending::Topic(Box::new(Parcel { task, topic, peer: *peer }));
        running < TOPIC_JOBS_MAX
            && self.pending.add(self.ground.start_job(Owner::Topics, kind, 0, &[], bytes), parcel)
    }

    pub(super) fn on_topic_job(&mut self, parcel: &Parcel, raw: Option<&[u8]>) {
        let Parcel { task, topic, peer } = parcel;
        match (task, raw) {
            (Task::Sign(op), _) => {
                let mut status = Status::Unavailable;
                if let Some(raw) = raw {
                    self.topics.seen.note(name(&topic::id(raw)), *topic, self.ground.now);
                    self.spread(*topic, peer, raw);
                    status = Status::Ok;
                }
                self.ground.done(*op, status, 0);
            }
            (Task::Check, Some(raw)) => self.spread(*topic, peer, raw),
            // Whoever passes a message on has checked it.
            (Task::Check, None) => self.topics.forget(*topic, peer),
            (Task::Recall, Some(raw)) => self.hand(peer, raw),
            (Task::Recall, None) => {}
        }
    }

    /// Hands a message that is known to be sound to the mates, and tells the application.
    fn spread(&mut self, topic: u64, from: &NodeId, raw: &[u8]) {
        let Some((_, key)) = topic::parse(raw) else { return };
        let origin = NodeId::of_key(key);
        let mut place = 0;
        while let Some((peer, next)) = self.topics.next_mate(topic, place) {
            place = next;
            if peer != *from && peer != origin {
                self.hand(&peer, raw);
            }
        }
        let names = [&origin.0[..], &topic::id(raw)].concat();
        self.ground.put_copy(output::PUBLISHED, 0, &names, raw);
    }

    fn hand(&mut self, to: &NodeId, raw: &[u8]) {
        if let Some((id, rest)) = raw.split_first_chunk() {
            self.tell(to, PUBLISH, &NodeId(*id), rest);
        }
    }

    /// Somebody hands a message on.
    pub(super) fn on_publish(&mut self, from: &NodeId, raw: &[u8]) {
        let Some((sent_s, _)) = topic::parse(raw) else { return };
        let (topic, id) = (name(raw), name(&topic::id(raw)));
        self.topics.hear(topic, from, self.ground.now);
        let is_late =
            self.ground.wall_s().is_some_and(|now| sent_s != 0 && now.get().abs_diff(sent_s) > FRESH_S);
        if !is_late
            && !self.topics.seen.has(id)
            && self.start_topic_job(Task::Check, topic, from, raw.to_vec())
        {
            // Told of by when it was sent, or newcomers would hand it round for as long as they come.
            let age_s = self
                .ground
                .wall_s()
                .filter(|_| sent_s != 0)
                .map_or(0, |now| now.get().saturating_sub(sent_s));
            let sent_at = Instant(self.ground.now.0.saturating_sub(u64::from(age_s) * 1_000_000));
            self.topics.seen.note(id, topic, sent_at);
        }
    }

    /// Somebody has messages: those that did not come here are asked for.
    pub(super) fn on_have(&mut self, from: &NodeId, id: &NodeId, messages: &[u8]) {
        self.topics.hear(name(&id.0), from, self.ground.now);
        let mut missing = Vec::new();
        for message in messages.as_chunks::<8>().0 {
            if !self.topics.seen.has(name(message)) {
                missing.extend_from_slice(message);
            }
        }
        if !missing.is_empty() {
            self.tell(from, WANT, id, &missing);
        }
    }

    /// Somebody missed messages.
    pub(super) fn on_wanted(&mut self, from: &NodeId, topic: u64, messages: &[u8]) {
        for message in messages.as_chunks::<8>().0 {
            if self.topics.seen.has(name(message)) {
                self.start_topic_job(Task::Recall, topic, from, message.to_vec());
            }
        }
    }
}
