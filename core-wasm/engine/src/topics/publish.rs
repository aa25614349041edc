//! Messages of topics: signed, checked, handed on, no faster than mates take them in. The shell keeps the messages themselves.

use alloc::vec::Vec;

use super::say::{hand, has_room};
use super::tables::{Mate, Topics, of_topic, topic};
use crate::ground::{Ground, Job, What, number};
use crate::id::{NodeId, TopicId};
use crate::io::kinds::output;
use crate::io::{LinkId, OpId};
use crate::limits::{PUBLISH_MAX, SKEW_S, TOPIC_JOBS_MAX};
use crate::list::copied;
use crate::status::Status;
use crate::wire::Writer;
use crate::wire::topic::{Head, PUBLISH, place};

/// Mates are told what is here each time that so many messages of a stream came; not of the last ones, which may be under way still.
const TELL_EACH: u32 = 8;

/// A publisher is ahead of a mate by no more than so many messages: those it was told of late, and as many again.
const AHEAD_MAX: u32 = 3 * TELL_EACH;

/// Messages that a publisher gives in a beat to a mate that takes in none.
const FORGIVEN: u32 = 2;

/// Begins a job with a message or, to recall it, its place; false at the bound. No peer takes more than half of what can be done at
/// once, and neither does this node.
#[inline(never)]
pub(super) fn start_job(ground: &mut Ground, what: What, number: u32, kind: u32, bytes: Vec<u8>) -> bool {
    let is_own = |what: What| what == What::SignMessage;
    let is_alike = |job: &Job| {
        job.what.is_topic()
            && is_own(job.what) == is_own(what)
            && (is_own(what) || job.number as u16 == number as u16)
    };
    ground.count_jobs(&|job| job.what.is_topic()) < TOPIC_JOBS_MAX
        && ground.count_jobs(&is_alike) < TOPIC_JOBS_MAX / 2
        && ground.start_job(what, number, kind, 0, &[], bytes)
}

impl Topics {
    /// Signs a message; it goes out once that is done. One that comes too fast is refused.
    pub(crate) fn publish(&mut self, ground: &mut Ground, op: OpId, id: &TopicId, payload: &[u8]) {
        let status = match topic(&mut self.list, id) {
            _ if payload.len() > PUBLISH_MAX => Status::BadRequest,
            None => Status::NotFound,
            Some(topic) => {
                // Every mate has come far enough, and its link has room.
                let takes = |mate: &Mate| {
                    topic.number < mate.acked + AHEAD_MAX && has_room(ground, mate.link, payload.len())
                };
                let head = Head {
                    topic: id,
                    run: topic.run,
                    key: &ground.config.key,
                    number: topic.number + 1,
                    sent_ms: ground.wall_ms(),
                };
                if topic.left > 0 && of_topic(&self.mates, id).all(takes) {
                    let raw = head.message(payload);
                    if start_job(ground, What::SignMessage, op.0, output::SIGN_MESSAGE, raw) {
                        topic.number += 1;
                        topic.left -= 1;
                        return;
                    }
                }
                Status::TooManyRequests
            }
        };
        ground.done(op, status, 0);
    }

    /// A mate that falls behind slows this node down, but never stops it.
    pub(super) fn forgive(&mut self, id: &TopicId, number: u32) {
        for mate in self.mates.iter_mut().filter(|mate| mate.topic == id.short()) {
            mate.acked = mate.acked.max(number.saturating_sub(AHEAD_MAX - FORGIVEN));
        }
    }

    /// A job ended, with a message if it went well.
    pub(crate) fn on_job(&mut self, ground: &mut Ground, job: &Job, raw: Option<&[u8]>) {
        match (job.what, job.link(), raw) {
            (What::SignMessage, ..) => {
                if let Some(raw) = raw {
                    self.spread(ground, None, raw);
                }
                let status = if raw.is_some() { Status::Ok } else { Status::Unavailable };
                ground.done(OpId(job.number), status, 0);
            }
            (What::CheckMessage, from, Some(raw)) => self.spread(ground, from, raw),
            // Whoever passes a message on has checked it.
            (What::CheckMessage, Some(from), None) => self.on_mate_lost(ground, from),
            (_, Some(to), Some(raw)) => hand(ground, to, PUBLISH, raw),
            _ => {}
        }
    }

    /// Hands a message that is known to be sound to the mates, and tells the application.
    fn spread(&mut self, ground: &mut Ground, from: Option<LinkId>, raw: &[u8]) {
        let Some(head) = Head::parse(raw) else { return };
        let place = place(raw);
        if !self.streams.take(&place, head.sent_ms, head.topic.short(), ground.now) {
            return;
        }
        let origin = NodeId::of_key(head.key);
        if let Some(topic) = topic(&mut self.list, head.topic).filter(|_| from.is_none()) {
            topic.stream = place.stream;
        }
        let to_origin = ground.links.id_to(&origin);
        for mate in self.mates_of(head.topic) {
            if Some(mate.link) != from && Some(mate.link) != to_origin {
                hand(ground, mate.link, PUBLISH, raw);
            }
        }
        if place.number.is_multiple_of(TELL_EACH) {
            self.tell_mates(ground, head.topic, u64::MAX << TELL_EACH);
        }
        let mut ids = Writer::default();
        ids.bytes(&origin.0).bytes(&place.stream).u32(place.number).u64(head.sent_ms);
        ground.put_copy(output::PUBLISHED, 0, &ids.finish(), raw);
    }

    /// A peer hands a message on.
    pub(super) fn on_publish(&mut self, ground: &mut Ground, from: LinkId, raw: &[u8]) {
        let Some(head) = Head::parse(raw) else { return };
        let place = place(raw);
        let now_ms = ground.wall_ms();
        let is_fresh = now_ms == 0 || now_ms.abs_diff(head.sent_ms) <= u64::from(SKEW_S) * 1_000;
        // A link's number takes half of the job's; the other half says which message it is, nearly always. One that is taken for another
        // is asked for again.
        let label = number(Some(from)) | (place.number ^ u32::from(place.stream[0]) << 8) << 16;
        let is_under_way = |job: &Job| job.what == What::CheckMessage && job.number >> 16 == label >> 16;
        if is_fresh && self.streams.is_news(&place, head.sent_ms) && ground.count_jobs(&is_under_way) == 0 {
            start_job(ground, What::CheckMessage, label, output::CHECK_MESSAGE, copied(raw));
        }
    }
}
