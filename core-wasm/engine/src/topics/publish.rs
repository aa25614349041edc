//! Messages of topics: signed, checked, handed on, asked for again. The shell keeps the messages themselves.

use alloc::vec::Vec;
use core::num::NonZeroU32;

use super::{Member, Topics, name, tell};
use crate::ground::{Ground, Job, Parcel, What};
use crate::id::NodeId;
use crate::io::OpId;
use crate::io::kinds::output;
use crate::limits::{PUBLISH_MAX, TOPIC_JOBS_MAX};
use crate::status::Status;
use crate::time::Instant;
use crate::wire::topic::{self, PUBLISH, WANT};

/// A message is passed on for so long after it was sent, if the clocks can be trusted.
const FRESH_S: u32 = 120;

impl Topics {
    /// Signs a message; it goes out once that is done.
    pub(crate) fn publish(&mut self, ground: &mut Ground, op: OpId, id: &NodeId, payload: &[u8]) {
        let topic = name(&id.0);
        let status = if payload.len() > PUBLISH_MAX {
            Status::BadRequest
        } else if !self.has(topic) {
            Status::NotFound
        } else {
            let (sent_s, nonce) =
                (ground.wall_s().map_or(0, NonZeroU32::get), ground.keystream.number() as u32);
            let raw = topic::message(id, sent_s, nonce, &ground.config.key, payload);
            if start_job(ground, What::SignMessage, op.0, raw) {
                return;
            }
            Status::TooManyRequests
        };
        ground.done(op, status, 0);
    }

    /// A job ended, with a message if it went well.
    pub(crate) fn on_job(&mut self, ground: &mut Ground, job: &Job, raw: Option<&[u8]>) {
        // What this node publishes comes from nobody.
        let Some(parcel) = &job.parcel else {
            let status = if let Some(raw) = raw {
                self.seen.note(name(&topic::id(raw)), name(raw), ground.now);
                self.spread(ground, &NodeId([0; 32]), raw);
                Status::Ok
            } else {
                Status::Unavailable
            };
            return ground.done(OpId(job.number), status, 0);
        };
        match (job.what, raw) {
            (What::CheckMessage, Some(raw)) => self.spread(ground, &parcel.peer, raw),
            // Whoever passes a message on has checked it.
            (What::CheckMessage, None) => self.forget(name(&parcel.bytes), &parcel.peer),
            (_, Some(raw)) => hand(ground, &parcel.peer, raw),
            _ => {}
        }
    }

    /// Hands a message that is known to be sound to the mates, and tells the application.
    fn spread(&self, ground: &mut Ground, from: &NodeId, raw: &[u8]) {
        let topic = name(raw);
        let Some((_, key)) = topic::parse(raw) else { return };
        let origin = NodeId::of_key(key);
        for Member { peer, .. } in self.mates(topic) {
            if *peer != *from && *peer != origin {
                hand(ground, peer, raw);
            }
        }
        let mut names = origin.0.to_vec();
        names.extend_from_slice(&topic::id(raw));
        ground.put_copy(output::PUBLISHED, 0, &names, raw);
    }

    /// Somebody hands a message on.
    pub(super) fn on_publish(&mut self, ground: &mut Ground, from: &NodeId, raw: &[u8]) {
        let Some((sent_s, _)) = topic::parse(raw) else { return };
        let (topic, id) = (name(raw), name(&topic::id(raw)));
        self.hear(topic, from, ground.now);
        let wall_s = ground.wall_s().filter(|_| sent_s != 0);
        let is_late = wall_s.is_some_and(|now| now.get().abs_diff(sent_s) > FRESH_S);
        if !is_late
            && !self.seen.has(id)
            && start_job_for(ground, What::CheckMessage, from, &topic.to_ne_bytes(), raw)
        {
            // Told of by when it was sent, or newcomers would hand it round for as long as they come.
            let age_s = wall_s.map_or(0, |now| now.get().saturating_sub(sent_s));
            let sent_at = Instant(ground.now.0.saturating_sub(u64::from(age_s) * 1_000_000));
            self.seen.note(id, topic, sent_at);
        }
    }

    /// Somebody has messages: those that did not come here are asked for.
    pub(super) fn on_have(&mut self, ground: &mut Ground, from: &NodeId, id: &NodeId, messages: &[u8]) {
        self.hear(name(&id.0), from, ground.now);
        let mut missing = Vec::new();
        for message in messages.as_chunks::<8>().0 {
            if !self.seen.has(name(message)) {
                missing.extend_from_slice(message);
            }
        }
        if !missing.is_empty() {
            tell(ground, from, WANT, id, &missing);
        }
    }

    /// Somebody missed messages.
    pub(super) fn on_wanted(&mut self, ground: &mut Ground, from: &NodeId, messages: &[u8]) {
        for message in messages.as_chunks::<8>().0 {
            if self.seen.has(name(message)) {
                start_job_for(ground, What::Recall, from, &[], message);
            }
        }
    }
}

/// Begins a job with a message or, to recall it, its name; false at the bound.
#[inline(never)]
fn start_job(ground: &mut Ground, what: What, number: u32, bytes: Vec<u8>) -> bool {
    let kind = match what {
        What::SignMessage => output::SIGN_MESSAGE,
        What::CheckMessage => output::CHECK_MESSAGE,
        _ => output::RECALL,
    };
    ground.count_jobs(&|job| job.what.is_topic()) < TOPIC_JOBS_MAX
        && ground.start_job(what, number, kind, 0, &[], bytes)
}

/// The same for a message that came from `peer`, or goes there.
#[inline(never)]
fn start_job_for(ground: &mut Ground, what: What, peer: &NodeId, topic: &[u8], bytes: &[u8]) -> bool {
    let has_begun = start_job(ground, what, 0, bytes.to_vec());
    if has_begun {
        ground.attach(Parcel { peer: *peer, bytes: topic.to_vec(), by: None, reply: None });
    }
    has_begun
}

fn hand(ground: &mut Ground, to: &NodeId, raw: &[u8]) {
    if let Some((id, rest)) = raw.split_first_chunk() {
        tell(ground, to, PUBLISH, &NodeId(*id), rest);
    }
}
