//! Attacks on a tag: members with free keys that forge, flood, repeat and lie about who is there.
//!
//! Goal: what honest members say comes once and unharmed, nobody makes a member check, pass on, try or keep without end, and nothing
//! that a peer says makes it panic.

mod common;

use common::alone::{Alone, checks, events, held, id, publication, tells};
use proptest::prelude::*;
use tabmesh_port::{Done, Input, NodeId, Output, PublicKey, Reason, Signature, Status, Told};
use tabmesh_tag::limits::{
    BURST, CANDIDATES_OF_ONE, CHECKS_MAX, CHECKS_OF_ONE, FORGED_COST, GRAFT_MAX, HOLD_MAX, HOPS_MAX,
    NAMES_COST, PASSED_OF_ONE, TRIALS_OF_ONE,
};
use tabmesh_tag::{Command, Event, Message, Publication, Routed, stream_of};

fn among(members: u16) -> Alone {
    let ids: Vec<NodeId> = (1..=members).map(id).collect();
    Alone::among(&ids)
}

/// What the face is told of publications.
fn published(outputs: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let bytes = |event: &Vec<u8>| match Event::read(event) {
        Some(Event::Published { bytes, .. }) => Some(bytes.to_vec()),
        _ => None,
    };
    events(outputs).iter().filter_map(bytes).collect()
}

/// The messages of this number that are told, with how many hear each.
fn told(outputs: &[Vec<u8>], number: u8) -> Vec<usize> {
    tells(outputs).iter().filter(|(_, bytes)| bytes[0] == number).map(|(to, _)| to.len()).collect()
}

#[test]
fn what_is_forged_is_neither_delivered_nor_passed_on_and_blocks_nothing() {
    let mut tag = among(10);
    let honest = publication(50, 1, b"true");
    let mut forged = publication(50, 1, b"false");
    for turn in 0..3 {
        forged.signature = Signature([turn; 64]);
        let outputs = tag.hear(&id(1), &forged.message());
        let after = tag.verdict(&outputs, false);
        assert!(published(&after).is_empty() && told(&after, 1).is_empty());
    }
    // While one that is forged is being checked, the true one comes.
    forged.signature = Signature([9; 64]);
    let pending = tag.hear(&id(1), &forged.message());
    let outputs = tag.hear(&id(2), &honest.message());
    let after = tag.hold_true(&outputs);
    assert_eq!(published(&after), [b"true"]);
    assert_eq!(told(&after, 1), [9], "all but who brought it");
    let late = tag.verdict(&pending, true);
    assert!(published(&late).is_empty(), "and comes once");
}

#[test]
fn a_forger_is_soon_heard_no_more_and_others_are() {
    let mut tag = among(10);
    let mut begun = 0;
    for turn in 0..100 {
        let outputs = tag.hear(&id(1), &publication(50, turn + 1, b"false").message());
        begun += checks(&outputs).len();
        tag.verdict(&outputs, false);
    }
    assert!(begun <= (BURST / FORGED_COST) as usize + 1, "{begun} checks");
    let outputs = tag.hear(&id(2), &publication(50, 1, b"true").message());
    assert_eq!(published(&tag.hold_true(&outputs)), [b"true"]);
}

#[test]
fn nobody_has_more_than_its_share_of_the_checks() {
    let mut tag = among(10);
    let begin = |tag: &mut Alone, from: u16, sender: u16| {
        checks(&tag.hear(&id(from), &publication(sender, 1, b"x").message())).len()
    };
    let of_one: usize = (0..20).map(|turn| begin(&mut tag, 1, 100 + turn)).sum();
    assert_eq!(of_one, CHECKS_OF_ONE);
    let of_all: usize = (2..10)
        .flat_map(|from| (0..5).map(move |turn| (from, turn)))
        .map(|(from, turn)| begin(&mut tag, from, from * 100 + turn))
        .sum();
    assert_eq!(of_one + of_all, CHECKS_MAX);
}

#[test]
fn a_repeat_costs_its_bringer_the_eager_link_and_nobody_a_check() {
    let mut tag = among(10);
    let honest = publication(50, 1, b"true");
    let outputs = tag.hear(&id(1), &honest.message());
    tag.hold_true(&outputs);
    let again = tag.hear(&id(2), &honest.message());
    assert!(checks(&again).is_empty() && published(&again).is_empty());
    assert_eq!(tells(&again), [(vec![id(2)], Message::Prune.emit())]);
    let outputs = tag.hear(&id(1), &publication(50, 2, b"next").message());
    assert_eq!(told(&tag.hold_true(&outputs), 1), [8], "neither who brought it nor who was pruned");
}

#[test]
fn what_came_by_others_is_not_looked_at() {
    let mut tag = among(3);
    for message in [publication(50, 1, b"x").message(), Message::Members(&[id(9)]), Message::Prune] {
        assert!(tag.hear_bytes(&id(1), false, &message.emit()).is_empty());
    }
}

