//! Floods on a tag, by one member or by many ids of one party: what they win, what others lose by it, and what it costs who is flooded.
//!
//! Goal: a bound is shared by those who press on it, nobody is made to pay for what others sent through it, a link that comes and goes
//! wins nothing, and what goes out for what comes in is bounded.

mod common;

use std::collections::BTreeMap;

use common::alone::{Alone, Owned, checks, events, held, id, publication, tells};
use tabmesh_port::limits::LIST_MAX;
use tabmesh_port::{Input, NodeId, Output, Signature, Status, Told, Wish};
use tabmesh_tag::limits::{BURST, FORGED_COST, HAVE_MS, PASSED_OF_ONE, PASSED_PART, RATE};
use tabmesh_tag::{Command, Event, Message, Routed, stream_of};

fn numbered(numbers: std::ops::Range<u16>) -> Vec<NodeId> {
    numbers.map(id).collect()
}

fn among(members: u16) -> Alone {
    Alone::among(&numbered(1..members + 1))
}

/// The bytes that are told to those whom `counts` names, all told.
fn bytes_to(outputs: &[Vec<u8>], counts: impl Fn(&NodeId) -> bool) -> usize {
    let of = |(to, bytes): &(Vec<NodeId>, Vec<u8>)| to.iter().filter(|id| counts(id)).count() * bytes.len();
    tells(outputs).iter().map(of).sum()
}

/// The places of the lists that are asked for, with whether it is to stand on them.
fn lists(outputs: &[Vec<u8>]) -> Vec<(u32, NodeId, bool)> {
    let list = |flat: &Vec<u8>| match Output::read(flat) {
        Ok(Output::Wish(Wish::List { op, place, stays, .. })) => Some((op, *place, stays)),
        _ => None,
    };
    outputs.iter().filter_map(list).collect()
}

fn ended(outputs: &[Vec<u8>], to: &NodeId) -> Option<Status> {
    tells(outputs).iter().filter(|(receivers, _)| receivers == &[*to]).find_map(|(_, bytes)| {
        match Message::read(bytes) {
            Some(Message::Ended { status, .. }) => Some(status),
            _ => None,
        }
    })
}

fn published(outputs: &[Vec<u8>]) -> usize {
    let is = |event: &&Vec<u8>| matches!(Event::read(event), Some(Event::Published { .. }));
    events(outputs).iter().filter(is).count()
}

/// Brings a publication whose signature holds: how often it is delivered.
fn bring(tag: &mut Alone, from: u16, it: &Owned) -> usize {
    let outputs = tag.hear(&id(from), &it.message());
    published(&tag.hold_true(&outputs))
}

#[test]
fn a_link_that_comes_and_goes_brings_no_more_than_one_that_stays() {
    let mut tag = among(5);
    let mut begun = 0;
    for turn in 0..200 {
        let mut forged = publication(50, turn + 1, b"false");
        forged.signature = Signature([turn as u8; 64]);
        let outputs = tag.hear(&id(1), &forged.message());
        begun += checks(&outputs).len();
        tag.verdict(&outputs, false);
        tag.view(&numbered(2..6));
        tag.view(&numbered(1..6));
    }
    assert!(begun <= (BURST / FORGED_COST) as usize + 1, "{begun} checks");
}

#[test]
fn a_link_that_comes_and_goes_makes_others_hear_little() {
    let mut tag = among(5);
    tag.pass_time(300_000);
    let (mut to_it, mut to_others, mut asked) = (0, 0, 0);
    for view in [numbered(1..6), numbered(1..7)].iter().cycle().take(600) {
        let mut outputs = tag.view(view);
        outputs.extend(tag.pass_time(100));
        for (op, ..) in lists(&outputs) {
            asked += 1;
            outputs.extend(tag.input(Input::Told(Told::Listed { op, status: Status::Ok, ids: &[] })));
        }
        to_it += bytes_to(&outputs, |to| *to == id(6));
        to_others += bytes_to(&outputs, |to| *to != id(6));
    }
    println!("in a minute of 300 flaps: {to_it} B to it, {to_others} B to others, {asked} lists");
    assert!(to_others < 5_000, "{to_others} bytes to others");
    assert!(asked <= 10, "{asked} lists");
}

