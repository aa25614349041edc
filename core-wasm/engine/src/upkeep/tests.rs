//! The neighbourhood as it is told, links that are kept and shed, addresses that are dialled again.

use alloc::vec::Vec;

use super::gossip::on_gossip;
use super::membership::Membership;
use super::overlay::{FRESH, Upkeep, dial_held};
use crate::ground::Ground;
use crate::ground::testing::{self, outputs, random_id};
use crate::id::NodeId;
use crate::io::LinkId;
use crate::limits::{DIALS_MAX, NEIGHBOURS};
use crate::rng::Rng;
use crate::time::Duration;
use crate::wire::frame::CLOSE;

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
    assert_ne!(upkeep.surplus(&ground, &|link| link == victim), Some(victim));
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

/// All links say that this node is one of their closest.
fn all_close(ground: &mut Ground) {
    ground.links.iter_mut().for_each(|link| link.ties = CLOSE);
    ground.depth_hint = ground.depth();
    ground.now = ground.now + FRESH;
}

#[test]
fn x8_whoever_only_says_that_it_is_close_is_shed_for_others() {
    let (upkeep, mut ground) = crowd(250);
    all_close(&mut ground);
    let neighbours = ground.linked_neighbours();
    let mut shed = 0;
    while let Some(link) = upkeep.surplus(&ground, &|_| false) {
        let peer = ground.links.remove(link).peer;
        assert!(!neighbours.contains(&peer));
        shed += 1;
    }
    assert_eq!(shed, 250 - ground.link_budget());
}

#[test]
fn a_peer_is_believed_only_about_what_is_near_it() {
    let mut ground = testing::ground(9 * NEIGHBOURS);
    ground.depth_hint = ground.depth();
    let own = ground.id;
    let liar = own.flipped(0);
    let (link, near) = (testing::link(&mut ground, &liar), own.flipped(40));
    on_gossip(&mut ground, link, &near.0, &[]);
    assert!(ground.contacts.get(&near).is_none());
    on_gossip(&mut ground, link, &liar.flipped(41).0, &[]);
    assert_eq!(ground.contacts.way_to(&liar.flipped(41)), Some(link));
}

#[test]
fn the_way_to_a_node_goes_by_the_nearest_that_named_it() {
    let mut ground = testing::ground(0);
    let own = ground.id;
    let wanted = own.flipped(30);
    let (far, near) = (own.flipped(3), own.flipped(9));
    let (by_far, by_near) = (testing::link(&mut ground, &far), testing::link(&mut ground, &near));
    for (link, way) in [(by_far, by_far), (by_near, by_near), (by_far, by_near)] {
        on_gossip(&mut ground, link, &wanted.0, &[]);
        assert_eq!(ground.contacts.way_to(&wanted), Some(way));
    }
    ground.links.remove(by_near);
    on_gossip(&mut ground, by_far, &wanted.0, &[]);
    assert_eq!(ground.contacts.way_to(&wanted), Some(by_far));
}

#[test]
fn x4_held_nodes_that_nobody_is_leave_dials_to_others() {
    let (_, mut ground) = crowd(3);
    let mut rng = Rng::new(12);
    let held: Vec<NodeId> = (0..40).map(|_| random_id(&mut rng)).collect();
    ground.held = NodeId::list_bytes(&held).to_vec();
    assert!(dial_held(&mut ground), "they are missing");
    assert_eq!(ground.dials() + 1, ground.profile_limit(&DIALS_MAX));
}