#[test]
fn a_flood_of_one_link_is_bounded_whatever_it_says() {
    let mut tag = among(10);
    let names: Vec<[u8; 12]> = (0..80).map(|turn| [turn; 12]).collect();
    let mut out = 0;
    for _ in 0..10_000 {
        out += tells(&tag.hear(&id(1), &Message::Have(&names))).len();
    }
    assert!(out <= BURST as usize, "{out}");
    let mut tag = among(10);
    let honest = publication(50, 1, &[1; 800]);
    let outputs = tag.hear(&id(2), &honest.message());
    tag.hold_true(&outputs);
    let mut name = [0; 12];
    name[..8].copy_from_slice(&stream_of(&honest.key, 1));
    name[11] = 1;
    let mut copies = 0;
    for _ in 0..1_000 {
        let outputs = tag.hear(&id(1), &Message::Graft(&[name; 80]));
        assert!(tells(&outputs).len() <= GRAFT_MAX);
        copies += tells(&outputs).len();
    }
    assert!(copies <= BURST as usize, "{copies} copies of 800 bytes for a flood of grafts");
}

#[test]
fn a_hello_counts_for_as_much_as_its_answer() {
    let mut tag = among(10);
    tag.pass_time(2_000);
    let answers: usize = (0..1_000).map(|_| told(&tag.hear(&id(1), &Message::Hello), 5).len()).sum();
    assert_eq!(answers, (BURST / (NAMES_COST + 1)) as usize);
}

#[test]
fn who_names_those_that_are_not_there_has_few_of_them_tried() {
    let mut tag = among(10);
    // Ids that are nearer than anybody: they can be made up.
    let near = |turn: u8| {
        let mut bytes = tag_own();
        bytes[31] ^= turn + 1;
        NodeId(bytes)
    };
    let ids: Vec<NodeId> = (0..16).map(near).collect();
    let outputs = tag.hear(&id(1), &Message::Members(&ids));
    let held_now = held(&outputs).unwrap();
    assert_eq!(ids.iter().filter(|id| held_now.contains(id)).count(), TRIALS_OF_ONE);
    assert!(tells(&outputs).is_empty(), "nobody is told anything before it showed itself");
    assert!(tag.take_counts().named <= CANDIDATES_OF_ONE);
    // An honest one finds a place beside them, and all that is held is bounded.
    let honest = near(100);
    let outputs = tag.hear(&id(2), &Message::Members(&[honest]));
    let held_now = held(&outputs).unwrap();
    assert!(held_now.contains(&honest) && held_now.len() <= HOLD_MAX);
    // Those that do not come make room for the next ones.
    let mut tried = 0;
    for _ in 0..10 {
        tag.hear(&id(1), &Message::Members(&ids));
        let outputs = tag.pass_time(20_000);
        tried += held(&outputs).map_or(0, |held| ids.iter().filter(|id| held.contains(id)).count());
    }
    assert!(tried <= 10 * TRIALS_OF_ONE, "{tried}");
}

fn tag_own() -> [u8; 32] {
    Alone::new().own().0
}

fn routed<'a>(request: u64, origin: &'a NodeId, target: &'a NodeId, hops: u8) -> Routed<'a> {
    Routed { is_exact: true, hops, origin, request, target, bytes: b"x" }
}

/// How the message ended that a member brought, if it was told so.
fn ended(outputs: &[Vec<u8>], to: &NodeId) -> Option<Status> {
    tells(outputs).iter().filter(|(receivers, _)| receivers == &[*to]).find_map(|(_, bytes)| {
        match Message::read(bytes) {
            Some(Message::Ended { status, .. }) => Some(status),
            _ => None,
        }
    })
}

#[test]
fn what_is_brought_twice_is_delivered_once_and_answered_twice() {
    let mut tag = among(10);
    let (own, origin) = (tag.own(), id(1));
    for turn in 0..3 {
        let outputs = tag.hear(&origin, &Message::Routed(routed(7, &origin, &own, 3)));
        assert_eq!(ended(&outputs, &origin), Some(Status::Ok));
        assert_eq!(events(&outputs).len(), usize::from(turn == 0));
    }
    // Another one brings what it says is of the first: that is hearsay.
    let outputs = tag.hear(&id(2), &Message::Routed(routed(8, &origin, &own, 3)));
    let received = Event::Received { from: &origin, is_proven: false, bytes: b"x" };
    assert_eq!(events(&outputs), [received.emit()]);
}

#[test]
fn who_floods_with_messages_for_others_leaves_room_for_those_of_others() {
    let mut tag = among(10);
    let (own, mut passed) = (tag.own(), 0);
    for turn in 0..300 {
        tag.pass_time(20);
        let outputs = tag.hear(&id(1), &Message::Routed(routed(turn, &id(99), &own, 3)));
        passed += usize::from(ended(&outputs, &id(1)) == Some(Status::Ok));
    }
    assert_eq!(passed, PASSED_OF_ONE);
    let outputs = tag.hear(&id(2), &Message::Routed(routed(1, &id(2), &own, 3)));
    assert_eq!(ended(&outputs, &id(2)), Some(Status::Ok));
}

