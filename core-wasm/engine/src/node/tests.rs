use alloc::vec::Vec;

use super::Node;
use crate::ground::testing;
use crate::io::Output;
use crate::io::kinds::output;
use crate::status::Reason;
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
