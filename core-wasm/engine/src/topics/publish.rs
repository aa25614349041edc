//! Messages of topics: signed, checked, handed on. The shell keeps the messages themselves.

use alloc::vec::Vec;

use super::mates::{Member, Role};
use super::{Pending, Topics, tell};
use crate::ground::{Ground, Owner};
use crate::id::{NodeId, TopicId};
use crate::io::kinds::output;
use crate::io::{JobId, OpId};
use crate::limits::{PUBLISH_MAX, SKEW_S, TOPIC_JOBS_MAX};
use crate::status::Status;
use crate::wire::topic::{HEAD, Head, PUBLISH};

/// What a message is longer by on a link, at most.
const ON_LINK: usize = 256;

impl Topics {
    /// Signs a message; it goes out once that is done. One that comes too fast is refused.
    pub(crate) fn publish(&mut self, ground: &mut Ground, op: OpId, id: &TopicId, payload: &[u8]) {
        let status = if payload.len() > PUBLISH_MAX {
            Status::BadRequest
        } else if !self.has(id.short()) {
            Status::NotFound
        } else {
            let length = HEAD + payload.len() + ON_LINK;
            if self.may_publish(ground, id, length) && self.begin_signing(ground, op, id, payload) {
                return;
            }
            Status::TooManyRequests
        };
        ground.done(op, status, 0);
    }

    fn begin_signing(&mut self, ground: &mut Ground, op: OpId, id: &TopicId, payload: &[u8]) -> bool {
        let now_ms = ground.wall_ms().unwrap_or(0);
        let Some(known) = self.topic(id.short()) else { return false };
        let (sent_ms, run, number) = (known.sent_ms.max(now_ms), known.run, known.number + 1);
        let raw = Head { topic: id, sent_ms, run, number, key: &ground.config.key }.message(payload);
        let has_begun = self.start_job(ground, Pending::Sign { op, topic: id.short() }, raw);
        if let Some(known) = self.topic(id.short()).filter(|_| has_begun) {
            (known.sent_ms, known.number) = (sent_ms, number);
        }
        has_begun
    }

    /// Begins a job with a message or, to recall it, its name; false at the bound.
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
        let Some(pending) = self.pending.take(job) else { return };
        match (pending, raw) {
            (Pending::Sign { op, .. }, None) => ground.done(op, Status::Unavailable, 0),
            (Pending::Sign { op, topic }, Some(raw)) => {
                self.spread(ground, topic, None, raw);
                ground.done(op, Status::Ok, 0);
            }
            (Pending::Check { topic, from, .. }, Some(raw)) => self.spread(ground, topic, from.as_ref(), raw),
            // Whoever passes a message on has checked it.
            (Pending::Check { topic, from: Some(from), .. }, None) => {
                if let Some(id) = self.topic(topic).map(|known| known.id) {
                    self.part_with(ground, &id, &from);
                }
            }
            (Pending::Recall { to }, Some(raw)) => self.recalled(ground, &to, raw),
            (Pending::Check { .. } | Pending::Recall { .. }, None) => {}
        }
        self.make_way(ground, false);
    }

    /// Hands a message that is known to be sound to whoever takes part, and tells the application.
    fn spread(&mut self, ground: &mut Ground, topic: u32, from: Option<&NodeId>, raw: &[u8]) {
        let Some(head) = Head::parse(raw) else { return };
        let place = head.place();
        if !self.streams.is_news(&place, head.sent_ms) {
            return;
        }
        let missed = self.streams.take(&place, head.sent_ms, topic, ground.now);
        self.tell_missed(ground, head.topic, missed);
        let origin = NodeId::of_key(head.key);
        let takes_part = |member: &&Member| member.topic == topic && member.takes_part();
        for member in self.members.iter().filter(takes_part) {
            if Some(&member.peer) != from && member.peer != origin {
                tell(ground, &member.peer, PUBLISH, head.topic, raw.get(32..).unwrap_or(&[]));
            }
        }
        let ids = [&origin.0[..], &place.name(), &crate::hash::big_endian(head.sent_ms)].concat();
        ground.put_copy(output::PUBLISHED, 0, &ids, raw);
    }

    /// A message came, handed on by a linked peer or routed here.
    pub(super) fn on_publish(&mut self, ground: &mut Ground, from: Option<NodeId>, raw: &[u8]) {
        let Some(head) = Head::parse(raw) else { return };
        let (topic, place) = (head.topic.short(), head.place());
        if let Some(from) = &from {
            if *from == NodeId::of_key(head.key) {
                self.note_own(from, &head);
            }
            self.keep_in_step(ground, from, head.topic);
        }
        let is_fresh =
            ground.wall_ms().is_none_or(|now| now.abs_diff(head.sent_ms) <= u64::from(SKEW_S) * 1_000);
        let is_checked =
            self.pending.count(|job| matches!(job, Pending::Check { place: other, .. } if *other == place))
                > 0;
        if !is_fresh || is_checked || !self.streams.is_news(&place, head.sent_ms) {
            return self.make_way(ground, false);
        }
        // One peer takes no more than half of what can be checked at once, and all that is routed a quarter.
        let theirs =
            self.pending.count(|job| matches!(job, Pending::Check { from: other, .. } if *other == from));
        let most = if from.is_some() { TOPIC_JOBS_MAX / 2 } else { TOPIC_JOBS_MAX / 4 };
        if theirs < most {
            self.start_job(ground, Pending::Check { place, topic, from }, raw.to_vec());
        }
    }

    /// A linked peer that hands messages here and is no mate of this node's is told so.
    fn keep_in_step(&mut self, ground: &mut Ground, from: &NodeId, id: &TopicId) {
        let is_member = |role: &Role| matches!(role, Role::Mate(_) | Role::Asked { .. });
        if !self.member(id.short(), from).is_some_and(|member| is_member(&member.role)) {
            tell(ground, from, super::PRUNE, id, &[]);
        }
    }
}
