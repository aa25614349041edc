//! Who is here: the live peers of every network, and whom a newcomer is introduced to.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use tabmesh_bounds::counted;
use tabmesh_engine::NodeId;
use tabmesh_engine::wire::signal::{FLAG_RELAY, INTRODUCED_MAX};

use crate::crowd::Crowd;
use crate::outbox::Outbox;

/// The first 8 bytes of SHA-256 of a network's name.
pub(crate) type Network = [u8; 8];

/// The proved peers of all networks. Its bound is that of the connections: each holds at most one place.
#[derive(Default, Debug)]
pub(crate) struct Directory {
    networks: HashMap<Network, Members>,
}

/// The peers of one network: by id, in order to find the nearest, and by address to draw from.
#[derive(Default, Debug)]
struct Members {
    peers: HashMap<NodeId, Peer>,
    ordered: BTreeSet<NodeId>,
    everyone: Crowd,
    /// A peer says of itself that it is one.
    relays: Crowd,
}

#[derive(Debug)]
struct Peer {
    flags: u8,
    /// Whom its address counts for.
    address: IpAddr,
    outbox: Arc<Outbox>,
}

impl Members {
    fn take_out(&mut self, id: &NodeId) -> Option<Peer> {
        let peer = self.peers.remove(id)?;
        self.ordered.remove(id);
        self.everyone.remove(peer.address, id);
        self.relays.remove(peer.address, id);
        Some(peer)
    }
}

impl Directory {
    /// Adds a peer that came from `address`. Gives back the outbox of an older connection with the same id, which lost its
    /// place.
    pub(crate) fn insert(
        &mut self,
        network: Network,
        id: NodeId,
        (flags, address): (u8, IpAddr),
        outbox: Arc<Outbox>,
    ) -> Option<Arc<Outbox>> {
        let members = self.networks.entry(network).or_default();
        let older = members.take_out(&id);
        let address = counted(address);
        members.ordered.insert(id);
        members.everyone.insert(address, id);
        if flags & FLAG_RELAY != 0 {
            members.relays.insert(address, id);
        }
        members.peers.insert(id, Peer { flags, address, outbox });
        older.map(|older| older.outbox)
    }

    /// Removes the peer, unless its place already belongs to a newer connection.
    pub(crate) fn remove(&mut self, network: Network, id: &NodeId, outbox: &Arc<Outbox>) {
        let Entry::Occupied(mut entry) = self.networks.entry(network) else { return };
        let members = entry.get_mut();
        if !members.peers.get(id).is_some_and(|peer| Arc::ptr_eq(&peer.outbox, outbox)) {
            return;
        }
        members.take_out(id);
        if members.peers.is_empty() {
            entry.remove();
        }
    }

    /// Where messages for a live peer go.
    pub(crate) fn outbox(&self, network: Network, id: &NodeId) -> Option<Arc<Outbox>> {
        Some(Arc::clone(&self.networks.get(&network)?.peers.get(id)?.outbox))
    }

    /// Up to [`INTRODUCED_MAX`] live peers of `network` for `id`, with their flags, never `id` itself: the one nearest
    /// to it, a relay, and others at random. `dice` gives random numbers; six are enough.
    ///
    /// Relays and others are drawn by address first: however many ids one address has here, it is named no more often
    /// than any other.
    pub(crate) fn introduce(
        &self,
        network: Network,
        id: &NodeId,
        mut dice: impl FnMut() -> u64,
    ) -> Vec<(NodeId, u8)> {
        let Some(members) = self.networks.get(&network) else { return Vec::new() };
        let mut chosen = Vec::with_capacity(INTRODUCED_MAX + 1);
        chosen.push(*id);
        chosen.extend(nearest(&members.ordered, id));
        chosen.extend(members.relays.draw(&chosen, &mut dice));
        while chosen.len() <= INTRODUCED_MAX {
            let Some(drawn) = members.everyone.draw(&chosen, &mut dice) else { break };
            chosen.push(drawn);
        }
        let others = chosen.into_iter().skip(1);
        others.filter_map(|id| Some((id, members.peers.get(&id)?.flags))).collect()
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