#[test]
fn a_stranger_that_asks_whether_there_is_a_member_is_answered_where_all_places_are_taken() {
    let mut tag = among(32);
    for stranger in 100..120 {
        tag.pass_time(10);
        let outputs = tag.hear(&id(stranger), &Message::Hello);
        assert!(bytes_to(&outputs, |to| *to == id(stranger)) > 10 * 32, "{stranger}");
    }
}

#[test]
fn what_is_little_to_ask_and_much_to_answer_is_answered_less_often() {
    let mut tag = Alone::among(&numbered(1..33));
    let mut long = publication(50, 1, &[1; 800]);
    long.sent_ms = 2_000_000;
    bring(&mut tag, 2, &long);
    let mut name = [0; 12];
    name[..8].copy_from_slice(&stream_of(&long.key, 1));
    name[11] = 1;
    for question in [Message::Hello, Message::Graft(&[name]), Message::Graft(&[name; 8])] {
        tag.pass_time(40_000);
        let mut out = 0;
        for _ in 0..10 * RATE {
            out += bytes_to(&tag.hear(&id(1), &question), |_| true);
            tag.pass_time(1_000 / u64::from(RATE));
        }
        println!("{out} bytes out in ten seconds of {:?}", &question.emit()[..1]);
        assert!(out < 250_000, "{out}");
    }
}

/// Ids that everybody wants whose id is `own`: they can be made up.
fn near(own: &NodeId, turn: u16) -> NodeId {
    let mut bytes = own.0;
    bytes[30] ^= (turn >> 8) as u8 + 1;
    bytes[31] ^= turn as u8;
    NodeId(bytes)
}

#[test]
fn those_who_name_nobodies_leave_room_for_what_others_name() {
    let mut tag = among(16);
    let own = tag.own();
    let name_nobodies = |tag: &mut Alone| {
        for liar in 1..=10 {
            let nobodies: Vec<NodeId> = (0..16).map(|turn| near(&own, liar * 16 + turn)).collect();
            tag.hear(&id(liar), &Message::Members(&nobodies));
        }
    };
    name_nobodies(&mut tag);
    let honest = [near(&own, 1_000), near(&own, 2_000)];
    let mut held_now = tag.hear(&id(12), &Message::Members(&honest[..1]));
    held_now.extend(tag.listed(&honest[1..]));
    let mut met = [false; 2];
    for _ in 0..4 {
        name_nobodies(&mut tag);
        held_now.extend(tag.pass_time(20_000));
        for ids in held_now.iter().filter_map(|flat| held(std::slice::from_ref(flat))) {
            met = [0, 1].map(|at| met[at] || ids.contains(&honest[at]));
        }
    }
    assert_eq!(met, [true, true], "what a member named, and what the list named");
}

#[test]
fn who_names_a_member_first_does_not_keep_it_waiting_behind_nobodies() {
    let mut tag = among(10);
    let own = tag.own();
    let honest = near(&own, 1_000);
    let mut ids: Vec<NodeId> = (0..7).map(|turn| near(&own, turn)).collect();
    ids.push(honest);
    tag.hear(&id(1), &Message::Members(&ids));
    let outputs = tag.hear(&id(2), &Message::Members(&[honest]));
    assert!(held(&outputs).is_some_and(|held| held.contains(&honest)), "an honest member names it as well");
}

fn routed<'a>(request: u64, origin: &'a NodeId, target: &'a NodeId) -> Message<'a> {
    Message::Routed(Routed { is_exact: true, hops: 9, origin, request, target, bytes: b"x" })
}

#[test]
fn who_passes_on_a_flood_is_heard_itself() {
    let mut tag = among(10);
    let (own, stranger) = (tag.own(), id(99));
    for request in 0..2 * PASSED_OF_ONE as u64 {
        tag.pass_time(20);
        tag.hear(&id(1), &routed(request, &stranger, &own));
    }
    let outputs = tag.hear(&id(1), &routed(7_777, &id(1), &own));
    assert_eq!(ended(&outputs, &id(1)), Some(Status::Ok), "its own message is nobody else's");
}

