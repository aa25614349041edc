//! Goal: L7 over the very machines: tabs come and go, some voters are silent for good, and blocks go on. Method: a town on a perfect port whose tabs are closed and opened again
//! with what they had stored, or without it. `EPOCHS=8640` plays a day.

mod town;

use tabmesh_world::dice::Dice;
use tabmesh_world::perfect::Place;
use town::{EPOCH, Node, Plan, Town, checker};

/// The longest time without a block, in epochs. The first `tabs` voters are tabs: open for ten minutes and closed for three, on average; one in four comes back without its store.
fn live(voters: usize, tabs: usize, silent: usize, epochs: u64) -> u32 {
    let mut town = Town::new(Plan::new(7, voters, silent));
    let mut dice = Dice::new(7, voters as u64);
    let native = town.voters[tabs];
    let opened: Vec<Place> = town.voters[..tabs].to_vec();
    town.run(EPOCH);
    let mut closed: Vec<Place> = Vec::new();
    let (mut stall, mut longest, mut height) = (0, 0, 0);
    for _ in 0..epochs {
        for &place in &opened {
            if let Some(at) = closed.iter().position(|other| *other == place) {
                if dice.below(18) == 0 {
                    closed.remove(at);
                    town.start(place, false);
                }
            } else if dice.below(60) == 0 {
                closed.push(place);
                town.net.restart(place, |_| Node::none());
                if dice.chance(0.25) {
                    let mut store = town.stores[place.0].borrow_mut();
                    store.journal.clear();
                    store.blocks.clear();
                }
            }
        }
        town.run(EPOCH);
        stall = if town.height(native) > height { 0 } else { stall + 1 };
        (height, longest) = (town.height(native), longest.max(stall));
    }
    closed.into_iter().for_each(|place| town.start(place, false));
    town.run(2 * EPOCH);
    checker::check(&town);
    println!(
        "{voters} voters, {tabs} tabs, {silent} silent: {height} blocks in {epochs} epochs, {longest} without one"
    );
    longest
}

#[test]
fn l7_machines_go_on_while_tabs_come_and_go() {
    let epochs = std::env::var("EPOCHS").ok().and_then(|epochs| epochs.parse().ok());
    for (voters, tabs, silent) in [(10, 2, 1), (16, 3, 1), (32, 16, 3)] {
        let short = if voters > 16 { 40 } else { 150 };
        assert!(live(voters, tabs, silent, epochs.unwrap_or(short)) <= 3, "{voters} voters");
    }
}
