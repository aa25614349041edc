//! Modules that ask each other without sense or measure, and what that costs others.

use tabmesh_port::limits::{ASKS_MAX, HERE_MAX, MESSAGE_MAX};
use tabmesh_port::{Duration, Input, NodeId, Output, Port, Status, Told, Wish};
use tabmesh_seat::{Demand, ROUNDS_MAX};

use crate::here::{end, here, two};
use crate::probe::{NOW, ONE, OTHER, Probe, ask, attach, drain, ops, replied, seats};

/// Who was asked by whom, in the order in which that was heard.
fn askers(probe: &Probe) -> Vec<Port> {
    let heard = std::mem::take(&mut probe.memory().heard);
    let asker = |flat: &Vec<u8>| match Input::read(flat) {
        Ok(Input::Told(Told::AskedHere { port, .. })) => Some(port),
        _ => None,
    };
    heard.iter().filter_map(asker).collect()
}

#[test]
fn p1_an_end_that_is_not_told_yet_keeps_its_number() {
    let mut seats = seats();
    let (one, _other) = two(&mut seats);
    let to = NodeId([7; 32]);
    // The first of them ends at once, by a bound; the second would be taken for it.
    let too_long = vec![0; MESSAGE_MAX + 1];
    one.wish(&Wish::AskHere { op: 1, port: OTHER, within_ms: 100, bytes: &too_long });
    one.wish(&here(1, OTHER));
    drain(&mut seats);
    assert_eq!(one.heard(), [end(1, true, Status::BadRequest, b"")]);
    one.wish(&ask(2, &to));
    let op = ops(&drain(&mut seats))[0];
    replied(&mut seats, op, Status::Ok);
    one.wish(&here(2, OTHER));
    one.wish(&Wish::Cancel { op: 2 });
    drain(&mut seats);
    assert_eq!(one.heard().len(), 1);
    one.wish(&here(2, OTHER));
    one.wish(&Wish::Cancel { op: 2 });
    drain(&mut seats);
    assert_eq!(one.heard(), [end(2, true, Status::TimedOut, b"")]);
}

#[test]
fn x4_ends_that_are_not_told_yet_count_among_what_a_module_asks() {
    let mut seats = seats();
    let (one, _other) = two(&mut seats);
    let too_long = vec![0; MESSAGE_MAX + 1];
    (0..1_000).for_each(|op| one.wish(&Wish::AskHere { op, port: OTHER, within_ms: 1, bytes: &too_long }));
    drain(&mut seats);
    assert_eq!(one.memory().outputs.len(), 1_000 - ASKS_MAX - ROUNDS_MAX as usize);
}

#[test]
fn x4_questions_that_were_taken_back_are_not_heard() {
    let mut seats = seats();
    let (one, other) = two(&mut seats);
    for op in 0..ASKS_MAX as u32 {
        one.wish(&here(op, OTHER));
        one.wish(&Wish::Cancel { op });
    }
    drain(&mut seats);
    assert_eq!((askers(&other), one.heard().len()), (Vec::new(), ASKS_MAX));
    // Of those who left, and of somebody of the shell's, no more.
    for op in 0..5 {
        seats.ask_here(NOW, (Port(300), op), OTHER, 100, Vec::new());
        seats.forget_here(Port(300), op);
        seats.ask_here(NOW, (Port(301), op), OTHER, 100, Vec::new());
        seats.ask_here(NOW, (Port(302), op), OTHER, 100, Vec::new());
    }
    seats.leave_here(Port(301));
    seats.on_time(NOW + Duration::from_ms(100));
    assert_eq!(drain(&mut seats).len(), 5);
    assert_eq!(askers(&other), []);
}

#[test]
fn x4_one_module_does_not_take_all_places_of_another() {
    let mut seats = seats();
    let (one, other) = two(&mut seats);
    let third = attach(&mut seats, Port(300));
    (0..HERE_MAX as u32).for_each(|op| one.wish(&here(op, OTHER)));
    drain(&mut seats);
    assert_eq!(askers(&other), [ONE; HERE_MAX]);
    third.heard();
    (0..HERE_MAX as u32).for_each(|op| third.wish(&here(op, OTHER)));
    drain(&mut seats);
    let half = HERE_MAX as u32 / 2;
    assert_eq!(askers(&other), [Port(300); HERE_MAX / 2]);
    let busy = |op| end(op, true, Status::TooManyRequests, b"");
    assert_eq!(one.heard(), (half..HERE_MAX as u32).rev().map(busy).collect::<Vec<_>>(), "its newest first");
    assert_eq!(third.heard(), (half..HERE_MAX as u32).map(busy).collect::<Vec<_>>());
    // Somebody of the shell's is one among them.
    seats.ask_here(NOW, (Port(400), 1), OTHER, 100, Vec::new());
    drain(&mut seats);
    assert_eq!(askers(&other), [Port(400)]);
}

#[test]
fn modules_that_ask_each_other_on_and_on_leave_others_and_the_shell_their_turn() {
    let mut seats = seats();
    let (one, other) = two(&mut seats);
    let third = attach(&mut seats, Port(300));
    drain(&mut seats);
    third.heard();
    one.memory().echo = Some(Output::Wish(here(1, ONE)).emit());
    other.memory().echo =
        Some(Output::Wish(Wish::AskHere { op: 1, port: OTHER, within_ms: 0, bytes: b"" }).emit());
    for _ in 0..3 {
        seats.command(ONE, b"");
        seats.command(OTHER, b"");
        seats.command(Port(300), b"now");
        assert_eq!(drain(&mut seats), Vec::<Demand>::new());
        assert_eq!(third.heard().len(), 1);
        assert!(one.heard().len() + other.heard().len() <= ROUNDS_MAX as usize);
    }
}
