//! What is sent on takes the link that it should.

use super::testing::{ground, outputs, random_id, sent};
use crate::rng::Rng;
use crate::wire::frame::{Body, Frame};

#[test]
fn a_request_leaves_by_the_link_nearest_to_its_target() {
    let mut ground = ground(8);
    let target = random_id(&mut Rng::new(2));
    let nearest = ground.nearest_linked(&target, 8).ids().iter().find(|id| **id != ground.id).copied();
    let link = ground.send_request(5, &target, false, 0, &Body::Find, &[]);
    assert_eq!(ground.links.get(link.unwrap()).map(|link| link.peer), nearest);
    let sent = sent(&mut ground);
    assert!(sent.iter().any(|(by, frame)| Some(*by) == link
        && matches!(Frame::parse(frame), Some(Frame::Routed(routed)) if routed.request == 5)));
}

#[test]
fn without_links_nothing_leaves() {
    let mut ground = ground(0);
    let target = random_id(&mut Rng::new(2));
    assert!(ground.send_request(5, &target, false, 0, &Body::Find, &[]).is_none());
    assert!(outputs(&mut ground).is_empty());
}
