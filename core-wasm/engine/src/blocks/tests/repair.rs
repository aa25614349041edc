//! What neighbours should both hold, and what is no longer this node's to hold.

use alloc::vec::Vec;

use super::{ASKER, Blocks, HASH, job};
use crate::ground::Ground;
use crate::ground::testing::{ground, outputs, sent};
use crate::id::BlockHash;
use crate::io::kinds::{input, output};
use crate::io::{JobId, LinkId};
use crate::limits::{CANDIDATES, HASHES_MAX};
use crate::time::Duration;
use crate::wire::frame::{DIGEST_BUCKETS, Frame};

#[test]
fn a_walk_through_the_store_tells_neighbours_sums() {
    let (mut ground, mut blocks) = (ground(3), Blocks::default());
    blocks.repair_on_time(&mut ground);
    blocks.scan_next(&mut ground);
    let scan = job(&outputs(&mut ground), output::SCAN).unwrap();
    let scan = ground.end_job(scan).unwrap();
    blocks.on_job_done(&mut ground, &scan, input::HASHES, &HASH.0);
    let sums = sent(&mut ground);
    assert_eq!(sums.len(), 3);
    assert!(sums.iter().all(|(_, frame)| matches!(Frame::parse(frame), Some(Frame::Digest(_)))));
}

/// The first peer tells sums that are not this node's, and is asked for its keys.
fn ask(ground: &mut Ground, blocks: &mut Blocks) -> LinkId {
    let link = ground.links.iter().next().unwrap();
    let (link, peer) = (link.id, link.peer);
    blocks.on_digest(ground, link, &peer, &[1; DIGEST_BUCKETS * 8]);
    blocks.ask_for_more(ground);
    let frames = sent(ground);
    assert!(matches!(Frame::parse(&frames[0].1), Some(Frame::Differ { mask: u16::MAX, .. })));
    link
}

#[test]
fn keys_that_a_neighbour_has_and_this_node_lacks_are_fetched_from_it() {
    let (mut ground, mut blocks) = (ground(3), Blocks::default());
    let link = ask(&mut ground, &mut blocks);
    blocks.on_keys(&mut ground, link, false, &HASH.0);
    let absent = job(&outputs(&mut ground), output::ABSENT).unwrap();
    let absent = ground.end_job(absent).unwrap();
    blocks.on_job_done(&mut ground, &absent, input::HASHES, &HASH.0);
    assert_eq!(blocks.next_missing(&mut ground), Some((HASH, link)));
    assert_eq!(blocks.next_missing(&mut ground), None);
}

#[test]
fn x4_keys_that_nobody_asked_for_are_not_looked_at() {
    let (mut ground, mut blocks) = (ground(3), Blocks::default());
    let link = ask(&mut ground, &mut blocks);
    let other = ground.links.numbers(&|other| other.id != link)[0];
    blocks.on_keys(&mut ground, other, false, &HASH.0);
    assert!(outputs(&mut ground).is_empty());
    blocks.on_keys(&mut ground, link, false, &HASH.0);
    outputs(&mut ground);
    blocks.on_keys(&mut ground, link, false, &HASH.0);
    assert!(outputs(&mut ground).is_empty());
}

#[test]
fn a_list_of_keys_goes_on_where_the_first_part_ended() {
    let (mut ground, mut blocks) = (ground(3), Blocks::default());
    let link = ask(&mut ground, &mut blocks);
    let keys: Vec<u8> = (0..HASHES_MAX).flat_map(|place| [place as u8; 32]).collect();
    blocks.on_keys(&mut ground, link, true, &keys);
    sent(&mut ground);
    blocks.ask_for_more(&mut ground);
    let frames = sent(&mut ground);
    let after = BlockHash([HASHES_MAX as u8 - 1; 32]);
    assert_eq!(Frame::parse(&frames[0].1), Some(Frame::Differ { mask: u16::MAX, after: &after }));
}

