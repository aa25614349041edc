//! What a shell may show of a node.

use alloc::vec::Vec;

use super::Node;
use crate::id::NodeId;
use crate::io::{LinkId, LinkKind, Profile};
use crate::time::Instant;

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
            since: link.since,
        })
    }

    /// The closest nodes known, nearest first, at most 12, linked or not.
    pub fn neighbourhood(&self) -> Vec<NodeId> {
        self.ground.known_neighbours().ids().to_vec()
    }
}
