//! What a shell may show of a node.

use alloc::vec::Vec;

use super::Node;
use crate::id::NodeId;
use crate::io::{LinkId, LinkKind, Profile};
use crate::time::Instant;
use crate::wire::Writer;

/// What a shell may show of one link to a peer that proved itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LinkView {
    /// The link.
    pub link: LinkId,
    /// Who is at the other end.
    pub id: NodeId,
    /// Over what.
    pub kind: LinkKind,
    /// What the peer can afford.
    pub profile: Profile,
    /// Smoothed round-trip time in microseconds; 0 until the first one is measured.
    pub rtt_us: u32,
    /// Whether the peer is one of the closest nodes known.
    pub is_neighbour: bool,
    /// When the peer proved itself.
    pub since: Instant,
}

impl Node {
    /// The links to peers that proved themselves, by link number.
    pub fn links(&self) -> impl Iterator<Item = LinkView> + '_ {
        let neighbours = self.ground.linked_neighbours();
        self.ground.links.peers().map(move |link| LinkView {
            link: link.id,
            id: link.peer,
            kind: link.kind,
            profile: link.profile,
            rtt_us: link.rtt.smoothed_us(),
            is_neighbour: neighbours.contains(&link.peer),
            since: link.since(),
        })
    }

    /// The same as bytes, 49 for each: id 32, link 2, kind 1, profile 1, neighbour or not 1, round trip 4, since when 8.
    pub fn links_bytes(&self) -> Vec<u8> {
        let neighbours = self.ground.linked_neighbours();
        let mut writer = Writer::default();
        for link in self.ground.links.peers() {
            writer.bytes(&link.peer.0).u16(link.id.number()).u8(link.kind as u8).u8(link.profile as u8);
            writer.u8(neighbours.contains(&link.peer).into()).u32(link.rtt.smoothed_us()).u64(link.since().0);
        }
        writer.finish()
    }

    /// The closest nodes known, nearest first, at most 12, linked or not.
    pub fn neighbourhood(&self) -> Vec<NodeId> {
        self.ground.known_neighbours().into_ids()
    }
}
