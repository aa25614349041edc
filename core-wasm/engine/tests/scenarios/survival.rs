//! What the network lives through: the signalling server's death, cuts, churn.

use std::collections::BTreeSet;

use tabmesh_engine::{BlockHash, Status};
use tabmesh_world::channel::Channel;

use crate::grow::{network, settle};
use crate::world::seeds::each;
use crate::world::{HostId, Spec, World};

/// Every link there is, as pairs of hosts.
fn pairs(world: &World) -> BTreeSet<(HostId, HostId)> {
    let of = |host: HostId| {
        let peers = world.host(host).peers();
        peers
            .into_iter()
            .filter_map(|view| world.host_of(&view.id))
            .map(move |peer| (host.min(peer), host.max(peer)))
            .collect::<Vec<_>>()
    };
    world.live().into_iter().flat_map(of).collect()
}

#[test]
fn without_the_server_nodes_still_link_to_new_peers_and_newcomers_join_by_address() {
    each(2, |seed| {
        let mut world = network(seed, 2, 28, 150);
        world.kill_signalling();
        let (before, relayed) = (pairs(&world), world.relayed_by_server());
        for number in 0..6 {
            world.crash(HostId(4 * number + 3));
        }
        world.expect(90_000, "nodes link that were not linked", |world| {
            pairs(world).difference(&before).count() > 0
        });
        settle(&mut world, 90_000);
        let newcomer = world.add(Spec::browser().without_signalling().knowing(&[HostId(0)]));
        settle(&mut world, 60_000);
        world.expect(20_000, "the newcomer has links of its own", |world| {
            world.host(newcomer).peers().len() > 3
        });
        assert_eq!(world.relayed_by_server(), relayed);
    });
}

#[test]
fn a_dead_address_among_the_known_ones_does_no_harm() {
    each(2, |seed| {
        let mut world = network(seed, 2, 6, 200);
        world.kill_signalling();
        world.crash(HostId(0));
        world.run_for(5_000);
        let newcomer = world.add(Spec::browser().without_signalling().knowing(&[HostId(0), HostId(1)]));
        world.concern(newcomer);
        world.expect(60_000, "it joins by the other address", |world| world.host(newcomer).is_joined());
    });
}

#[test]
fn an_address_learnt_later_is_used() {
    each(1, |seed| {
        let mut world = network(seed, 1, 5, 200);
        let newcomer = world.add(Spec::browser().without_signalling());
        world.run_for(20_000);
        assert!(!world.host(newcomer).is_joined());
        world.tell_address(newcomer, HostId(0));
        world.expect(20_000, "it joins", |world| world.host(newcomer).is_joined());
        assert_eq!(world.seed, seed);
    });
}

#[test]
fn a_cut_in_half_heals_to_one_network_within_a_minute() {
    each(2, |seed| {
        let mut world = network(seed, 4, 20, 150);
        let (one, other): (Vec<HostId>, Vec<HostId>) =
            world.live().into_iter().partition(|host| host.0 % 2 == 0);
        world.partition(&[&one, &other]);
        world.run_for(120_000);
        assert_eq!(
            (world.parts_among(&one), world.parts_among(&other)),
            (1, 1),
            "seed {seed}: each half stays whole"
        );
        world.heal();
        settle(&mut world, 60_000);
    });
}

#[test]
fn a_short_cut_is_hardly_noticed() {
    each(2, |seed| {
        let mut world = network(seed, 1, 11, 200);
        let (one, other): (Vec<HostId>, Vec<HostId>) = world.live().into_iter().partition(|host| host.0 < 6);
        world.partition(&[&one, &other]);
        world.run_for(3_000);
        world.heal();
        settle(&mut world, 30_000);
    });
}

