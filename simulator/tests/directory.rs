//! Finding those who take part in something, over the very engine and a virtual network.

#[path = "lists/member.rs"]
mod member;

use std::collections::BTreeSet;

use member::{Member, PORT, drawn};
use tabmesh_directory::Spread;
use tabmesh_port::NodeId;
use tabmesh_simulator::{Overlay, Scenario};

const SECOND: u64 = 1_000_000;

fn overlay(seed: u64, nodes: u32, spread: Spread, more: &str) -> Overlay {
    let scenario =
        format!("about = 'lists'\nnodes = {nodes}\nseconds = 900\n[arrivals]\nover_s = 20\n{more}");
    let mut overlay = Overlay::new(&Scenario::parse(&scenario).unwrap(), seed).unwrap();
    overlay.run_for(60 * SECOND);
    for node in 0..nodes {
        overlay.attach(node, PORT, 1, |attachment| Box::new(Member::new(&attachment, spread)));
    }
    overlay.run_for(2 * SECOND);
    overlay
}

#[test]
fn a_crowd_is_found_evenly_and_who_left_is_not() {
    let nodes = 300;
    let mut overlay = overlay(1, nodes, Spread::All, "[network]\nnat = true");
    let ids: Vec<NodeId> = (0..nodes).map(|node| overlay.id(node).unwrap()).collect();
    (0..nodes).filter(|node| node % 3 != 0).for_each(|node| overlay.command(node, PORT, b"take part"));
    overlay.run_for(100 * SECOND);
    let (mut found, mut took, mut ended) = (BTreeSet::new(), Vec::new(), 0);
    for _ in 0..4 {
        (0..nodes).for_each(|node| overlay.command(node, PORT, b"draw"));
        overlay.run_for(20 * SECOND);
        for node in 0..nodes {
            for (ms, ids) in drawn(&mut overlay, node) {
                took.push(ms);
                ended += usize::from(ids.len() >= 4);
                found.extend(ids);
            }
        }
    }
    took.sort_unstable();
    let members: BTreeSet<NodeId> =
        (0..nodes).filter(|node| node % 3 != 0).map(|node| ids[node as usize]).collect();
    assert!(found.is_subset(&members), "who takes no part is drawn");
    assert!(found.len() >= members.len() * 97 / 100, "{} of {} were ever drawn", found.len(), members.len());
    assert!(ended >= 1_150, "{ended} of 1200 draws found some");
    println!("draws took p50 {} ms, p90 {} ms", took[took.len() / 2], took[took.len() * 9 / 10]);
    // Half of them go; two minutes later nobody draws them.
    let gone: BTreeSet<NodeId> = (0..nodes / 2).map(|node| ids[node as usize]).collect();
    (0..nodes / 2).for_each(|node| overlay.leave(node, node % 2 == 0));
    overlay.run_for(150 * SECOND);
    (nodes / 2..nodes).for_each(|node| overlay.command(node, PORT, b"draw"));
    overlay.run_for(20 * SECOND);
    let found: Vec<NodeId> =
        (nodes / 2..nodes).flat_map(|node| drawn(&mut overlay, node)).flat_map(|(_, ids)| ids).collect();
    assert!(found.len() > 800, "{} were drawn", found.len());
    let absent = found.iter().filter(|id| gone.contains(id)).count();
    assert!(absent * 100 <= found.len(), "{absent} of {} are gone", found.len());
    assert_eq!(overlay.broken(), None);
}

#[test]
fn two_find_each_other_whoever_keeps_the_list() {
    for seed in 0..8 {
        let mut overlay = overlay(seed, 2 + seed as u32 % 3, Spread::Few, "");
        for node in 0..2 {
            overlay.command(node, PORT, b"take part");
        }
        overlay.run_for(5 * SECOND);
        for (node, other) in [(0, 1), (1, 0)] {
            overlay.command(node, PORT, b"draw");
            overlay.run_for(5 * SECOND);
            let other = overlay.id(other).unwrap();
            let found: Vec<NodeId> = drawn(&mut overlay, node).into_iter().flat_map(|(_, ids)| ids).collect();
            assert!(found.contains(&other), "seed {seed}, node {node}");
        }
    }
}
