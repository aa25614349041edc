//! Goal: a root commits to every bit of a state, and proofs show what is there and what is not. Method: the tree of `common::merkle`, tables
//! by chance and by an adversary's choice, every bit of a proof turned over.

mod common;

use std::collections::BTreeMap;

use common::merkle;
use common::{flips, key};
use tabmesh_ledger::{Account, Found, Genesis, Key, Mountain, Prefix, Proof, State, Units, Way};
use tabmesh_port::NodeId;
use tabmesh_world::dice::Dice;

/// A state with accounts at these keys.
fn state(keys: &[[u8; 32]], dice: &mut Dice) -> State {
    let mut bytes = Vec::new();
    let mut sorted = keys.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    for key in sorted {
        bytes.extend(key);
        bytes.extend([1, 0, 0, 0]);
        bytes.extend(dice.below(1 << 40).to_be_bytes());
        bytes.extend((dice.draw() as u32).to_be_bytes());
        bytes.extend([0; 8]);
        bytes.extend((dice.draw() as u32).to_be_bytes());
        bytes.extend([0; 4]);
    }
    let units = Units::read(&bytes, 384, Prefix::default()).expect("accounts");
    let balances: u64 = (0..units.records()).filter_map(|at| account(&units, at)).map(|it| it.balance).sum();
    // Prefix 9, price 4, minted 8, six other sums, no nullifiers, no voters.
    let mut all = vec![0; 9];
    all.extend(3_u32.to_be_bytes());
    all.extend(balances.to_be_bytes());
    all.extend([0; 48]);
    all.extend([0; 4 + 4]);
    all.extend(bytes);
    State::read(&all, common::TERMS).expect("a state")
}

fn account(units: &Units, at: usize) -> Option<Account> {
    match units.at(at)? {
        tabmesh_ledger::Record::Account(account) => Some(account),
        _ => None,
    }
}

fn naive(state: &State) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let (units, _) = state.units().bytes().as_chunks::<64>();
    units.iter().map(|unit| (unit[..32].to_vec(), unit.to_vec())).collect()
}

/// Keys as an adversary would choose them: next to each other, and one for each bit of a victim's.
fn chosen(kind: u64, count: u64, dice: &mut Dice) -> Vec<[u8; 32]> {
    let victim = dice.bytes();
    let make = |at: u64, dice: &mut Dice| match kind {
        0 => dice.bytes(),
        1 => *NodeId(victim).flipped(at as u32 % 255).0.first_chunk().unwrap(),
        2 => {
            let mut key = victim;
            key[31] = (at * 2) as u8;
            key
        }
        _ => {
            let mut key = [0; 32];
            key[dice.below(32) as usize] = (dice.draw() as u8) & !1;
            key
        }
    };
    let mut keys: Vec<[u8; 32]> = (0..count).map(|at| make(at, dice)).collect();
    keys.iter_mut().for_each(|key| key[31] &= !1);
    keys
}

#[test]
fn roots_are_those_of_the_naive_tree_and_each_key_is_proved() {
    for seed in 0..60 {
        let mut dice = Dice::new(seed, 0);
        let count = [0, 1, 2, 3, 17, 90, 256][dice.below(7) as usize];
        let keys = chosen(seed % 4, count, &mut dice);
        let state = state(&keys, &mut dice);
        let root = state.root();
        let leaves = naive(&state);
        assert_eq!(root, merkle::root(&leaves), "seed {seed}");
        let mut absent = chosen(seed % 4, 20, &mut dice);
        absent.extend((0..10).map(|_| dice.bytes()));
        absent.extend(keys.iter().map(|key| NodeId(*key).flipped(dice.below(255) as u32).0));
        for key in keys.iter().chain(&absent) {
            let proof = state.prove(&Key(*key));
            assert_eq!(Proof::read(&proof.emit()).as_ref(), Some(&proof));
            let expected = leaves.get(&key[..]).map_or(Found::Absent, |leaf| Found::Present(leaf));
            assert_eq!(proof.verify(&root, key), Some(expected), "seed {seed}");
            assert_eq!(proof.verify(&[1; 32], key), None);
        }
    }
}

