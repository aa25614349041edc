//! What modules of one node ask each other, and what somebody of the shell's asks them.

use tabmesh_port::limits::{ASKS_MAX, HERE_MAX, MESSAGE_MAX};
use tabmesh_port::{Duration, Input, Instant, NodeId, Port, PublicKey, Status, Told, Wish};
use tabmesh_seat::{Demand, Seats};

use crate::probe::{NOW, ONE, OTHER, Probe, ask, asked, attach, drain, ops, seats, told};

const PROGRAM: Port = Port(300);

fn own() -> NodeId {
    NodeId::of_key(&PublicKey([1; 64]))
}

pub(crate) fn here(op: u32, port: Port) -> Wish<'static> {
    Wish::AskHere { op, port, within_ms: 100, bytes: b"well?" }
}

pub(crate) fn end(op: u32, is_here: bool, status: Status, bytes: &[u8]) -> String {
    told(Told::Answered { op, from: &own(), is_proven: !is_here, is_here, status, bytes })
}

/// Two modules that have heard what all hear.
pub(crate) fn two(seats: &mut Seats) -> (Probe, Probe) {
    let two = (attach(seats, ONE), attach(seats, OTHER));
    drain(seats);
    two.0.heard();
    two.1.heard();
    two
}

/// The tickets of what a module was asked.
fn tickets(probe: &Probe, from: &[Port]) -> Vec<u32> {
    let heard = std::mem::take(&mut probe.memory().heard);
    let ticket = |flat: &Vec<u8>| match Input::read(flat) {
        Ok(Input::Told(Told::AskedHere { port, ticket, within_ms, bytes })) => {
            assert_eq!((from.contains(&port), within_ms, bytes), (true, 100, &b"well?"[..]));
            Some(ticket)
        }
        _ => None,
    };
    heard.iter().filter_map(ticket).collect()
}

#[test]
fn p1_a_question_here_ends_once_and_the_engine_hears_nothing_of_it() {
    let mut seats = seats();
    let (one, other) = two(&mut seats);
    for op in [4, 4, 5] {
        one.wish(&here(op, OTHER));
    }
    assert_eq!(drain(&mut seats), []);
    let tickets = tickets(&other, &[ONE]);
    assert_eq!(tickets.len(), 2, "the number of one under way is not asked again");
    for ticket in [tickets[0], tickets[0]] {
        other.wish(&Wish::Reply { ticket, status: Status::Ok, bytes: b"so" });
    }
    one.wish(&Wish::Cancel { op: 5 });
    one.wish(&Wish::Cancel { op: 5 });
    assert_eq!(drain(&mut seats), []);
    other.wish(&Wish::Reply { ticket: tickets[1], status: Status::Ok, bytes: b"late" });
    assert_eq!(drain(&mut seats), []);
    let mut heard = one.heard();
    heard.sort();
    assert_eq!(heard, [end(4, false, Status::Ok, b"so"), end(5, true, Status::TimedOut, b"")]);
}

#[test]
fn p1_a_question_here_ends_where_nobody_is_or_answers() {
    let mut seats = seats();
    let (one, other) = two(&mut seats);
    one.wish(&here(1, OTHER));
    drain(&mut seats);
    let late = NOW + Duration::from_ms(100);
    assert_eq!(seats.wanted_at(), late);
    seats.on_time(Instant(late.0 - 1));
    assert_eq!((drain(&mut seats).len(), one.heard().len()), (0, 0));
    seats.on_time(late);
    drain(&mut seats);
    assert_eq!((one.heard(), seats.wanted_at()), (vec![end(1, true, Status::TimedOut, b"")], Instant::NEVER));
    one.wish(&here(2, OTHER));
    one.wish(&Wish::AskHere { op: 3, port: OTHER, within_ms: 1, bytes: &vec![0; MESSAGE_MAX + 1] });
    drain(&mut seats);
    seats.detach(OTHER);
    drain(&mut seats);
    let ends = [end(3, true, Status::BadRequest, b""), end(2, true, Status::Unavailable, b"")];
    assert_eq!(one.heard(), ends);
    assert_eq!(tickets(&other, &[ONE]).len(), 2);
    // Whoever asked is gone: its number may be used again by the next at its port.
    let other = attach(&mut seats, OTHER);
    one.wish(&here(1, OTHER));
    drain(&mut seats);
    seats.detach(ONE);
    let next = attach(&mut seats, ONE);
    next.wish(&here(1, OTHER));
    drain(&mut seats);
    let [old, new] = tickets(&other, &[ONE])[..] else { panic!() };
    next.heard();
    for (ticket, bytes) in [(old, b"old"), (new, b"new")] {
        other.wish(&Wish::Reply { ticket, status: Status::Ok, bytes });
    }
    drain(&mut seats);
    assert_eq!(next.heard(), [end(1, false, Status::Ok, b"new")]);
}

