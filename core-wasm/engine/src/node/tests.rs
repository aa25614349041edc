use alloc::vec::Vec;

use super::Node;
use crate::ground::testing;
use crate::id::NodeId;
use crate::io::kinds::output;
use crate::io::{LinkId, LinkKind, Output};
use crate::link::Stage;
use crate::status::Reason;
use crate::time::Instant;
use crate::wire::frame::{Body, Frame};

#[test]
fn an_output_that_cannot_be_read_shows_and_ends_nothing() {
    let mut node = Node::new(testing::config());
    node.ground.put(output::SEND, 0, 0, &[], Vec::new());
    node.ground.put_kind(output::JOINED, None);
    let mut outputs = Vec::new();
    while let Some(next) = Some(node.poll_output()).filter(|next| !matches!(next, Output::Timeout(_))) {
        outputs.push(next);
    }
    assert_eq!(outputs, [Output::Unreadable(output::SEND), Output::Event(crate::Event::Joined)]);
}

/// A neighbour's link ended: whether the neighbour counts still, and whether others are asked for it.
fn after_a_link_ended(reason: Reason) -> (bool, bool) {
    let mut node = Node::new(testing::config());
    node.ground = testing::ground(8);
    let (link, peer) = node.ground.links.peers().next().map(|link| (link.id, link.peer)).unwrap();
    node.drop_link(link, reason, true);
    let sent = testing::sent(&mut node.ground);
    let is_greeting = |frame: &[u8]| match Frame::parse(frame) {
        Some(Frame::Routed(routed)) => *routed.target == peer && routed.kind == Body::Greet.kind(),
        _ => false,
    };
    (node.neighbourhood().contains(&peer), sent.iter().any(|(_, frame)| is_greeting(frame)))
}

#[test]
fn a_neighbour_that_fell_silent_counts_again_once_it_answers_others() {
    assert_eq!(after_a_link_ended(Reason::Silent), (false, true));
    assert_eq!(after_a_link_ended(Reason::Lost), (false, true));
    assert_eq!(after_a_link_ended(Reason::Shed), (true, false));
}

/// Whom a node behind a wall tries a direct link with, of whom it has an old circuit to and of whom somebody names.
fn tried_by_a_walled_node() -> Vec<NodeId> {
    let mut node = Node::new(testing::config());
    let ground = &mut node.ground;
    (ground.now, ground.walls) = (Instant(1_000_000), u8::MAX);
    for (kind, peer) in [(LinkKind::Socket, 1), (LinkKind::Relayed, 2)] {
        let id =
            ground.links.begin(kind, Some(&NodeId([peer; 32])), true, ground.now, Instant::NEVER, &|_| false);
        let link = ground.links.get_mut(id).unwrap();
        (link.stage, link.handshake, link.is_relay) = (Stage::Ready, None, kind == LinkKind::Socket);
    }
    let mut tried = Vec::new();
    for named in 3..20 {
        node.ground.now = Instant(node.ground.now.0 + 31_000_000);
        node.ground.learn(&NodeId([named; 32]), None);
        node.maintain();
        let opened =
            testing::outputs(&mut node.ground).into_iter().filter(|flat| flat.kind == output::OPEN_OFFER);
        let peers = opened.filter_map(|flat| node.ground.links.get(LinkId::new(flat.number as u16)?));
        tried.extend(peers.map(|link| link.peer));
        for id in node.ground.links.numbers(&|link| link.stage != Stage::Ready) {
            node.drop_link(id, Reason::Lost, false);
        }
    }
    tried
}

#[test]
fn whoever_names_nodes_does_not_choose_for_whom_a_walled_node_tries_a_direct_link() {
    let tried = tried_by_a_walled_node();
    assert!(tried.len() > 10 && tried.iter().all(|id| id.0[0] == 2), "{tried:?}");
}
