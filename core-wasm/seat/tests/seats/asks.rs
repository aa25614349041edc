//! What is told, asked and listed, and what others ask.

use tabmesh_engine::Event;
use tabmesh_port::limits::{
    ASKS_MAX, LIST_MAX, MESSAGE_MAX, RECEIVERS_MAX, TELL_MAX, TICKETS_MAX, WITHIN_MS_MAX,
};
use tabmesh_port::{Instant, NodeId, PublicKey, Status, Told, Wish};
use tabmesh_seat::{Demand, Seats};

use crate::probe::{
    NOW, ONE, OTHER, ask, asked, asked_by, attach, drain, ops, replied, seats, ticket_of, told,
};

#[test]
fn p1_a_question_ends_once() {
    let (mut seats, to) = (seats(), NodeId([7; 32]));
    let probe = attach(&mut seats, ONE);
    drain(&mut seats);
    probe.heard();
    for op in [4, 4, 5] {
        probe.wish(&ask(op, &to));
    }
    let ops = ops(&drain(&mut seats));
    assert_eq!(ops.len(), 2, "the number of one under way is not asked again");
    probe.wish(&Wish::Cancel { op: 5 });
    probe.wish(&Wish::Cancel { op: 5 });
    assert_eq!(drain(&mut seats), [Demand::Cancel(ops[1])]);
    for _ in 0..2 {
        ops.iter().for_each(|op| replied(&mut seats, *op, Status::Ok));
    }
    drain(&mut seats);
    let end = |op, is_here: bool, status, bytes: &[u8]| {
        told(Told::Answered { op, from: &to, is_proven: !is_here, is_here, status, bytes })
    };
    assert_eq!(probe.heard(), [end(5, true, Status::TimedOut, b""), end(4, false, Status::Ok, b"so")]);
    // A question too long for the wire ends here.
    probe.wish(&Wish::Ask { op: 6, to: &to, within_ms: 1, bytes: &vec![0; MESSAGE_MAX + 1] });
    assert_eq!(drain(&mut seats), []);
    assert_eq!(probe.heard(), [end(6, true, Status::BadRequest, b"")]);
}

#[test]
fn p1_a_list_ends_once() {
    let (mut seats, place) = (seats(), NodeId([7; 32]));
    let probe = attach(&mut seats, ONE);
    drain(&mut seats);
    probe.heard();
    let list = |op| Wish::List { op, place: &place, stays: true, within_ms: 100 };
    // Questions and lists share their numbers.
    probe.wish(&list(1));
    probe.wish(&list(1));
    probe.wish(&ask(1, &place));
    probe.wish(&list(2));
    let demands = drain(&mut seats);
    let [Demand::List { op: one, .. }, Demand::List { op: two, .. }] = demands[..] else {
        panic!("{demands:?}")
    };
    let many: Vec<NodeId> = (0..200).map(|n| NodeId([n; 32])).collect();
    let bytes = NodeId::list_bytes(&many).to_vec();
    for _ in 0..2 {
        let (is_proven, is_here, bytes) = (false, false, bytes.clone());
        seats.on_event(NOW, &Event::Replied { op: one, status: Status::Partial, is_proven, is_here, bytes });
    }
    probe.wish(&Wish::Cancel { op: 2 });
    assert_eq!(drain(&mut seats), [Demand::Cancel(two)]);
    let listed = |op, status, ids: &[NodeId]| told(Told::Listed { op, status, ids });
    assert_eq!(
        probe.heard(),
        [listed(1, Status::Partial, &many[..LIST_MAX]), listed(2, Status::TimedOut, &[])]
    );
}

#[test]
fn there_is_no_room_for_more_questions_than_may_be_under_way() {
    let (mut seats, to) = (seats(), NodeId([7; 32]));
    let probe = attach(&mut seats, ONE);
    for op in 0..ASKS_MAX as u32 + 5 {
        probe.wish(&ask(op, &to));
    }
    probe.wish(&Wish::Tell { to: &[to], bytes: b"goes all the same" });
    let demands = drain(&mut seats);
    assert_eq!(ops(&demands).len(), ASKS_MAX);
    assert!(matches!(demands.last(), Some(Demand::Tell { .. })));
    replied(&mut seats, ops(&demands)[3], Status::Ok);
    assert_eq!(ops(&drain(&mut seats)).len(), 1);
}

#[test]
fn a_question_of_others_is_answered_once_and_in_time() {
    let mut seats = seats();
    let probe = attach(&mut seats, ONE);
    drain(&mut seats);
    asked(&mut seats, ONE, 1);
    asked(&mut seats, OTHER, 2);
    let refused = Demand::Reply { status: Status::NotImplemented, ticket: vec![2; 45], bytes: Vec::new() };
    assert_eq!(drain(&mut seats), [refused]);
    for ticket in [1, 1, 9] {
        probe.wish(&Wish::Reply { ticket, status: Status::Ok, bytes: b"so" });
    }
    let answer = Demand::Reply { status: Status::Ok, ticket: vec![1; 45], bytes: b"so".to_vec() };
    assert_eq!(drain(&mut seats), [answer]);
    asked(&mut seats, ONE, 3);
    drain(&mut seats);
    probe.wish(&Wish::Reply { ticket: 2, status: Status::Ok, bytes: b"late" });
    assert_eq!(seats.poll(Instant(NOW.0 + 500_000)), None);
}

