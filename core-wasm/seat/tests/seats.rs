//! Modules on a node, with a shell that does nothing by itself: what they wish, what they are told, and what becomes of it when they go.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use tabmesh_engine::{Event, LinkId, LinkKind, OpId, Profile};
use tabmesh_port::limits::{
    ASKS_MAX, HELD_MAX, LIST_MAX, MESSAGE_MAX, RECEIVERS_MAX, TELL_MAX, TICKETS_MAX, VIEW_MAX,
};
use tabmesh_port::{
    Attachment, Input, Instant, Module, NodeId, Output, Port, PublicKey, Reason, Room, Signature, Status,
    Told, Wish, Work,
};
use tabmesh_seat::{Demand, Occupied, ROUNDS_MAX, SEATS_MAX, Seats};

const NOW: Instant = Instant(1_000_000);
const NETWORK: [u8; 8] = *b"network!";
const ONE: Port = Port(100);
const OTHER: Port = Port(200);

/// A module that does what the test says, and remembers what it is handed.
#[derive(Clone, Default)]
struct Probe(Arc<Mutex<Memory>>);

#[derive(Default)]
struct Memory {
    heard: Vec<Vec<u8>>,
    outputs: VecDeque<Vec<u8>>,
    /// Given out once more for each input.
    echo: Option<Vec<u8>>,
    wanted: Option<Instant>,
}

impl Probe {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap()
    }

    fn wish(&self, wish: &Wish<'_>) {
        self.give(&Output::Wish(*wish));
    }

    fn give(&self, output: &Output<'_>) {
        self.memory().outputs.push_back(output.emit());
    }

    /// What it was handed since, in words.
    fn heard(&self) -> Vec<String> {
        let heard = std::mem::take(&mut self.memory().heard);
        heard.iter().map(|flat| format!("{:?}", Input::read(flat).unwrap())).collect()
    }
}

impl Module for Probe {
    fn handle(&mut self, _: Instant, input: Input<'_>) {
        let mut memory = self.memory();
        memory.heard.push(input.emit());
        if let Some(echo) = memory.echo.clone() {
            memory.outputs.push_back(echo);
        }
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        let mut memory = self.memory();
        let at = memory.outputs.iter().position(|flat| room.has(flat[0]))?;
        memory.outputs.remove(at)
    }

    fn wanted_at(&self) -> Instant {
        self.memory().wanted.unwrap_or(Instant::NEVER)
    }
}

fn seats() -> Seats {
    Seats::new(PublicKey([1; 64]), NETWORK)
}

fn attach(seats: &mut Seats, port: Port) -> Probe {
    let probe = Probe::default();
    let module = probe.clone();
    seats.attach(NOW, port, 3, [5; 32], |_| Box::new(module)).unwrap();
    probe
}

fn drain(seats: &mut Seats) -> Vec<Demand> {
    std::iter::from_fn(|| seats.poll(NOW)).collect()
}

fn up(seats: &mut Seats, id: NodeId) {
    let link = LinkId::new(1).unwrap();
    let event =
        Event::PeerUp { link, id, kind: LinkKind::WebRtc, profile: Profile::Browser, address: Vec::new() };
    seats.on_event(NOW, &event);
}

fn opens(seats: &mut Seats, id: NodeId, port: Port, version: u8) {
    let open = [&port.0.to_be_bytes()[..], &[version]].concat();
    seats.on_event(NOW, &Event::Ports { id, open });
}

fn asked(seats: &mut Seats, port: Port, ticket: u8) {
    let event = Event::Asked {
        port: port.0,
        is_proven: true,
        kind: 0,
        from: NodeId([9; 32]),
        within_ms: 500,
        ticket: vec![ticket; 45],
        bytes: b"well?".to_vec(),
    };
    seats.on_event(NOW, &event);
}

fn ask(op: u32, to: &NodeId) -> Wish<'_> {
    Wish::Ask { op, to, within_ms: 100, bytes: b"well?" }
}

/// The operations of what was asked.
fn ops(demands: &[Demand]) -> Vec<OpId> {
    let op = |demand: &Demand| if let Demand::Ask { op, .. } = demand { Some(*op) } else { None };
    demands.iter().filter_map(op).collect()
}

fn replied(seats: &mut Seats, op: OpId, status: Status) {
    seats.on_event(
        NOW,
        &Event::Replied { op, status, is_proven: true, is_here: false, bytes: b"so".to_vec() },
    );
}

fn told(told: Told<'_>) -> String {
    format!("{:?}", Input::Told(told))
}

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
    let end = |op, is_here, status, bytes: &[u8]| {
        told(Told::Answered { op, from: &to, is_proven: true, is_here, status, bytes })
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
