//! Attacks on what modules ask, are asked and are told.

use tabmesh_engine::io::LISTS;
use tabmesh_engine::limits::{BROUGHT_A_SECOND, MESSAGE_MAX, WITHIN_MS_MAX};
use tabmesh_engine::wire::frame::{Body, Frame, Routed, Said};
use tabmesh_engine::{Command, Event, LinkId, NodeId, OpId, Profile, Status};

use super::frames::{PORT, asked, routed};
use super::host::{Host, Key};
use super::prices::requests;

const OP: OpId = OpId(9);

/// The host asks a node, over the port of its application or for a list: the number of what went out on this link.
fn ask(host: &mut Host, link: LinkId, to: &NodeId, port: u32) -> u32 {
    host.sent.clear();
    host.tell(tabmesh_engine::Input::Command(Command::Ask {
        op: OP,
        to,
        port,
        within_ms: 10_000,
        length: 5,
        kind: 0,
    }));
    requests(host, link).first().expect("it goes out there").0
}

/// How the question ended, each time that it did.
fn ends(host: &Host) -> Vec<(Status, bool, usize)> {
    let end = |event: &Event| match event {
        Event::Replied { op: OP, status, is_proven, bytes, .. } => Some((*status, *is_proven, bytes.len())),
        _ => None,
    };
    host.events.iter().filter_map(end).collect()
}

/// Goal: an answer that came over its sender's own link is its sender's. Method: whoever was asked by way of a node answers in the
/// name of that node, which passes on what it did not say.
#[test]
fn x1_no_answer_is_passed_on_by_the_one_in_whose_name_it_is() {
    let mut host = Host::new(1, Profile::Native);
    let (asker, liar, own) = (Key::new(3).id(), Key::new(4).id(), host.key.id());
    let (to_asker, to_liar) = (host.guest(&Key::new(3)), host.guest(&Key::new(4)));
    for (from, passed) in [(liar, 1), (own, 0)] {
        host.sent.clear();
        host.hear(to_asker, &[routed(false, true, &asker, &liar, &[], PORT, &asked(b"hello"))]);
        let path = requests(&host, to_liar).first().expect("it is passed on").4.clone();
        host.hear(to_liar, &[routed(true, true, &from, &asker, &path, 6, &[0, 100])]);
        assert_eq!(host.frames(to_asker).len(), passed, "an answer of {from:?}");
    }
}

/// Goal: only who was on the way ends a question. Method: somebody with the right number and another link.
#[test]
fn x1_a_question_is_answered_over_the_link_that_it_took() {
    let mut host = Host::new(1, Profile::Native);
    let (asked, own) = (Key::new(3).id(), host.key.id());
    let (right, wrong) = (host.guest(&Key::new(3)), host.guest(&Key::new(4)));
    let number = ask(&mut host, right, &asked, 0);
    host.hear_answer(wrong, &asked, number, &[], Status::Ok, b"forged");
    host.hear_answer(wrong, &own, number, &[], Status::NotFound, &[]);
    assert_eq!(ends(&host), []);
    host.hear_answer(right, &asked, number, &[], Status::Ok, b"true");
    host.hear_answer(right, &asked, number, &[], Status::Ok, b"once more");
    assert_eq!(ends(&host), [(Status::Ok, true, 4)]);
}

/// Goal: what others ask in a node's own name answers none of its questions. Method: the number of a list that it asked for.
#[test]
fn x1_what_is_asked_in_the_own_name_answers_no_own_question() {
    let mut host = Host::new(1, Profile::Native);
    let (liar, own) = (Key::new(3).id(), host.key.id());
    let link = host.guest(&Key::new(3));
    let request = ask(&mut host, link, &liar, LISTS);
    let payload = super::frames::asked(b"well?");
    let Frame::Routed(forged) = routed(false, true, &own, &own, &[], PORT, &payload) else { panic!() };
    host.hear(link, &[Frame::Routed(Routed { request, ..forged })]);
    assert!(host.events.iter().any(|event| matches!(event, Event::Asked { is_proven: false, .. })));
    assert_eq!(ends(&host), []);
}

/// Goal: an answer is no longer than any may be. Method: the longest that a frame carries.
#[test]
fn p1_an_answer_that_is_too_long_ends_its_question_as_a_bad_request() {
    let mut host = Host::new(1, Profile::Native);
    let (asked, link) = (Key::new(3).id(), host.guest(&Key::new(3)));
    for (length, end) in
        [(MESSAGE_MAX, (Status::Ok, true, MESSAGE_MAX)), (MESSAGE_MAX + 700, (Status::BadRequest, true, 0))]
    {
        let number = ask(&mut host, link, &asked, 0);
        host.events.clear();
        host.hear_answer(link, &asked, number, &[], Status::Ok, &vec![7; length]);
        assert_eq!(ends(&host), [end]);
    }
}

/// Goal: nobody makes a question wait here for weeks. Method: it says so.
#[test]
fn x3_no_question_waits_longer_than_any_may() {
    let mut host = Host::new(1, Profile::Native);
    let (from, own, link) = (Key::new(3).id(), host.key.id(), host.guest(&Key::new(3)));
    let said = Said { port: 0, version: 1, kind: 0, within_ms: u32::MAX, bytes: b"" };
    host.hear(link, &[routed(false, true, &from, &own, &[], PORT, &Body::Port(said).emit())]);
    let waits = host.events.iter().find_map(|event| match event {
        Event::Asked { within_ms, .. } => Some(*within_ms),
        _ => None,
    });
    assert_eq!(waits, Some(WITHIN_MS_MAX));
}

/// Goal: who opens and closes ports without end costs no more than its share. Method: as many frames as a link takes.
#[test]
fn x4_what_a_peer_says_of_its_ports_has_a_rate() {
    let mut host = Host::new(1, Profile::Native);
    let open: Vec<u8> = (1..17).flat_map(|port| [0, 0, 0, port, 1]).collect();
    host.tell(tabmesh_engine::Input::Command(Command::Open(&open)));
    let link = host.guest(&Key::new(3));
    host.events.clear();
    host.sent.clear();
    let flood = Frame::Ports { again: true, open: &[] }.emit().repeat(3_000);
    for _ in 0..10 {
        host.hear_bytes(link, &flood);
    }
    let told = host.events.iter().filter(|event| matches!(event, Event::Ports { .. })).count();
    assert!((1..=usize::from(BROUGHT_A_SECOND)).contains(&told), "{told} of 30000 in a second");
    assert!(host.frames(link).len() <= usize::from(BROUGHT_A_SECOND), "{}", host.frames(link).len());
    host.now += 1_000_000;
    host.events.clear();
    host.hear(link, &[Frame::Ports { again: false, open: &open }]);
    assert_eq!(host.events.len(), 1, "what it says later is heard");
}
