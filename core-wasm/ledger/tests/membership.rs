//! Goal: who votes changes by rules, within bounds, and half of the seats or fewer never go on. Method: chains without messages, whose blocks are final if enough are
//! awake; the same voters are found by code that shares nothing with the ledger. `DAYS=10 cargo test --release -p tabmesh-ledger --test membership l7 -- --nocapture`
//! plays long ones.

mod street;

use std::collections::BTreeSet;

use street::Street;
use street::common::{self, account, choose};
use tabmesh_ledger::{Action, Refusal};
use tabmesh_world::dice::Dice;

fn refused(street: &mut Street) -> Vec<Refusal> {
    street.step().1
}

#[test]
fn each_refusal_of_a_seat_has_its_code_and_changes_nothing() {
    let mut street = Street::new(8, 24, true);
    street.act(9, Action::Join { nonce: [0; 8] });
    assert_eq!(refused(&mut street), [Refusal::NotBonded]);
    street.act(1, Action::Thaw { nonce: [0; 8], proof: [0; 8] });
    assert_eq!(refused(&mut street), [Refusal::NotFrozen]);
    (9..26).for_each(|person| street.ask(person));
    assert_eq!(refused(&mut street), [Refusal::TableFull], "the seventeenth");
    street.act(9, Action::Leave);
    street.act(9, Action::Join { nonce: [0; 8] });
    assert_eq!(refused(&mut street), [Refusal::Leaving]);
    street.awake.remove(&2);
    street.run_to_view();
    street.awake.insert(2);
    assert!(street.is_frozen(2) && !street.sits(2));
    street.act(2, Action::Join { nonce: [0; 8] });
    street.act(2, Action::Thaw { nonce: [0; 8], proof: [0; 8] });
    assert_eq!(refused(&mut street), [Refusal::Frozen, Refusal::SequenceEarly]);
    street.act(2, Action::Thaw { nonce: [0; 8], proof: [0; 8] });
    assert_eq!(refused(&mut street), [Refusal::BadProof]);
    street.thaw(2);
    assert_eq!(refused(&mut street), []);
    street.run_to_view();
    assert!(street.sits(2) && !street.is_frozen(2));
}

#[test]
fn a_proof_is_of_one_seat_and_one_view() {
    let mut street = Street::new(16, 0, true);
    street.awake = (3..=16).collect();
    street.run_to_view();
    let lot = |street: &Street, at: usize| street.ledger.state().voters().frozen()[at].lot;
    let (one, other) = (lot(&street, 0), lot(&street, 1));
    assert_ne!(one, other);
    street.run_to_view();
    assert_ne!(one, lot(&street, 0));
}

fn newcomers(street: &mut Street) -> Vec<usize> {
    let mut sizes = Vec::new();
    for _ in 0..8 {
        street.run_to_view();
        sizes.push(street.ledger.state().voters().len());
    }
    sizes
}

#[test]
fn newcomers_wait_and_are_an_eighth_of_a_view() {
    let mut street = Street::new(16, 16, true);
    street.run(2);
    (17..=32).for_each(|person| street.ask(person));
    // Asked in epoch 3: in epoch 6 the view ends too soon.
    assert_eq!(newcomers(&mut street), [16, 18, 20, 22, 24, 27, 30, 32]);
}

#[test]
fn a_quarter_goes_and_four_stay() {
    let mut street = Street::new(16, 0, true);
    street.run(3);
    street.awake = (1..=11).collect();
    street.run_to_view();
    assert_eq!(
        (street.ledger.state().voters().len(), street.ledger.state().voters().frozen().len()),
        (12, 4)
    );
    street.run_to_view();
    assert_eq!(
        (street.ledger.state().voters().len(), street.ledger.state().voters().frozen().len()),
        (11, 5)
    );
    let mut street = Street::new(4, 0, true);
    street.awake = (1..=3).collect();
    street.act(2, Action::Leave);
    street.run(24);
    assert_eq!(street.ledger.state().voters().len(), 4, "the silent one and who leaves have to wait");
}

#[test]
fn who_leaves_goes_when_somebody_has_come() {
    let mut street = Street::new(4, 1, true);
    street.act(2, Action::Leave);
    street.ask(5);
    street.run_to_view();
    street.run_to_view();
    assert_eq!(street.seated().iter().filter(|person| [2, 5].contains(person)).count(), 1);
    assert!(street.sits(5));
    assert_eq!(street.ledger.state().voters().frozen().len(), 0, "who leaves does not weigh");
    street.run(360);
    let account = street.ledger.state().units().account(&account(2)).expect("an account");
    assert_eq!((account.bond, account.unlock), (0, 0), "its bond is free");
}

