//! What never grows: idle traffic, memory after the end; and what never differs: two runs of one seed.

use crate::grow::network;
use crate::world::seeds::each;
use crate::world::{HostId, World};

/// A run with everything in it: joins, blocks, messages, crashes, a cut.
fn eventful(seed: u64) -> u64 {
    let mut world = network(seed, 1, 9, 150);
    let bytes = world.random_bytes(5_000);
    let (_, hash) = world.put(HostId(3), &bytes);
    let to = world.host(HostId(4)).id;
    world.send(HostId(2), to, b"message");
    world.crash(HostId(5));
    world.run_for(3_000);
    world.get(HostId(6), hash);
    world.partition(&[&[HostId(1), HostId(2)]]);
    world.run_for(40_000);
    world.heal();
    world.run_for(20_000);
    world.trace_hash()
}

#[test]
fn equal_seeds_give_equal_runs_and_others_do_not() {
    each(1, |seed| {
        let hash = eventful(seed);
        assert_eq!(hash, eventful(seed), "seed {seed}");
        assert_ne!(hash, eventful(seed + 1), "seed {seed}");
    });
}

#[test]
fn an_idle_network_says_little() {
    each(1, |seed| {
        let mut world = network(seed, 2, 38, 150);
        world.run_for(60_000);
        let sent = |world: &World| -> Vec<(u64, u64)> {
            let traffic = |host| world.host(host).traffic;
            world
                .live()
                .into_iter()
                .map(|host| (traffic(host).sent_bytes, traffic(host).sent_packets))
                .collect()
        };
        let before = sent(&world);
        world.run_for(120_000);
        let rates: Vec<(u64, u64)> = sent(&world)
            .iter()
            .zip(&before)
            .map(|(after, before)| ((after.0 - before.0) / 120, (after.1 - before.1) / 12))
            .collect();
        let mean = rates.iter().map(|rate| rate.0).sum::<u64>() / rates.len() as u64;
        let most = rates.iter().map(|rate| rate.0).max().unwrap_or(0);
        let packets = rates.iter().map(|rate| rate.1).sum::<u64>() / rates.len() as u64;
        println!("idle, 40 nodes: {mean} B/s sent in the mean, {most} at most, {packets} packets in 10 s");
        assert!(mean <= 300 && most <= 900, "seed {seed}: {mean} B/s in the mean, {most} at most");
    });
}

#[test]
fn an_engine_that_is_dropped_gives_every_byte_back() {
    each(1, |seed| {
        let mut world = network(seed, 1, 9, 150);
        for host in world.live() {
            // The world itself fails if anything is kept.
            if host.0 % 2 == 0 {
                world.crash(host)
            } else {
                world.leave(host)
            }
            world.run_for(500);
        }
        world.run_for(5_000);
        assert!(world.live().is_empty());
    });
}
