//! Questions of modules: in which order they go, and how many of whom.

use alloc::vec::Vec;

use super::super::{Ask, Requests};
use crate::ground::testing::{ground, outputs, random_id};
use crate::id::NodeId;
use crate::io::OpId;
use crate::io::kinds::output;
use crate::limits::{ASKS_FEW, ASKS_MAX, QUEUE_BULK};
use crate::rng::Rng;
use crate::status::Status;
use crate::time::Duration;

fn ask_of(port: u32, op: u32, length: u16) -> Ask {
    Ask { op: OpId(op), port, version: 1, kind: 0, length }
}

#[test]
fn messages_to_one_node_wait_in_their_order() {
    let (mut ground, mut requests) = (ground(4), Requests::default());
    let to = random_id(&mut Rng::new(3));
    for op in 1..=3 {
        let ask = Ask { op: OpId(op), port: 0, version: 1, kind: 0, length: 100 };
        requests.ask(&mut ground, &to, ask, Duration::from_ms(1_000));
    }
    requests.pump(&mut ground);
    let wanted: Vec<u32> = outputs(&mut ground)
        .iter()
        .filter(|flat| flat.kind == output::WANTED)
        .map(|flat| flat.value)
        .collect();
    assert_eq!(wanted, [1, 2, 3]);
}

#[test]
fn ports_that_take_all_they_may_leave_some_to_others() {
    let (mut ground, mut requests) = (ground(4), Requests::default());
    let to = random_id(&mut Rng::new(3));
    let mut taken = |port: u32| {
        for op in 0..60 {
            requests.ask(&mut ground, &to, ask_of(port, port << 8 | op, 100), Duration::from_ms(1_000));
        }
        let refused = outputs(&mut ground).iter().filter(|flat| flat.kind == output::REPLIED).count();
        60 - refused
    };
    assert_eq!([taken(1), taken(2), taken(3)], [ASKS_MAX, 8, ASKS_FEW]);
}

#[test]
fn a_small_question_does_not_overtake_a_large_one_to_the_same_node() {
    let (mut ground, mut requests) = (ground(2), Requests::default());
    let to: Vec<NodeId> = ground.links.peers().map(|link| link.peer).collect();
    // No link has room for bulk.
    for link in ground.links.iter_mut() {
        link.flow.sent(QUEUE_BULK as usize, false);
    }
    for (op, place, length) in [(1, 0, 9_000), (2, 1, 9_000), (3, 0, 10), (4, 1, 10)] {
        requests.ask(&mut ground, &to[place], ask_of(7, op, length), Duration::from_ms(1_000));
    }
    requests.ask(&mut ground, &to[0], ask_of(8, 5, 10), Duration::from_ms(1_000));
    requests.pump(&mut ground);
    let outputs = outputs(&mut ground);
    let wanted: Vec<u32> =
        outputs.iter().filter(|flat| flat.kind == output::WANTED).map(|flat| flat.value).collect();
    assert_eq!(wanted, [5], "another port's goes at once");
}

#[test]
fn a_question_to_a_held_node_leaves_over_a_link_to_it_or_not_at_all() {
    let (mut ground, mut requests) = (ground(3), Requests::default());
    let linked: NodeId = ground.links.peers().map(|link| link.peer).next().expect("a link");
    let [elsewhere, another] = [3, 4].map(|seed| random_id(&mut Rng::new(seed)));
    ground.held = [linked, elsewhere].iter().flat_map(|id| id.0).collect();
    for (op, to, port) in [(1, linked, 7), (2, elsewhere, 7), (3, another, 7), (4, elsewhere, 0)] {
        requests.ask(&mut ground, &to, ask_of(port, op, 100), Duration::from_ms(1_000));
    }
    requests.pump(&mut ground);
    let outputs = outputs(&mut ground);
    let of = |kind| outputs.iter().filter(move |flat| flat.kind == kind).map(|flat| flat.value);
    assert!(of(output::WANTED).eq([1, 3, 4]), "the application's finds its way");
    assert!(of(output::REPLIED).map(|value| value & 0xffff).eq([Status::Unavailable as u32]));
}
