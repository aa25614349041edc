//! Who is on a list, who leaves it, and what somebody who brings many takes from others.

use alloc::vec::Vec;

use super::Lists;
use crate::ground::Ground;
use crate::ground::testing::{asked_by, ground, random_id, sent};
use crate::id::NodeId;
use crate::io::LinkId;
use crate::limits::{LIST_MAX, LIST_ROWS_MAX, MATES};
use crate::rng::Rng;
use crate::status::Status;
use crate::time::Duration;
use crate::wire::frame::{Body, Frame};
use crate::wire::named;

const PLACE: NodeId = NodeId([5; 32]);

fn ids(first: u64, count: usize) -> Vec<NodeId> {
    (first..first + count as u64).map(|seed| random_id(&mut Rng::new(seed))).collect()
}

fn links(ground: &Ground) -> Vec<LinkId> {
    ground.links.peers().map(|link| link.id).collect()
}

/// Somebody looks for others of a topic: whom it is told of.
fn meet(lists: &mut Lists, ground: &mut Ground, guest: &NodeId, by: LinkId) -> Vec<NodeId> {
    let reply = asked_by(ground, by, guest);
    lists.on_meet(ground, &reply, &PLACE);
    let (_, last) = sent(ground).pop().unwrap();
    let Some(Frame::Routed(routed)) = Frame::parse(&last) else { panic!("no answer") };
    let Some(Body::Nodes { nodes, .. }) = routed.body() else { panic!("no nodes") };
    named::list(nodes).map(|(id, _)| *id).collect()
}

/// Somebody asks for a list, and may stay on it.
fn list(
    lists: &mut Lists,
    ground: &Ground,
    place: &NodeId,
    guest: &NodeId,
    by: LinkId,
    stays: bool,
) -> (Status, Vec<NodeId>) {
    let (status, all) = lists.visit(ground, &asked_by(ground, by, guest), place, stays);
    (status, NodeId::list(&all).to_vec())
}

#[test]
fn a_topics_own_node_names_the_last_that_came_by() {
    let (mut ground, mut lists) = (ground(1), Lists::default());
    let (by, guests) = (links(&ground)[0], ids(0, LIST_MAX));
    let named = guests.iter().map(|guest| meet(&mut lists, &mut ground, guest, by)).last().unwrap();
    let last: Vec<NodeId> = guests.iter().rev().skip(1).take(MATES).copied().collect();
    assert_eq!(named, last);
    // Who comes again is named first, and nobody is named to itself.
    assert_eq!(meet(&mut lists, &mut ground, &guests[0], by)[0], guests[LIST_MAX - 1]);
    assert_eq!(meet(&mut lists, &mut ground, &guests[9], by)[0], guests[0]);
    // A full list takes nobody, and names some all the same.
    assert_eq!(meet(&mut lists, &mut ground, &ids(900, 1)[0], by).len(), MATES);
    assert_eq!(lists.rows(), LIST_MAX);
}

#[test]
fn who_stays_is_on_the_list_until_it_comes_no_more() {
    let (mut ground, mut lists) = (ground(1), Lists::default());
    let (by, guests) = (links(&ground)[0], ids(0, 3));
    for guest in &guests[..2] {
        assert_eq!(list(&mut lists, &ground, &PLACE, guest, by, true).0, Status::Ok);
    }
    let looks = |lists: &mut Lists, ground: &Ground| list(lists, ground, &PLACE, &guests[2], by, false).1;
    assert_eq!(looks(&mut lists, &ground), [guests[1], guests[0]]);
    assert_eq!(looks(&mut lists, &ground), [guests[1], guests[0]], "who only looks is not on it");
    ground.now = ground.now + Duration::from_ms(80_000);
    assert_eq!(list(&mut lists, &ground, &PLACE, &guests[0], by, true).1, [guests[1]]);
    ground.now = ground.now + Duration::from_ms(80_000);
    assert_eq!(looks(&mut lists, &ground), [guests[0]]);
}