#[test]
fn a_flood_of_a_few_links_leaves_the_others_room() {
    let mut tag = among(12);
    let own = tag.own();
    for request in 0..200 {
        tag.pass_time(40);
        for liar in 1..=8 {
            tag.hear(&id(liar), &routed(u64::from(liar) << 32 | request, &id(99), &own));
        }
    }
    for request in 0..5 {
        let outputs = tag.hear(&id(11), &routed(request, &id(11), &own));
        assert_eq!(ended(&outputs, &id(11)), Some(Status::Ok));
    }
}

#[test]
fn who_repeats_what_an_accomplice_brought_frees_no_share_of_it() {
    let mut tag = among(10);
    let (own, stranger, mut passed) = (tag.own(), id(99), 0);
    for request in 0..600 {
        tag.pass_time(20);
        let outputs = tag.hear(&id(1), &routed(request, &stranger, &own));
        passed += usize::from(ended(&outputs, &id(1)) == Some(Status::Ok));
        tag.hear(&id(2), &routed(request, &stranger, &own));
    }
    assert!(passed <= PASSED_OF_ONE, "{passed}");
}

#[test]
fn what_is_passed_to_one_member_is_less_than_it_takes_of_one_link() {
    let mut tag = among(10);
    let (target, mut passed) = (id(10), 0);
    let to_it = |outputs: &[Vec<u8>]| tells(outputs).iter().filter(|(to, _)| to == &[target]).count();
    for request in 0..200 {
        tag.pass_time(40);
        for liar in 1..=5 {
            let request = u64::from(liar) << 32 | request;
            passed += to_it(&tag.hear(&id(liar), &routed(request, &id(99), &target)));
        }
    }
    assert!(passed <= PASSED_OF_ONE, "{passed}");
    let outputs = tag.hear(&id(8), &routed(1, &id(8), &target));
    assert_eq!(to_it(&outputs), 1, "and another one has a share of it");
    // One message again and again is passed on a few times.
    let mut tag = among(10);
    let mut passed = 0;
    for _ in 0..600 {
        tag.pass_time(20);
        passed += to_it(&tag.hear(&id(1), &routed(1, &id(99), &target)));
    }
    assert!(passed <= 10, "{passed} times");
}

#[test]
fn a_flood_of_senders_keeps_nobody_new_from_being_heard() {
    for ahead_ms in [0, u64::MAX / 2] {
        let mut tag = among(10);
        for sender in 0..600 {
            tag.pass_time(20);
            let mut it = publication(1_000 + sender, 1, b"flood");
            it.sent_ms = 2_000_000 + u64::from(sender) * 20 + ahead_ms;
            assert_eq!(bring(&mut tag, 1, &it), 1);
        }
        // On its way for a second, by a clock two seconds slow.
        let mut late = publication(50, 1, b"new");
        late.sent_ms = 2_000_000 + 600 * 20 - 3_000;
        assert_eq!(bring(&mut tag, 2, &late), 1, "{ahead_ms}");
        assert_eq!(bring(&mut tag, 3, &late), 0);
    }
}

#[test]
fn a_clock_that_was_ahead_for_a_while_makes_nobody_unheard_afterwards() {
    let mut tag = among(10);
    let day_ms = 86_400_000;
    tag.input(Input::Told(Told::Clock { wall_ms: 2_000_000 + day_ms, is_doubtful: true }));
    for sender in 0..200 {
        tag.pass_time(20);
        let mut it = publication(1_000 + sender, 1, b"flood");
        it.sent_ms = 2_000_000 + day_ms;
        bring(&mut tag, 1, &it);
    }
    tag.input(Input::Told(Told::Clock { wall_ms: 2_010_000, is_doubtful: false }));
    let mut new = publication(50, 1, b"new");
    new.sent_ms = 2_010_000;
    assert_eq!(bring(&mut tag, 2, &new), 1);
}

#[test]
fn a_flood_of_publications_takes_nothing_from_what_others_brought_for_those_who_missed_it() {
    let mut tag = among(10);
    bring(&mut tag, 2, &publication(50, 1, b"true"));
    for number in 1..100 {
        tag.pass_time(20);
        bring(&mut tag, 1, &publication(60, number, &[1; 800]));
    }
    let mut name = [0; 12];
    name[..8].copy_from_slice(&stream_of(&publication(50, 1, b"").key, 1));
    name[11] = 1;
    let outputs = tag.hear(&id(3), &Message::Graft(&[name]));
    assert_eq!(tells(&outputs).len(), 1);
}

