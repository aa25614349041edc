//! Finding those who take part in something, over the very engine, by how many there are: how long it takes, and how evenly they are
//! drawn.
//!
//! ```text
//! cargo run --release -p tabmesh-simulator --example discover -- 10000
//! ```
//!
//! All tabs take part; after three minutes some draw eight each. 100,000 take the better part of an hour and some 3 GB.

#[path = "../tests/lists/member.rs"]
mod member;

use std::collections::HashMap;

use member::{Member, PORT, drawn};
use tabmesh_directory::Spread;
use tabmesh_port::NodeId;
use tabmesh_simulator::{Overlay, Scenario};

const SECOND: u64 = 1_000_000;

/// Nodes that draw, in each of so many rounds.
const LOOKING: u32 = 2_000;
const ROUNDS: u32 = 2;

/// Draws are counted by the first bits of whom they drew.
const GROUPS: usize = 16;

fn main() -> anyhow::Result<()> {
    let nodes: u32 = std::env::args().nth(1).map_or(Ok(10_000), |text| text.parse())?;
    let seed: u64 = std::env::args().nth(2).map_or(Ok(1), |text| text.parse())?;
    let scenario = Scenario::parse(&format!(
        "about = 'lists'\nnodes = {nodes}\nseconds = 900\n[arrivals]\nover_s = 90"
    ))?;
    let mut overlay = Overlay::new(&scenario, seed)?;
    overlay.run_for(150 * SECOND);
    println!("{nodes} tabs, seed {seed}: all came");
    for node in 0..nodes {
        overlay.attach(node, PORT, 1, |attachment| Box::new(Member::new(&attachment, Spread::All)));
    }
    // They open the page over a minute, as they come.
    for second in 0..60 {
        (second..nodes).step_by(60).for_each(|node| overlay.command(node, PORT, b"take part"));
        overlay.run_for(SECOND);
    }
    overlay.run_for(120 * SECOND);
    draw(&mut overlay, nodes);
    anyhow::ensure!(overlay.broken().is_none(), "{:?}", overlay.broken());
    Ok(())
}

fn draw(overlay: &mut Overlay, nodes: u32) {
    let (mut took, mut few, mut all) = (Vec::new(), 0, HashMap::<NodeId, u32>::new());
    let mut first = [0_f64; GROUPS];
    let step = (nodes / LOOKING).max(1) as usize;
    for round in 0..ROUNDS {
        let looking: Vec<u32> = (round..nodes).step_by(step).collect();
        looking.iter().for_each(|node| overlay.command(*node, PORT, b"draw"));
        overlay.run_for(20 * SECOND);
        for (ms, ids) in looking.iter().flat_map(|node| drawn(overlay, *node)) {
            took.push(ms);
            few += usize::from(ids.len() < 8);
            // Those of one look lie near each other: one of each counts here.
            ids.iter().take(1).for_each(|id| first[group(id)] += 1.0);
            ids.into_iter().for_each(|id| *all.entry(id).or_default() += 1);
        }
    }
    took.sort_unstable();
    let part = |of: usize| {
        took.get((took.len() * of / 100).min(took.len().saturating_sub(1))).copied().unwrap_or_default()
    };
    println!("{} draws of eight; {few} had fewer", took.len());
    println!("all eight after {} ms at p50, {} at p90, {} at p99", part(50), part(90), part(99));
    let drawn: u32 = all.values().sum();
    println!(
        "{drawn} drawn, {} of them different; nobody more than {:?} times",
        all.len(),
        all.values().max()
    );
    println!(
        "chi-square over {GROUPS} parts of the id space, one of each draw, {} expected: {:.1}",
        GROUPS - 1,
        chi_square(overlay, nodes, &first)
    );
}

/// The part of the id space.
fn group(id: &NodeId) -> usize {
    usize::from(id.0[0]) * GROUPS / 256
}

/// Over parts of the id space, each weighed by those who take part in it.
fn chi_square(overlay: &Overlay, nodes: u32, found: &[f64; GROUPS]) -> f64 {
    let mut there = [0_f64; GROUPS];
    (0..nodes).filter_map(|node| overlay.id(node)).for_each(|id| there[group(&id)] += 1.0);
    let (sum, count): (f64, f64) = (found.iter().sum(), there.iter().sum());
    let expected = there.map(|there| sum * there / count);
    expected.iter().zip(found).map(|(expected, found)| (found - expected).powi(2) / expected).sum()
}
