//! Mates are found, kept, parted with; messages are delivered once; publishers keep the pace of their mates.

use alloc::vec::Vec;

use super::*;
use crate::ground::testing::{asked_by, ground, link, outputs, random_id, sent};
use crate::id::PublicKey;
use crate::io::{Flat, JobId, LinkId};
use crate::limits::{GUESTS_MAX, MATES_MAX, TOPIC_JOBS_MAX, UNMET_MAX};
use crate::rng::Rng;
use crate::wire::frame::Frame;
use crate::wire::named;
use crate::wire::topic::Head;

const TOPIC: TopicId = TopicId([5; 32]);

fn subscribed(ground: &mut Ground) -> Topics {
    let mut topics = Topics::default();
    topics.subscribe(ground, OpId(1), &TOPIC);
    outputs(ground);
    topics
}

/// A linked peer.
fn peer(ground: &mut Ground, seed: u64) -> NodeId {
    let peer = random_id(&mut Rng::new(seed));
    link(ground, &peer);
    peer
}

/// What was said of topics since, by kind, receiver and the rest.
fn said(ground: &mut Ground) -> Vec<(u8, NodeId, Vec<u8>)> {
    let mut all = Vec::new();
    for (_, frame) in sent(ground) {
        if let Some(Frame::Routed(routed)) = Frame::parse(&frame)
            && let Some(Body::Topic(bytes)) = routed.body()
        {
            all.push((bytes[0], *routed.target, bytes[33..].to_vec()));
        }
    }
    all
}

fn kinds(said: &[(u8, NodeId, Vec<u8>)]) -> Vec<(u8, NodeId)> {
    said.iter().map(|(kind, to, _)| (*kind, *to)).collect()
}

/// A question of `from`'s over the link to `by`.
fn way(ground: &Ground, from: &NodeId, by: &NodeId) -> ReplyTo {
    asked_by(ground, ground.links.to(by).map(|link| link.id).unwrap(), from)
}

/// A linked peer says something.
fn hears(topics: &mut Topics, ground: &mut Ground, from: &NodeId, kind: u8, rest: &[u8]) {
    let reply = way(ground, from, from);
    topics.on_topic(ground, reply, &[&[kind], &TOPIC.0[..], rest].concat());
}

/// The same in the name of `from`, brought by the peer `by`.
fn hears_by(topics: &mut Topics, ground: &mut Ground, from: &NodeId, by: &NodeId, kind: u8, rest: &[u8]) {
    let reply = way(ground, from, by);
    topics.on_topic(ground, reply, &[&[kind], &TOPIC.0[..], rest].concat());
}

fn beat(topics: &mut Topics, ground: &mut Ground) -> Option<TopicId> {
    ground.now = ground.now + Duration::from_ms(2 * BEAT_MS);
    assert!(topics.begin_beats(ground));
    let asks = topics.gather(ground, 0);
    topics.beat(ground, 0);
    topics.end_beats(ground);
    asks
}

fn message(key: &PublicKey, number: u32, sent_ms: u64) -> Vec<u8> {
    Head { topic: &TOPIC, sent_ms, run: 1, number, key }.message(b"words")
}

/// Ends all jobs that were begun since, checks well; what was published to the application.
fn finish(topics: &mut Topics, ground: &mut Ground) -> Vec<Flat> {
    let mut published = Vec::new();
    loop {
        let mut is_over = true;
        for flat in outputs(ground) {
            match flat.kind {
                output::SIGN_MESSAGE | output::CHECK_MESSAGE => {
                    is_over = false;
                    topics.on_job(ground, JobId(flat.number), Some(&flat.bytes));
                }
                output::PUBLISHED | output::DONE | output::MISSED => published.push(flat),
                _ => {}
            }
        }
        if is_over {
            return published;
        }
    }
}

fn count(flats: &[Flat], kind: u32) -> usize {
    flats.iter().filter(|flat| flat.kind == kind).count()
}

#[test]
fn the_first_beat_asks_links_to_be_mates_and_the_topics_own_node_for_others() {
    let mut ground = ground(20);
    let mut topics = subscribed(&mut ground);
    assert_eq!(beat(&mut topics, &mut ground), Some(TOPIC));
    let said = said(&mut ground);
    assert_eq!(said.iter().filter(|(kind, ..)| *kind == GRAFT).count(), MATES_MAX);
    assert_eq!(topics.count(TOPIC.short(), Member::takes_part), 0, "none has answered");
    hears(&mut topics, &mut ground, &said[0].1, HAVE, &[]);
    assert_eq!(topics.count(TOPIC.short(), Member::is_mate), 1);
}

