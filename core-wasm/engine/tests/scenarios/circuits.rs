//! Relayed links: pairs that cannot connect directly, through a peer that is linked to both.

use tabmesh_engine::limits::{CARRY_A_MINUTE, MESSAGE_MAX, NEIGHBOURS};
use tabmesh_engine::{LinkKind, OpId, Reason, Status};

use crate::grow::settle;
use crate::world::seeds::each;
use crate::world::{HostId, Spec, World};

/// The relay, and the two tabs behind strict NATs.
const RELAY: HostId = HostId(0);
const PAIR: (HostId, HostId) = (HostId(2), HostId(3));

/// Two always-on peers and some tabs, two of which are linked by a circuit.
fn relayed(seed: u64) -> World {
    let mut world = World::new(seed);
    world.network.blocked.insert(PAIR);
    world.add_many(2, 200, &Spec::native());
    world.add_many(4, 200, &Spec::browser());
    world.expect(180_000, "the pair is linked", |world| kind(world) == Some(LinkKind::Relayed));
    settle(&mut world, 10_000);
    world
}

/// What the pair's link is, where both ends have the same.
fn kind(world: &World) -> Option<LinkKind> {
    let link = |from, to| world.host(from).link_to(world.host(to).id).map(|view| view.kind);
    link(PAIR.0, PAIR.1).filter(|kind| link(PAIR.1, PAIR.0) == Some(*kind))
}

#[test]
fn a_pair_that_cannot_connect_is_linked_through_a_relay() {
    each(4, |seed| {
        let mut world = relayed(seed);
        let receiver = world.host(PAIR.1).id;
        // More than the credit of a link, and than what may wait to be sealed.
        let ops: Vec<OpId> =
            (0..24).map(|number| world.send(PAIR.0, receiver, &vec![number; MESSAGE_MAX])).collect();
        for op in ops {
            assert_eq!(world.wait(PAIR.0, op, 60_000).status, Status::Ok, "seed {seed}");
        }
        let came: Vec<u8> = world.messages(PAIR.1).into_iter().map(|(_, bytes)| bytes[0]).collect();
        assert_eq!(came, (0..24).collect::<Vec<u8>>(), "seed {seed}");
        world.run_for(600_000);
        assert_eq!(
            kind(&world),
            Some(LinkKind::Relayed),
            "seed {seed}: it lasts while no direct link is possible"
        );
        assert_eq!(world.double_links(), [], "seed {seed}");
    });
}

#[test]
fn a_direct_link_takes_the_place_of_a_circuit_once_it_is_possible() {
    each(4, |seed| {
        let mut world = relayed(seed);
        world.network.blocked.clear();
        world.expect(900_000, "the link is direct", |world| kind(world) == Some(LinkKind::WebRtc));
        world.run_for(60_000);
        assert_eq!(kind(&world), Some(LinkKind::WebRtc), "seed {seed}");
        assert_eq!((world.double_links(), world.one_sided_links()), (vec![], vec![]), "seed {seed}");
    });
}

#[test]
fn a_circuit_whose_relay_crashes_is_made_anew_through_another() {
    each(4, |seed| {
        let mut world = relayed(seed);
        world.crash(RELAY);
        world.run_for(60_000);
        world.expect(180_000, "they are linked again", |world| kind(world) == Some(LinkKind::Relayed));
        world.crash(HostId(1));
        world.expect(60_000, "without a relay the circuit is gone", |world| {
            let lists = |from, to| world.host(from).link_to(world.host(to).id).is_some();
            !lists(PAIR.0, PAIR.1) && !lists(PAIR.1, PAIR.0)
        });
        let receiver = world.host(PAIR.1).id;
        // Until everybody knows that the relay is gone, messages may be given to it.
        world.run_for(60_000);
        let op = world.send(PAIR.0, receiver, b"over others");
        assert_eq!(world.wait(PAIR.0, op, 20_000).status, Status::Ok, "seed {seed}");
    });
}

#[test]
fn an_end_that_leaves_or_crashes_is_missed_by_the_other() {
    each(2, |seed| {
        let mut world = relayed(seed);
        let id = world.host(PAIR.0).id;
        world.leave(PAIR.0);
        world.expect(5_000, "the other end was told", |world| world.host(PAIR.1).link_to(id).is_none());
        assert_eq!(world.host(PAIR.1).reasons(id).last(), Some(&Reason::Leaving), "seed {seed}");

        let mut world = relayed(seed + 100);
        let id = world.host(PAIR.0).id;
        world.crash(PAIR.0);
        world.expect(60_000, "the other end noticed", |world| world.host(PAIR.1).link_to(id).is_none());
    });
}

