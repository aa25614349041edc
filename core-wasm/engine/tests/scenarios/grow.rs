//! Networks to start from.

use tabmesh_engine::limits::{NEIGHBOURS, REPLICAS};

use crate::world::{HostId, MS, Spec, World};

/// Whether the two list a link to each other.
pub(crate) fn linked(world: &World, one: HostId, other: HostId) -> bool {
    let lists = |from, to| world.host(from).link_to(world.host(to).id).is_some();
    lists(one, other) && lists(other, one)
}

/// A settled network of native peers and tabs that joined one after the other, `every_ms` milliseconds apart.
pub(crate) fn network(seed: u64, natives: usize, tabs: usize, every_ms: u64) -> World {
    let mut world = World::new(seed);
    world.add_many(natives, every_ms, &Spec::native());
    world.add_many(tabs, every_ms, &Spec::browser());
    settle(&mut world, 60_000);
    // Those who know each other since a moment ago still have to link.
    world.run_for(10_000);
    world
}

/// Waits until every node has joined and knows its neighbourhood, all are one network, and both ends of every link agree.
pub(crate) fn settle(world: &mut World, ms: u64) {
    if !becomes_whole(world, ms) {
        let wrong = world.wrong_neighbourhoods(NEIGHBOURS, 0);
        wrong.first().into_iter().for_each(|(host, _)| world.concern(*host));
        let lack = |(host, _): &(HostId, usize)| {
            let links = |host| world.host(host).peers().len();
            let id = world.host(*host).id;
            let missing: Vec<String> = world
                .missing_neighbours(*host, NEIGHBOURS)
                .into_iter()
                .map(|other| {
                    let knows = world.host(other).neighbourhood().contains(&id);
                    format!("{} {:?} ({} links, {})", other.0, world.host(other).id, links(other), knows)
                })
                .collect();
            format!("  {} {id:?} ({} links) lacks {}", host.0, links(*host), missing.join(", "))
        };
        panic!(
            "seed {}: not settled after {ms} ms: joined {}, {} parts, one-sided links {:?}, wrong neighbourhoods (who, its links, whether it knows \
             the one that lacks it):\n{}",
            world.seed,
            world.all_joined(),
            world.parts(),
            world.one_sided_links(),
            wrong.iter().map(lack).collect::<Vec<_>>().join("\n"),
        );
    }
}

/// Lets time pass until the network is whole, at most `ms` milliseconds; whether it is. Looked at four times a second only,
/// since it is brute force over all nodes.
fn becomes_whole(world: &mut World, ms: u64) -> bool {
    let end = world.now + ms * MS;
    while !is_whole(world) {
        if world.now >= end {
            return false;
        }
        world.run_for(250);
    }
    true
}

/// Whether the network is one, and every node knows the nodes closest to it: those that replicas go to exactly, and of all
/// that it keeps all but one. (The furthest may stand alone in a sibling subtree of which no neighbour tells.)
fn is_whole(world: &World) -> bool {
    world.all_joined()
        && world.parts() == 1
        && world.one_sided_links().is_empty()
        && world.live().into_iter().all(|host| world.knows_closest(host, REPLICAS))
        && world.wrong_neighbourhoods(NEIGHBOURS, 1).is_empty()
}
