//! Which members count as linked, and to whom links are held.

use alloc::vec::Vec;

use tabmesh_port::{Attachment, Port, PublicKey, sha256};

use super::*;
use crate::candidates::LIST;
use crate::limits::{CANDIDATES_MAX, CANDIDATES_OF_ONE, TRIAL_MS, TRIALS_HEARSAY, TRIALS_MAX, TRIALS_OF_ONE};

fn id(number: u16) -> NodeId {
    NodeId(sha256(&number.to_be_bytes()))
}

fn ids(numbers: core::ops::Range<u16>) -> Vec<NodeId> {
    numbers.map(id).collect()
}

fn members() -> (Members, Ground) {
    let attachment = Attachment { key: PublicKey([1; 64]), network: [0; 8], port: Port(99), seed: [0; 32] };
    let ground = Ground::new(attachment);
    (Members::new(ground.own), ground)
}

fn at(ms: u64) -> Instant {
    Instant(ms * 1_000)
}

#[test]
fn whom_a_view_names_is_linked_until_it_does_not() {
    let (mut members, _) = members();
    members.on_view(at(0), &ids(0..5));
    assert_eq!(members.take_fresh().len(), 5);
    members.hear(at(0), &id(0));
    members.on_view(at(1), &ids(2..6));
    let mut linked = members.ids();
    linked.sort_unstable();
    let mut wanted = ids(2..6);
    wanted.sort_unstable();
    assert_eq!((linked, members.take_fresh()), (wanted, ids(5..6)));
}

#[test]
fn the_nearest_stand_first() {
    let (mut members, _) = members();
    members.on_view(at(0), &ids(0..30));
    let linked = members.ids();
    assert!(linked.is_sorted_by(|one, other| one.is_nearer(other, &members.own)));
}

#[test]
fn who_speaks_over_its_own_link_counts_for_a_while() {
    let (mut members, mut ground) = members();
    assert!(members.hear(at(0), &id(1)));
    assert!(members.is_linked(&id(1)) && members.wanted_at() == at(HEARD_MS));
    ground.now = at(HEARD_MS);
    members.go_on(&mut ground);
    assert!(!members.is_linked(&id(1)));
}

#[test]
fn strangers_take_no_place_from_those_in_view() {
    let (mut members, _) = members();
    for stranger in 100..200 {
        members.hear(at(0), &id(stranger));
    }
    assert_eq!(members.peers().len(), PEERS_MAX);
    members.on_view(at(1), &ids(0..32));
    assert!(ids(0..32).iter().all(|id| members.is_linked(id)));
    assert_eq!(members.peers().len(), PEERS_MAX);
}

#[test]
fn where_there_is_no_room_a_stranger_takes_the_place_of_the_one_that_was_silent_longest() {
    let (mut members, _) = members();
    members.on_view(at(0), &ids(0..32));
    for stranger in 100..108 {
        assert!(members.hear(at(stranger.into()), &id(stranger)));
    }
    members.take_fresh();
    members.hear(at(200), &id(100));
    let brought = (0..50).filter(|_| members.hear(at(300), &id(108))).count();
    assert_eq!(brought as u32, STRANGER_BURST);
    assert!(!members.is_linked(&id(101)) && members.is_linked(&id(100)));
    assert!(members.take_fresh().is_empty(), "and is not greeted");
}

#[test]
fn where_the_view_is_full_a_held_link_counts_once_its_end_spoke() {
    let (mut members, mut ground) = members();
    members.on_view(at(0), &ids(0..32));
    let near = NodeId({
        let mut bytes = members.own.0;
        bytes[31] ^= 1;
        bytes
    });
    assert!(members.wants(&near));
    members.candidates.learn(&near, LIST);
    members.go_on(&mut ground);
    assert!(members.on_linked(&near), "it is to be greeted");
    assert!(members.hear(at(5), &near));
    ground.now = at(HEARD_MS * 3);
    members.go_on(&mut ground);
    assert!(members.is_linked(&near));
    members.on_unlinked(ground.now, &near);
    assert!(!members.is_linked(&near));
}

#[test]
fn the_nearest_and_one_of_every_bucket_are_held() {
    let (mut members, mut ground) = members();
    members.on_view(at(0), &ids(0..32));
    members.go_on(&mut ground);
    let linked = members.ids();
    assert!(linked[..NEAR].iter().all(|id| members.held.contains(id)));
    let bits = |id: &NodeId| members.own.shared_bits(id);
    for bucket in linked[NEAR..].iter().map(bits) {
        assert_eq!(members.held.iter().skip(NEAR).filter(|id| bits(id) == bucket).count(), 1);
    }
    assert!(members.held.len() <= HOLD_MAX);
}

#[test]
fn nobody_names_more_than_its_share_of_those_that_are_tried() {
    let (mut members, mut ground) = members();
    members.on_view(at(0), &ids(0..5));
    for number in 100..200 {
        members.candidates.learn(&id(number), 7);
    }
    assert_eq!(members.candidates.ids().len(), CANDIDATES_OF_ONE);
    members.go_on(&mut ground);
    assert_eq!(members.candidates.tried().count(), TRIALS_OF_ONE);
    for teller in 8..20 {
        for number in 0..20 {
            members.candidates.learn(&id(1_000 + teller * 20 + number), teller.into());
        }
    }
    assert_eq!(members.candidates.ids().len(), CANDIDATES_MAX);
    members.go_on(&mut ground);
    assert_eq!(members.candidates.tried().count(), TRIALS_HEARSAY);
    // What the list names has its own places, once others failed.
    ground.now = at(TRIAL_MS);
    members.go_on(&mut ground);
    for number in 5_000..5_032 {
        members.candidates.learn(&id(number), LIST);
    }
    members.go_on(&mut ground);
    assert_eq!(members.candidates.tried().count(), TRIALS_MAX);
}

#[test]
fn what_leads_on_is_nearer_each_time() {
    let (mut members, _) = members();
    members.on_view(at(0), &ids(0..30));
    let target = id(77);
    let ways: Vec<NodeId> = (0..).map_while(|rank| members.toward(&target, rank)).collect();
    assert!(!ways.is_empty() && ways.iter().all(|way| way.is_nearer(&members.own, &target)));
    assert!(ways.is_sorted_by(|one, other| one.is_nearer(other, &target)));
    let nearer = members.ids().iter().filter(|id| id.is_nearer(&members.own, &target)).count();
    assert_eq!(ways.len(), nearer);
}

#[test]
fn a_link_brings_so_much_and_no_more() {
    let (mut members, _) = members();
    members.on_view(at(0), &ids(0..2));
    let taken = (0..500).filter(|_| members.hear(at(0), &id(0))).count();
    assert_eq!(taken, BURST as usize);
    assert!(members.hear(at(0), &id(1)), "others are heard");
    let taken = (0..500).filter(|_| members.hear(at(1_000), &id(0))).count();
    assert_eq!(taken, RATE as usize);
}
