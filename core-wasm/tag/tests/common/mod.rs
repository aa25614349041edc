//! What members heard, by what their faces were told.

#![allow(dead_code, reason = "not every test needs all of it")]

pub(crate) mod alone;
pub(crate) mod watched;

use std::collections::{BTreeMap, BTreeSet};

use tabmesh_port::{NodeId, Port, Status};
use tabmesh_tag::{Event, port};

pub(crate) const SECOND: u64 = 1_000_000;

pub(crate) fn tag() -> Port {
    port("blue")
}

/// What one face heard.
#[derive(Clone, Default, Debug)]
pub(crate) struct Heard {
    /// By sender, run and number: how often, and the bytes.
    pub(crate) published: BTreeMap<(NodeId, u32, u32), (u32, Vec<u8>)>,
    pub(crate) received: Vec<(NodeId, bool, Vec<u8>)>,
    /// By operation: all its ends.
    pub(crate) ends: BTreeMap<u32, Vec<Status>>,
    pub(crate) refused: u32,
    /// As told last.
    pub(crate) linked: Vec<NodeId>,
    pub(crate) changes: u32,
}

impl Heard {
    /// What it heard since.
    pub(crate) fn add_all(&mut self, events: &[Vec<u8>]) {
        events.iter().for_each(|event| self.add(event));
    }

    fn add(&mut self, event: &[u8]) {
        match Event::read(event).expect("a tag tells its face what is well formed") {
            Event::Published { from, run, number, bytes } => {
                let entry = self.published.entry((*from, run, number)).or_default();
                *entry = (entry.0 + 1, bytes.to_vec());
            }
            Event::Received { from, is_proven, bytes } => {
                self.received.push((*from, is_proven, bytes.to_vec()));
            }
            Event::Ended { op, status } => self.ends.entry(op).or_default().push(status),
            Event::Members { linked, .. } => {
                self.linked = linked.to_vec();
                self.changes += 1;
            }
            Event::Refused(_) => self.refused += 1,
        }
    }

    /// How often these bytes were published to it.
    pub(crate) fn times(&self, bytes: &[u8]) -> u32 {
        self.published.values().filter(|(_, of)| of == bytes).map(|(times, _)| times).sum()
    }
}

/// How many groups there are that are linked within, of members with their links.
pub(crate) fn components(links: &BTreeMap<NodeId, Vec<NodeId>>) -> usize {
    let mut left: BTreeSet<NodeId> = links.keys().copied().collect();
    let mut count = 0;
    while let Some(first) = left.pop_first() {
        count += 1;
        let mut open = vec![first];
        while let Some(id) = open.pop() {
            open.extend(links[&id].iter().copied().filter(|next| left.remove(next)));
        }
    }
    count
}

/// Of these the one closest to a key, by plain arithmetic.
pub(crate) fn closest(ids: &[NodeId], key: &NodeId) -> NodeId {
    let far = |id: &NodeId| -> Vec<u8> { id.0.iter().zip(key.0).map(|(one, other)| one ^ other).collect() };
    *ids.iter().min_by_key(|id| far(id)).unwrap()
}