#[test]
fn hops_are_counted_down_and_nobody_makes_them_more() {
    let mut tag = among(10);
    let target = id(5);
    let outputs = tag.hear(&id(1), &Message::Routed(routed(1, &id(1), &target, 0)));
    assert_eq!(ended(&outputs, &id(1)), Some(Status::Unavailable));
    let outputs = tag.hear(&id(1), &Message::Routed(routed(2, &id(1), &target, 255)));
    let (to, bytes) = &tells(&outputs)[0];
    assert_eq!(to, &[target]);
    assert!(matches!(Message::read(bytes), Some(Message::Routed(it)) if it.hops < HOPS_MAX));
}

#[test]
fn only_whom_a_message_was_passed_to_says_how_it_ended() {
    let mut tag = among(10);
    let outputs = tag.command(&Command::Send { op: 1, to: &id(3), bytes: b"x" });
    let sent = tells(&outputs);
    let Some(Message::Routed(it)) = Message::read(&sent[0].1) else { panic!("it is sent") };
    let request = it.request;
    let word = Message::Ended { request, status: Status::Ok };
    assert!(events(&tag.hear(&id(4), &word)).is_empty());
    assert!(
        events(&tag.hear(&id(3), &Message::Ended { request: request + 1, status: Status::Ok })).is_empty()
    );
    assert_eq!(events(&tag.hear(&id(3), &word)), [Event::Ended { op: 1, status: Status::Ok }.emit()]);
    assert!(events(&tag.hear(&id(3), &word)).is_empty(), "it ends once");
    // The same of messages of others.
    tag.hear(&id(1), &Message::Routed(routed(9, &id(1), &id(5), 3)));
    let word = Message::Ended { request: 9, status: Status::Ok };
    assert_eq!(ended(&tag.hear(&id(4), &word), &id(1)), None);
    assert_eq!(ended(&tag.hear(&id(5), &word), &id(1)), Some(Status::Ok));
    assert_eq!(ended(&tag.hear(&id(5), &word), &id(1)), None);
}

proptest! {
    #[test]
    fn any_bytes_do_no_harm(inputs in proptest::collection::vec((0_u8..9, proptest::collection::vec(any::<u8>(), 0..300)), 0..40)) {
        let mut tag = among(5);
        for (turn, (kind, bytes)) in inputs.iter().enumerate() {
            let message = [&[*kind][..], bytes].concat();
            let from = id(turn as u16 % 7);
            let mut outputs = tag.hear_bytes(&from, true, &message);
            outputs.extend(tag.input(Input::Command(&message)));
            for flat in [&message, bytes] {
                if let Ok(input) = Input::read(flat) {
                    outputs.extend(tag.input(input));
                }
            }
            outputs.extend(tag.input(Input::Told(Told::Unlinked { id: &from, reason: Reason::Lost })));
            let jobs = checks(&outputs);
            for job in jobs {
                outputs.extend(tag.input(Input::Done(Done::Verified { job, holds: turn % 2 == 0 })));
            }
            outputs.extend(tag.pass_time(turn as u64 * 100));
            for flat in outputs {
                prop_assert!(Output::read(&flat).is_ok());
            }
        }
    }

    #[test]
    fn what_is_emitted_reads_as_the_same(op: u32, request: u64, hops: u8, is_exact: bool, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (one, other, key, signature) = (id(1), id(2), PublicKey([3; 64]), Signature([4; 64]));
        let routed = Routed { is_exact, hops, origin: &one, request, target: &other, bytes: &bytes };
        let publication = Publication { key: &key, run: op, number: 7, sent_ms: request, signature: &signature, bytes: &bytes };
        let names = [[5; 12]; 3];
        let messages = [
            Message::Publication(publication), Message::Have(&names), Message::Graft(&names), Message::Prune,
            Message::Members(&[one, other]), Message::Routed(routed), Message::Ended { request, status: Status::TimedOut },
        ];
        for message in messages {
            let bytes = message.emit();
            prop_assert_eq!(Message::read(&bytes), Some(message));
        }
        let commands = [
            Command::Publish { op, bytes: &bytes }, Command::Send { op, to: &one, bytes: &bytes },
            Command::SendClosest { op, key: &other, bytes: &bytes }, Command::Members,
        ];
        for command in commands {
            let bytes = command.emit();
            prop_assert_eq!(Command::read(&bytes), Some(command));
        }
        let events = [
            Event::Members { linked: &[one], named: &[other, one] }, Event::Published { from: &one, run: op, number: 9, bytes: &bytes },
            Event::Received { from: &one, is_proven: is_exact, bytes: &bytes }, Event::Ended { op, status: Status::Ok },
            Event::Refused(Status::BadRequest),
        ];
        for event in events {
            let bytes = event.emit();
            prop_assert_eq!(Event::read(&bytes), Some(event));
        }
    }

    #[test]
    fn arbitrary_bytes_are_a_message_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..1_100)) {
        if let Some(message) = Message::read(&bytes) {
            prop_assert_eq!(message.emit(), bytes.clone());
        }
        let _ = (Command::read(&bytes), Event::read(&bytes));
    }
}