#[test]
fn whoever_lacks_many_is_told_first_of_what_a_flood_would_hide() {
    let mut tag = among(10);
    for number in 1..30 {
        bring(&mut tag, 1, &publication(60, number, b"flood"));
    }
    bring(&mut tag, 2, &publication(50, 1, b"true"));
    for number in 30..40 {
        bring(&mut tag, 1, &publication(60, number, b"flood"));
    }
    let outputs = tag.pass_time(HAVE_MS);
    let wanted = stream_of(&publication(50, 1, b"").key, 1);
    let told = tells(&outputs);
    let names = told.iter().find_map(|(_, bytes)| match Message::read(bytes) {
        Some(Message::Have(names)) => Some(names),
        _ => None,
    });
    assert!(names.unwrap()[0].starts_with(&wanted));
}

#[test]
fn what_others_publish_leaves_a_part_of_each_link_for_its_own() {
    let mut tag = among(10);
    let (mut passed, last) = (0, id(10));
    for number in 1..300 {
        for liar in 1..=4 {
            let outputs = tag.hear(&id(liar), &publication(60 + liar, number, b"flood").message());
            let after = tag.hold_true(&outputs);
            passed += tells(&after).iter().filter(|(to, bytes)| bytes[0] == 1 && to.contains(&last)).count();
        }
        tag.pass_time(1_000 / u64::from(RATE));
    }
    let (most, all) = (BURST + 300 * PASSED_PART.0 / PASSED_PART.1, 4 * 300);
    println!("{passed} of {all} passed to one member in five seconds");
    assert!(passed <= most as usize, "{passed}");
}

#[test]
fn an_operation_under_way_is_not_begun_again() {
    let mut tag = among(2);
    tag.command(&Command::Publish { op: 1, bytes: b"x" });
    tag.command(&Command::Send { op: 2, to: &id(1), bytes: b"x" });
    let bytes = b"y";
    for op in [1, 2] {
        for command in [Command::Publish { op, bytes }, Command::Send { op, to: &id(1), bytes }] {
            assert_eq!(events(&tag.command(&command)), [Event::Refused(Status::BadRequest).emit()]);
        }
    }
}

/// The lists of an overlay, as its nodes keep them.
#[derive(Default)]
struct Lists(BTreeMap<NodeId, Vec<NodeId>>);

impl Lists {
    /// Answers what a member asks for, until it asks for nothing: to whom it holds links then.
    fn serve(&mut self, tag: &mut Alone, ms: u64) -> Vec<NodeId> {
        let (own, mut held_now) = (tag.own(), Vec::new());
        let mut waiting = std::mem::take(&mut tag.begun);
        waiting.extend(tag.pass_time(ms));
        while !waiting.is_empty() {
            held_now = held(&waiting).unwrap_or(held_now);
            let mut next = Vec::new();
            for (op, place, stays) in lists(&waiting) {
                let rows = self.0.entry(place).or_default();
                let is_full = rows.len() >= LIST_MAX && !rows.contains(&own);
                if stays && !is_full && !rows.contains(&own) {
                    rows.push(own);
                }
                let status = if is_full { Status::Partial } else { Status::Ok };
                let ids = if stays { Vec::new() } else { rows.clone() };
                next.extend(tag.input(Input::Told(Told::Listed { op, status, ids: &ids })));
            }
            waiting = next;
        }
        held_now
    }
}

#[test]
fn who_fills_the_list_first_hides_nobody() {
    let (mut one, mut other) = (Alone::with_key(1), Alone::with_key(2));
    let (one_id, other_id) = (one.own(), other.own());
    // The list to which everybody comes first is full of one party's.
    let first = lists(&one.begun);
    let mut overlay = Lists(BTreeMap::from([(first[0].1, numbered(100..100 + LIST_MAX as u16))]));
    let mut has_met = false;
    for _ in 0..30 {
        has_met |= overlay.serve(&mut one, 20_000).contains(&other_id);
        has_met |= overlay.serve(&mut other, 20_000).contains(&one_id);
    }
    assert!(has_met, "two members that nobody introduced");
}
