//! The neighbourhood as it is told, links that are kept and shed, addresses that are dialled again.

use alloc::vec::Vec;

use super::*;
use crate::ground::testing::{self, outputs, random_id};
use crate::rng::Rng;

/// A listener that applies what `since` says knows every member, and nobody that is gone and was no member again.
#[test]
fn differences_add_up_to_the_whole() {
    let mut rng = Rng::new(4);
    let pool: Vec<NodeId> = (0..30).map(|_| random_id(&mut rng)).collect();
    let mut membership = Membership::default();
    let mut heard: [(u32, Vec<NodeId>); 3] = Default::default();
    for round in 0..5_000_u32 {
        let now: Vec<NodeId> = pool.iter().filter(|_| rng.below(3) == 0).take(12).copied().collect();
        membership.update(&now);
        let gone = now.get(rng.below(12) as usize);
        gone.iter().for_each(|id| membership.gone(id));
        for (which, (told, known)) in heard.iter_mut().enumerate() {
            if round % (which as u32 * 7 + 1) != 0 {
                continue;
            }
            let (joined, left) = membership.since(*told);
            known.retain(|id| !left.chunks(8).any(|prefix| id.0.starts_with(prefix)));
            known.extend(joined.chunks(32).map(|id| NodeId(id.try_into().unwrap())));
            *told = membership.version();
            let living = now.iter().filter(|id| Some(*id) != gone);
            assert!(living.clone().all(|id| known.contains(id)), "round {round}, listener {which}");
            assert!(!gone.is_some_and(|id| known.contains(id)), "round {round}, listener {which}");
        }
    }
}
/// A node whose links are `count` peers, none of them told or heard of before.
fn crowd(count: usize) -> (Upkeep, Ground) {
    (Upkeep::default(), testing::ground(count))
}

#[test]
fn a_changed_neighbourhood_is_told_soon_and_once() {
    let (mut upkeep, mut ground) = crowd(5);
    assert!(upkeep.on_peers_changed(&mut ground));
    assert!(!upkeep.on_peers_changed(&mut ground));
    ground.links.iter_mut().for_each(|link| link.ties = CLOSE);
    upkeep.gossip_if_due(&mut ground);
    assert_eq!(testing::sent(&mut ground).len(), 5);
    ground.now = ground.now + Duration::from_ms(10_000);
    upkeep.gossip_if_due(&mut ground);
    assert!(testing::sent(&mut ground).is_empty());
}

#[test]
fn beyond_the_budget_a_link_goes_that_nobody_counts_on() {
    let (upkeep, mut ground) = crowd(260);
    ground.now = ground.now + FRESH;
    let victim = upkeep.surplus(&ground, &|_| false).unwrap();
    let peer = ground.links.ready(victim).map(|link| link.peer).unwrap();
    assert!(!ground.linked_neighbours().contains(&peer));
    assert_ne!(upkeep.surplus(&ground, &|needed| *needed == peer), Some(victim));
    ground.links.iter_mut().for_each(|link| link.set_since(ground.now));
    assert_eq!(upkeep.surplus(&ground, &|_| false), None, "each may still say that it counts on the link");
}

#[test]
fn an_address_that_fails_is_dialled_again_later_each_time() {
    let (mut upkeep, mut ground) = crowd(0);
    upkeep.set_addresses(&mut ground, 1);
    let mut waits = Vec::new();
    for _ in 0..4 {
        upkeep.dial_addresses(&mut ground);
        let opened = outputs(&mut ground);
        let link = opened.first().and_then(|flat| LinkId::new(flat.number as u16)).unwrap();
        ground.links.remove(link);
        upkeep.release_address(&mut ground, link, false);
        let begun = ground.now;
        while outputs(&mut ground).is_empty() {
            ground.now = ground.now + Duration::from_ms(100);
            upkeep.dial_addresses(&mut ground);
        }
        waits.push(ground.now.since(begun).ms());
        let last = ground.links.iter().next().map(|link| link.id).unwrap();
        ground.links.remove(last);
        upkeep.release_address(&mut ground, last, false);
        ground.now = ground.now + Duration::from_ms(100_000);
    }
    assert!(waits.windows(2).all(|pair| pair[1] > pair[0]), "{waits:?}");
}

#[test]
fn strangers_seen_through_a_link_are_reached_by_it() {
    let (mut upkeep, mut ground) = crowd(3);
    let link = ground.links.peers().next().map(|link| link.id).unwrap();
    let mut rng = Rng::new(9);
    let ids: Vec<NodeId> = (0..4).map(|_| random_id(&mut rng)).collect();
    let own = ground.id;
    assert!(!upkeep.on_looked(&mut ground, link, &own, &ids[..2]), "two may be newcomers");
    assert!(upkeep.on_looked(&mut ground, link, &own, &ids));
    assert!(ids.iter().all(|id| ground.contacts.way_to(id) == Some(link)));
}
