use alloc::vec::Vec;

use super::*;
use crate::id::NodeId;
use crate::io::LinkId;
use crate::limits::{BANS_MAX, CONTACTS_MAX};
use crate::rng::Rng;
use crate::time::{Duration, Instant};

fn random_id(rng: &mut Rng) -> NodeId {
    let mut bytes = [0; 32];
    for chunk in bytes.chunks_mut(8) {
        chunk.copy_from_slice(&rng.next().to_be_bytes());
    }
    NodeId(bytes)
}

#[test]
fn nearest_agrees_with_brute_force() {
    let mut rng = Rng::new(1);
    for _ in 0..100 {
        let target = random_id(&mut rng);
        let mut ids: Vec<NodeId> = (0..40).map(|_| random_id(&mut rng)).collect();
        let mut nearest = Nearest::new(&target, 8);
        for id in ids.iter().chain(&ids) {
            nearest.offer(id);
        }
        ids.sort_by_key(|id| id.distance(&target));
        assert_eq!(nearest.ids(), &ids[..8]);
    }
}

#[test]
fn the_last_hop_is_the_nearest_whatever_its_round_trip() {
    let target = NodeId([0; 32]);
    let peers = [9, 1, 4].map(|last| {
        let mut peer = [0; 32];
        peer[31] = last;
        NodeId(peer)
    });
    let hop = |link: u16, rtt_us| Hop {
        link: LinkId::new(link).unwrap(),
        peer: &peers[usize::from(link) - 1],
        rtt_us,
    };
    let hops = [hop(1, 1_000), hop(2, 900_000), hop(3, 5_000)];
    assert_eq!(best_hop(&target, 20, &mut hops.into_iter()), LinkId::new(2));
}

#[test]
fn far_off_a_quick_peer_beats_a_slow_one_with_one_bit_more() {
    let target = NodeId([0; 32]);
    let peers = [0x10, 0x08].map(|first| {
        let mut peer = [0; 32];
        peer[0] = first;
        NodeId(peer)
    });
    let hop = |link: u16, rtt_us| Hop {
        link: LinkId::new(link).unwrap(),
        peer: &peers[usize::from(link) - 1],
        rtt_us,
    };
    let hops = [hop(1, 20_000), hop(2, 200_000)];
    assert_eq!(best_hop(&target, 12, &mut hops.into_iter()), LinkId::new(1));
}

#[test]
fn contacts_keep_the_near_and_the_reliable() {
    let mut rng = Rng::new(2);
    let own = random_id(&mut rng);
    let mut contacts = Contacts::new(own);
    let ids: Vec<NodeId> = (0..500).map(|_| random_id(&mut rng)).collect();
    for id in &ids {
        contacts.learn(id);
    }
    assert_eq!(contacts.iter().count(), CONTACTS_MAX);
    let nearest = ids.iter().min_by_key(|id| id.distance(&own)).unwrap();
    assert!(contacts.get(nearest).is_some());
    assert!(contacts.learn(&own).is_none());
}

#[test]
fn bans_are_bounded_expire_and_leave_room() {
    let (mut bans, id) = (Bans::default(), |number: u8| NodeId([number; 32]));
    bans.add(&id(0), Instant(0));
    for number in 1..=BANS_MAX as u8 {
        bans.add(&id(number), Instant(u64::from(number)));
    }
    assert!(!bans.hold(&id(0), Instant(40)), "the oldest is lifted at the bound");
    assert!((1..=BANS_MAX as u8).all(|number| bans.hold(&id(number), Instant(40))));
    bans.add(&id(7), Instant(50));
    assert!(bans.hold(&id(1), Instant(50)), "who breaks the protocol again takes nobody's place");
    let later = Instant(0) + Duration::from_ms(600_000) + Duration(40);
    assert!(!bans.hold(&id(8), later) && bans.hold(&id(7), later));
}
