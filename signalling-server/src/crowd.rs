//! Peers to draw from, by their addresses.

use std::net::IpAddr;

use indexmap::{IndexMap, IndexSet};
use tabmesh_engine::NodeId;

/// Ids by the address that they came from. Its bound is that of the connections.
#[derive(Default, Debug)]
pub(crate) struct Crowd(IndexMap<IpAddr, IndexSet<NodeId>>);

impl Crowd {
    pub(crate) fn insert(&mut self, address: IpAddr, id: NodeId) {
        self.0.entry(address).or_default().insert(id);
    }

    /// Removes the id, if it is here.
    pub(crate) fn remove(&mut self, address: IpAddr, id: &NodeId) {
        let Some(ids) = self.0.get_mut(&address) else { return };
        ids.swap_remove(id);
        if ids.is_empty() {
            self.0.swap_remove(&address);
        }
    }

    /// A random id of a random address, none of `refused`; nothing if there is no other. Takes two numbers of `dice`.
    ///
    /// Where it meets refused ids it goes on to the next: so it looks at few more ids and addresses than are refused.
    pub(crate) fn draw(&self, refused: &[NodeId], mut dice: impl FnMut() -> u64) -> Option<NodeId> {
        let (by_address, by_id) = (dice(), dice());
        around(self.0.len(), by_address).find_map(|address| {
            let (_, ids) = self.0.get_index(address)?;
            let fits = |index| ids.get_index(index).filter(|id| !refused.contains(id)).copied();
            around(ids.len(), by_id).find_map(fits)
        })
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.values().map(IndexSet::len).sum()
    }
}

/// `count` places, from a random one on and around.
fn around(count: usize, random: u64) -> impl Iterator<Item = usize> {
    let start = random.checked_rem(count as u64).unwrap_or(0) as usize;
    (start..count).chain(0..start)
}