#[test]
fn beyond_the_bound_whoever_wants_to_be_a_mate_is_told_of_others() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    let wishes: Vec<NodeId> = (0..=MATES_MAX as u64).map(|seed| peer(&mut ground, 100 + seed)).collect();
    for peer in &wishes {
        hears(&mut topics, &mut ground, peer, GRAFT, &[]);
    }
    assert_eq!(topics.count(TOPIC.short(), Member::is_mate), MATES_MAX);
    assert_eq!(kinds(&said(&mut ground)).last(), Some(&(PRUNE, wishes[MATES_MAX])));
    assert!(!topics.needs(&wishes[MATES_MAX]) && topics.needs(&wishes[0]));
}

#[test]
fn x5_a_graft_in_anothers_name_makes_nobody_a_mate() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    let (liar, victim) = (peer(&mut ground, 1), peer(&mut ground, 2));
    hears_by(&mut topics, &mut ground, &victim, &liar, GRAFT, &[]);
    assert!(!topics.needs(&victim));
    let said = said(&mut ground);
    assert!(said.iter().all(|(kind, ..)| *kind == HAVE), "{said:?}");
}

#[test]
fn x2_a_prune_in_anothers_name_parts_no_mates() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    let (liar, mate) = (peer(&mut ground, 1), peer(&mut ground, 2));
    hears(&mut topics, &mut ground, &mate, GRAFT, &[]);
    hears_by(&mut topics, &mut ground, &mate, &liar, PRUNE, &[]);
    assert!(topics.needs(&mate));
    hears(&mut topics, &mut ground, &mate, PRUNE, &[]);
    assert!(!topics.needs(&mate));
}

#[test]
fn who_is_far_is_believed_when_it_answers_and_given_up_when_it_does_not() {
    let mut ground = ground(1);
    let mut topics = subscribed(&mut ground);
    let far = random_id(&mut Rng::new(4));
    topics.on_met(&mut ground, TOPIC.place(), &[far]);
    beat(&mut topics, &mut ground);
    let answer = [&[HAVE], &TOPIC.0[..]].concat();
    topics.on_answer(&mut ground, topics.question ^ 1, &far, &answer);
    assert_eq!(topics.count(TOPIC.short(), Member::takes_part), 0, "not what was asked");
    topics.on_answer(&mut ground, topics.question, &far, &answer);
    assert_eq!(topics.count(TOPIC.short(), Member::takes_part), 1);
    ground.now = ground.now + Duration::from_ms(25_000);
    beat(&mut topics, &mut ground);
    assert_eq!(topics.count(TOPIC.short(), Member::takes_part), 0);
}

#[test]
fn who_takes_no_part_says_so_to_whoever_thinks_otherwise() {
    let mut ground = ground(0);
    let mut topics = Topics::default();
    let peer = peer(&mut ground, 1);
    for kind in [GRAFT, HAVE, PUBLISH] {
        hears(&mut topics, &mut ground, &peer, kind, &[]);
        assert_eq!(kinds(&said(&mut ground)), [(PRUNE, peer)]);
    }
}

#[test]
fn a_topic_beyond_the_bound_is_refused() {
    let mut ground = ground(1);
    let mut topics = Topics::default();
    for number in 0..=TOPICS_MAX as u8 {
        topics.subscribe(&mut ground, OpId(number.into()), &TopicId([number; 32]));
    }
    let outputs = outputs(&mut ground);
    let done: Vec<u32> =
        outputs.iter().filter(|flat| flat.kind == output::DONE).map(|flat| flat.value).collect();
    assert_eq!(done[TOPICS_MAX], Status::TooManyRequests as u32);
    assert!(done[..TOPICS_MAX].iter().all(|status| *status == Status::Ok as u32));
}

fn meet(topics: &mut Topics, ground: &mut Ground, guest: &NodeId, by: LinkId) -> Vec<NodeId> {
    let reply = asked_by(ground, by, guest);
    topics.on_meet(ground, &reply, TOPIC.place());
    let (_, last) = sent(ground).pop().unwrap();
    let Some(Frame::Routed(routed)) = Frame::parse(&last) else { panic!("no answer") };
    let Some(Body::Nodes { nodes, .. }) = routed.body() else { panic!("no nodes") };
    named::list(nodes).map(|(id, _)| *id).collect()
}

