//! What is said of a topic on a link.

use crate::ground::Ground;
use crate::id::TopicId;
use crate::io::LinkId;
use crate::wire::Writer;
use crate::wire::frame::Frame;
use crate::wire::topic::PUBLISH;

/// What a message is longer by on a link, at most.
const ON_LINK: usize = 512;

/// Whether a link takes a message now.
pub(super) fn has_room(ground: &Ground, link: LinkId, length: usize) -> bool {
    ground.links.ready(link).is_some_and(|link| ground.has_room(link, length + ON_LINK, false))
}

/// Says something about a topic to a linked peer.
#[inline(never)]
pub(super) fn tell(ground: &mut Ground, to: LinkId, kind: u8, topic: &TopicId, rest: &[u8]) {
    let mut raw = Writer::default();
    raw.bytes(&topic.0).bytes(rest);
    hand(ground, to, kind, &raw.finish());
}

/// The same with the topic before it. What may be long and finds no room is left unsaid: a message will be asked for.
#[inline(never)]
pub(super) fn hand(ground: &mut Ground, to: LinkId, kind: u8, raw: &[u8]) {
    if kind < PUBLISH || has_room(ground, to, raw.len()) {
        ground.send(to, &Frame::Topic { kind, raw });
    }
}