/// Answers the scans that the node wants until it wants none, from a store with these keys; says how many there were.
fn scan(ground: &mut Ground, blocks: &mut Blocks, keys: &[BlockHash]) -> usize {
    for scans in 0.. {
        blocks.scan_next(ground);
        let outputs = outputs(ground);
        let Some(scan) = job(&outputs, output::SCAN) else { return scans };
        let after = outputs.iter().rfind(|flat| flat.kind == output::SCAN).unwrap().id.clone();
        let found = keys.iter().filter(|key| key.0[..] > after[..]).take(HASHES_MAX);
        let found: Vec<u8> = found.flat_map(|key| key.0).collect();
        let scan = ground.end_job(scan).unwrap();
        blocks.on_job_done(ground, &scan, input::HASHES, &found);
    }
    0
}

#[test]
fn x4_a_neighbour_has_one_list_of_keys_after_each_walk_and_a_stranger_none() {
    let (mut ground, mut blocks) = (ground(3), Blocks::default());
    let link = ground.links.iter().next().unwrap();
    let (link, peer) = (link.id, link.peer);
    let keys: Vec<BlockHash> = (1..=200).map(|place| BlockHash([place; 32])).collect();
    blocks.repair_on_time(&mut ground);
    assert_eq!(scan(&mut ground, &mut blocks, &keys), 4);
    let start = BlockHash([0; 32]);
    blocks.on_differ(link, &ASKER, u16::MAX, &start);
    assert_eq!(scan(&mut ground, &mut blocks, &keys), 0);
    for (after, scans) in [(start, 1), (start, 0), (keys[63], 1), (keys[63], 0), (keys[127], 1), (start, 0)] {
        blocks.on_differ(link, &peer, u16::MAX, &after);
        assert_eq!(scan(&mut ground, &mut blocks, &keys), scans, "behind {after:?}");
    }
    ground.now = ground.now + Duration::from_ms(200_000);
    blocks.repair_on_time(&mut ground);
    scan(&mut ground, &mut blocks, &keys);
    blocks.on_differ(link, &peer, u16::MAX, &start);
    assert_eq!(scan(&mut ground, &mut blocks, &keys), 1);
}

/// Walks through a store with these keys so often; what was released.
fn released(ground: &mut Ground, blocks: &mut Blocks, keys: &[BlockHash], walks: usize) -> Vec<BlockHash> {
    let mut released = Vec::new();
    for _ in 0..walks {
        ground.now = ground.now + Duration::from_ms(200_000);
        blocks.repair_on_time(ground);
        blocks.scan_next(ground);
        let scan = job(&outputs(ground), output::SCAN).unwrap();
        let scan = ground.end_job(scan).unwrap();
        let found: Vec<u8> = keys.iter().flat_map(|key| key.0).collect();
        blocks.on_job_done(ground, &scan, input::HASHES, &found);
        for store in outputs(ground).iter().filter(|flat| flat.kind == output::STORE) {
            assert!(store.value == 0 && store.bytes.is_empty());
            released.extend(BlockHash::list(&store.id));
            let store = ground.end_job(JobId(store.number)).unwrap();
            blocks.on_job_done(ground, &store, input::STORED, &[]);
        }
    }
    released
}

#[test]
fn x8_what_enough_others_should_hold_first_is_released_bit_by_bit() {
    let (mut ground, mut blocks) = (ground(4 * CANDIDATES), Blocks::default());
    let own = ground.id;
    let (near, far) = (*BlockHash::at(&own.flipped(255)), *BlockHash::at(&own.flipped(0)));
    let keys: Vec<BlockHash> =
        (0..32).map(|number| *BlockHash::at(&far.place().flipped(255 - number))).chain([near]).collect();
    let first = released(&mut ground, &mut blocks, &keys, 1);
    assert!(first.len() < 16, "{} of 32 at once", first.len());
    let all = released(&mut ground, &mut blocks, &keys, 100);
    assert!(keys[..32].iter().all(|key| all.contains(key)) && !all.contains(&near));
}

#[test]
fn where_there_are_not_enough_others_nothing_is_released() {
    let (mut ground, mut blocks) = (ground(CANDIDATES - 1), Blocks::default());
    let far = *BlockHash::at(&ground.id.flipped(0));
    assert!(released(&mut ground, &mut blocks, &[far], 100).is_empty());
}