#[test]
fn voters_change_where_a_view_begins_alone() {
    let mut street = Street::new(12, 4, true);
    (13..=16).for_each(|person| street.ask(person));
    let mut before = street.ledger.state().voters().seats().to_vec();
    for _ in 0..60 {
        street.awake = (1..=16).filter(|person| street.epoch / 9 % 12 + 1 != *person).collect();
        street.keep_seats();
        assert!(street.step().0);
        let seats = street.ledger.state().voters().seats().to_vec();
        let is_same = seats.iter().map(|seat| seat.id).eq(before.iter().map(|seat| seat.id));
        assert!(is_same || street.ledger.head().height.is_multiple_of(6), "{}", street.ledger.head().height);
        before = seats;
    }
}

#[test]
fn the_unsteady_are_a_fifth_of_few() {
    let mut street = Street::new(8, 10, false);
    (9..=18).for_each(|person| street.ask(person));
    street.run(60);
    assert_eq!(street.ledger.state().voters().len(), 10, "two of ten");
    // A day's hour later they are steady, and others come.
    street.run(54 * 6);
    assert!(street.ledger.state().voters().len() > 10);
    let mut street = Street::new(8, 10, true);
    (9..=18).for_each(|person| street.ask(person));
    street.run(100);
    assert_eq!(street.ledger.state().voters().len(), 18, "a lax genesis has it so");
    let mut street = Street::new(32, 10, false);
    (33..=42).for_each(|person| street.ask(person));
    street.run(60);
    assert_eq!(street.ledger.state().voters().len(), 42, "and many may be");
}

#[test]
fn steady_is_who_is_seen_in_nine_tenths() {
    let mut street = Street::new(12, 0, true);
    let steady = |street: &Street, person: u32| {
        let voters = street.ledger.state().voters();
        voters.seats().iter().find(|seat| seat.id == common::id(person)).is_some_and(|seat| seat.is_steady)
    };
    // Whoever is not there for a view is frozen in the next: person 1 votes in 22 views of 24, person 2 in 10 of 12.
    for view in 0..240 {
        street.awake = (1..=12).collect();
        if view % 24 == 11 {
            street.awake.remove(&1);
        }
        if view % 12 == 5 {
            street.awake.remove(&2);
        }
        for _ in 0..6 {
            street.keep_seats();
            street.step();
        }
    }
    assert!(steady(&street, 1) && steady(&street, 3));
    assert!(!steady(&street, 2));
}

/// Cut after cut of what is left, as few as may go on each time. Whether ever half of the seats of the last 36 blocks or fewer made one.
fn shrinks(seed: u64, change: fn(&mut Street)) -> bool {
    let mut dice = Dice::new(seed, 15);
    let mut street = Street::new(choose(&mut dice, &[10, 16, 32, 64]), 0, true);
    change(&mut street);
    let everybody = street.awake.clone();
    // Of each of the last blocks who sat, and at which height.
    let mut sat: Vec<(u32, BTreeSet<u32>)> = Vec::new();
    for _ in 0..80 {
        let seated = street.seated();
        let needed = street.ledger.state().voters().quorum();
        if street.ledger.head().height.is_multiple_of(6) {
            // As many as it takes: a cut takes all others away, and sometimes it heals.
            let mut left = seated.clone();
            while left.len() > needed {
                left.remove(dice.below(left.len() as u64) as usize);
            }
            street.awake = if dice.chance(0.1) { everybody.clone() } else { left.into_iter().collect() };
        }
        street.keep_seats();
        let voted = seated.iter().filter(|person| street.awake.contains(person)).count();
        if !street.step().0 {
            continue;
        }
        let height = street.ledger.head().height;
        sat.push((height, seated.into_iter().collect()));
        let recent = sat.iter().filter(|(of, _)| of + 36 > height).flat_map(|(_, seats)| seats);
        if voted * 2 <= recent.collect::<BTreeSet<_>>().len() {
            return true;
        }
    }
    false
}

#[test]
fn s15_cut_after_cut_half_of_the_seats_or_fewer_never_go_on() {
    assert!((0..20).all(|seed| !shrinks(seed, |_| {})));
}

