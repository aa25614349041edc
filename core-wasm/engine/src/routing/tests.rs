use alloc::vec::Vec;

use super::*;
use crate::id::NodeId;
use crate::io::LinkId;
use crate::limits::CONTACTS_MAX;
use crate::rng::Rng;
use crate::time::Instant;

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
    let hop = |link, last, rtt_us| {
        let mut peer = [0; 32];
        peer[31] = last;
        Hop { link: LinkId::new(link).unwrap(), peer: NodeId(peer), rtt_us }
    };
    let hops = [hop(1, 9, 1_000), hop(2, 1, 900_000), hop(3, 4, 5_000)];
    assert_eq!(best_hop(&target, 20, &mut hops.into_iter()), LinkId::new(2));
}

#[test]
fn far_off_a_quick_peer_beats_a_slow_one_with_one_bit_more() {
    let target = NodeId([0; 32]);
    let hop = |link, first, rtt_us| {
        let mut peer = [0; 32];
        peer[0] = first;
        Hop { link: LinkId::new(link).unwrap(), peer: NodeId(peer), rtt_us }
    };
    let hops = [hop(1, 0x10, 20_000), hop(2, 0x08, 200_000)];
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
fn a_banned_peer_is_not_pushed_out_by_strangers() {
    let mut rng = Rng::new(3);
    let mut contacts = Contacts::new(random_id(&mut rng));
    let bad = random_id(&mut rng);
    contacts.ban(&bad, Instant(0));
    for _ in 0..500 {
        contacts.learn(&random_id(&mut rng));
    }
    assert!(contacts.is_banned(&bad, Instant(1)));
    assert!(!contacts.is_banned(&bad, Instant(u64::MAX)));
}
