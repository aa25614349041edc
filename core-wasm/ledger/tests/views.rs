//! Goal: voters come and go, and whatever was promised holds. Method: a town on a perfect port, and a checker that finds from blocks alone who votes when.

mod town;

use tabmesh_ledger::{Action, Genesis, Member, Operation};
use tabmesh_port::{Attachment, Told};
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

type Make = fn(&Attachment, &Genesis) -> Member;

/// A liar leads the round that ends a view, and its block does not show somebody who voted in all of it. Whether that one is frozen.
fn silenced(make: Make) -> bool {
    for seed in 0..40 {
        let mut town = Town::new(Plan { make, ..Plan::new(seed, 7, 1) });
        town.run(EPOCH);
        while town.height(town.voters[0]) < 5 {
            town.run(EPOCH);
        }
        town.run_to(100);
        town.run_to(655);
        let (victim, honest, liar) = (town.voters[0], town.voters[1], town.liars[0]);
        let voters = town.ledger(honest).state().voters().clone();
        let number = |place: Place| voters.find(&town.net.id(place)).expect("a voter");
        if voters.order(&town.genesis.hash(), 6)[0] != number(liar) {
            continue;
        }
        let omitted = 1 << number(victim);
        let (bytes, block) = town::enemy::draft_without(&town, honest, &[], omitted).expect("a block");
        for place in town.voters.clone() {
            town.lie(liar, place, &[&[2, 0, 0, 0, 0], &bytes[..]].concat());
            let vote = town.standing(liar, (6, 0, 6), [(6, 0, block), (6, 0, block)]);
            town.lie(liar, place, &vote);
        }
        town.run(2 * EPOCH);
        assert!(town.height(honest) > 6, "seed {seed}: the view ends");
        checker::check(&town);
        return !sits(&town, victim);
    }
    panic!("no liar leads");
}

#[test]
fn s17_omitted_signatures_freeze_nobody() {
    assert!(!silenced(Member::new));
}

/// A voter hears of an operation, and nobody else does.
fn whisper(town: &mut Town, voter: Place, operation: &Operation) {
    let id = town.net.id(town.persons[0]);
    let bytes = [&[3], &operation.emit()[..]].concat();
    town.net.tell(voter, &Told::Said { from: &id, is_proven: true, bytes: &bytes });
    town.run(SECOND / 10);
}

/// Three owners sign two operations each, and of each pair one voter alone has locked one: seven voters may do without two, not without three. How many blocks they make in
/// three epochs.
fn conflicts(make: Make) -> u32 {
    let mut town = Town::new(Plan { make, ..Plan::new(2, 7, 0) });
    town.run(EPOCH + SECOND);
    for at in 0..3 {
        let (voter, from, to) = (town.voters[at], town.persons[at], town.persons[5]);
        for amount in [1, 2] {
            let pay = town.pay(from, to, amount * CREDIT, 0);
            whisper(&mut town, voter, &pay);
        }
    }
    town.run(3 * EPOCH);
    checker::check(&town)
}

#[test]
fn s14_conflicts_that_few_refuse_stop_no_block_together() {
    assert_eq!(conflicts(Member::new), 3);
}

/// Whether a voter has signed two locks of one place in one view.
fn contradicts(town: &Town, voter: Place) -> bool {
    let store = town.stores[voter.0].borrow();
    let locks: Vec<&Vec<u8>> = store.written.iter().filter(|record| record[0] == 3).collect();
    let same = |one: &[u8], other: &[u8]| one[1..5] == other[1..5] && one[45..81] == other[45..81];
    locks.iter().any(|one| locks.iter().any(|other| same(one, other) && one[13..45] != other[13..45]))
}

/// A voter locks an operation, loses its store, is back in the next epoch, and is shown a rival. `before`: it lost its store in an earlier view too.
fn locks_twice(make: Make, before: bool) -> bool {
    let mut town = Town::new(Plan { make, ..Plan::new(3, 7, 0) });
    town.run(EPOCH + SECOND);
    let (voter, from) = (town.voters[2], town.persons[0]);
    if before {
        lose(&mut town, voter);
        town.start(voter, false);
        // It was silent, and is frozen for a view.
        town.run(13 * EPOCH);
        assert!(town.member(voter).safety().signs() && sits(&town, voter), "it is back");
    }
    let [one, rival] = [1, 2].map(|amount| town.pay(from, town.persons[1], amount * CREDIT, 0));
    whisper(&mut town, voter, &one);
    let locks = town.member(voter).safety().locks().len();
    assert_eq!(locks, 1);
    let view = town.member(voter).safety().view();
    lose(&mut town, voter);
    town.start(voter, false);
    town.run(EPOCH);
    assert_eq!(town.member(voter).safety().view(), view, "the same view");
    whisper(&mut town, voter, &rival);
    contradicts(&town, voter)
}

#[test]
fn s16_what_a_lost_journal_had_is_not_contradicted() {
    assert!(!locks_twice(Member::new, false));
    assert!(!locks_twice(Member::new, true));
}

#[cfg(feature = "mutants")]
mod mutants {
    use super::*;
    use tabmesh_ledger::Rule;

    fn without(rule: Rule, attachment: &Attachment, genesis: &Genesis) -> Member {
        let mut member = Member::new(attachment, genesis);
        member.switch_off(rule);
        member
    }

    #[test]
    fn s17_needs_a_refusal_of_who_has_seen_the_votes() {
        assert!(silenced(|attachment, genesis| without(Rule::Silence, attachment, genesis)));
    }

    #[test]
    fn s14_needs_refusals_to_be_counted_together() {
        assert_eq!(conflicts(|attachment, genesis| without(Rule::Together, attachment, genesis)), 0);
    }

    #[test]
    fn s16_needs_the_next_view() {
        assert!(locks_twice(|attachment, genesis| without(Rule::NextView, attachment, genesis), false));
    }

    #[test]
    fn s16_needs_what_this_run_has_asked_for() {
        assert!(locks_twice(|attachment, genesis| without(Rule::OwnRun, attachment, genesis), true));
    }
}
