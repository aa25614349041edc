//! What a requester holds with a million tasks, and what strangers get of an executor.

mod common;

use common::running::Conduct;
use common::{MS, Node, SECOND, World};
use tabmesh_port::{NodeId, Port};
use tabmesh_tasks::OPEN_MAX;
use tabmesh_world::perfect::{Perfect, Place, Weather};

#[test]
fn i20_a_million_tasks_take_no_more_memory_than_ten_thousand() {
    let most = |tasks: u32| {
        let mut world =
            World::new(1, Weather::FAIR, 3, |_| Conduct::LiesAtOnce, |asking| asking.job(0, tasks));
        world.begin();
        world.run_to_end(1_000_000 * SECOND);
        assert_eq!(world.asking().accepted(), tasks as usize);
        (world.node().heap_max, world.node().heap)
    };
    let (few, many) = (most(10_000), most(1_000_000));
    println!(
        "the requester's module held {few:?} bytes with 10,000 tasks, {many:?} with a million: at most, and in the end"
    );
    assert!(many.0 <= few.0 * 3 / 2 && many.0 <= 1_000 * OPEN_MAX as i64, "{few:?} {many:?}");
    assert!(many.1 <= 128 * OPEN_MAX as i64, "{many:?}");
}

#[test]
fn i22_a_hundred_ids_of_a_stranger_take_one_share_of_an_executor() {
    let mut net: Perfect<Node> = Perfect::new(1, Weather::FAIR);
    let executor = net.attach(Port::TASKS, Node::new);
    let requesters: Vec<Place> = (0..42)
        .map(|_| {
            net.attach(Port::TASKS, |attachment| {
                let mut node = Node::new(attachment);
                node.asking.job(0, 4_000);
                node
            })
        })
        .collect();
    // Two that the executor prefers, and forty ids of a stranger.
    let friends: Vec<NodeId> = requesters[..2].iter().map(|place| net.id(*place)).collect();
    net.command(executor, &tabmesh_tasks::Command::Prefer(&friends).emit());
    net.command(executor, &[2]);
    net.run_for(5 * SECOND);
    requesters.iter().for_each(|place| net.command(*place, &[1]));
    net.run_for(400 * SECOND);
    let running = &net.module(executor).expect("it is there").running;
    let busy = |is_friend: bool| {
        let of_kind = running.busy_us.iter().filter(|(id, _)| friends.contains(id) == is_friend);
        of_kind.map(|(_, us)| us / MS).collect::<Vec<u64>>()
    };
    let (friends, strangers) = (busy(true), busy(false));
    let all: u64 = friends.iter().chain(&strangers).sum();
    println!(
        "of {all} ms the friends had {friends:?}, {} strangers {}",
        strangers.len(),
        strangers.iter().sum::<u64>()
    );
    assert!(all > 360_000, "it is busy");
    assert!(friends.iter().all(|ms| *ms > all * 28 / 100), "{friends:?} of {all}");
    assert!(strangers.iter().sum::<u64>() > all / 5, "strangers have their share");
}
