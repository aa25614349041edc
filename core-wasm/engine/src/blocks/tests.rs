//! One node's blocks over a ground of its own: what goes out for what comes in.

use alloc::vec::Vec;

use super::*;
use crate::ground::testing::{asked_by, ground, outputs, sent};
use crate::io::Flat;
use crate::io::kinds::output;
use crate::limits::{CREDIT, HASHES_MAX, REPLICAS};
use crate::status::Status;
use crate::time::Duration;
use crate::wire::frame::{Body, Frame};

const HASH: NodeId = NodeId([5; 32]);
const ASKER: NodeId = NodeId([6; 32]);

/// Somebody asks for the block by the first link.
fn serve(ground: &mut Ground, blocks: &mut Blocks) {
    let link = ground.links.iter().next().unwrap().id;
    let reply = asked_by(ground, link, &ASKER);
    blocks.serve(ground, reply, &HASH, true);
}

/// The job of this kind that was begun last.
fn job(outputs: &[Flat], kind: u32) -> Option<JobId> {
    outputs.iter().rfind(|flat| flat.kind == kind).map(|flat| JobId(flat.number))
}

/// What was answered.
fn answers(ground: &mut Ground) -> Vec<(Status, Vec<u8>)> {
    let mut answers = Vec::new();
    for (_, frame) in sent(ground) {
        let Some(Frame::Routed(routed)) = Frame::parse(&frame) else { continue };
        match routed.body() {
            Some(Body::Answer { status, bytes } | Body::Nodes { status, nodes: bytes }) => {
                answers.push((status, bytes.to_vec()));
            }
            _ => {}
        }
    }
    answers
}

#[test]
fn a_block_is_served_once_it_is_read() {
    let (mut ground, mut blocks) = (ground(3), Blocks::default());
    serve(&mut ground, &mut blocks);
    blocks.pump(&mut ground);
    let load = job(&outputs(&mut ground), output::LOAD).unwrap();
    assert!(blocks.on_job_done(&mut ground, load, input::LOADED, b"block").is_none());
    assert_eq!(answers(&mut ground), [(Status::Ok, b"block".to_vec())]);
}

#[test]
fn a_block_that_is_not_here_is_answered_with_those_who_may_have_it() {
    let (mut ground, mut blocks) = (ground(3), Blocks::default());
    serve(&mut ground, &mut blocks);
    blocks.pump(&mut ground);
    let load = job(&outputs(&mut ground), output::LOAD).unwrap();
    blocks.on_job_done(&mut ground, load, input::MISSING, &[]);
    let answers = answers(&mut ground);
    assert_eq!(answers[0].0, Status::NotFound);
    assert!(!answers[0].1.is_empty());
}

#[test]
fn nothing_is_read_for_a_link_without_room() {
    let (mut ground, mut blocks) = (ground(1), Blocks::default());
    let link = ground.links.iter().next().unwrap().id;
    ground.links.get_mut(link).unwrap().flow.sent(CREDIT as usize, true);
    serve(&mut ground, &mut blocks);
    blocks.pump(&mut ground);
    assert!(outputs(&mut ground).is_empty());
}

#[test]
fn a_lone_node_places_its_own_block_at_once() {
    let (mut ground, mut blocks) = (ground(0), Blocks::default());
    assert!(matches!(blocks.place_own(&mut ground, 1, &HASH), Placing::Ended(_)));
}

#[test]
fn a_block_goes_to_its_holders_and_those_that_keep_it_are_counted() {
    let (mut ground, mut blocks) = (ground(20), Blocks::default());
    assert!(matches!(blocks.place_own(&mut ground, 1, &HASH), Placing::UnderWay));
    blocks.pump(&mut ground);
    let load = job(&outputs(&mut ground), output::LOAD).unwrap();
    blocks.on_job_done(&mut ground, load, input::LOADED, b"block");
    let mut numbers = Vec::new();
    for (link, frame) in sent(&mut ground) {
        if let Some(Frame::Routed(routed)) = Frame::parse(&frame) {
            numbers.push((ground.links.get(link).unwrap().peer, routed.request));
        }
    }
    assert!(numbers.len() >= REPLICAS - 1, "{} holders", numbers.len());
    let mut placed = None;
    for (peer, number) in &numbers {
        assert!(placed.is_none() && blocks.awaits(*number));
        placed = blocks.on_answered(&mut ground, *number, peer, Status::Ok);
    }
    assert!(placed.is_some_and(|placed| placed.request == 1 && placed.status == Status::Ok));
}

#[test]
fn a_holder_that_is_lost_is_not_waited_for() {
    let (mut ground, mut blocks) = (ground(1), Blocks::default());
    blocks.place_own(&mut ground, 1, &HASH);
    let peer = ground.links.iter().next().unwrap().peer;
    assert!(blocks.on_holder_lost(&mut ground, &peer).is_some_and(|placed| placed.status == Status::Partial));
    assert!(blocks.on_holder_lost(&mut ground, &peer).is_none());
}

#[test]
fn holders_that_are_silent_are_given_up_in_time() {
    let (mut ground, mut blocks) = (ground(3), Blocks::default());
    blocks.place_own(&mut ground, 1, &HASH);
    assert!(blocks.on_time(&mut ground).is_none());
    ground.now = ground.now + Duration::from_ms(30_000);
    assert!(blocks.on_time(&mut ground).is_some());
}

#[test]
fn a_walk_through_the_store_tells_neighbours_sums() {
    let (mut ground, mut blocks) = (ground(3), Blocks::default());
    blocks.repair_on_time(&mut ground);
    blocks.scan_next(&mut ground);
    let scan = job(&outputs(&mut ground), output::SCAN).unwrap();
    blocks.on_job_done(&mut ground, scan, input::HASHES, &HASH.0);
    let sums = sent(&mut ground);
    assert_eq!(sums.len(), 3);
    assert!(sums.iter().all(|(_, frame)| matches!(Frame::parse(frame), Some(Frame::Digest(_)))));
}

#[test]
fn keys_that_a_neighbour_has_and_this_node_lacks_are_fetched_from_it() {
    let (mut ground, mut blocks) = (ground(3), Blocks::default());
    let link = ground.links.iter().next().unwrap().id;
    blocks.on_keys(&mut ground, link, u16::MAX, false, &HASH.0);
    let absent = job(&outputs(&mut ground), output::ABSENT).unwrap();
    blocks.on_job_done(&mut ground, absent, input::HASHES, &HASH.0);
    assert_eq!(blocks.next_missing(), Some((HASH, link)));
    assert_eq!(blocks.next_missing(), None);
}

#[test]
fn a_list_of_keys_goes_on_where_the_first_part_ended() {
    let (mut ground, mut blocks) = (ground(3), Blocks::default());
    let link = ground.links.iter().next().unwrap().id;
    let keys: Vec<u8> = (0..HASHES_MAX).flat_map(|place| [place as u8; 32]).collect();
    blocks.on_keys(&mut ground, link, u16::MAX, true, &keys);
    sent(&mut ground);
    blocks.ask_for_more(&mut ground);
    let frames = sent(&mut ground);
    let after = NodeId([HASHES_MAX as u8 - 1; 32]);
    assert_eq!(Frame::parse(&frames[0].1), Some(Frame::Differ { mask: u16::MAX, after: &after }));
}
