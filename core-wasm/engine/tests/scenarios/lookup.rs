//! Lookups and messages over many hops.

use tabmesh_engine::limits::REPLICAS;
use tabmesh_engine::{BlockHash, NodeId, Status};

use crate::grow::network;
use crate::world::World;
use crate::world::check::distance;
use crate::world::seeds::each;

/// Looks up `count` random places from random nodes; how many lookups named the closest node first, and how many the
/// closest exactly.
fn look_up(world: &mut World, count: usize) -> (usize, usize) {
    let (mut first, mut exact) = (0, 0);
    for _ in 0..count {
        let live = world.live();
        let from = live[world.random(live.len() as u64) as usize];
        let target = world.random_id();
        let op = world.find(from, target);
        assert_eq!(world.wait(from, op, 20_000).status, Status::Ok, "seed {}", world.seed);
        let found = world.host(from).found[&op.0].clone();
        let truth = world.closest(&target, REPLICAS);
        assert!(found.is_sorted_by_key(|id| distance(id, &target)), "nearest first: {found:?}");
        first += usize::from(found.first() == truth.first());
        exact += usize::from(found == truth);
    }
    (first, exact)
}

#[test]
fn lookups_find_the_true_closest() {
    each(2, |seed| {
        let mut world = network(seed, 2, 28, 200);
        assert_eq!(look_up(&mut world, 40), (40, 40), "seed {seed}");
    });
}

#[test]
fn lookups_find_the_true_closest_among_a_hundred_nodes() {
    each(1, |seed| {
        let mut world = network(seed, 4, 96, 100);
        let (first, exact) = look_up(&mut world, 100);
        assert!(first == 100 && exact >= 98, "seed {seed}: {first} and {exact} of 100");
    });
}

#[test]
fn a_lookup_of_a_nodes_own_id_names_it_first() {
    each(2, |seed| {
        let mut world = network(seed, 1, 9, 200);
        for host in world.live() {
            let id = world.host(host).id;
            let op = world.find(host, id);
            assert_eq!(world.wait(host, op, 10_000).status, Status::Ok);
            assert_eq!(world.host(host).found[&op.0].first(), Some(&id), "seed {seed}");
        }
    });
}

#[test]
fn a_message_reaches_any_node_once_and_nobody_else() {
    each(2, messages_arrive);
}

/// Here a link is shed while a message or its answer is under way over it.
#[test]
fn what_is_under_way_over_a_link_that_is_shed_arrives() {
    [4004, 5017, 6035, 6048, 6146, 6396].into_iter().for_each(messages_arrive);
}

fn messages_arrive(seed: u64) {
    let mut world = network(seed, 2, 38, 150);
    let hosts = world.live();
    for (number, from) in hosts.iter().enumerate().take(20) {
        let to = hosts[(number * 7 + 13) % hosts.len()];
        if to == *from {
            continue;
        }
        let text = vec![number as u8; 3_000];
        let (id, origin) = (world.host(to).id, world.host(*from).id);
        let op = world.send(*from, id, &text);
        assert_eq!(world.wait(*from, op, 15_000).status, Status::Ok, "seed {seed}, message {number}");
        let received =
            world.messages(to).into_iter().filter(|message| *message == (origin, text.clone())).count();
        assert_eq!(received, 1, "seed {seed}, message {number}");
    }
    let total: usize = hosts.iter().map(|host| world.messages(*host).len()).sum();
    assert!(total <= 20, "seed {seed}: {total} messages for 20");
}

#[test]
fn a_message_to_nobody_ends_with_a_status_and_one_too_long_is_refused() {
    each(2, |seed| {
        let mut world = network(seed, 0, 6, 200);
        let host = world.live()[0];
        let op = world.send(host, NodeId([9; 32]), b"anybody?");
        let status = world.wait(host, op, 60_000).status;
        assert!(matches!(status, Status::NotFound | Status::TimedOut), "seed {seed}: {status:?}");
        let to = world.host(world.live()[1]).id;
        let op = world.send(host, to, &vec![0; 32 * 1024 + 1]);
        assert_eq!(world.wait(host, op, 1_000).status, Status::BadRequest);
    });
}

#[test]
fn what_a_lonely_node_asks_ends_with_a_status() {
    each(1, |seed| {
        let mut world = World::new(seed);
        world.kill_signalling();
        let host = world.add(crate::world::Spec::browser());
        world.run_for(1_000);
        let target = world.random_id();
        let ops = [
            world.find(host, target),
            world.get(host, BlockHash(target.0)),
            world.send(host, target, b"hello"),
        ];
        for op in ops {
            let status = world.wait(host, op, 60_000).status;
            assert_ne!(status, Status::Ok, "seed {seed}");
        }
    });
}

#[test]
fn a_cancelled_operation_never_ends() {
    each(1, |seed| {
        let mut world = network(seed, 0, 6, 200);
        let host = world.live()[0];
        let op = world.find(host, NodeId([7; 32]));
        world.cancel(host, op);
        world.run_for(30_000);
        assert_eq!(world.host(host).done(op), None, "seed {seed}");
    });
}
