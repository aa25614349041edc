//! Who is here: the live peers of every network, and whom a newcomer is introduced to.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use tabmesh_engine::NodeId;
use tabmesh_engine::wire::signal::{FLAG_RELAY, INTRODUCED_MAX};

use crate::outbox::Outbox;

/// The first 8 bytes of SHA-256 of a network's name.
pub(crate) type Network = [u8; 8];

/// The proved peers of all networks. Its bound is that of the connections: each holds at most one place.
#[derive(Default, Debug)]
pub(crate) struct Directory {
    networks: HashMap<Network, Members>,
}

/// The peers of one network, three times: by id, as relays to draw from, and in order to find the nearest.
#[derive(Default, Debug)]
struct Members {
    peers: IndexMap<NodeId, Peer>,
    relays: IndexSet<NodeId>,
    ordered: BTreeSet<NodeId>,
}

#[derive(Debug)]
struct Peer {
    flags: u8,
    outbox: Arc<Outbox>,
}

impl Directory {
    /// Adds a peer. Gives back the outbox of an older connection with the same id, which lost its place.
    pub(crate) fn insert(
        &mut self,
        network: Network,
        id: NodeId,
        flags: u8,
        outbox: Arc<Outbox>,
    ) -> Option<Arc<Outbox>> {
        let members = self.networks.entry(network).or_default();
        members.ordered.insert(id);
        if flags & FLAG_RELAY == 0 {
            members.relays.swap_remove(&id);
        } else {
            members.relays.insert(id);
        }
        members.peers.insert(id, Peer { flags, outbox }).map(|older| older.outbox)
    }

    /// Removes the peer, unless its place already belongs to a newer connection.
    pub(crate) fn remove(&mut self, network: Network, id: &NodeId, outbox: &Arc<Outbox>) {
        let Entry::Occupied(mut entry) = self.networks.entry(network) else { return };
        let members = entry.get_mut();
        if !members.peers.get(id).is_some_and(|peer| Arc::ptr_eq(&peer.outbox, outbox)) {
            return;
        }
        members.peers.swap_remove(id);
        members.relays.swap_remove(id);
        members.ordered.remove(id);
        if members.peers.is_empty() {
            entry.remove();
        }
    }

    /// Where messages for a live peer go.
    pub(crate) fn outbox(&self, network: Network, id: &NodeId) -> Option<Arc<Outbox>> {
        Some(Arc::clone(&self.networks.get(&network)?.peers.get(id)?.outbox))
    }

    /// Up to [`INTRODUCED_MAX`] live peers of `network` for `id`, with their flags, never `id` itself: the one nearest
    /// to it, a relay, and others at random. `dice` gives random numbers; three are enough.
    pub(crate) fn introduce(
        &self,
        network: Network,
        id: &NodeId,
        mut dice: impl FnMut() -> u64,
    ) -> Vec<(NodeId, u8)> {
        let Some(members) = self.networks.get(&network) else { return Vec::new() };
        let mut chosen = Vec::with_capacity(INTRODUCED_MAX);
        chosen.extend(nearest(&members.ordered, id));
        chosen.extend(draw(members.relays.len(), dice(), |index| {
            members.relays.get_index(index).copied().filter(|other| other != id && !chosen.contains(other))
        }));
        while chosen.len() < INTRODUCED_MAX {
            let drawn = draw(members.peers.len(), dice(), |index| {
                let (other, _) = members.peers.get_index(index)?;
                (other != id && !chosen.contains(other)).then_some(*other)
            });
            let Some(drawn) = drawn else { break };
            chosen.push(drawn);
        }
        chosen.into_iter().filter_map(|id| Some((id, members.peers.get(&id)?.flags))).collect()
    }

    /// How many networks have a peer here.
    pub(crate) fn networks(&self) -> usize {
        self.networks.len()
    }

    /// How many peers are here.
    pub(crate) fn peers(&self) -> usize {
        self.networks.values().map(|members| members.peers.len()).sum()
    }
}

/// The first of `count` places, from a random one on and around, that `fits` takes. It refuses three places at most
/// (the newcomer and those chosen before), so this ends soon.
fn draw(count: usize, random: u64, fits: impl Fn(usize) -> Option<NodeId>) -> Option<NodeId> {
    let start = random.checked_rem(count as u64)? as usize;
    (0..count.min(INTRODUCED_MAX + 1)).find_map(|step| fits((start + step) % count))
}

/// The id in `ordered` nearest to `target` by XOR, `target` itself left out.
///
/// Walks down the bits: of the ids that share a prefix with the best one, those that also agree with `target` in the
/// next bit are nearer; where there are none, the others are all that is left. Each step is two look-ups in the tree,
/// and about log2(n) steps leave one id.
fn nearest(ordered: &BTreeSet<NodeId>, target: &NodeId) -> Option<NodeId> {
    let (mut low, mut high) = (NodeId([0; 32]), NodeId([0xff; 32]));
    for bit in 0..256_usize {
        let mut left = ordered.range(low..=high).filter(|id| *id != target);
        let first = left.next()?;
        if left.next().is_none() {
            return Some(*first);
        }
        let mask = 0x80 >> (bit % 8);
        let (mut near_low, mut near_high) = (low, high);
        if target.0[bit / 8] & mask == 0 {
            near_high.0[bit / 8] &= !mask;
            low.0[bit / 8] |= mask;
        } else {
            near_low.0[bit / 8] |= mask;
            high.0[bit / 8] &= !mask;
        }
        if ordered.range(near_low..=near_high).any(|id| id != target) {
            (low, high) = (near_low, near_high);
        }
    }
    // Every bit is decided: `low` and `high` are the one id that was left.
    Some(low)
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;
