//! Mates, and the messages that go between them.

use alloc::vec::Vec;

use super::subscriber::BEAT_MS;
use super::*;
use crate::ground::Ground;
use crate::ground::testing::{ground, link, outputs, random_id, sent};
use crate::id::{NodeId, PublicKey, TopicId};
use crate::io::kinds::output;
use crate::io::{Flat, JobId, OpId};
use crate::limits::{MATES, MATES_MAX, PUBLISHED_A_BEAT, TOPICS_MAX};
use crate::rng::Rng;
use crate::status::Status;
use crate::time::Duration;
use crate::wire::frame::Frame;
use crate::wire::topic::{GRAFT, HAVE, Head, PRUNE, PUBLISH, WANT, place};

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
    for (link, frame) in sent(ground) {
        if let Some(Frame::Topic { kind, raw }) = Frame::parse(&frame) {
            let to = ground.links.ready(link).map(|link| link.peer).unwrap();
            all.push((kind, to, raw[32..].to_vec()));
        }
    }
    all
}

fn kinds(said: &[(u8, NodeId, Vec<u8>)]) -> Vec<(u8, NodeId)> {
    said.iter().map(|(kind, to, _)| (*kind, *to)).collect()
}

fn is_mate(topics: &Topics, ground: &Ground, peer: &NodeId) -> bool {
    topics.needs(ground.links.to(peer).map(|link| link.id).unwrap())
}

fn hears(topics: &mut Topics, ground: &mut Ground, from: &NodeId, kind: u8, rest: &[u8]) {
    let from = ground.links.to(from).map(|link| link.id).unwrap();
    topics.on_topic(ground, from, kind, &[&TOPIC.0, rest].concat());
}

/// The shell ends a job.
fn end(topics: &mut Topics, ground: &mut Ground, job: u32, raw: Option<&[u8]>) {
    let job = ground.end_job(JobId(job)).unwrap();
    topics.on_job(ground, &job, raw);
}

fn beat(topics: &mut Topics, ground: &mut Ground) -> Vec<TopicId> {
    ground.now = ground.now + Duration::from_ms(BEAT_MS);
    topics.on_time(ground)
}

fn message(key: &PublicKey, number: u32, sent_ms: u64) -> Vec<u8> {
    Head { topic: &TOPIC, run: 1, key, number, sent_ms }.message(b"words")
}

/// A row of a HAVE: which of the last messages of a stream somebody has.
fn row(raw: &[u8], last: u32, came: u64) -> Vec<u8> {
    [&place(raw).stream[..], &last.to_be_bytes(), &came.to_be_bytes()].concat()
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
                    end(topics, ground, flat.number, Some(&flat.bytes));
                }
                output::PUBLISHED | output::DONE => published.push(flat),
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
    assert_eq!(beat(&mut topics, &mut ground), [TOPIC]);
    let said = said(&mut ground);
    assert_eq!(said.iter().filter(|(kind, ..)| *kind == GRAFT).count(), MATES + 1);
    hears(&mut topics, &mut ground, &said[0].1, PRUNE, &[]);
    hears(&mut topics, &mut ground, &said[1].1, HAVE, &[]);
    assert!(!is_mate(&topics, &ground, &said[0].1) && is_mate(&topics, &ground, &said[1].1));
}

#[test]
fn who_takes_no_part_names_others_who_are_asked_in_its_place() {
    let mut ground = ground(20);
    let mut topics = subscribed(&mut ground);
    beat(&mut topics, &mut ground);
    let asked = said(&mut ground)[0].1;
    let other =
        ground.links.peers().map(|link| link.peer).find(|peer| !is_mate(&topics, &ground, peer)).unwrap();
    hears(&mut topics, &mut ground, &asked, PRUNE, &other.0);
    assert_eq!(kinds(&said(&mut ground)), [(GRAFT, other)]);
    hears(&mut topics, &mut ground, &asked, PRUNE, &asked.0);
    assert_eq!(said(&mut ground), [], "it is no mate any more");
}

#[test]
fn beyond_the_bound_whoever_wants_to_be_a_mate_is_told_of_others() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    let wishes: Vec<NodeId> = (0..=MATES_MAX as u64).map(|seed| peer(&mut ground, 100 + seed)).collect();
    for peer in &wishes {
        hears(&mut topics, &mut ground, peer, GRAFT, &[]);
    }
    assert_eq!(topics.count(&TOPIC), MATES_MAX);
    let said = said(&mut ground);
    assert_eq!(kinds(&said).last(), Some(&(PRUNE, wishes[MATES_MAX])));
    assert_eq!(said.last().unwrap().2.len(), MATES_MAX * 32);
    assert!(!is_mate(&topics, &ground, &wishes[MATES_MAX]) && is_mate(&topics, &ground, &wishes[0]));
}