/// A day of ten-second epochs, or so many as `DAYS` says: the longest time without a block, in epochs, and the fewest voters. Of `voters` a share are tabs that go after ten
/// minutes and come back after three; a tenth is shown whenever it may be, and votes for nothing when that hurts.
fn day(seed: u64, voters: u32, tabs: u32, is_lax: bool, epochs: u32) -> (u32, usize) {
    let mut dice = Dice::new(seed, 7);
    let natives = voters - tabs;
    // More tabs than seats: who is back late finds others there.
    let mut street = Street::new(natives, tabs * 5 / 4, is_lax);
    street.sly = (1..=voters / 10).collect();
    let everybody = natives + 1..=natives + tabs * 5 / 4;
    everybody.clone().for_each(|person| street.act(person, Action::Bond { credits: 100 }));
    street.run(3);
    let (mut stall, mut longest, mut fewest) = (0, 0, usize::MAX);
    for epoch in 0..epochs {
        for person in everybody.clone() {
            let is_awake = street.awake.contains(&person);
            if is_awake && dice.below(60) == 0 {
                street.awake.remove(&person);
            } else if !is_awake && dice.below(18) == 0 {
                street.awake.insert(person);
            }
        }
        street.wanted.clear();
        street.keep_seats();
        stall = if street.step().0 { 0 } else { stall + 1 };
        longest = longest.max(stall);
        // It takes a while until all have come.
        if epoch > 150 {
            fewest = fewest.min(street.ledger.state().voters().len());
        }
    }
    (longest, fewest)
}

#[test]
fn l7_tabs_come_and_go_and_blocks_go_on() {
    let days: Option<u32> = std::env::var("DAYS").ok().and_then(|days| days.parse().ok());
    let epochs = days.map_or(400, |days| days * 8_640);
    for seed in 0..days.map_or(1, |_| 4) {
        for (voters, tabs, is_lax) in [(10, 2, false), (16, 3, false), (32, 16, true), (64, 32, true)] {
            let (longest, fewest) = day(seed, voters, tabs, is_lax, epochs);
            println!(
                "seed {seed}: {voters} voters, {tabs} tabs, {epochs} epochs: {longest} without a block at most, {fewest} voters at least"
            );
            assert!(longest <= 3, "seed {seed}: {voters} voters, {longest}");
        }
    }
}

/// Each rule is there for something.
#[cfg(feature = "mutants")]
mod mutants {
    use super::*;
    use tabmesh_ledger::Rule;

    fn without(rule: Rule) -> Street {
        let mut street = Street::new(16, 16, false);
        street.is_compared = false;
        street.ledger.switch_off(rule);
        street
    }

    #[test]
    fn s15_needs_frozen_seats_to_weigh() {
        let change = |street: &mut Street| {
            street.is_compared = false;
            street.ledger.switch_off(Rule::Weight);
        };
        assert!((0..20).any(|seed| shrinks(seed, change)));
    }

    #[test]
    fn s23_needs_a_share_of_newcomers() {
        let all_at_once = |mut street: Street| {
            (17..=32).for_each(|person| street.ask(person));
            street.run_to_view();
            street.run_to_view();
            street.ledger.state().voters().len()
        };
        assert_eq!(all_at_once(Street::new(16, 16, true)), 18);
        let mut street = Street::new(16, 16, true);
        street.is_compared = false;
        street.ledger.switch_off(Rule::Share);
        assert_eq!(all_at_once(street), 32, "half of a view are new");
    }

    #[test]
    fn s23_needs_a_probation() {
        let in_the_next_view = |mut street: Street| {
            street.run(4);
            street.ask(17);
            street.run_to_view();
            street.sits(17)
        };
        assert!(!in_the_next_view(Street::new(16, 16, false)));
        assert!(
            in_the_next_view(without(Rule::Probation)),
            "who knows a view's last block has a seat in the next"
        );
    }

    /// Half of all seats are tabs, and all of them go at once.
    fn stops(mut street: Street) -> bool {
        (17..=32).for_each(|person| street.ask(person));
        street.run(120);
        street.awake = (1..=16).collect();
        street.run(60) == 0
    }

    #[test]
    fn l7_needs_the_unsteady_to_be_few() {
        assert!(!stops(Street::new(16, 16, false)));
        assert!(stops(without(Rule::Steady)));
    }

    #[test]
    fn s11_needs_views() {
        // A voter who is not there when it is looked for is gone while locks count its seat.
        let changes_within_a_view = |mut street: Street| {
            street.run(4);
            let before = street.ledger.state().voters().len();
            street.awake.remove(&3);
            street.run(1);
            !street.ledger.head().height.is_multiple_of(6) && street.ledger.state().voters().len() != before
        };
        assert!(!changes_within_a_view(Street::new(16, 16, false)));
        assert!(changes_within_a_view(without(Rule::Views)));
    }
}
