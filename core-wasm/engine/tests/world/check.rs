//! What must be true, worked out from the whole world at once. Nothing here uses the engine's own geometry, tables or
//! routing: distances are counted anew, and closeness is brute force over all hosts.

use std::collections::{BTreeMap, BTreeSet};

use tabmesh_engine::limits::{LINK_BUDGET, LINKS_MAX};
use tabmesh_engine::{BlockHash, NodeId};

use super::host::State;
use super::ids::HostId;
use super::run::World;

/// How far two ids are apart: their XOR as two halves of a big-endian number.
pub(crate) fn distance(one: &NodeId, other: &NodeId) -> (u128, u128) {
    let half = |id: &NodeId, at: usize| {
        id.0[at..at + 16].iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte))
    };
    (half(one, 0) ^ half(other, 0), half(one, 16) ^ half(other, 16))
}

impl World {
    /// The hosts whose engine runs, frozen ones left out.
    pub(crate) fn live(&self) -> Vec<HostId> {
        self.all().into_iter().filter(|host| self.is_live(*host)).collect()
    }

    /// Whether every live node is part of the network.
    pub(crate) fn all_joined(&self) -> bool {
        self.live().into_iter().all(|host| self.host(host).is_joined())
    }

    /// The `count` live nodes closest to `target`, nearest first.
    pub(crate) fn closest(&self, target: &NodeId, count: usize) -> Vec<NodeId> {
        let mut ids: Vec<NodeId> = self.live().into_iter().map(|host| self.host(host).id).collect();
        ids.sort_by_key(|id| distance(id, target));
        ids.truncate(count);
        ids
    }

    /// The live nodes that do not know the `count` live nodes closest to them, up to `missing_max` of those; and how
    /// many are missing.
    pub(crate) fn wrong_neighbourhoods(&self, count: usize, missing_max: usize) -> Vec<(HostId, usize)> {
        let missing = |host: HostId| {
            let machine = self.host(host);
            let known = machine.neighbourhood();
            let truth = self.closest(&machine.id, count + 1);
            truth.iter().filter(|id| **id != machine.id && !known.contains(id)).count()
        };
        self.live()
            .into_iter()
            .map(|host| (host, missing(host)))
            .filter(|(_, missing)| *missing > missing_max)
            .collect()
    }

    /// Who is missing in a host's view of the `count` live nodes closest to it.
    pub(crate) fn missing_neighbours(&self, host: HostId, count: usize) -> Vec<HostId> {
        let machine = self.host(host);
        let known = machine.neighbourhood();
        let truth = self.closest(&machine.id, count + 1);
        let missing = truth.iter().filter(|id| **id != machine.id && !known.contains(id));
        missing.filter_map(|id| self.host_of(id)).collect()
    }

    /// Whether a host knows the `count` live nodes closest to it exactly, nearest first.
    pub(crate) fn knows_closest(&self, host: HostId, count: usize) -> bool {
        let machine = self.host(host);
        let truth = self.closest(&machine.id, count + 1);
        let others = truth.iter().filter(|id| **id != machine.id);
        machine.neighbourhood().iter().take(count).eq(others)
    }

    /// How many parts the graph of links between live nodes falls into, by the links that both ends agree on.
    pub(crate) fn parts(&self) -> usize {
        self.parts_among(&self.live())
    }

    /// How many parts the graph of links among these hosts falls into.
    pub(crate) fn parts_among(&self, hosts: &[HostId]) -> usize {
        let graph = self.graph();
        let mut unseen: BTreeSet<HostId> = hosts.iter().copied().collect();
        let mut parts = 0;
        while let Some(first) = unseen.pop_first() {
            parts += 1;
            let mut open = vec![first];
            while let Some(host) = open.pop() {
                for peer in &graph[&host] {
                    if unseen.remove(peer) {
                        open.push(*peer);
                    }
                }
            }
        }
        parts
    }

    /// Links that one end lists and the other does not.
    pub(crate) fn one_sided_links(&self) -> Vec<(HostId, HostId)> {
        let listed = self.listed();
        let is_listed = |from: &HostId, to: &HostId| listed.get(from).is_some_and(|peers| peers.contains(to));
        let pairs = listed.iter().flat_map(|(from, peers)| peers.iter().map(move |to| (*from, *to)));
        pairs.filter(|(from, to)| !is_listed(to, from)).collect()
    }

    /// Hosts that list two links to one peer.
    pub(crate) fn double_links(&self) -> Vec<(HostId, NodeId)> {
        let doubles = |host: HostId| {
            let mut ids: Vec<NodeId> = self.host(host).peers().iter().map(|view| view.id).collect();
            ids.sort();
            let twice: Vec<_> =
                ids.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| (host, pair[0])).collect();
            twice
        };
        self.live().into_iter().flat_map(doubles).collect()
    }

    /// The live hosts whose store has the block.
    pub(crate) fn holders(&self, hash: &BlockHash) -> Vec<HostId> {
        self.live().into_iter().filter(|host| self.host(*host).store.block(hash).is_some()).collect()
    }

    /// How many of the `count` live nodes closest to the block have it.
    pub(crate) fn rightful_holders(&self, hash: &BlockHash, count: usize) -> usize {
        let rightful = self.closest(hash.place(), count);
        self.holders(hash).into_iter().filter(|host| rightful.contains(&self.host(*host).id)).count()
    }

    /// The hosts that ever had more links, those being made among them, than an engine of their profile may.
    pub(crate) fn over_limit(&self) -> Vec<(HostId, usize)> {
        let most = |host: HostId| (host, self.host(host).links_most);
        let limit = |host: HostId| LINKS_MAX[self.host(host).spec.profile as usize];
        self.live().into_iter().map(most).filter(|(host, links)| *links > limit(*host)).collect()
    }

    /// The hosts that have at least `slack` links more than an engine of their profile aims at.
    pub(crate) fn over_budget(&self, slack: usize) -> Vec<(HostId, usize)> {
        let count = |host: HostId| (host, self.host(host).peers().len());
        let budget = |host: HostId| LINK_BUDGET[self.host(host).spec.profile as usize];
        self.live().into_iter().map(count).filter(|(host, links)| *links >= budget(*host) + slack).collect()
    }

    /// The host with this id.
    pub(crate) fn host_of(&self, id: &NodeId) -> Option<HostId> {
        self.all().into_iter().find(|host| self.host(*host).id == *id)
    }

    fn is_live(&self, host: HostId) -> bool {
        self.host(host).state == State::Running && self.host(host).is_engine()
    }

    fn listed(&self) -> BTreeMap<HostId, BTreeSet<HostId>> {
        let by_id: BTreeMap<NodeId, HostId> =
            self.all().into_iter().map(|host| (self.host(host).id, host)).collect();
        let peers = |host: HostId| {
            let views = self.host(host).peers();
            views
                .iter()
                .filter_map(|view| by_id.get(&view.id).copied())
                .filter(|peer| self.is_live(*peer))
                .collect()
        };
        self.live().into_iter().map(|host| (host, peers(host))).collect()
    }

    fn graph(&self) -> BTreeMap<HostId, BTreeSet<HostId>> {
        let listed = self.listed();
        let agreed = |from: &HostId, peers: &BTreeSet<HostId>| {
            peers.iter().filter(|peer| listed[peer].contains(from)).copied().collect()
        };
        listed.iter().map(|(host, peers)| (*host, agreed(host, peers))).collect()
    }
}
