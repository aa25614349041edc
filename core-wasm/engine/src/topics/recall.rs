//! Messages that were lost on their way: who has them says so, who misses them asks.

use alloc::boxed::Box;

use super::streams::Told;
use super::{Pending, Topics, ask};
use crate::ground::{Ground, ReplyTo};
use crate::id::{NodeId, TopicId};
use crate::limits::TOPIC_JOBS_MAX;
use crate::list::List;
use crate::time::{Duration, Stamp};
use crate::wire::frame::Body;
use crate::wire::topic::{PUBLISH, Place, WANT};
use crate::wire::{Reader, Writer};

/// So many messages are asked for at once of one subscriber, and of all together; further ones with what is told next.
const WANTS_MAX: usize = 16;
const WANTED_MAX: usize = 32;

/// And not again, of anybody, within this.
const WANT_AGAIN: Duration = Duration::from_ms(1_000);

impl Topics {
    /// Somebody has messages: those that did not come here are asked for.
    pub(super) fn on_have(&mut self, ground: &mut Ground, from: &NodeId, id: &TopicId, streams: &[u8]) {
        let now = ground.now;
        self.wanted.keep(|(_, at)| at.age(now) < WANT_AGAIN);
        let mut wants = Writer::default();
        let mut count = 0;
        for told in Told::list(streams) {
            for number in self.streams.missing(&told) {
                let place = Place { stream: told.stream, number };
                let is_checked =
                    |job: &Pending| matches!(job, Pending::Check { place: other, .. } if *other == place);
                let is_under_way = self.wanted.iter().any(|(other, _)| *other == place)
                    || self.pending.count(is_checked) > 0;
                if count < WANTS_MAX && self.wanted.len() < WANTED_MAX && !is_under_way {
                    count += 1;
                    self.wanted.push((place, Stamp::of(now)));
                    wants.bytes(&place.stream).u32(number);
                }
            }
        }
        if count > 0 {
            ask(ground, self.question, from, WANT, id, &wants.finish());
        }
    }

    /// Somebody missed messages: they go back the way the wish came.
    pub(super) fn on_want(&mut self, ground: &mut Ground, reply: &ReplyTo, wants: &[u8]) {
        for row in wants.as_chunks::<12>().0.iter().take(WANTS_MAX) {
            let mut reader = Reader::new(row);
            let place = Place { stream: *reader.array(), number: reader.u32() };
            let recalls = self.pending.count(|job| matches!(job, Pending::Recall { .. }));
            if self.streams.has(&place) && recalls < TOPIC_JOBS_MAX / 2 {
                let pending = Pending::Recall { to: Box::new(reply.clone()) };
                self.start_job(ground, pending, place.name().to_vec());
            }
        }
    }

    pub(super) fn recalled(&mut self, ground: &mut Ground, to: &ReplyTo, raw: &[u8]) {
        ground.reply(to, &Body::Topic(&[&[PUBLISH], raw].concat()));
    }
}