#[test]
fn a_full_list_says_so_and_takes_nobody_but_those_who_are_on_it() {
    let (ground, mut lists) = (ground(1), Lists::default());
    let (by, guests) = (links(&ground)[0], ids(0, LIST_MAX + 1));
    for guest in &guests[..LIST_MAX] {
        assert_eq!(list(&mut lists, &ground, &PLACE, guest, by, true).0, Status::Ok);
    }
    let (status, all) = list(&mut lists, &ground, &PLACE, &guests[LIST_MAX], by, true);
    assert_eq!((status, all.len()), (Status::Partial, LIST_MAX));
    assert!(!list(&mut lists, &ground, &PLACE, &guests[0], by, false).1.contains(&guests[LIST_MAX]));
    // Another list has room of its own.
    assert_eq!(list(&mut lists, &ground, &NodeId([6; 32]), &guests[LIST_MAX], by, true).0, Status::Ok);
}

#[test]
fn x4_one_link_that_brings_many_pushes_out_its_own() {
    let (mut ground, mut lists) = (ground(2), Lists::default());
    let (links, honest) = (links(&ground), ids(0, 4));
    for guest in &honest {
        meet(&mut lists, &mut ground, guest, links[0]);
    }
    for (number, guest) in ids(100, 1_000).iter().enumerate() {
        let place = NodeId([number as u8; 32]);
        list(&mut lists, &ground, &place, guest, links[1], true);
    }
    assert_eq!(lists.rows(), LIST_ROWS_MAX[ground.profile() as usize]);
    let named = meet(&mut lists, &mut ground, &honest[0], links[0]);
    assert_eq!(named, [honest[3], honest[2], honest[1]]);
}

#[test]
fn x4_one_link_does_not_keep_a_list_full_for_good() {
    let (mut ground, mut lists) = (ground(3), Lists::default());
    let (links, nobody, honest) = (links(&ground), ids(100, LIST_MAX), ids(0, 12));
    for guest in &nobody {
        list(&mut lists, &ground, &PLACE, guest, links[0], true);
    }
    for guest in &honest {
        assert_eq!(list(&mut lists, &ground, &PLACE, guest, links[1], false).0, Status::Ok, "there is room");
        assert_eq!(list(&mut lists, &ground, &PLACE, guest, links[1], true).0, Status::Ok);
    }
    for round in 0..3 {
        for guest in &nobody {
            list(&mut lists, &ground, &PLACE, guest, links[0], true);
        }
        let all = list(&mut lists, &ground, &PLACE, &ids(900, 1)[0], links[2], false).1;
        assert!(honest.iter().all(|guest| all.contains(guest)), "round {round}");
        assert_eq!(all.len(), LIST_MAX);
    }
    // A topic's guests come to the same lists.
    let named = meet(&mut lists, &mut ground, &ids(901, 1)[0], links[2]);
    assert_eq!(named.len(), MATES);
    assert!(list(&mut lists, &ground, &PLACE, &honest[0], links[1], false).1.contains(&ids(901, 1)[0]));
}

#[test]
fn x4_whoever_brings_the_entries_of_others_again_does_not_push_them_out() {
    let (ground, mut lists) = (ground(2), Lists::default());
    let (links, honest) = (links(&ground), ids(0, 8));
    for guest in &honest {
        list(&mut lists, &ground, &PLACE, guest, links[0], true);
    }
    for guest in &honest {
        list(&mut lists, &ground, &PLACE, guest, links[1], true);
    }
    for (number, guest) in ids(100, 1_000).iter().enumerate() {
        list(&mut lists, &ground, &NodeId([number as u8; 32]), guest, links[1], true);
    }
    let all = list(&mut lists, &ground, &PLACE, &ids(900, 1)[0], links[0], false).1;
    assert!(honest.iter().all(|guest| all.contains(guest)), "{} left", all.len());
}

#[test]
fn x5_no_list_is_longer_than_any_may_be() {
    let (ground, mut lists) = (ground(40), Lists::default());
    let guests = ids(0, LIST_MAX);
    for guest in &guests {
        list(&mut lists, &ground, &PLACE, guest, links(&ground)[0], true);
    }
    for by in links(&ground) {
        list(&mut lists, &ground, &PLACE, &guests[0], by, true);
        assert!(list(&mut lists, &ground, &PLACE, &ids(900, 1)[0], by, false).1.len() <= LIST_MAX);
    }
}

#[test]
fn nobody_is_named_to_itself() {
    let (ground, mut lists) = (ground(1), Lists::default());
    let (by, guests) = (links(&ground)[0], ids(0, 2));
    for guest in &guests {
        list(&mut lists, &ground, &PLACE, guest, by, true);
    }
    assert_eq!(list(&mut lists, &ground, &PLACE, &guests[0], by, false).1, [guests[1]]);
}
