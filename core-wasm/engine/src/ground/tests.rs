//! What is sent on takes the link that it should.

use alloc::vec;

use super::testing::{ground, link, outputs, random_id, sent};
use crate::limits::NEIGHBOURS;
use crate::rng::Rng;
use crate::wire::frame::{Body, COPIES, ENTRY, Frame, HOPS_MAX, Routed, STRAY};

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

/// Five tabs whose ids begin alike took whatever lay elsewhere for far off, and sent blocks for it round in circles.
#[test]
fn who_knows_too_few_to_fill_its_neighbourhood_has_none_further_off() {
    let mut ground = ground(0);
    for bit in 0..NEIGHBOURS as u32 - 1 {
        let peer = ground.id.flipped(40 + bit);
        link(&mut ground, &peer);
    }
    assert_eq!(ground.depth(), 0);
    let last = ground.id.flipped(9);
    link(&mut ground, &last);
    assert_eq!(ground.depth(), 9);
}

#[test]
fn without_links_nothing_leaves() {
    let mut ground = ground(0);
    let target = random_id(&mut Rng::new(2));
    assert!(ground.send_request(5, &target, false, 0, &Body::Find, &[]).is_none());
    assert!(outputs(&mut ground).is_empty());
}

/// The two ways that a lookup goes on share what is left, so by induction it arrives three times at most.
#[test]
fn x5_a_lookup_is_copied_twice_at_most_whatever_it_says() {
    let mut rng = Rng::new(5);
    let mut most = 0;
    for how in 0..=STRAY | COPIES {
        for _ in 0..20 {
            let mut ground = ground(24);
            let from = ground.links.iter().next().unwrap().id;
            let (origin, target) = (random_id(&mut rng), random_id(&mut rng));
            let mut request = Routed {
                reply: false,
                exact: false,
                how,
                hops: 0,
                origin: &origin,
                target: &target,
                request: 1,
                path: &[],
                kind: Body::Find.kind(),
                payload: &[],
            };
            assert!(ground.carry(from, &mut request).is_some());
            let mut arrivals = 0;
            for (_, frame) in sent(&mut ground) {
                if let Some(Frame::Routed(on)) = Frame::parse(&frame)
                    && !on.reply
                {
                    arrivals += 1 + on.how;
                    assert!(on.how & STRAY == 0);
                }
            }
            assert!(arrivals <= 1 + (how & COPIES).min(2), "how {how}: {arrivals} arrivals");
            most = most.max(arrivals);
        }
    }
    assert_eq!(most, 3);
}

/// Three that named a node to each other, and are not linked to it any more, would send a request for it round for ever.
#[test]
fn a_request_goes_by_those_that_named_its_target_for_some_hops_only() {
    let mut ground = ground(0);
    let target = ground.id.flipped(200);
    let (from, way) = (link(&mut ground, &target.flipped(1)), link(&mut ground, &target.flipped(2)));
    ground.contacts.learn(&target).unwrap().via = Some(way);
    for hops in 0..HOPS_MAX {
        let path = vec![0; usize::from(hops) * ENTRY];
        let origin = target.flipped(3);
        let mut request = Routed {
            reply: false,
            exact: true,
            how: 0,
            hops,
            origin: &origin,
            target: &target,
            request: 1,
            path: &path,
            kind: Body::Greet.kind(),
            payload: &[],
        };
        assert!(ground.carry(from, &mut request).is_some());
        let sent = sent(&mut ground);
        let by =
            sent.iter().find(|(_, frame)| matches!(Frame::parse(frame), Some(Frame::Routed(_)))).unwrap().0;
        assert_eq!(by, if hops < 9 { way } else { from }, "after {hops} hops");
    }
}
