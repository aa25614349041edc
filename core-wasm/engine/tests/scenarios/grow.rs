//! Networks to start from.

use crate::world::{HostId, Spec, World};

/// How many of the closest nodes an engine keeps.
pub(crate) const NEIGHBOURS: usize = 12;

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
    world
}

/// Waits until every node has joined and knows its neighbourhood, all are one network, and both ends of every link agree.
pub(crate) fn settle(world: &mut World, ms: u64) {
    world.expect(ms, "every node has joined", World::all_joined);
    if !world.run_until(ms, is_whole) {
        if let Some((host, _)) = world.wrong_neighbourhoods(NEIGHBOURS, 0).first() {
            world.concern(*host);
        }
        panic!(
            "not settled after {ms} ms: {} parts, wrong neighbourhoods {:?}, one-sided links {:?}",
            world.parts(),
            world.wrong_neighbourhoods(NEIGHBOURS, 0),
            world.one_sided_links(),
        );
    }
}

/// Whether the network is one, and every node knows the nodes closest to it.
pub(crate) fn is_whole(world: &World) -> bool {
    world.parts() == 1 && world.one_sided_links().is_empty() && world.neighbourhoods_are_exact(NEIGHBOURS)
}