#[test]
fn of_mates_too_many_the_slowest_goes_but_for_one_that_has_few() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    let peers: Vec<NodeId> = (0..MATES as u64 + 3).map(|seed| peer(&mut ground, 100 + seed)).collect();
    for (at, peer) in peers.iter().enumerate() {
        let link = ground.links.to(peer).map(|link| link.id).unwrap();
        ground.links.get_mut(link).unwrap().rtt.sample(Duration::from_ms(900 - 10 * at as u64));
        hears(&mut topics, &mut ground, peer, GRAFT, if at == 0 { &[1] } else { &[] });
    }
    for _ in 0..4 {
        beat(&mut topics, &mut ground);
    }
    let parted: Vec<NodeId> = peers.iter().filter(|peer| !is_mate(&topics, &ground, peer)).copied().collect();
    assert_eq!(parted, peers[1..3]);
    let said = said(&mut ground);
    let prune = said.iter().find(|(kind, ..)| *kind == PRUNE).unwrap();
    assert_eq!((prune.1, prune.2.len()), (peers[1], (MATES + 2) * 32), "it is told of the others");
}

#[test]
fn who_is_left_with_few_mates_says_once_that_it_needs_one_that_takes_part() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    let peers: Vec<NodeId> = (0..4).map(|seed| peer(&mut ground, 100 + seed)).collect();
    for peer in &peers {
        hears(&mut topics, &mut ground, peer, GRAFT, &[]);
    }
    said(&mut ground);
    hears(&mut topics, &mut ground, &peers[0], PRUNE, &peers[1].0);
    assert_eq!(said(&mut ground), [], "three are enough");
    hears(&mut topics, &mut ground, &peers[1], PRUNE, &[]);
    assert!(!is_mate(&topics, &ground, &peers[1]), "it takes no part");
    hears(&mut topics, &mut ground, &peers[2], PRUNE, &peers[3].0);
    assert_eq!(said(&mut ground), [(GRAFT, peers[2], Vec::from([1]))]);
    hears(&mut topics, &mut ground, &peers[2], PRUNE, &peers[3].0);
    assert_eq!(said(&mut ground), []);
    assert!(!is_mate(&topics, &ground, &peers[2]), "it has no room");
}

#[test]
fn a_mate_that_is_none_any_more_is_told_so() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    let peer = peer(&mut ground, 1);
    let raw = message(&PublicKey([3; 64]), 1, 0);
    hears(&mut topics, &mut ground, &peer, HAVE, &row(&raw, 4, 0b1111));
    assert_eq!(said(&mut ground), [(PRUNE, peer, Vec::new())], "its wish crossed a parting on the way");
}

#[test]
fn who_takes_no_part_says_so_to_whoever_thinks_otherwise() {
    let mut ground = ground(0);
    let mut topics = Topics::default();
    let peer = peer(&mut ground, 1);
    hears(&mut topics, &mut ground, &peer, GRAFT, &[]);
    assert_eq!(kinds(&said(&mut ground)), [(PRUNE, peer)]);
}

#[test]
fn a_topic_beyond_the_bound_is_refused() {
    let mut ground = ground(1);
    let mut topics = Topics::default();
    let most = TOPICS_MAX[ground.profile() as usize];
    for number in 0..=most as u32 {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&number.to_be_bytes());
        topics.subscribe(&mut ground, OpId(number), &TopicId(id));
    }
    let outputs = outputs(&mut ground);
    let done: Vec<u32> =
        outputs.iter().filter(|flat| flat.kind == output::DONE).map(|flat| flat.value).collect();
    assert_eq!(done[most], Status::TooManyRequests as u32);
    assert!(done[..most].iter().all(|status| *status == Status::Ok as u32));
}

#[test]
fn x7_a_message_is_delivered_once_in_whatever_form_it_comes() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    let (one, two) = (peer(&mut ground, 1), peer(&mut ground, 2));
    let raw = message(&PublicKey([3; 64]), 1, 0);
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
    let raw = message(&PublicKey([3; 64]), 1, 0);
    outputs(&mut ground);
    hears(&mut topics, &mut ground, &liar, PUBLISH, &raw[32..]);
    let check = outputs(&mut ground).into_iter().find(|flat| flat.kind == output::CHECK_MESSAGE).unwrap();
    end(&mut topics, &mut ground, check.number, None);
    assert!(!is_mate(&topics, &ground, &liar), "whoever passes a message on has checked it");
    hears(&mut topics, &mut ground, &honest, PUBLISH, &raw[32..]);
    assert_eq!(count(&finish(&mut topics, &mut ground), output::PUBLISHED), 1);
}

