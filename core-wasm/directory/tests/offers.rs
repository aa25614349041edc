//! A hundred thousand nodes that all offer under one key: what the one with most entries keeps of their lists.

use std::collections::{BTreeMap, BTreeSet};

use tabmesh_directory::{Announcing, Spread, likely_depth};
use tabmesh_port::limits::LIST_MAX;
use tabmesh_port::{Instant, NodeId, Status, sha256};

const SECOND: u64 = 1_000_000;
const LASTS: u64 = 120 * SECOND;
const KEY: NodeId = NodeId([9; 32]);

/// Entries that a tab keeps at most, of all lists: `LIST_ROWS_MAX` of the engine.
const ROWS_MAX: usize = 128;

/// Who stands on a list, since when.
type Rows = Vec<(NodeId, u64)>;

fn visit(rows: &mut Rows, now: u64, who: NodeId, stays: bool) -> Status {
    rows.retain(|(id, came)| now - came < LASTS && *id != who);
    if rows.len() >= LIST_MAX {
        return Status::Partial;
    }
    if stays {
        rows.push((who, now));
    }
    Status::Ok
}

/// The entries of the node that keeps most; every list lies with the node closest to its place.
fn fullest(lists: &BTreeMap<NodeId, Rows>, now: u64, nodes: &[NodeId]) -> usize {
    let mut kept: BTreeMap<NodeId, usize> = BTreeMap::new();
    for (place, rows) in lists {
        let alive = rows.iter().filter(|(_, came)| now - came < LASTS).count();
        // The closest shares the longest prefix: it is among the next ones in order, on either side.
        let at = nodes.partition_point(|id| id < place);
        let near = nodes.iter().cycle().skip((at + nodes.len() - 8) % nodes.len()).take(16);
        let closest = near.min_by_key(|id| place.distance(id)).expect("there are nodes");
        *kept.entry(*closest).or_default() += alive;
    }
    kept.into_values().max().unwrap_or(0)
}

#[test]
fn no_node_is_over_its_bound_where_a_hundred_thousand_offer() {
    let mut nodes: Vec<NodeId> =
        (0..100_000_u32).map(|number| NodeId(sha256(&number.to_be_bytes()))).collect();
    nodes.sort_unstable();
    let (mut members, mut due) = (BTreeMap::new(), BTreeSet::new());
    for (at, own) in nodes.iter().enumerate() {
        let near = [nodes.get(at.wrapping_sub(1)), nodes.get(at + 1)].into_iter().flatten().copied();
        let depth = likely_depth(own, &near.collect::<Vec<NodeId>>());
        let begins = u64::from(own.0[30]) * 60 * SECOND / 256;
        members.insert(*own, Announcing::new(Instant(begins), *own, KEY, Spread::All, depth));
        due.insert((begins, *own));
    }
    let mut lists: BTreeMap<NodeId, Rows> = BTreeMap::new();
    let mut most = Vec::new();
    while let Some((at, own)) = due.pop_first().filter(|(at, _)| *at < 300 * SECOND) {
        if at >= 60 * SECOND * (most.len() as u64 + 1) {
            most.push(fullest(&lists, at, &nodes));
        }
        let member = members.get_mut(&own).expect("it takes part");
        if let Some((place, stays)) = member.poll(Instant(at)) {
            member.on_listed(Instant(at), visit(lists.entry(place).or_default(), at, own, stays));
        }
        due.insert((member.wanted_at().0.max(at + 1), own));
    }
    println!("the fullest node keeps {most:?} entries, minute by minute");
    assert!(most.len() >= 4 && most.iter().all(|rows| (LIST_MAX..=ROWS_MAX).contains(rows)), "{most:?}");
    let listed = members.values().filter(|member| member.is_listed()).count();
    assert!(listed * 100 >= nodes.len() * 97, "{listed} stand on a list");
}
