//! The linked peers, and which ports are open at them.

use alloc::vec::Vec;

use tabmesh_port::limits::VIEW_MAX;
use tabmesh_port::{NodeId, Port};

/// What one entry of a list of open ports takes.
const OPEN: usize = 5;

/// One entry of a list of open ports: number and version.
pub(crate) fn entry(port: Port, version: u8) -> [u8; OPEN] {
    let [a, b, c, d] = port.0.to_be_bytes();
    [a, b, c, d, version]
}

/// In the order of their ids.
#[derive(Default)]
pub(crate) struct Peers(Vec<Peer>);

pub(crate) struct Peer {
    pub(crate) id: NodeId,
    pub(crate) is_relayed: bool,
    open: Vec<u8>,
}

impl Peers {
    pub(crate) fn find(&self, id: &NodeId) -> Option<&Peer> {
        self.place(id).ok().and_then(|at| self.0.get(at))
    }

    /// A peer was linked: it has told nothing yet.
    pub(crate) fn add(&mut self, id: NodeId, is_relayed: bool) {
        let peer = Peer { id, is_relayed, open: Vec::new() };
        match self.place(&id) {
            Ok(at) => _ = self.0.get_mut(at).map(|known| known.is_relayed = is_relayed),
            Err(at) => self.0.insert(at, peer),
        }
    }

    pub(crate) fn remove(&mut self, id: &NodeId) {
        if let Ok(at) = self.place(id) {
            self.0.remove(at);
        }
    }

    pub(crate) fn set_open(&mut self, id: &NodeId, open: &[u8]) {
        if let Ok(at) = self.place(id)
            && let Some(peer) = self.0.get_mut(at)
        {
            peer.open = open.to_vec();
        }
    }

    /// Those at which a port is open with this version; of more than a view names, some of every part of the id space.
    pub(crate) fn view(&self, port: Port, version: u8) -> Vec<NodeId> {
        let wanted = entry(port, version);
        let has = |peer: &&Peer| peer.open.as_chunks::<OPEN>().0.contains(&wanted);
        let all: Vec<NodeId> = self.0.iter().filter(has).map(|peer| peer.id).collect();
        (0..all.len().min(VIEW_MAX))
            .filter_map(|turn| all.get(turn * all.len() / all.len().min(VIEW_MAX)))
            .copied()
            .collect()
    }

    fn place(&self, id: &NodeId) -> Result<usize, usize> {
        self.0.binary_search_by(|peer| peer.id.0.cmp(&id.0))
    }
}
