//! Modules on a node: what they wish, what they are told, and what becomes of it when they go.

mod asks;
mod here;
mod here_hostile;
mod here_random;
mod probe;

use probe::{
    NETWORK, NOW, ONE, OTHER, Probe, ask, asked, attach, drain, opens, ops, replied, seats, told, up,
};
use tabmesh_engine::Event;
use tabmesh_port::limits::{HELD_MAX, MESSAGE_MAX, VIEW_MAX};
use tabmesh_port::{
    Attachment, Done, Input, Instant, Module, NodeId, Output, Port, Reason, Signature, Status, Told, Wish,
    Work,
};
use tabmesh_seat::{Demand, Occupied, ROUNDS_MAX, SEATS_MAX, Seats};

#[test]
fn a_module_first_hears_the_clock_then_whom_it_can_reach() {
    let (mut seats, peer) = (seats(), NodeId([7; 32]));
    seats.set_clock(Instant(0), 50_000);
    up(&mut seats, peer);
    opens(&mut seats, peer, ONE, 3);
    let probe = attach(&mut seats, ONE);
    assert_eq!(drain(&mut seats), [Demand::Open([&[0, 0, 0, 100][..], &[3]].concat())]);
    let clock = told(Told::Clock { wall_ms: 51_000, is_doubtful: false });
    assert_eq!(probe.heard(), [clock, told(Told::View { version: 1, ids: &[peer] })]);
    // Another version is another protocol, and who closes the port is out of view.
    opens(&mut seats, peer, ONE, 4);
    opens(&mut seats, peer, ONE, 4);
    drain(&mut seats);
    assert_eq!(probe.heard(), [told(Told::View { version: 2, ids: &[] })]);
    seats.on_event(NOW, &Event::Clock { off_by_s: -90 });
    drain(&mut seats);
    assert_eq!(probe.heard(), [told(Told::Clock { wall_ms: 51_000, is_doubtful: true })]);
}

#[test]
fn a_view_of_many_names_some_of_every_part() {
    let mut seats = seats();
    for first in 0..=255 {
        up(&mut seats, NodeId([first; 32]));
        opens(&mut seats, NodeId([first; 32]), ONE, 3);
    }
    let probe = attach(&mut seats, ONE);
    drain(&mut seats);
    let ids: Vec<NodeId> = (0..VIEW_MAX as u8).map(|n| NodeId([n * 8; 32])).collect();
    assert_eq!(probe.heard(), [told(Told::View { version: 1, ids: &ids })]);
}

#[test]
fn whoever_is_held_is_told_of_when_that_changes() {
    let (mut seats, [near, far]) = (seats(), [NodeId([7; 32]), NodeId([8; 32])]);
    up(&mut seats, near);
    let (probe, other) = (attach(&mut seats, ONE), attach(&mut seats, OTHER));
    drain(&mut seats);
    probe.heard();
    probe.wish(&Wish::Hold { ids: &[near, far, far] });
    other.wish(&Wish::Hold { ids: &[far] });
    let held = |ids: &[NodeId]| Demand::Hold(ids.to_vec());
    assert_eq!(drain(&mut seats), [held(&[near, far]), held(&[near, far])]);
    let reason = Reason::NoRoom;
    for _ in 0..2 {
        seats.on_event(NOW, &Event::DialFailed { id: Some(far), reason });
    }
    up(&mut seats, far);
    seats.on_event(NOW, &Event::PeerDown { id: near, reason });
    drain(&mut seats);
    let linked = |id: &NodeId| told(Told::Linked { id, rtt_us: 0, is_relayed: false });
    let lost = |id: &NodeId| told(Told::Unlinked { id, reason });
    assert_eq!(probe.heard(), [linked(&near), lost(&far), linked(&far), lost(&near)]);
    let many: Vec<NodeId> = (0..=HELD_MAX as u8).map(|n| NodeId([n + 20; 32])).collect();
    probe.wish(&Wish::Hold { ids: &many });
    let demands = drain(&mut seats);
    assert!(matches!(&demands[..], [Demand::Hold(ids)] if ids.len() == HELD_MAX + 1), "{demands:?}");
}

/// A direct link is tried where a circuit does, and a second link is given up beside one that stands.
#[test]
fn p1_a_dial_that_fails_beside_a_link_unlinks_nobody() {
    let (mut seats, peer) = (seats(), NodeId([7; 32]));
    up(&mut seats, peer);
    let probe = attach(&mut seats, ONE);
    probe.wish(&Wish::Hold { ids: &[peer] });
    drain(&mut seats);
    probe.heard();
    for reason in [Reason::Unreachable, Reason::Replaced] {
        seats.on_event(NOW, &Event::DialFailed { id: Some(peer), reason });
    }
    drain(&mut seats);
    assert_eq!(probe.heard(), Vec::<String>::new());
    seats.on_event(NOW, &Event::PeerDown { id: peer, reason: Reason::Lost });
    seats.on_event(NOW, &Event::DialFailed { id: Some(peer), reason: Reason::NoRoom });
    drain(&mut seats);
    assert_eq!(probe.heard(), [told(Told::Unlinked { id: &peer, reason: Reason::Lost })]);
}

