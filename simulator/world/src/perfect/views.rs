//! Whom nodes see, and what they hear when that changes.

use tabmesh_port::limits::VIEW_MAX;
use tabmesh_port::{Input, Module, NodeId, Told};

use super::Perfect;

/// An id, and the place of its node.
type Row = (NodeId, usize);

/// Bits of an id.
const BITS: u32 = 256;

impl<M: Module> Perfect<M> {
    /// Tells everybody whom it can reach now, and what became of its links.
    pub(super) fn tell_changes(&mut self) {
        for place in 0..self.nodes.len() {
            self.tell_view(place);
            self.tell_links(place);
        }
    }

    /// The same, where one node came or went: most nodes see others than that one.
    pub(super) fn tell_change(&mut self, changed: usize) {
        let id = self.nodes[changed].id;
        for place in 0..self.nodes.len() {
            if place == changed || self.may_see(place, &id) {
                self.tell_view(place);
            }
            if place == changed || self.nodes[place].holds(&id) {
                self.tell_links(place);
            }
        }
    }

    fn tell_view(&mut self, place: usize) {
        let ids = self.whom_it_sees(place);
        if let Some((version, ids)) = self.nodes[place].see(ids) {
            self.hand(place, &Input::Told(Told::View { version, ids: &ids }));
        }
    }

    /// Whether somebody's view may be another one because `id` came or went: true where that is not certain.
    fn may_see(&self, place: usize, id: &NodeId) -> bool {
        let (own, Some(view)) = (&self.nodes[place].id, self.nodes[place].view()) else { return true };
        if view.len() < VIEW_MAX || view.contains(id) {
            return true;
        }
        // The first 64 bits tell ids apart; where they do not, that is not certain either.
        let distance = |other: &NodeId| (own.head() ^ other.head()).swap_bytes();
        let bucket = distance(id).leading_zeros();
        let mut fellows = [0_u8; 65];
        let mut most = 0;
        for other in view {
            let depth = distance(other).leading_zeros();
            if depth == bucket && distance(id) <= distance(other) {
                return true;
            }
            let fellows = &mut fellows[depth as usize];
            *fellows += 1;
            most = most.max(*fellows);
        }
        fellows[bucket as usize] < most
    }

    /// As many as a view names: the nearest of every bucket, then the second nearest of every bucket, and so on. Whoever knows one of
    /// every bucket is on a way to everybody (Kademlia §3).
    fn whom_it_sees(&self, place: usize) -> Vec<NodeId> {
        let own = self.nodes[place].id;
        let is_there = |other: usize| other != place && self.is_way(place, other);
        let mut ranked: Vec<(usize, NodeId)> = Vec::new();
        let (mut near, mut buckets) = (&self.ids[..], Vec::new());
        for bit in 0..BITS {
            if near.is_empty() {
                break;
            }
            let (same, other) = halves(near, &own, bit);
            buckets.push((bit, other));
            near = same;
        }
        // The nearest bucket first; of each as few as are enough.
        buckets.reverse();
        for most in [4, VIEW_MAX] {
            ranked.clear();
            for (bit, bucket) in &buckets {
                let mut ids = Vec::new();
                nearest(bucket, &own, (bit + 1, most), &is_there, &mut ids);
                ranked.extend(ids.into_iter().enumerate());
            }
            if ranked.len() >= VIEW_MAX {
                break;
            }
        }
        ranked.sort_by_key(|(rank, _)| *rank);
        let mut ids: Vec<NodeId> = ranked.into_iter().take(VIEW_MAX).map(|(_, id)| id).collect();
        ids.sort_unstable_by_key(|id| own.distance(id));
        ids
    }
}

/// Of ids in order that begin alike up to `bit`, those that have this bit as `own` has it, and the others.
fn halves<'a>(ids: &'a [Row], own: &NodeId, bit: u32) -> (&'a [Row], &'a [Row]) {
    let (zeros, ones) = ids.split_at(ids.partition_point(|(id, _)| !is_set(id, bit)));
    if is_set(own, bit) { (ones, zeros) } else { (zeros, ones) }
}

/// Adds the nearest to `own` of ids that begin alike up to `bit`, in order of their distance, until there are `most`.
fn nearest(
    ids: &[Row],
    own: &NodeId,
    (bit, most): (u32, usize),
    is_there: &impl Fn(usize) -> bool,
    found: &mut Vec<NodeId>,
) {
    match ids {
        [] => {}
        _ if found.len() >= most => {}
        [(id, place)] => found.extend(is_there(*place).then_some(*id)),
        _ => {
            let (same, other) = halves(ids, own, bit);
            nearest(same, own, (bit + 1, most), is_there, found);
            nearest(other, own, (bit + 1, most), is_there, found);
        }
    }
}

fn is_set(id: &NodeId, bit: u32) -> bool {
    id.0[bit as usize / 8] & 0x80 >> (bit % 8) != 0
}
