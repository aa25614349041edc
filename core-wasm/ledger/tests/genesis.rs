//! Goal: a ledger begins in one way for all who have its genesis, and in none that could not go on. Method: each flaw by itself, every bit
//! of a good one turned over.

mod common;

use common::{CREDIT, account, genesis, key};
use tabmesh_ledger::{Flaw, Genesis, Ledger, Voter};
use tabmesh_port::NodeId;

#[test]
fn a_genesis_is_read_as_it_was_written_and_names_its_ledger() {
    let good = genesis(9);
    assert_eq!(good.check(), Ok(()));
    let bytes = good.emit();
    assert_eq!(Genesis::read(&bytes), Ok(good.clone()));
    assert_eq!(good.id().network, *b"tests v1");
    for (bit, other) in common::flips(&bytes) {
        if let Ok(other) = Genesis::read(&other) {
            assert_ne!(other.hash(), good.hash(), "bit {bit}");
        }
    }
    for length in 0..bytes.len() {
        // A shorter one may be whole, with fewer accounts: then it is another ledger's.
        assert!(!Genesis::read(&bytes[..length]).is_ok_and(|other| other.hash() == good.hash()));
    }
    assert_eq!(Genesis::read(&[]), Err(Flaw::Malformed));
    assert_eq!(Genesis::read(&[&bytes[..], &[0]].concat()), Err(Flaw::Malformed));
}

#[test]
fn all_who_have_it_begin_with_one_block() {
    let (one, two) = (Ledger::new(&genesis(9)), Ledger::new(&genesis(9)));
    assert_eq!(one.head().hash(), two.head().hash());
    assert_ne!(one.head().hash(), Ledger::new(&genesis(10)).head().hash());
    let sums = one.state().sums();
    assert!(sums.hold());
    assert_eq!(sums.minted, (4 * (100 + 10) + 9 * 1_000) * CREDIT);
    let voter = one.state().units().account(&account(1)).expect("it is there");
    assert_eq!((voter.bond, voter.balance, voter.sequence), (100, 10 * CREDIT, 0));
}

#[test]
fn each_flaw_is_found() {
    let flaw = |change: &dyn Fn(&mut Genesis)| {
        let mut genesis = genesis(9);
        change(&mut genesis);
        assert_eq!(Genesis::read(&genesis.emit()).err(), genesis.check().err(), "bytes have it as well");
        genesis.check().err()
    };
    assert_eq!(flaw(&|_| {}), None);
    assert_eq!(flaw(&|it| it.terms.epoch_ms = 999), Some(Flaw::EpochLength));
    assert_eq!(flaw(&|it| it.terms.epoch_ms = 3_600_001), Some(Flaw::EpochLength));
    assert_eq!(flaw(&|it| it.terms.stake = 0), Some(Flaw::NoStake));
    assert_eq!(flaw(&|it| it.terms.price = 0), Some(Flaw::Price));
    assert_eq!(flaw(&|it| it.terms.price = (1 << 24) + 1), Some(Flaw::Price));
    assert_eq!(flaw(&|it| it.terms.units = 63), Some(Flaw::Units));
    assert_eq!(flaw(&|it| it.terms.units = 16_385), Some(Flaw::Units));
    assert_eq!(flaw(&|it| drop(it.voters.drain(..1))), Some(Flaw::TooFewVoters));
    let many = |it: &mut Genesis, count: u32| {
        it.voters = (100..100 + count).map(|person| Voter { key: key(person), balance: CREDIT }).collect();
        it.sort();
    };
    assert_eq!(flaw(&|it| many(it, 64)), None);
    assert_eq!(flaw(&|it| many(it, 65)), Some(Flaw::TooManyVoters));
    assert_eq!(flaw(&|it| it.voters[0] = it.voters[1]), Some(Flaw::Doubled));
    assert_eq!(flaw(&|it| it.accounts[3] = it.accounts[4]), Some(Flaw::Doubled));
    // Ids that differ in their last bit have one account.
    assert_eq!(flaw(&|it| it.accounts[3] = (flipped(&it.accounts[4].0), CREDIT)), Some(Flaw::Doubled));
    let twice = |it: &mut Genesis| {
        it.accounts[0].0 = NodeId::of_key(&it.voters[2].key);
        it.sort();
    };
    assert_eq!(flaw(&twice), Some(Flaw::Doubled));
    assert_eq!(flaw(&|it| it.voters.swap(0, 1)), Some(Flaw::Disorder));
    assert_eq!(flaw(&|it| it.accounts.swap(0, 1)), Some(Flaw::Disorder));
    let crowd = |it: &mut Genesis, count: u32| {
        it.accounts = (1_000..1_000 + count).map(|person| (common::id(person), CREDIT)).collect();
        it.sort();
    };
    assert_eq!(flaw(&|it| crowd(it, 188)), None);
    assert_eq!(flaw(&|it| crowd(it, 189)), Some(Flaw::TooManyAccounts));
    assert_eq!(flaw(&|it| it.accounts[0].1 = 64 * 3 - 1), Some(Flaw::TooLittle));
    assert_eq!(flaw(&|it| it.voters[0].balance = 0), Some(Flaw::TooLittle));
    assert_eq!(flaw(&|it| it.accounts[0].1 = 1 << 62), Some(Flaw::TooMuch));
    assert_eq!(flaw(&|it| it.accounts.iter_mut().for_each(|it| it.1 = u64::MAX)), Some(Flaw::TooMuch));
    assert_eq!(flaw(&|it| it.terms.mint = u64::MAX), Some(Flaw::TooMuch));
}

fn flipped(id: &NodeId) -> NodeId {
    id.flipped(255)
}
