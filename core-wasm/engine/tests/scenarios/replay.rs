//! One tab's whole life, input by input: replayed natively it has the same outputs twice, and it is written down for the
//! Wasm build, which must have them too (`tests/scenarios/replay.test.js`).
//!
//! The file: the configuration as the core's `start` takes it (84 bytes); then for each input the time in microseconds as an f64,
//! kind, number and length (4 bytes each), the bytes, and the first 8 bytes of SHA-256 over the outputs that follow from
//! it and the time of the next time-out. Numbers are big-endian.

use std::path::Path;

use sha2::{Digest, Sha256};
use tabmesh_engine::{BlockHash, Config, Node, TopicId};

use crate::world::flat::Record;
use crate::world::{HostId, Spec, World};

/// A tab that joins, is linked by WebRTC, WebSocket and a circuit, stores, reads, sends, publishes, sleeps and leaves.
fn life(seed: u64) -> (Config, Vec<Record>) {
    let mut world = World::new(seed);
    world.add_many(2, 200, &Spec::native());
    let others = world.add_many(9, 200, &Spec::browser());
    let tab = HostId(11);
    world.network.blocked.insert((others[3], tab));
    assert_eq!(world.add(Spec::browser().knowing(&[HostId(0)])), tab);
    world.crash(tab);
    world.log(tab);
    world.restart(tab);
    world.run_for(60_000);
    let topic = TopicId(world.random_id().0);
    for host in [tab, others[0], others[5]] {
        world.subscribe(host, topic);
    }
    world.run_for(10_000);
    for round in 0..12 {
        let bytes = world.random_bytes(1_000 + round * 1_300);
        let (_, own) = world.put(tab, &bytes);
        let (_, theirs) = world.put(others[round % 9], &bytes[1..]);
        let peer = world.host(others[(round + 2) % 9]).id;
        world.send(tab, peer, &bytes);
        world.publish(if round % 2 == 0 { tab } else { others[0] }, topic, &bytes[..200]);
        let target = world.random_id();
        world.find(tab, target);
        world.run_for(2_000);
        for hash in [own, theirs, BlockHash([round as u8; 32])] {
            world.get(tab, hash);
        }
        world.run_for(2_000);
    }
    world.crash(others[0]);
    world.wake_up(tab);
    world.run_for(60_000);
    world.leave(tab);
    world.run_for(1_000);
    world.logged(tab)
}

/// The first 8 bytes of SHA-256 over what follows from each input.
fn replay(config: &Config, records: &[Record]) -> Vec<[u8; 8]> {
    let mut node = Node::new(config.clone());
    let mut digests = Vec::with_capacity(records.len());
    for record in records {
        node.handle_flat(record.now, record.kind, record.number, &record.bytes).expect("an input");
        let mut hash = Sha256::new();
        while let Some(output) = node.poll_flat() {
            for number in [output.kind, output.number, output.value, output.id.len() as u32] {
                hash.update(number.to_be_bytes());
            }
            hash.update(&output.id);
            hash.update((output.bytes.len() as u32).to_be_bytes());
            hash.update(&output.bytes);
        }
        hash.update((node.wanted_at().0 as f64).to_be_bytes());
        digests.push(*hash.finalize().first_chunk().expect("32 bytes"));
    }
    digests
}

#[test]
fn a_replayed_life_has_the_same_outputs_and_is_written_down_for_wasm() {
    let (config, records) = life(1);
    assert!(records.len() > 1_000, "{} inputs", records.len());
    let digests = replay(&config, &records);
    assert_eq!(digests, replay(&config, &records));
    let flags = u8::from(config.signalling) | u8::from(config.relay) << 1;
    let mut file = [&config.key.0[..], &config.seed, &config.network].concat();
    file.push(config.level);
    file.extend(config.addresses.to_be_bytes());
    file.push(flags);
    for (record, digest) in records.iter().zip(&digests) {
        file.extend((record.now.0 as f64).to_be_bytes());
        for number in [record.kind, record.number, record.bytes.len() as u32] {
            file.extend(number.to_be_bytes());
        }
        file.extend(&record.bytes);
        file.extend(digest);
    }
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("replay.bin"), file).expect("written");
}
