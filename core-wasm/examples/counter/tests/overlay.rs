//! Counters over the overlay: the engines that tabs have, over a virtual network with delay, loss and NATs.

use tabmesh_counter::{Command, Counter, Event, port};
use tabmesh_simulator::{Overlay, Scenario};

const SECOND: u64 = 1_000_000;

/// Tabs and some native peers, most of them behind NATs, that all have joined; those of `counters` have one.
fn overlay(seed: u64, nodes: u32, counters: &[u32]) -> Overlay {
    let scenario = format!(
        "about = 'counters'\nnodes = {nodes}\nseconds = 600\n\
         [arrivals]\nover_s = 5\n[machines]\nnative_share = 0.2\naddresses = 2\n[network]\nnat = true\nloss = 0.01"
    );
    let mut overlay = Overlay::new(&Scenario::parse(&scenario).unwrap(), seed).unwrap();
    overlay.run_for(30 * SECOND);
    counters.iter().for_each(|node| attach(&mut overlay, *node));
    overlay
}

fn attach(overlay: &mut Overlay, node: u32) {
    overlay.attach(node, port(), 1, |attachment| Box::new(Counter::new(attachment)));
}

fn add(overlay: &mut Overlay, node: u32, amount: u64) {
    overlay.command(node, port(), &Command::Add(amount).emit());
}

fn total(overlay: &mut Overlay, node: u32) -> Option<u64> {
    overlay.command(node, port(), &Command::Total.emit());
    match Event::read(overlay.events(node, port()).last()?)? {
        Event::Total(total) => Some(total),
        Event::Refused(_) => None,
    }
}

fn expect(overlay: &mut Overlay, nodes: &[u32], sum: u64, seconds: u64) {
    for _ in 0..seconds {
        if nodes.iter().all(|node| total(overlay, *node) == Some(sum)) {
            return;
        }
        overlay.run_for(SECOND);
    }
    let totals: Vec<_> = nodes.iter().map(|node| total(overlay, *node)).collect();
    let links: Vec<usize> = nodes.iter().map(|node| overlay.links(*node).len()).collect();
    panic!("{totals:?} for {sum} after {seconds} s, by {links:?} links");
}

#[test]
fn what_one_adds_all_see() {
    for seed in 1..=4 {
        let all: Vec<u32> = (0..24).collect();
        let mut overlay = overlay(seed, 24, &all);
        for node in &all {
            add(&mut overlay, *node, 1 << node);
        }
        expect(&mut overlay, &all, (1 << 24) - 1, 60);
        assert_eq!(overlay.broken(), None);
    }
}

#[test]
fn whoever_comes_later_or_comes_back_sees_it_too() {
    let mut overlay = overlay(5, 16, &[1, 2]);
    add(&mut overlay, 1, 5);
    expect(&mut overlay, &[1, 2], 5, 30);
    attach(&mut overlay, 3);
    expect(&mut overlay, &[1, 2, 3], 5, 30);
    // A module that goes and comes again remembers nothing, and the others do.
    overlay.detach(1, port());
    attach(&mut overlay, 1);
    add(&mut overlay, 1, 2);
    expect(&mut overlay, &[1, 2, 3], 7, 30);
    overlay.leave(2, true);
    overlay.arrive(2);
    overlay.run_for(20 * SECOND);
    attach(&mut overlay, 2);
    expect(&mut overlay, &[1, 2, 3], 7, 60);
}

#[test]
fn two_sides_of_a_cut_agree_once_it_is_healed() {
    let all: Vec<u32> = (0..20).collect();
    let mut overlay = overlay(6, 20, &all);
    overlay.cut(&all[..10]);
    add(&mut overlay, 0, 1);
    add(&mut overlay, 15, 2);
    expect(&mut overlay, &all[..10], 1, 60);
    expect(&mut overlay, &all[10..], 2, 60);
    overlay.heal();
    expect(&mut overlay, &all, 3, 120);
}

#[test]
fn p3_the_same_seed_gives_the_same_trace() {
    let run = |seed| {
        let mut overlay = overlay(seed, 12, &[0, 3, 5]);
        add(&mut overlay, 3, 9);
        overlay.run_for(30 * SECOND);
        overlay.trace()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}
