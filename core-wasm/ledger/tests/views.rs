//! Goal: voters come and go, and whatever was promised holds. Method: a town on a perfect port, and a checker that finds from blocks alone who votes when.

mod town;

use tabmesh_ledger::Action;
use tabmesh_world::perfect::Place;
use town::{CREDIT, EPOCH, Plan, SECOND, Town, checker};

/// A town that has run an epoch.
fn town(seed: u64, voters: usize) -> Town {
    let mut town = Town::new(Plan::new(seed, voters, 0));
    town.run(EPOCH + SECOND);
    town
}

/// A node's owner does something, with its next number.
fn act(town: &mut Town, place: Place, action: Action) {
    let account = town.ledger(place).state().units().account_of(&town.net.id(place));
    let operation = town.operation(place, action, account.expect("an account").sequence);
    town.submit(place, &operation);
}

/// Nothing is left of what its shell kept.
fn lose(town: &mut Town, place: Place) {
    let mut store = town.stores[place.0].borrow_mut();
    store.journal.clear();
    store.blocks.clear();
}

fn sits(town: &Town, place: Place) -> bool {
    town.ledger(town.voters[0]).state().voters().find(&town.net.id(place)).is_some()
}

/// The views in which a place has voted from its n-th record on.
fn views(town: &Town, place: Place, from: usize) -> Vec<u32> {
    let store = town.stores[place.0].borrow();
    let signed = store.written[from..].iter().filter(|record| record[0] != 0);
    signed.map(|record| u32::from_be_bytes(record[1..5].try_into().expect("4 bytes"))).collect()
}

#[test]
fn who_bonds_votes_after_its_probation_and_who_leaves_does_no_more() {
    let mut town = town(1, 7);
    let person = town.persons[0];
    act(&mut town, person, Action::Bond { credits: 100 });
    town.run(2 * EPOCH);
    assert!(!sits(&town, person));
    assert_eq!(town.ledger(person).state().voters().waiting().len(), 1);
    town.run(13 * EPOCH);
    assert!(sits(&town, person), "{}", town.height(person));
    assert!(!views(&town, person, 0).is_empty(), "it votes");
    act(&mut town, person, Action::Leave);
    town.run(13 * EPOCH);
    assert!(!sits(&town, person));
    checker::check(&town);
}

#[test]
fn s16_a_voter_that_lost_its_store_signs_nothing_before_the_next_view() {
    for seed in 0..6 {
        let mut town = town(seed, 4 + seed as usize);
        town.run((2 + seed) * EPOCH);
        let voter = town.voters[1];
        lose(&mut town, voter);
        let (written, view) = (town.stores[voter.0].borrow().written.len(), town.height(town.voters[0]) / 6);
        town.start(voter, false);
        town.run(14 * EPOCH);
        let views = views(&town, voter, written);
        assert!(views.iter().all(|later| *later > view), "seed {seed}: {views:?} after {view}");
        assert!(!views.is_empty(), "seed {seed}: it votes again");
        assert!(sits(&town, voter));
        checker::check(&town);
    }
}

#[test]
fn who_is_silent_is_frozen_and_comes_back_when_it_shows_the_state() {
    let mut town = town(5, 8);
    let voter = town.voters[2];
    town.net.cut(&[voter]);
    town.run(12 * EPOCH);
    let frozen = |town: &Town| town.ledger(town.voters[0]).state().voters().frozen().len();
    assert!(!sits(&town, voter) && frozen(&town) == 1, "{}", town.height(town.voters[0]));
    let height = town.height(town.voters[0]);
    town.net.heal();
    town.run(14 * EPOCH);
    assert!(sits(&town, voter) && frozen(&town) == 0);
    assert!(town.height(town.voters[0]) >= height + 13, "no block was missed");
    checker::check(&town);
}

#[test]
fn s11_settled_survives_join_freeze_and_leave_at_once() {
    for seed in 0..4 {
        let mut town = town(seed, 12);
        let (joins, from, to) = (town.persons[5], town.persons[0], town.persons[1]);
        let (leaves, silent) = (town.voters[3], town.voters[4]);
        act(&mut town, joins, Action::Bond { credits: 100 });
        town.run(6 * EPOCH);
        town.net.cut(&[silent]);
        act(&mut town, leaves, Action::Leave);
        // Up to the end of the view, all the time while its last block is voted on.
        while town.height(from) % 6 != 5 {
            town.run(EPOCH);
        }
        town.run_to(560);
        let mut settled = Vec::new();
        for sequence in 0..24 {
            let pay = town.pay(from, to, CREDIT, sequence);
            town.submit(from, &pay);
            town.run(SECOND / 6);
            settled.push(pay.id());
        }
        settled.retain(|id| town.settled(from, *id).is_some());
        town.run(2 * EPOCH);
        assert!(sits(&town, joins) && !sits(&town, leaves) && !sits(&town, silent), "seed {seed}");
        assert!(!settled.is_empty(), "seed {seed}");
        for id in &settled {
            assert!(town.included(from, *id), "seed {seed}: settled, and not in a block");
        }
        checker::check(&town);
    }
}