#[test]
fn what_is_wanted_is_recalled_for_whoever_asked() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    let one = peer(&mut ground, 1);
    let raw = message(&PublicKey([3; 64]), 1, 0);
    hears(&mut topics, &mut ground, &one, WANT, &place(&raw).bytes());
    let recall = outputs(&mut ground).into_iter().find(|flat| flat.kind == output::RECALL).unwrap();
    assert_eq!(recall.bytes, place(&raw).bytes());
    end(&mut topics, &mut ground, recall.number, Some(&raw));
    assert_eq!(said(&mut ground), [(PUBLISH, one, raw[32..].to_vec())]);
}

#[test]
fn what_others_have_and_is_not_here_is_asked_for_once_a_beat() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    let (one, two) = (peer(&mut ground, 1), peer(&mut ground, 2));
    for from in [&one, &two] {
        hears(&mut topics, &mut ground, from, GRAFT, &[]);
    }
    let raw = message(&PublicKey([3; 64]), 2, 0);
    hears(&mut topics, &mut ground, &one, PUBLISH, &raw[32..]);
    finish(&mut topics, &mut ground);
    let have = row(&raw, 4, 0b1111);
    for _ in 0..2 {
        for from in [&one, &two] {
            hears(&mut topics, &mut ground, from, HAVE, &have);
        }
        let said = said(&mut ground);
        assert_eq!(kinds(&said), [(WANT, one)]);
        let numbers: Vec<u8> = said[0].2.chunks(12).map(|place| place[11]).collect();
        assert_eq!(numbers, [1, 3, 4]);
        beat(&mut topics, &mut ground);
        self::said(&mut ground);
    }
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
fn a_publisher_keeps_the_pace_of_its_slowest_mate_and_is_never_stopped_by_it() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    let (quick, slow) = (peer(&mut ground, 1), peer(&mut ground, 2));
    for mate in [&quick, &slow] {
        hears(&mut topics, &mut ground, mate, GRAFT, &[]);
    }
    let most = publish(&mut topics, &mut ground);
    assert!(most < PUBLISHED_A_BEAT, "{most}");
    let acked = |topics: &Topics, number: u32, came: u64| {
        [&topics.list[0].stream[..], &number.to_be_bytes(), &came.to_be_bytes()].concat()
    };
    let all = acked(&topics, most, u64::MAX);
    hears(&mut topics, &mut ground, &quick, HAVE, &all);
    assert_eq!(publish(&mut topics, &mut ground), 0, "the slow one is behind");
    let few = acked(&topics, most, u64::MAX << 20);
    hears(&mut topics, &mut ground, &slow, HAVE, &few);
    assert_eq!(publish(&mut topics, &mut ground), most - 20);
    beat(&mut topics, &mut ground);
    let slowly = publish(&mut topics, &mut ground);
    assert!(0 < slowly && slowly < most, "{slowly}");
}

#[test]
fn a_publisher_alone_is_told_to_wait_and_goes_on_at_the_next_beat() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    assert_eq!(publish(&mut topics, &mut ground), PUBLISHED_A_BEAT);
    beat(&mut topics, &mut ground);
    assert_eq!(publish(&mut topics, &mut ground), PUBLISHED_A_BEAT);
}

#[test]
fn a_mate_that_claims_more_than_was_sent_is_believed_what_was_sent() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    let liar = peer(&mut ground, 1);
    hears(&mut topics, &mut ground, &liar, GRAFT, &[]);
    publish(&mut topics, &mut ground);
    let (stream, number) = (topics.list[0].stream, topics.list[0].number);
    let claim = [&stream[..], &[0xff; 12]].concat();
    hears(&mut topics, &mut ground, &liar, HAVE, &claim);
    assert_eq!(topics.mates[0].acked, number);
}

#[test]
fn those_that_hear_much_are_told_of_it_before_the_next_beat() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    let (from, mate) = (peer(&mut ground, 1), peer(&mut ground, 2));
    hears(&mut topics, &mut ground, &mate, GRAFT, &[]);
    said(&mut ground);
    let mut told = Vec::new();
    for number in 1..=16 {
        hears(&mut topics, &mut ground, &from, PUBLISH, &message(&PublicKey([3; 64]), number, 0)[32..]);
        for flat in outputs(&mut ground) {
            if flat.kind == output::CHECK_MESSAGE {
                end(&mut topics, &mut ground, flat.number, Some(&flat.bytes));
            }
        }
        told.extend(said(&mut ground).into_iter().filter(|(kind, ..)| *kind == HAVE));
    }
    assert_eq!(told.len(), 2);
    let last = row(&message(&PublicKey([3; 64]), 1, 0), 16, u64::MAX << 8);
    assert_eq!(told[1], (HAVE, mate, last), "not of the last, which may be under way");
}
