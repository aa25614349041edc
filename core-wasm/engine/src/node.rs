//! The node: where the rooms meet.

use alloc::vec::Vec;

use crate::id::NodeId;
use crate::io::{Config, Input, LinkId, LinkKind, Output, Profile};
use crate::time::Instant;

/// One node of the overlay. See the crate's documentation for the rule by which a shell drives it.
pub struct Node {
    id: NodeId,
}

/// What a shell may show of one link to a peer that proved itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LinkView {
    /// The link.
    pub link: LinkId,
    /// Who is at its other end.
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
    /// A node that knows nobody yet; it begins to join with the first input.
    pub fn new(config: Config) -> Self {
        Self { id: NodeId::of_key(&config.key) }
    }

    /// The node's id: SHA-256 of its key.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// Whether the node is part of the network now.
    pub fn is_joined(&self) -> bool {
        false
    }

    /// The links to peers that proved themselves, by link number.
    pub fn links(&self) -> impl Iterator<Item = LinkView> + '_ {
        core::iter::empty()
    }

    /// The closest nodes known, nearest first, at most 12, linked or not.
    pub fn neighbourhood(&self) -> Vec<NodeId> {
        Vec::new()
    }

    /// Takes in one thing that happened at `now`.
    pub fn handle_input(&mut self, _now: Instant, _input: Input<'_>) {}

    /// The next thing to do; [`Output::Timeout`] when there is nothing more.
    pub fn poll_output(&mut self) -> Output {
        Output::Timeout(Instant::NEVER)
    }
}
