//! A receipt is checked by anybody, without the network, and holds for what it says alone.

mod common;

use common::running::Conduct;
use common::{SECOND, World};
use tabmesh_port::{NodeId, PublicKey};
use tabmesh_tasks::{Receipt, TaskId, climb, path, root};
use tabmesh_world::crypto::{Crypto, StandIn};
use tabmesh_world::perfect::Weather;

fn receipts() -> (Vec<Receipt>, NodeId) {
    let mut world = World::new(1, Weather::FAIR, 6, |_| Conduct::Honest, |asking| asking.job(2, 150));
    world.begin();
    world.run_to_end(100 * SECOND);
    (world.asking().receipts.clone(), world.net.id(world.requester))
}

fn holds(receipt: &Receipt) -> bool {
    receipt.check().is_some_and(|claim| StandIn::verify(&claim.key, &claim.signature, &claim.bytes))
}

#[test]
fn i10_each_accepted_outcome_has_a_receipt_that_holds() {
    let (receipts, requester) = receipts();
    assert!(receipts.len() >= 300, "{}", receipts.len());
    for receipt in &receipts {
        assert!(holds(receipt));
        assert_eq!(receipt.requester, requester);
        assert_eq!(Receipt::read(&receipt.emit()).as_ref(), Some(receipt));
    }
}

#[test]
fn i17_a_receipt_holds_for_no_other_job_requester_or_executor() {
    let (receipts, _) = receipts();
    let other = StandIn::public(common::alone::owner(9));
    for receipt in receipts.iter().step_by(7) {
        let changed = [
            Receipt { network: [0; 8], ..receipt.clone() },
            Receipt { requester: NodeId([1; 32]), ..receipt.clone() },
            Receipt { nonce: [1; 16], ..receipt.clone() },
            Receipt { key: other, ..receipt.clone() },
            Receipt { key: PublicKey([0; 64]), ..receipt.clone() },
            Receipt { task: TaskId::at(&NodeId([1; 32])).to_owned(), ..receipt.clone() },
            Receipt { count: receipt.count + 1, ..receipt.clone() },
        ];
        for changed in changed {
            assert!(!holds(&changed), "{changed:?}");
        }
    }
    // Any bit of any field.
    let receipt = receipts.iter().find(|receipt| receipt.path.len() >= 3).expect("a batch of some tasks");
    let flat = receipt.emit();
    for at in 0..flat.len() * 8 {
        let mut other = flat.clone();
        other[at / 8] ^= 1 << (at % 8);
        assert!(Receipt::read(&other).is_none_or(|receipt| !holds(&receipt)), "bit {at}");
    }
    for length in 0..flat.len() {
        assert!(Receipt::read(&flat[..length]).is_none_or(|receipt| !holds(&receipt)));
    }
}

#[test]
fn every_leaf_of_a_tree_leads_to_its_root_and_to_no_other() {
    for count in 1..=70_usize {
        let leaves: Vec<[u8; 32]> = (0..count).map(|at| [at as u8 + 1; 32]).collect();
        let top = root(leaves.clone());
        for at in 0..count {
            let way = path(leaves.clone(), at);
            assert_eq!(climb(leaves[at], at, count, &way), Some(top));
            assert_ne!(climb([0; 32], at, count, &way), Some(top));
            assert_ne!(climb(leaves[at], at + 1, count, &way), Some(top));
            if !way.is_empty() {
                assert_ne!(climb(leaves[at], at, count, &way[1..]), Some(top));
            }
            assert_eq!(climb(leaves[at], at, count, &[&way[..], &[[0; 32]]].concat()), None);
        }
        assert_eq!(climb(leaves[0], count, count, &[]), None);
    }
}