#[test]
fn a_relay_carries_its_share_and_no_more() {
    each(1, |seed| {
        let mut world = relayed(seed);
        let receiver = world.host(PAIR.1).id;
        let message = vec![7; MESSAGE_MAX];
        let mut lost = false;
        // A share is for a minute of the clock; a direct pair carries this in seconds.
        for _ in 0..CARRY_A_MINUTE as usize / MESSAGE_MAX * 4 / 16 {
            let ops: Vec<OpId> = (0..16).map(|_| world.send(PAIR.0, receiver, &message)).collect();
            for op in ops {
                world.wait(PAIR.0, op, 60_000);
            }
            lost |= kind(&world).is_none();
        }
        assert!(lost, "seed {seed}: the relay carried everything");
        assert!(world.host(PAIR.0).reasons(receiver).contains(&Reason::NoRoom), "seed {seed}");
        // What does not go by a circuit goes by routing.
        let op = world.send(PAIR.0, receiver, b"still there");
        assert_eq!(world.wait(PAIR.0, op, 20_000).status, Status::Ok, "seed {seed}");
    });
}

#[test]
fn a_tab_without_any_address_is_linked_to_everybody_near_by_circuits() {
    each(2, |seed| {
        let mut world = World::new(seed);
        world.add_many(2, 200, &Spec::native());
        world.add_many(3, 200, &Spec::browser());
        let tab = HostId(5);
        world.network.addressless.insert(tab);
        assert_eq!(world.add(Spec::browser().knowing(&[RELAY])), tab);
        world.expect(120_000, "it is linked to all", |world| world.host(tab).peers().len() == 5);
        // The other always-on peer's address may have been learnt meanwhile.
        let peers = world.host(tab).peers();
        let relayed = peers.iter().filter(|peer| peer.kind == LinkKind::Relayed).count();
        assert!(relayed >= 3, "seed {seed}: {relayed} are relayed");
        assert!(peers.iter().all(|peer| peer.kind != LinkKind::WebRtc), "seed {seed}");
    });
}

/// The tab of [`walled`].
const WALLED: HostId = HostId(34);

/// A settled network, and a tab whose datagrams all vanish that has found that out.
fn walled(seed: u64) -> World {
    let mut world = World::new(seed);
    world.add_many(4, 100, &Spec::native());
    world.add_many(30, 100, &Spec::browser());
    settle(&mut world, 10_000);
    world.network.blocked.extend((0..WALLED.0).map(|other| (HostId(other), WALLED)));
    assert_eq!(world.add(Spec::browser().knowing(&[RELAY])), WALLED);
    world.expect(120_000, "it is linked to its six nearest", |world| {
        let id = world.host(WALLED).id;
        let near = world.closest(&id, 7);
        near.iter().filter(|near| **near != id).all(|near| world.host(WALLED).link_to(*near).is_some())
    });
    // Until it knows its neighbourhood and has given up the direct links that it began first.
    world.run_for(60_000);
    world
}

#[test]
fn a_tab_whose_datagrams_all_vanish_tries_one_direct_link_in_half_a_minute() {
    each(4, |seed| {
        let mut world = walled(seed);
        let before = world.host(WALLED).offers;
        world.run_for(300_000);
        let tried = world.host(WALLED).offers - before;
        assert!((5..=10).contains(&tried), "seed {seed}: {tried} direct links tried in five minutes");
    });
}

#[test]
fn a_tab_whose_datagrams_pass_again_is_linked_directly() {
    each(4, |seed| {
        let mut world = walled(seed);
        world.network.blocked.clear();
        world.expect(300_000, "most of its links are direct", |world| {
            let peers = world.host(WALLED).peers();
            peers.iter().filter(|peer| peer.kind == LinkKind::WebRtc).count() > peers.len() / 2
        });
    });
}

#[test]
fn with_a_fifth_of_all_pairs_unable_to_connect_every_neighbourhood_becomes_whole() {
    each(2, |seed| {
        let mut world = World::new(seed);
        world.add_many(4, 100, &Spec::native());
        let tabs = world.add_many(30, 100, &Spec::browser());
        for one in &tabs {
            for other in tabs.iter().filter(|other| other > &one) {
                if world.random(5) == 0 {
                    world.network.blocked.insert((*one, *other));
                }
            }
        }
        let lacking = |world: &World| {
            let lacks = |host: &HostId| {
                let near = world.closest(&world.host(*host).id, NEIGHBOURS / 2 + 1);
                near.iter()
                    .filter(|id| **id != world.host(*host).id && world.host(*host).link_to(**id).is_none())
                    .count()
            };
            world.live().iter().map(lacks).sum::<usize>()
        };
        world.expect(300_000, "everybody is linked to its six nearest", |world| lacking(world) == 0);
        settle(&mut world, 60_000);
    });
}