#[test]
fn p8_nobody_answers_what_another_module_was_asked() {
    let mut seats = seats();
    let (one, other) = two(&mut seats);
    let third = attach(&mut seats, PROGRAM);
    one.wish(&here(1, OTHER));
    drain(&mut seats);
    let ticket = tickets(&other, &[ONE])[0];
    for liar in [&third, &one] {
        liar.wish(&Wish::Reply { ticket, status: Status::Ok, bytes: b"a lie" });
    }
    drain(&mut seats);
    assert_eq!(one.heard(), Vec::<String>::new());
    other.wish(&Wish::Reply { ticket, status: Status::NotFound, bytes: &vec![1; MESSAGE_MAX + 1] });
    drain(&mut seats);
    assert_eq!(one.heard(), [end(1, false, Status::BadRequest, b"")]);
}

#[test]
fn questions_here_have_bounds_and_take_no_place_of_those_of_others() {
    let mut seats = seats();
    let (one, other) = two(&mut seats);
    let third = attach(&mut seats, PROGRAM);
    for op in 0..ASKS_MAX as u32 + 5 {
        one.wish(&here(op, OTHER));
    }
    drain(&mut seats);
    let busy = |op| end(op, true, Status::TooManyRequests, b"");
    let refused: Vec<String> = (HERE_MAX as u32..ASKS_MAX as u32 + 5).map(busy).collect();
    assert_eq!(one.heard(), refused, "a refused one makes room for the next");
    third.heard();
    third.wish(&here(1, OTHER));
    third.wish(&ask(2, &NodeId([7; 32])));
    assert_eq!(ops(&drain(&mut seats)).len(), 1);
    assert_eq!(
        (third.heard(), one.heard()),
        (vec![], vec![busy(HERE_MAX as u32 - 1)]),
        "who has most gives way"
    );
    let tickets = tickets(&other, &[ONE, PROGRAM]);
    assert_eq!(tickets.len(), HERE_MAX + 1);
    asked(&mut seats, OTHER, 1);
    drain(&mut seats);
    assert_eq!(other.heard().len(), 1, "who asks here keeps no place from other nodes");
    other.wish(&Wish::Reply { ticket: tickets[0], status: Status::Ok, bytes: b"" });
    drain(&mut seats);
    third.wish(&here(3, OTHER));
    drain(&mut seats);
    assert_eq!(other.heard().len(), 1, "and makes room when it is answered");
    // Questions here and there are bounded together.
    let many = attach(&mut seats, Port(7));
    (0..ASKS_MAX as u32).for_each(|op| many.wish(&ask(op, &NodeId([7; 32]))));
    many.wish(&here(99, ONE));
    drain(&mut seats);
    one.heard();
    many.wish(&Wish::Cancel { op: 0 });
    drain(&mut seats);
    assert_eq!(one.heard().len(), 1, "it went when there was room");
}

#[test]
fn somebody_of_the_shells_asks_and_is_asked() {
    let mut seats = seats();
    let (one, _other) = two(&mut seats);
    let answered = |op, is_here, status, bytes: &[u8]| Demand::AnsweredHere {
        port: PROGRAM,
        op,
        is_here,
        status,
        bytes: bytes.to_vec(),
    };
    for op in [1, 1, 2] {
        seats.ask_here(NOW, (PROGRAM, op), ONE, 100, b"well?".to_vec());
    }
    assert_eq!(drain(&mut seats), []);
    let heard = std::mem::take(&mut one.memory().heard);
    let [Ok(Input::Told(Told::AskedHere { port: PROGRAM, ticket, .. })), _] =
        [&heard[0], &heard[1]].map(|flat| Input::read(flat))
    else {
        panic!("{heard:?}")
    };
    one.wish(&Wish::Reply { ticket, status: Status::Ok, bytes: b"so" });
    assert_eq!(drain(&mut seats), [answered(1, false, Status::Ok, b"so")]);
    seats.forget_here(PROGRAM, 2);
    seats.ask_here(NOW, (PROGRAM, 3), ONE, 100, vec![0; MESSAGE_MAX + 1]);
    assert_eq!(drain(&mut seats), [answered(3, true, Status::BadRequest, b"")]);
    (10..=10 + HERE_MAX as u32).for_each(|op| seats.ask_here(NOW, (PROGRAM, op), ONE, 100, Vec::new()));
    assert_eq!(drain(&mut seats), [answered(10 + HERE_MAX as u32, true, Status::TooManyRequests, b"")]);
    seats.leave_here(PROGRAM);
    one.heard();
    // The other way.
    one.wish(&here(5, PROGRAM));
    one.wish(&here(6, PROGRAM));
    let demands = drain(&mut seats);
    let [Demand::AskHere { ticket, from: ONE, to: PROGRAM, within_ms: 100, .. }, _] = demands[..] else {
        panic!("{demands:?}")
    };
    for _ in 0..2 {
        seats.answered_here(ticket, false, Status::Ok, b"so".to_vec());
    }
    seats.leave_here(PROGRAM);
    drain(&mut seats);
    let ends = [end(5, false, Status::Ok, b"so"), end(6, true, Status::Unavailable, b"")];
    assert_eq!(one.heard(), ends);
}
