//! Messages that were lost on their way: who has them says so, who misses them asks.

use super::publish::start_job;
use super::say::tell;
use super::streams::Told;
use super::tables::Topics;
use crate::ground::{Ground, What, number};
use crate::id::TopicId;
use crate::io::LinkId;
use crate::io::kinds::output;
use crate::limits::MESSAGES_WANTED_MAX;
use crate::list::{List, copied};
use crate::wire::Writer;
use crate::wire::topic::{PRUNE, WANT};

/// So many messages are asked for at once of one mate; further ones with what is told next.
const WANTS_MAX: usize = 16;

impl Topics {
    /// A mate has messages: those that did not come here are asked for, none twice in a beat. And of this node's own it tells how many
    /// came.
    pub(super) fn on_have(&mut self, ground: &mut Ground, from: LinkId, id: &TopicId, streams: &[u8]) {
        let Some((own, number)) = self.topic(id).map(|topic| (topic.stream, topic.number)) else { return };
        let mate = self.mates.iter_mut().find(|mate| mate.topic == id.short() && mate.link == from);
        let Some(mate) = mate else {
            // What it said and what this node said of being mates crossed on the way.
            return tell(ground, from, PRUNE, id, &[]);
        };
        let mut wants = Writer::default();
        for told in Told::list(streams) {
            if told.stream == own {
                mate.acked = mate.acked.max(told.count().min(number));
            }
            for place in self.streams.missing(&told) {
                if wants.len() < WANTS_MAX * 12 && !self.wanted.contains(&place) {
                    // At the bound the oldest is forgotten: nobody's claims keep others' from being heard.
                    if self.wanted.len() >= MESSAGES_WANTED_MAX {
                        self.wanted.drop_at(0);
                    }
                    self.wanted.push(place);
                    wants.bytes(&place.stream).u32(place.number);
                }
            }
        }
        if !wants.is_empty() {
            tell(ground, from, WANT, id, &wants.finish());
        }
    }

    /// A peer missed messages.
    pub(super) fn on_want(&mut self, ground: &mut Ground, from: LinkId, places: &[u8]) {
        for place in places.as_chunks::<12>().0.iter().take(WANTS_MAX) {
            start_job(ground, What::Recall, number(Some(from)), output::RECALL, copied(place));
        }
    }
}
