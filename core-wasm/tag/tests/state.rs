//! What a tag holds with everything full: less than 64 KiB, by an allocator that counts.
//!
//! A lone tag whose shell is the test: members that fill every table, each at its bound, and nothing of it is ever taken back.

mod common;

use common::alone::{Alone, id, publication};
use tabmesh_port::NodeId;
use tabmesh_tag::limits::{
    CANDIDATES_OF_ONE, CHECKS_MAX, PASSED_MAX, PEERS_MAX, PUBLISH_MAX, SEND_MAX, SENDS_MAX, SIGNING_MAX,
    STREAMS_MAX,
};
use tabmesh_tag::{Command, Message, Routed};

const STATE_MAX: i64 = 64 * 1024;

#[test]
fn everything_full_takes_less_than_64_kib() {
    let before = tabmesh_heap::balance();
    let mut tag = Alone::new();
    let view: Vec<NodeId> = (1..=32).map(id).collect();
    tag.view(&view);
    // Others speak over links of their own, and everybody names others.
    for peer in 1..=PEERS_MAX as u16 + 5 {
        let named: Vec<NodeId> = (0..16).map(|turn| id(1_000 + peer * 16 + turn)).collect();
        tag.hear(&id(peer), &Message::Members(&named));
    }
    tag.listed(&(0..32).map(|turn| id(3_000 + turn)).collect::<Vec<_>>());
    // Runs of many senders, whose publications are as long as they may be.
    for sender in 0..STREAMS_MAX as u16 + 10 {
        tag.pass_time(100);
        let jobs = tag.hear(&id(1 + sender % 32), &publication(sender, 1, &[1; PUBLISH_MAX]).message());
        tag.hold_true(&jobs);
    }
    for turn in 0..PASSED_MAX as u64 + 50 {
        let (origin, target) = (id(9_999), id(1 + turn as u16 % 32));
        let it = Routed {
            is_exact: true,
            hops: 9,
            origin: &origin,
            request: turn,
            target: &target,
            bytes: &[2; SEND_MAX],
        };
        tag.hear(&id(1 + (turn % 32) as u16), &Message::Routed(it));
    }
    for sender in 0..CHECKS_MAX as u16 + 3 {
        tag.hear(&id(1 + sender), &publication(500 + sender, 1, &[3; PUBLISH_MAX]).message());
    }
    for op in 0..SENDS_MAX as u32 + 2 {
        tag.command(&Command::Send { op, to: &id(1 + op as u16), bytes: &[4; SEND_MAX] });
    }
    for op in 0..SIGNING_MAX as u32 + 1 {
        tag.command(&Command::Publish { op: 100 + op, bytes: &[5; PUBLISH_MAX] });
    }
    let state = tabmesh_heap::balance() - before + size_of::<Alone>() as i64;
    let held = tag.take_counts();
    println!("{state} bytes with everything full; {held:?}");
    assert!(held.named >= CANDIDATES_OF_ONE && held.linked == PEERS_MAX);
    assert_eq!((held.checks, held.signs), (STREAMS_MAX + 10 + CHECKS_MAX, SIGNING_MAX));
    assert!(state <= STATE_MAX, "{state}");
}