/// A module's number of a job may be one that its predecessor at the port had given.
#[test]
fn p8_what_a_module_wanted_done_that_left_is_not_its_successors() {
    let mut seats = seats();
    let job = |seats: &mut Seats, probe: &probe::Probe, bytes: &[u8]| {
        probe.give(&Output::Work(Work::Sign { job: 1, bytes }));
        match drain(seats).pop() {
            Some(Demand::Sign { job, .. }) => job,
            other => panic!("{other:?}"),
        }
    };
    let first = attach(&mut seats, ONE);
    let old = job(&mut seats, &first, b"of the first");
    seats.detach(ONE);
    let second = attach(&mut seats, ONE);
    let new = job(&mut seats, &second, b"of the second");
    second.heard();
    seats.signed(ONE, old, &Signature([1; 64]));
    seats.failed(ONE, old);
    for _ in 0..2 {
        seats.signed(ONE, new, &Signature([2; 64]));
    }
    drain(&mut seats);
    let done = Input::Done(Done::Signed { job: 1, signature: &Signature([2; 64]) });
    assert_eq!(second.heard(), [format!("{done:?}")]);
}

#[test]
fn who_leaves_gives_everything_back() {
    let (mut seats, to) = (seats(), NodeId([7; 32]));
    let (probe, _other) = (attach(&mut seats, ONE), attach(&mut seats, OTHER));
    probe.wish(&ask(1, &to));
    probe.wish(&Wish::Hold { ids: &[to] });
    let op = ops(&drain(&mut seats))[0];
    asked(&mut seats, ONE, 1);
    seats.detach(ONE);
    seats.detach(ONE);
    let ticket = vec![1; 45];
    assert_eq!(
        drain(&mut seats),
        [
            Demand::Cancel(op),
            Demand::Reply { status: Status::Unavailable, ticket, bytes: Vec::new() },
            Demand::Hold(Vec::new()),
            Demand::Open([&[0, 0, 0, 200][..], &[3]].concat()),
        ]
    );
    // Whatever comes late for it is nobody's.
    replied(&mut seats, op, Status::Ok);
    seats.signed(ONE, 1, &Signature([0; 64]));
    assert_eq!((drain(&mut seats), probe.heard().len()), (Vec::new(), 1));
}

#[test]
fn p8_no_module_speaks_on_anothers_port() {
    let (mut seats, to) = (seats(), NodeId([7; 32]));
    for (port, foreign) in [(ONE, OTHER), (OTHER, ONE)] {
        let probe = attach(&mut seats, port);
        drain(&mut seats);
        probe.wish(&Wish::Tell { to: &[to], bytes: b"said" });
        probe.wish(&ask(1, &to));
        probe.give(&Output::Work(Work::Sign { job: 1, bytes: &Attachment::covered(&NETWORK, foreign, b"") }));
        let demands = drain(&mut seats);
        let covered = Attachment::covered(&NETWORK, port, &Attachment::covered(&NETWORK, foreign, b""));
        let [Demand::Tell { port: told, .. }, Demand::Ask { port: asked, .. }, Demand::Sign { bytes, .. }] =
            &demands[..]
        else {
            panic!("{demands:?}");
        };
        assert_eq!((told, asked, bytes), (&port, &port, &covered));
    }
}

#[test]
fn the_applications_port_one_that_is_taken_and_one_too_many_are_not_to_be_had() {
    let mut seats = seats();
    let make = |_: Attachment| -> Box<dyn Module + Send> { Box::new(Probe::default()) };
    for (port, version) in [(Port::APPLICATION, 1), (ONE, 0)] {
        assert_eq!(seats.attach(NOW, port, version, [0; 32], make), Err(Occupied));
    }
    for number in 0..SEATS_MAX as u32 {
        assert_eq!(seats.attach(NOW, Port(100 + number), 1, [0; 32], make), Ok(()));
        assert_eq!(seats.attach(NOW, Port(100 + number), 1, [0; 32], make), Err(Occupied));
    }
    assert_eq!(seats.attach(NOW, Port(1), 1, [0; 32], make), Err(Occupied));
}

#[test]
fn modules_that_go_on_and_on_leave_the_shell_its_turn() {
    let (mut seats, to) = (seats(), NodeId([7; 32]));
    let (probe, other) = (attach(&mut seats, ONE), attach(&mut seats, OTHER));
    drain(&mut seats);
    let too_long = vec![0; MESSAGE_MAX + 1];
    probe.memory().echo =
        Some(Output::Wish(Wish::Ask { op: 1, to: &to, within_ms: 1, bytes: &too_long }).emit());
    seats.command(ONE, b"begin");
    seats.command(OTHER, b"too");
    probe.heard();
    assert_eq!(drain(&mut seats), []);
    assert_eq!(probe.heard().len(), ROUNDS_MAX as usize - 1);
    assert_eq!(other.heard().last().unwrap(), &format!("{:?}", Input::Command(b"too")));
    assert_eq!(seats.wanted_at(), Instant(0));
    probe.memory().echo = None;
    drain(&mut seats);
    assert_eq!(seats.wanted_at(), Instant::NEVER);
    probe.memory().wanted = Some(NOW);
    assert_eq!(seats.wanted_at(), NOW);
    probe.heard();
    seats.on_time(NOW);
    drain(&mut seats);
    assert_eq!(probe.heard(), ["Time"]);
}

#[test]
fn outputs_that_are_none_are_passed_over() {
    let mut seats = seats();
    let probe = attach(&mut seats, ONE);
    drain(&mut seats);
    for flat in [&[7][..], &[1, 200], &[64], &[99, 1]] {
        probe.memory().outputs.push_back(flat.to_vec());
    }
    probe.give(&Output::Event(b"still there"));
    assert_eq!(drain(&mut seats), [Demand::Event { port: ONE, bytes: b"still there".to_vec() }]);
}
