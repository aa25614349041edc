//! Whether nodes know who is near them, and have a link into every part of the id space that has anybody in it.

use std::collections::HashMap;

use tabmesh_engine::limits::LINKS_MAX;
use tabmesh_engine::{Node, NodeId};

use super::graph::Parts;
use super::ring::Ring;
use crate::crypto::Crypto;
use crate::event::NodeNumber;
use crate::world::World;

/// How many of the closest a node should know: the neighbourhood.
const CLOSEST: usize = 12;

/// What is true of the nodes that were looked at.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Tables {
    /// Of the closest nodes that a node should know, how many it knows: mean and least.
    pub(crate) known: f64,
    pub(crate) known_least: f64,
    /// Of the buckets with anybody in them that a network of this size fills, how many have a link.
    pub(crate) buckets: f64,
    pub(crate) links: f64,
    /// Those to liars, of all.
    pub(crate) to_liars: f64,
    pub(crate) links_most: usize,
    /// Nodes with more links than their profile may have.
    pub(crate) over_bound: usize,
    /// Links that one end lists and the other does not, of all.
    pub(crate) one_sided: f64,
    /// Parts that the overlay falls into, and nodes outside the largest.
    pub(crate) parts: usize,
    pub(crate) outside: usize,
}

/// Looks at `nodes`, every `every`th of them where closeness is counted; `ring` has everybody that is joined.
pub(crate) fn look<C: Crypto>(world: &World<C>, ring: &Ring, nodes: &[NodeNumber], every: usize) -> Tables {
    let mut owners: HashMap<NodeId, NodeNumber> = HashMap::with_capacity(ring.len());
    owners.extend(ring.iter().map(|(id, owner)| (NodeId(*id), owner)));
    let engine = |node: NodeNumber| world.shard_of(node).engine(node);
    let mut tables = Tables { known_least: 1.0, ..Tables::default() };
    let links = list_links(world, nodes, &owners, &mut tables);
    join_parts(world, nodes, &links, &mut tables);
    let mut looked = 0;
    for node in nodes.iter().step_by(every.max(1)) {
        let Some(engine) = engine(*node) else { continue };
        looked += 1;
        let known = known_share(engine, ring, &owners);
        tables.known += known;
        tables.known_least = tables.known_least.min(known);
        tables.buckets += bucket_share(engine, ring);
    }
    tables.known /= f64::from(looked.max(1));
    tables.buckets /= f64::from(looked.max(1));
    tables
}

/// Who is linked to whom, as each end says, in order.
fn list_links<C: Crypto>(
    world: &World<C>,
    nodes: &[NodeNumber],
    owners: &HashMap<NodeId, NodeNumber>,
    tables: &mut Tables,
) -> Vec<(NodeNumber, NodeNumber)> {
    let mut links = Vec::new();
    for node in nodes {
        let Some(engine) = world.shard_of(*node).engine(*node) else { continue };
        let mut count = 0;
        for view in engine.links() {
            count += 1;
            links.extend(owners.get(&view.id).map(|peer| (*node, *peer)));
        }
        tables.links += count as f64;
        tables.links_most = tables.links_most.max(count);
        tables.over_bound += usize::from(count > LINKS_MAX[world.ground.profile(*node) as usize]);
    }
    let to_liars = links.iter().filter(|(_, peer)| world.ground.lie(*peer).is_some()).count();
    tables.to_liars = to_liars as f64 / links.len().max(1) as f64;
    tables.links /= nodes.len().max(1) as f64;
    links.sort_unstable();
    links
}

fn join_parts<C: Crypto>(
    world: &World<C>,
    nodes: &[NodeNumber],
    links: &[(NodeNumber, NodeNumber)],
    tables: &mut Tables,
) {
    let mut parts = Parts::new(world.ground.nodes as usize);
    let mut one_sided = 0;
    for (one, other) in links {
        if links.binary_search(&(*other, *one)).is_ok() {
            parts.join(*one, *other);
        } else {
            one_sided += 1;
        }
    }
    tables.one_sided = f64::from(one_sided) / links.len().max(1) as f64;
    let (count, largest) = parts.count(nodes.iter().copied());
    tables.parts = count;
    tables.outside = nodes.len() - largest;
}

fn known_share(engine: &Node, ring: &Ring, owners: &HashMap<NodeId, NodeNumber>) -> f64 {
    let own = engine.id();
    let mut known: Vec<NodeNumber> =
        engine.neighbourhood().iter().filter_map(|id| owners.get(id).copied()).collect();
    known.sort_unstable();
    let truth = ring.nearest(&own.0, CLOSEST + 1);
    let others: Vec<u32> = truth.into_iter().filter(|owner| owners.get(&own) != Some(owner)).collect();
    let wanted = others.len().min(CLOSEST);
    if wanted == 0 {
        return 1.0;
    }
    let right = others.iter().take(wanted).filter(|owner| known.binary_search(owner).is_ok()).count();
    right as f64 / wanted as f64
}

fn bucket_share(engine: &Node, ring: &Ring) -> f64 {
    let own = engine.id();
    let shared = |other: &NodeId| {
        let differs = own.0.iter().zip(&other.0).position(|(one, other)| one != other);
        differs.map_or(256, |at| at * 8 + (own.0[at] ^ other.0[at]).leading_zeros() as usize)
    };
    let linked: Vec<usize> = engine.links().map(|view| shared(&view.id)).collect();
    // Deeper buckets are the neighbourhood's, which is counted for itself.
    let depth = (ring.len().max(2) as f64).log2() as usize;
    let full: Vec<usize> = (0..depth).filter(|bucket| ring.has_bucket(&own.0, *bucket)).collect();
    let covered = full.iter().filter(|bucket| linked.contains(bucket)).count();
    covered as f64 / full.len().max(1) as f64
}