#[test]
fn a_proof_holds_for_its_own_key_alone() {
    let mut dice = Dice::new(1, 0);
    let state = state(&chosen(0, 40, &mut dice), &mut dice);
    let (units, _) = state.units().bytes().as_chunks::<64>();
    let keys: Vec<[u8; 32]> = units.iter().map(|unit| *unit.first_chunk().unwrap()).collect();
    for (one, two) in keys.iter().flat_map(|one| keys.iter().map(move |two| (one, two))) {
        let proof = state.prove(&Key(*one));
        // That of one account never shows that another one, which is there, is not.
        assert_eq!(proof.verify(&state.root(), two).is_some(), one == two);
    }
}

#[test]
fn every_bit_of_a_proof_counts() {
    for seed in 0..6 {
        let mut dice = Dice::new(seed, 1);
        let keys = chosen(seed % 3, 30, &mut dice);
        let state = state(&keys, &mut dice);
        let root = state.root();
        for key in [keys[3], dice.bytes()] {
            let bytes = state.prove(&Key(key)).emit();
            for (bit, other) in flips(&bytes) {
                let holds = Proof::read(&other).is_some_and(|proof| proof.verify(&root, &key).is_some());
                assert!(!holds, "bit {bit}");
            }
            for length in 0..bytes.len() {
                let part = Proof::read(&bytes[..length]);
                assert!(part.is_none_or(|proof| proof.verify(&root, &key).is_none()), "{length} bytes");
            }
            let longer = [&bytes[..], &[0; 33]].concat();
            assert!(Proof::read(&longer).is_none_or(|proof| proof.verify(&root, &key).is_none()));
        }
    }
}

/// An account beside one's own makes the way to it one step longer, not 250.
#[test]
fn a_way_is_no_longer_than_its_neighbours_paid_for() {
    let mut dice = Dice::new(2, 0);
    let victim = [0x5a; 32];
    for near in 0..20 {
        let mut keys = vec![victim];
        keys.extend((0..near).map(|bit| NodeId(victim).flipped(254 - bit).0));
        let state = state(&keys, &mut dice);
        let proof = state.prove(&Key(victim)).emit();
        assert_eq!(proof.len(), 1 + 64 + 33 * near as usize);
    }
}

#[test]
fn a_genesis_has_the_root_of_its_accounts() {
    let genesis: Genesis = common::genesis(9);
    let state = genesis.state();
    assert_eq!(state.root(), merkle::root(&naive(&state)));
    let proof = state.prove(&Key::account(&NodeId::of_key(&key(1))));
    assert!(matches!(proof.verify(&state.root(), &common::account(1).0), Some(Found::Present(_))));
}

#[test]
fn mountains_have_the_root_of_the_naive_list_and_prove_each_item() {
    let mut dice = Dice::new(3, 0);
    let items: Vec<[u8; 32]> = (0..70).map(|_| dice.bytes()).collect();
    let mut mountain = Mountain::default();
    for count in 0..=items.len() {
        let all = &items[..count];
        assert_eq!(mountain.root(), merkle::mountain(all), "{count} items");
        for index in 0..count as u32 {
            let way = Way::of(all, index).expect("it is there");
            assert_eq!(Way::read(&way.emit()).as_ref(), Some(&way));
            assert!(way.verify(&mountain.root(), &all[index as usize]));
            assert!(!way.verify(&mountain.root(), &[9; 32]));
        }
        assert_eq!(Way::of(all, count as u32), None);
        if let Some(item) = items.get(count) {
            mountain.push(*item);
        }
    }
    let root = merkle::mountain(&items[..45]);
    let bytes = Way::of(&items[..45], 41).expect("it is there").emit();
    for (bit, other) in flips(&bytes) {
        let holds = Way::read(&other).is_some_and(|way| way.verify(&root, &items[41]));
        assert!(!holds, "bit {bit}");
    }
}