#[test]
fn questions_beyond_the_bound_are_refused_until_some_are_answered_or_too_old() {
    let mut seats = seats();
    let _probe = attach(&mut seats, ONE);
    drain(&mut seats);
    (0..=TICKETS_MAX as u8).for_each(|ticket| asked(&mut seats, ONE, ticket));
    let status = Status::TooManyRequests;
    let refused = Demand::Reply { status, ticket: vec![TICKETS_MAX as u8; 45], bytes: Vec::new() };
    assert_eq!(drain(&mut seats), [refused]);
}

#[test]
fn tells_beyond_the_bounds_and_to_oneself_go_nowhere() {
    let mut seats = seats();
    let probe = attach(&mut seats, ONE);
    drain(&mut seats);
    let ids: Vec<NodeId> = (0..=RECEIVERS_MAX as u8).map(|n| NodeId([n; 32])).collect();
    probe.wish(&Wish::Tell { to: &ids, bytes: b"" });
    probe.wish(&Wish::Tell { to: &ids[..1], bytes: &[0; TELL_MAX + 1] });
    probe.wish(&Wish::Tell { to: &[NodeId::of_key(&PublicKey([1; 64]))], bytes: b"" });
    assert_eq!(drain(&mut seats), []);
    probe.wish(&Wish::Tell { to: &ids[1..], bytes: &[0; TELL_MAX] });
    assert_eq!(drain(&mut seats).len(), RECEIVERS_MAX);
}

/// Whoever is on the way says that there is none, and may have handed the question over; and who did not answer proved nothing.
#[test]
fn x1_what_ends_here_is_proven_by_nobody() {
    let (mut seats, to) = (seats(), NodeId([7; 32]));
    let probe = attach(&mut seats, ONE);
    drain(&mut seats);
    probe.heard();
    for (op, status) in [(1, Status::NotFound), (2, Status::TimedOut)] {
        probe.wish(&ask(op, &to));
        let number = ops(&drain(&mut seats))[0];
        let (is_here, bytes) = (true, Vec::new());
        seats.on_event(NOW, &Event::Replied { op: number, status, is_proven: false, is_here, bytes });
        drain(&mut seats);
        let is_proven = false;
        let end = told(Told::Answered { op, from: &to, is_proven, is_here, status, bytes: &[] });
        assert_eq!(probe.heard(), [end]);
    }
}

#[test]
fn x4_one_link_does_not_take_all_tickets_of_a_port() {
    let mut seats = seats();
    let probe = attach(&mut seats, ONE);
    drain(&mut seats);
    (0..TICKETS_MAX as u8).for_each(|number| asked_by(&mut seats, 1, number));
    assert_eq!(drain(&mut seats), []);
    probe.heard();
    for number in 0..TICKETS_MAX as u8 {
        asked_by(&mut seats, 2, number);
    }
    // Each link has half of the tickets, and the newest of the many are refused no less than the oldest.
    let demands = drain(&mut seats);
    assert_eq!(demands.len(), TICKETS_MAX);
    let refused = |link| {
        demands
            .iter()
            .filter(|it| matches!(it, Demand::Reply { ticket, .. } if *ticket == ticket_of(link, ticket[32])))
            .count()
    };
    assert_eq!((refused(1), refused(2)), (TICKETS_MAX / 2, TICKETS_MAX / 2));
    assert_eq!(probe.heard().len(), TICKETS_MAX / 2);
    // Whatever is said to those that were refused goes nowhere.
    (1..=TICKETS_MAX as u32 * 3 / 2)
        .for_each(|ticket| probe.wish(&Wish::Reply { ticket, status: Status::Ok, bytes: b"" }));
    assert_eq!(drain(&mut seats).len(), TICKETS_MAX);
}

#[test]
fn x3_a_question_that_is_never_answered_gives_its_ticket_back() {
    let mut seats = seats();
    let _probe = attach(&mut seats, ONE);
    drain(&mut seats);
    let waits = |seats: &mut Seats, now| {
        let event = Event::Asked {
            port: ONE.0,
            is_proven: false,
            kind: 0,
            from: NodeId([9; 32]),
            within_ms: u32::MAX,
            ticket: ticket_of(1, 0),
            bytes: Vec::new(),
        };
        seats.on_event(now, &event);
        std::iter::from_fn(|| seats.poll(now)).count()
    };
    (0..TICKETS_MAX).for_each(|_| assert_eq!(waits(&mut seats, NOW), 0));
    assert_eq!(waits(&mut seats, NOW), 1);
    assert_eq!(waits(&mut seats, Instant(NOW.0 + u64::from(WITHIN_MS_MAX) * 1_000)), 0);
}

/// What a list says goes to the module as it may be: nobody twice, and not this node.
#[test]
fn x8_a_list_names_nobody_twice_and_not_the_own_node() {
    let (mut seats, place) = (seats(), NodeId([7; 32]));
    let probe = attach(&mut seats, ONE);
    drain(&mut seats);
    probe.heard();
    probe.wish(&Wish::List { op: 1, place: &place, stays: false, within_ms: 100 });
    let demands = drain(&mut seats);
    let [Demand::List { op, .. }] = demands[..] else { panic!("{demands:?}") };
    let (own, one, other) = (NodeId::of_key(&PublicKey([1; 64])), NodeId([1; 32]), NodeId([2; 32]));
    let bytes = NodeId::list_bytes(&[one, own, one, other, one]).to_vec();
    let (is_proven, is_here) = (false, false);
    seats.on_event(NOW, &Event::Replied { op, status: Status::Ok, is_proven, is_here, bytes });
    drain(&mut seats);
    assert_eq!(probe.heard(), [told(Told::Listed { op: 1, status: Status::Ok, ids: &[one, other] })]);
}
