//! What never grows: an engine's state, its idle traffic; and what never differs: two runs of one seed.

use tabmesh_engine::Profile;
use tabmesh_engine::{LinkId, OpId};

use crate::grow::network;
use crate::puppet::{gossip, guest, is_closed, say};
use crate::world::seeds::each;
use crate::world::{HostId, Spec, World};

const LINK: LinkId = LinkId(1);

/// A run with everything in it: joins, blocks, messages, crashes, a cut.
fn eventful(seed: u64) -> [u8; 32] {
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

/// What an engine of this profile takes with `guests` proven peers that each gossip twelve nodes of their own, and with
/// every request and placement it has room for.
fn full_tables(seed: u64, profile: Profile, guests: usize) -> (usize, isize, isize) {
    let mut world = World::new(seed);
    world.kill_signalling();
    let host = world.add(Spec { profile, listens: true, ..Spec::native().without_signalling() });
    let mut puppets: Vec<HostId> = Vec::new();
    for _ in 0..guests {
        puppets.push(guest(&mut world, host));
    }
    for _ in 0..4 {
        for puppet in &puppets {
            if is_closed(&world, *puppet, LINK) {
                continue;
            }
            let joined: Vec<u8> = world.random_bytes(12 * 32);
            say(&mut world, *puppet, LINK, &[gossip(&joined)]);
        }
        world.run_for(300);
    }
    let mut ops: Vec<OpId> = Vec::new();
    for _ in 0..80 {
        let target = world.random_id();
        ops.push(world.find(host, target));
        ops.push(world.get(host, target));
        let bytes = world.random_bytes(16 * 1024);
        ops.push(world.put(host, &bytes).0);
    }
    world.run_for(60_000);
    assert!(
        ops.iter().all(|op| world.host(host).done(*op).is_some()),
        "seed {seed}: an operation never ended"
    );
    let heap = world.host(host).heap;
    (world.host(host).peers().len(), heap.rest_max, heap.moment_max)
}

#[test]
fn an_engine_with_full_tables_stays_within_its_memory() {
    each(1, |seed| {
        for (profile, guests, links) in
            [(Profile::Browser, 24, 20), (Profile::Native, 240, 200), (Profile::Device, 8, 6)]
        {
            let (linked, rest_max, moment_max) = full_tables(seed, profile, guests);
            println!(
                "{profile:?}: {linked} links, at most {rest_max} bytes at rest, {moment_max} at any moment"
            );
            assert!(linked >= links, "seed {seed}: only {linked} links");
            assert!(rest_max <= 65_536, "seed {seed}: {rest_max} bytes at {profile:?}");
        }
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
