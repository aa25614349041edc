//! Messages of topics: signed, checked, handed on, no faster than mates take them in. The shell keeps the messages themselves.

use alloc::vec::Vec;

use super::{Pending, Topics, tell};
use crate::ground::{Ground, Owner};
use crate::hash::big_endian;
use crate::id::{NodeId, TopicId};
use crate::io::kinds::output;
use crate::io::{JobId, OpId};
use crate::limits::{PUBLISH_MAX, SKEW_S, TOPIC_JOBS_MAX};
use crate::link::Link;
use crate::status::Status;
use crate::wire::topic::{self, Head, PUBLISH};

/// What a message is longer by on a link, at most.
const ON_LINK: usize = 512;

/// Mates are told what is here each time that so many messages of a stream came; not of the last ones, which may be under way still.
const TELL_EACH: u32 = 8;

/// A publisher is ahead of a mate by no more than so many messages: those it was told of late, and as many again.
const AHEAD_MAX: u32 = 3 * TELL_EACH;

/// Messages that a publisher gives in a beat to a mate that takes in none.
const FORGIVEN: u32 = 2;

/// Whether a link takes a message now.
pub(super) fn has_room(ground: &Ground, link: &Link, length: usize) -> bool {
    ground.has_room(link, length + ON_LINK, false)
}

impl Topics {
    /// Signs a message; it goes out once that is done. One that comes too fast is refused.
    pub(crate) fn publish(&mut self, ground: &mut Ground, op: OpId, id: &TopicId, payload: &[u8]) {
        let may = self.may_publish(ground, id, payload.len());
        let status = match self.topic(id) {
            _ if payload.len() > PUBLISH_MAX => Status::BadRequest,
            None => Status::NotFound,
            Some(topic) if may => {
                let head = Head {
                    topic: id,
                    run: topic.run,
                    key: &ground.config.key,
                    number: topic.number + 1,
                    sent_ms: ground.wall_ms(),
                };
                let raw = head.message(payload);
                if self.start_job(ground, Pending::Sign { op }, raw) {
                    if let Some(topic) = self.topic(id) {
                        topic.number += 1;
                        topic.left -= 1;
                    }
                    return;
                }
                Status::TooManyRequests
            }
            Some(_) => Status::TooManyRequests,
        };
        ground.done(op, status, 0);
    }

    /// Whether the next message of this node's may go: every mate has come far enough, and its link has room.
    fn may_publish(&mut self, ground: &Ground, id: &TopicId, length: usize) -> bool {
        let Some((number, left)) = self.topic(id).map(|topic| (topic.number, topic.left)) else {
            return false;
        };
        left > 0
            && self.mates_of(id).all(|mate| {
                let link = ground.links.to(&mate.peer);
                number < mate.acked + AHEAD_MAX && link.is_none_or(|link| has_room(ground, link, length))
            })
    }

    /// A mate that falls behind slows this node down, but never stops it.
    pub(super) fn forgive(&mut self, id: &TopicId, number: u32) {
        for mate in self.mates.iter_mut().filter(|mate| mate.topic == id.short()) {
            mate.acked = mate.acked.max(number.saturating_sub(AHEAD_MAX - FORGIVEN));
        }
    }

    /// Begins a job with a message or, to recall it, its place; false at the bound.
    #[inline(never)]
    pub(super) fn start_job(&mut self, ground: &mut Ground, pending: Pending, bytes: Vec<u8>) -> bool {
        let kind = match pending {
            Pending::Sign { .. } => output::SIGN_MESSAGE,
            Pending::Check { .. } => output::CHECK_MESSAGE,
            Pending::Recall { .. } => output::RECALL,
        };
        self.pending.count(|_| true) < TOPIC_JOBS_MAX
            && self.pending.add(ground.start_job(Owner::Topics, kind, 0, &[], bytes), pending)
    }

    /// A job ended, with a message if it went well.
    pub(crate) fn on_job(&mut self, ground: &mut Ground, job: JobId, raw: Option<&[u8]>) {
        match (self.pending.take(job), raw) {
            (Some(Pending::Sign { op }), None) => ground.done(op, Status::Unavailable, 0),
            (Some(Pending::Sign { op }), Some(raw)) => {
                self.spread(ground, None, raw);
                ground.done(op, Status::Ok, 0);
            }
            (Some(Pending::Check { from, .. }), Some(raw)) => self.spread(ground, Some(&from), raw),
            // Whoever passes a message on has checked it.
            (Some(Pending::Check { from, .. }), None) => self.on_mate_lost(ground, &from),
            (Some(Pending::Recall { to }), Some(raw)) => hand(ground, &to, raw),
            (Some(Pending::Recall { .. }) | None, _) => {}
        }
    }

    /// Hands a message that is known to be sound to the mates, and tells the application.
    fn spread(&mut self, ground: &mut Ground, from: Option<&NodeId>, raw: &[u8]) {
        let Some(head) = Head::parse(raw) else { return };
        let place = topic::place(raw);
        if !self.streams.take(&place, head.sent_ms, head.topic.short(), ground.now) {
            return;
        }
        let origin = NodeId::of_key(head.key);
        if let Some(topic) = self.topic(head.topic).filter(|_| from.is_none()) {
            topic.stream = place.stream;
        }
        for mate in self.mates_of(head.topic) {
            if Some(&mate.peer) != from && mate.peer != origin {
                hand(ground, &mate.peer, raw);
            }
        }
        if place.number.is_multiple_of(TELL_EACH) {
            self.tell_mates(ground, head.topic, u64::MAX << TELL_EACH);
        }
        let ids = [&origin.0[..], &place.bytes(), &big_endian(head.sent_ms)].concat();
        ground.put_copy(output::PUBLISHED, 0, &ids, raw);
    }

    /// A peer hands a message on.
    pub(super) fn on_publish(&mut self, ground: &mut Ground, from: &NodeId, id: &TopicId, rest: &[u8]) {
        let raw = [&id.0, rest].concat();
        let Some(head) = Head::parse(&raw) else { return };
        let place = topic::place(&raw);
        let now_ms = ground.wall_ms();
        let is_fresh = now_ms == 0 || now_ms.abs_diff(head.sent_ms) <= u64::from(SKEW_S) * 1_000;
        let is_under_way =
            |job: &Pending| matches!(job, Pending::Check { place: other, .. } if *other == place);
        // One peer takes no more than half of what can be checked at once.
        let is_theirs = |job: &Pending| matches!(job, Pending::Check { from: other, .. } if other == from);
        if is_fresh
            && self.streams.is_news(&place, head.sent_ms)
            && self.pending.count(is_under_way) == 0
            && self.pending.count(is_theirs) < TOPIC_JOBS_MAX / 2
        {
            self.start_job(ground, Pending::Check { place, from: *from }, raw);
        }
    }
}

fn hand(ground: &mut Ground, to: &NodeId, raw: &[u8]) {
    if let Some((id, rest)) = raw.split_first_chunk() {
        tell(ground, to, PUBLISH, TopicId::of(id), rest);
    }
}