#[test]
fn the_topics_own_node_remembers_the_last_that_came_by() {
    let mut ground = ground(1);
    let mut topics = Topics::default();
    let by = ground.links.peers().next().map(|link| link.id).unwrap();
    let guests: Vec<NodeId> = (0..2 * GUESTS_MAX as u64).map(|seed| random_id(&mut Rng::new(seed))).collect();
    let named = guests.iter().map(|guest| meet(&mut topics, &mut ground, guest, by)).last().unwrap();
    assert_eq!(topics.guests.len(), GUESTS_MAX);
    let last: Vec<NodeId> = guests.iter().rev().skip(1).take(MATES).copied().collect();
    assert_eq!(named, last);
}

#[test]
fn x4_one_link_that_brings_many_guests_pushes_out_its_own() {
    let mut ground = ground(2);
    let mut topics = Topics::default();
    let links: Vec<LinkId> = ground.links.peers().map(|link| link.id).collect();
    let honest: Vec<NodeId> = (0..4).map(|seed| random_id(&mut Rng::new(seed))).collect();
    for guest in &honest {
        meet(&mut topics, &mut ground, guest, links[0]);
    }
    for seed in 100..400 {
        meet(&mut topics, &mut ground, &random_id(&mut Rng::new(seed)), links[1]);
    }
    assert!(honest.iter().all(|guest| topics.guests.iter().any(|known| known.peer() == guest)));
}

#[test]
fn x7_a_message_is_delivered_once_in_whatever_form_it_comes() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    let (one, two) = (peer(&mut ground, 1), peer(&mut ground, 2));
    let raw = message(&[3; 64], 1, 0);
    let mut other = raw.clone();
    other[150] ^= 1;
    for (from, raw) in [(&one, &raw), (&two, &raw), (&one, &other), (&two, &other)] {
        hears(&mut topics, &mut ground, from, PUBLISH, &raw[32..]);
        hears(&mut topics, &mut ground, from, PUBLISH, &raw[32..]);
    }
    assert_eq!(count(&finish(&mut topics, &mut ground), output::PUBLISHED), 1);
    for raw in [&raw, &other] {
        hears(&mut topics, &mut ground, &one, PUBLISH, &raw[32..]);
    }
    assert_eq!(count(&finish(&mut topics, &mut ground), output::PUBLISHED), 0);
}

#[test]
fn a_forged_copy_that_comes_first_does_not_keep_the_true_one_out() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    let (liar, honest) = (peer(&mut ground, 1), peer(&mut ground, 2));
    hears(&mut topics, &mut ground, &liar, GRAFT, &[]);
    let raw = message(&[3; 64], 1, 0);
    outputs(&mut ground);
    hears(&mut topics, &mut ground, &liar, PUBLISH, &raw[32..]);
    let check = outputs(&mut ground).into_iter().find(|flat| flat.kind == output::CHECK_MESSAGE).unwrap();
    topics.on_job(&mut ground, JobId(check.number), None);
    assert!(!topics.needs(&liar), "whoever passes a message on has checked it");
    hears(&mut topics, &mut ground, &honest, PUBLISH, &raw[32..]);
    assert_eq!(count(&finish(&mut topics, &mut ground), output::PUBLISHED), 1);
}

#[test]
fn what_is_wanted_goes_back_by_the_way_the_wish_came() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    let (liar, victim) = (peer(&mut ground, 1), peer(&mut ground, 2));
    let raw = message(&[3; 64], 1, 0);
    hears(&mut topics, &mut ground, &victim, PUBLISH, &raw[32..]);
    finish(&mut topics, &mut ground);
    let place = Head::parse(&raw).unwrap().place();
    let want = [&place.stream[..], &1_u32.to_be_bytes()].concat();
    hears_by(&mut topics, &mut ground, &victim, &liar, WANT, &want);
    let recall = outputs(&mut ground).into_iter().find(|flat| flat.kind == output::RECALL).unwrap();
    assert_eq!(recall.bytes, place.name());
    topics.on_job(&mut ground, JobId(recall.number), Some(&raw));
    let to_liar = ground.links.to(&liar).map(|link| link.id).unwrap();
    let sent = sent(&mut ground);
    assert!(!sent.is_empty() && sent.iter().all(|(link, _)| *link == to_liar));
}

