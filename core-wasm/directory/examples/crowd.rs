//! A crowd under one key: what it costs, and how evenly it is drawn, by the number of those who take part.
//!
//! Lists are as the overlay keeps them, each at the node closest to its place; every node takes part. Run it by
//! `cargo run --release -p tabmesh-directory --example crowd`.

use std::collections::{BTreeMap, BTreeSet};

use tabmesh_directory::{Announcing, Drawing, Spread, likely_depth};
use tabmesh_port::limits::LIST_MAX;
use tabmesh_port::{Instant, NodeId, Status, sha256};

const SECOND: u64 = 1_000_000;
const LASTS: u64 = 120 * SECOND;
const KEY: NodeId = NodeId([9; 32]);

/// A look's request and its answer, on each link: headers, place, and 32 bytes for each entry.
const FRAME: u64 = 90;

fn id(number: u64) -> NodeId {
    NodeId(sha256(&number.to_be_bytes()))
}

struct Lists {
    rows: BTreeMap<NodeId, Vec<(NodeId, u64)>>,
    asked: u64,
    named: u64,
}

impl Lists {
    fn visit(&mut self, now: u64, place: NodeId, who: Option<NodeId>) -> (Status, Vec<NodeId>) {
        let rows = self.rows.entry(place).or_default();
        rows.retain(|(id, came)| now - came < LASTS && Some(*id) != who);
        let all: Vec<NodeId> = rows.iter().map(|(id, _)| *id).collect();
        self.asked += 1;
        self.named += if who.is_some() { 0 } else { all.len() as u64 };
        if all.len() >= LIST_MAX {
            return (Status::Partial, all);
        }
        if let Some(who) = who {
            rows.push((who, now));
        }
        (Status::Ok, all)
    }
}

/// The entries of the node that keeps most of them; every list lies with the node closest to its place.
fn fullest(lists: &Lists, nodes: &BTreeSet<NodeId>) -> usize {
    let mut kept: BTreeMap<NodeId, usize> = BTreeMap::new();
    for (place, rows) in lists.rows.iter().filter(|(_, rows)| !rows.is_empty()) {
        // The closest shares the longest prefix: it is among the next ones in order, on either side.
        let near = nodes.range(*place..).take(8).chain(nodes.range(..*place).rev().take(8));
        let closest = near.min_by_key(|id| place.distance(id)).copied().unwrap_or(*place);
        *kept.entry(closest).or_default() += rows.len();
    }
    kept.values().copied().max().unwrap_or(0)
}

fn run(count: u64) {
    let nodes: BTreeSet<NodeId> = (0..count).map(id).collect();
    let order: Vec<NodeId> = nodes.iter().copied().collect();
    let mut lists = Lists { rows: BTreeMap::new(), asked: 0, named: 0 };
    let mut members: BTreeMap<NodeId, Announcing> = BTreeMap::new();
    let mut due: BTreeSet<(u64, NodeId)> = BTreeSet::new();
    for (at, own) in order.iter().enumerate() {
        let near = [order.get(at.wrapping_sub(1)), order.get(at + 1)].into_iter().flatten().copied();
        let depth = likely_depth(own, &near.collect::<Vec<_>>());
        let begins = u64::from(own.0[30]) * 60 * SECOND / 256;
        members.insert(*own, Announcing::new(Instant(begins), *own, KEY, Spread::All, depth));
        due.insert((begins, *own));
    }
    let mut steady = (0, 0);
    while let Some((at, own)) = due.pop_first().filter(|(at, _)| *at < 1_200 * SECOND) {
        if at >= 600 * SECOND && steady.0 == 0 {
            steady = (lists.asked, lists.named);
        }
        let Some(member) = members.get_mut(&own) else { continue };
        if let Some((place, stays)) = member.poll(Instant(at)) {
            let (status, _) = lists.visit(at, place, stays.then_some(own));
            member.on_listed(Instant(at), status);
        }
        due.insert((member.wanted_at().0.max(at + 1), own));
    }
    let seconds = 600 * count;
    let (asked, named) = (lists.asked - steady.0, lists.named - steady.1);
    let hops = (count as f64).log2() / 4.0;
    let bytes = (asked * 2 * FRAME + named * 32) as f64 * hops * 2.0 / seconds as f64;
    let rows = fullest(&lists, &nodes);
    let (mut drawn, mut steps) = ([0_u64; 16], 0);
    for seed in 0..20_000_u64 {
        let own = order[(seed * 7_919 % count) as usize];
        let depth = members[&own].depth();
        let mut drawing = Drawing::new(KEY, Spread::All, 8, depth, sha256(&seed.to_le_bytes()));
        while let Some((walk, place)) = drawing.poll() {
            let (status, all) = lists.visit(1_200 * SECOND, place, None);
            drawing.on_listed(walk, status, &all);
            steps += 1;
        }
        drawing.drawn().iter().for_each(|id| drawn[usize::from(id.0[31] % 16)] += 1);
    }
    let total: u64 = drawn.iter().sum();
    let mut groups = [0_u64; 16];
    order.iter().for_each(|id| groups[usize::from(id.0[31] % 16)] += 1);
    let chi: f64 = drawn
        .iter()
        .zip(groups)
        .map(|(drawn, group)| {
            let wanted = total as f64 * group as f64 / count as f64;
            (*drawn as f64 - wanted).powi(2) / wanted
        })
        .sum();
    println!(
        "{count:>7} | {:>5.2} visits a node in 80 s | {bytes:>5.1} B/s a node, sent and received | {rows:>3} entries at the fullest \
         node | {:>5.1} lists for 8 draws | chi-square {:.2} of 15 groups",
        asked as f64 * 80.0 / seconds as f64,
        steps as f64 / 20_000.0,
        chi / 15.0
    );
}

fn main() {
    [100, 1_000, 10_000, 100_000].into_iter().for_each(run);
}