#[test]
fn a_node_that_lost_everything_comes_back() {
    each(2, |seed| {
        let mut world = network(seed, 1, 9, 200);
        let lost = HostId(4);
        let others: Vec<HostId> = world.live().into_iter().filter(|host| *host != lost).collect();
        world.partition(&[&others, &[lost]]);
        world.network.cut.server = Some(0);
        world.run_for(90_000);
        assert!(world.host(lost).peers().is_empty() && !world.host(lost).is_joined(), "seed {seed}");
        world.heal();
        world.wake_up(lost);
        settle(&mut world, 60_000);
    });
}

#[test]
fn a_relay_that_restarts_alone_finds_the_network_again() {
    each(2, |seed| {
        let mut world = network(seed, 1, 11, 200);
        let relay = HostId(0);
        world.crash(relay);
        world.run_for(20_000);
        world.restart(relay);
        settle(&mut world, 90_000);
    });
}

#[test]
fn a_newcomer_finds_the_network_though_all_of_it_has_left_the_server() {
    each(2, |seed| {
        let mut world = network(seed, 0, 10, 200);
        world.run_for(60_000);
        world.add(Spec::browser());
        settle(&mut world, 90_000);
    });
}

#[test]
fn a_tab_that_is_reloaded_is_back_within_seconds_under_the_same_id() {
    each(3, |seed| {
        let mut world = network(seed, 1, 11, 200);
        let tab = HostId(6);
        for pause_ms in [50, 3_000, 12_000] {
            world.crash(tab);
            world.run_for(pause_ms);
            world.restart(tab);
            world.concern(tab);
            world.expect(15_000, "it has joined again", |world| world.host(tab).is_joined());
            settle(&mut world, 60_000);
            assert_eq!(world.double_links(), [], "seed {seed}");
        }
    });
}

#[test]
fn half_of_all_leaving_at_once_leaves_one_network() {
    each(2, |seed| {
        let mut world = network(seed, 2, 28, 150);
        for number in 0..15 {
            world.crash(HostId(2 * number + 1));
        }
        settle(&mut world, 90_000);
    });
}

#[test]
fn a_network_with_losses_and_reordering_joins_and_serves_all_the_same() {
    each(2, |seed| {
        let mut world = World::new(seed);
        world.network.channel = Channel { loss: 0.05, reorder: 0.1, duplicate: 0.0, jitter_us: 30_000.0 };
        world.add_many(20, 200, &Spec::browser());
        settle(&mut world, 90_000);
        world.run_for(10_000);
        let hash = place(&mut world, HostId(4));
        let op = world.get(HostId(13), hash);
        assert_eq!(world.wait(HostId(13), op, 60_000).status, Status::Ok, "seed {seed}");
    });
}

#[test]
fn days_of_coming_and_going_lose_no_block_and_leave_no_part() {
    each(1, |seed| {
        let mut world = network(seed, 3, 27, 150);
        let hashes: Vec<BlockHash> = (0..6).map(|number| place(&mut world, HostId(number))).collect();
        for round in 0..60 {
            let tabs: Vec<HostId> = world.live().into_iter().filter(|host| host.0 >= 3).collect();
            let gone = tabs[world.random(tabs.len() as u64) as usize];
            if round % 3 == 0 {
                world.leave(gone)
            } else {
                world.crash(gone)
            }
            world.add(Spec::browser());
            world.run_for(8_000);
        }
        settle(&mut world, 90_000);
        for hash in hashes {
            assert!(!world.holders(&hash).is_empty(), "seed {seed}: a block is lost");
            let reader = *world.live().last().expect("thirty nodes");
            let op = world.get(reader, hash);
            assert_eq!(world.wait(reader, op, 30_000).status, Status::Ok, "seed {seed}");
        }
    });
}

fn place(world: &mut World, giver: HostId) -> BlockHash {
    let bytes = world.random_bytes(2_000);
    let (op, hash) = world.put(giver, &bytes);
    assert_eq!(world.wait(giver, op, 30_000).status, Status::Ok, "seed {}", world.seed);
    hash
}