#[test]
fn what_others_have_and_is_not_here_is_asked_for_once_a_second() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    let (one, two) = (peer(&mut ground, 1), peer(&mut ground, 2));
    let place = Head::parse(&message(&[3; 64], 3, 0)).unwrap().place();
    let have = [&place.stream[..], &1_u32.to_be_bytes(), &3_u32.to_be_bytes()].concat();
    for from in [&one, &two] {
        hears(&mut topics, &mut ground, from, HAVE, &have);
    }
    let said = said(&mut ground);
    assert_eq!(kinds(&said), [(WANT, one)]);
    let numbers: Vec<u8> = said[0].2.chunks(12).map(|row| row[11]).collect();
    assert_eq!(numbers, [2, 3]);
}

/// Publishes until it is refused; how many went.
fn publish(topics: &mut Topics, ground: &mut Ground) -> u32 {
    for number in 0.. {
        topics.publish(ground, OpId(number), &TOPIC, b"words");
        let flats = finish(topics, ground);
        let is_refused = |flat: &Flat| flat.kind == output::DONE && flat.value != Status::Ok as u32;
        if flats.iter().any(is_refused) {
            return number;
        }
    }
    0
}

#[test]
fn a_publisher_keeps_the_pace_of_its_slowest_mate_for_a_while() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    let (quick, slow) = (peer(&mut ground, 1), peer(&mut ground, 2));
    for mate in [&quick, &slow] {
        hears(&mut topics, &mut ground, mate, GRAFT, &[]);
    }
    assert_eq!(publish(&mut topics, &mut ground), 4);
    let room =
        |topics: &Topics, number: u32| [topics.list[0].run.to_be_bytes(), number.to_be_bytes()].concat();
    let wide = room(&topics, 1_000);
    hears(&mut topics, &mut ground, &quick, ROOM, &wide);
    assert_eq!(publish(&mut topics, &mut ground), 0, "the slow one has no room");
    let little = room(&topics, 10);
    hears(&mut topics, &mut ground, &slow, ROOM, &little);
    assert_eq!(publish(&mut topics, &mut ground), 6);
    for _ in 0..10 {
        beat(&mut topics, &mut ground);
    }
    assert_eq!(publish(&mut topics, &mut ground), 4 + TOPIC_JOBS_MAX as u32 - 10, "it counts no more");
}

#[test]
fn a_publisher_alone_is_told_to_wait_and_goes_on_at_the_next_beat() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    assert_eq!(publish(&mut topics, &mut ground), UNMET_MAX);
    beat(&mut topics, &mut ground);
    assert_eq!(publish(&mut topics, &mut ground), UNMET_MAX);
}

#[test]
fn mates_that_publish_are_given_a_share_of_what_can_be_checked() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    let keys: Vec<PublicKey> = (0..4).map(|seed| [seed; 64]).collect();
    let mates: Vec<NodeId> = keys.iter().map(NodeId::of_key).collect();
    for mate in &mates {
        link(&mut ground, mate);
        hears(&mut topics, &mut ground, mate, GRAFT, &[]);
    }
    outputs(&mut ground);
    for (key, mate) in keys.iter().zip(&mates) {
        let raw = message(key, 1, 0);
        hears(&mut topics, &mut ground, mate, PUBLISH, &raw[32..]);
    }
    let checks = outputs(&mut ground);
    for flat in checks.iter().filter(|flat| flat.kind == output::CHECK_MESSAGE) {
        topics.on_job(&mut ground, JobId(flat.number), Some(&flat.bytes));
    }
    beat(&mut topics, &mut ground);
    let said = said(&mut ground);
    for mate in &mates {
        let rooms: Vec<&[u8]> = said
            .iter()
            .filter(|(kind, to, _)| *kind == ROOM && to == mate)
            .map(|(.., rest)| &rest[..])
            .collect();
        let last = rooms.last().expect("each is told");
        assert_eq!(last[..4], 1_u32.to_be_bytes());
        assert!(u32::from_be_bytes(last[4..8].try_into().unwrap()) >= 1 + TOPIC_JOBS_MAX as u32 / 4);
    }
}
