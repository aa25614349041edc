//! What a node remembers of topics.

use alloc::vec::Vec;

use super::streams::Streams;
use crate::id::TopicId;
use crate::io::LinkId;
use crate::list::List;
use crate::time::Instant;
use crate::wire::topic::Place;

/// One subscription.
#[derive(Clone, Copy)]
pub(super) struct Topic {
    pub(super) id: TopicId,
    /// When others are looked for next, and how often they were since a mate was lost.
    pub(super) seek_at: Instant,
    pub(super) seeks: u32,
    /// This node's own messages: their run, the name of their stream once there are any, how many there are, and how many more may come
    /// before the next beat.
    pub(super) run: u32,
    pub(super) stream: [u8; 8],
    pub(super) number: u32,
    pub(super) left: u32,
}

/// The link to a peer that takes part in a topic, or was asked to just now.
#[derive(Clone, Copy)]
pub(super) struct Mate {
    pub(super) topic: u32,
    pub(super) link: LinkId,
    /// How many of this node's own messages came to it.
    pub(super) acked: u32,
    /// One of the two has few others: they stay mates.
    pub(super) is_needed: bool,
}

/// Where topics stand. Topics go by the first 4 bytes of their ids.
#[derive(Default)]
pub(crate) struct Topics {
    pub(super) list: Vec<Topic>,
    pub(super) mates: Vec<Mate>,
    pub(super) streams: Streams,
    /// Messages that were asked for since the last beat.
    pub(super) wanted: Vec<Place>,
    pub(super) beat_at: Instant,
    pub(super) beats: u32,
}

#[inline(never)]
pub(super) fn topic<'a>(list: &'a mut [Topic], id: &TopicId) -> Option<&'a mut Topic> {
    list.iter_mut().find(|known| known.id == *id)
}

/// Those of a topic.
pub(super) fn of_topic<'a>(mates: &'a [Mate], id: &TopicId) -> impl Iterator<Item = &'a Mate> + use<'a> {
    let topic = id.short();
    mates.iter().filter(move |mate| mate.topic == topic)
}

impl Topics {
    pub(super) fn topic(&mut self, id: &TopicId) -> Option<&mut Topic> {
        topic(&mut self.list, id)
    }

    pub(super) fn mates_of(&self, id: &TopicId) -> impl Iterator<Item = &Mate> {
        of_topic(&self.mates, id)
    }

    #[inline(never)]
    pub(super) fn count(&self, id: &TopicId) -> usize {
        self.mates_of(id).count()
    }

    pub(super) fn mate(&mut self, id: &TopicId, link: LinkId) -> Option<&mut Mate> {
        self.mates.iter_mut().find(|mate| mate.topic == id.short() && mate.link == link)
    }

    /// Whether a link is kept for a topic.
    pub(crate) fn needs(&self, link: LinkId) -> bool {
        self.mates.iter().any(|mate| mate.link == link)
    }

    /// Forgets a mate, or all, in a topic, or in all.
    #[inline(never)]
    pub(super) fn forget(&mut self, id: Option<&TopicId>, link: Option<LinkId>) {
        let is_other = |mate: &Mate| {
            id.is_some_and(|id| mate.topic != id.short()) || link.is_some_and(|link| mate.link != link)
        };
        self.mates.keep(is_other);
    }
}
