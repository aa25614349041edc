//! Mates are found, kept, parted with; messages are passed on once.

use alloc::vec::Vec;

use super::*;
use crate::ground::testing::{asked_by, ground, link, outputs, random_id, sent};
use crate::io::kinds::output;
use crate::rng::Rng;
use crate::wire::frame::Frame;

const TOPIC: NodeId = NodeId([5; 32]);

fn subscribed(ground: &mut Ground) -> Topics {
    let mut topics = Topics::default();
    topics.subscribe(ground, OpId(1), &TOPIC);
    outputs(ground);
    topics
}

/// What was said of topics since, by kind and receiver.
fn said(ground: &mut Ground) -> Vec<(u8, NodeId)> {
    let mut all = Vec::new();
    for (_, frame) in sent(ground) {
        if let Some(Frame::Routed(routed)) = Frame::parse(&frame)
            && let Some(Body::Topic(bytes)) = routed.body()
        {
            all.push((bytes[0], *routed.target));
        }
    }
    all
}

fn heard(topics: &mut Topics, ground: &mut Ground, from: &NodeId, kind: u8, rest: &[u8]) {
    topics.on_topic(ground, from, &[&[kind], &TOPIC.0[..], rest].concat());
}

fn beat(topics: &mut Topics, ground: &mut Ground) -> Option<NodeId> {
    ground.now = ground.now + Duration::from_ms(2 * BEAT_MS);
    assert!(topics.begin_beats(ground));
    let asks = topics.gather(ground, 0, &TOPIC);
    topics.beat(ground, &TOPIC);
    asks.then_some(TOPIC)
}

#[test]
fn the_first_beat_asks_links_to_be_mates_and_the_topics_own_node_for_others() {
    let mut ground = ground(20);
    let mut topics = subscribed(&mut ground);
    assert_eq!(beat(&mut topics, &mut ground), Some(TOPIC));
    let said = said(&mut ground);
    assert_eq!(said.iter().filter(|(kind, _)| *kind == GRAFT).count(), MATES);
    assert_eq!(topics.mate_count(name(&TOPIC.0)), MATES);
}

#[test]
fn beyond_the_bound_whoever_wants_to_be_a_mate_is_told_of_others() {
    let mut ground = ground(0);
    let mut topics = subscribed(&mut ground);
    let mut rng = Rng::new(3);
    let wishes: Vec<NodeId> = (0..MATES_MAX + 1).map(|_| random_id(&mut rng)).collect();
    for peer in &wishes {
        link(&mut ground, peer);
        heard(&mut topics, &mut ground, peer, GRAFT, &[]);
    }
    assert_eq!(topics.mate_count(name(&TOPIC.0)), MATES_MAX);
    assert_eq!(said(&mut ground).last(), Some(&(PRUNE, wishes[MATES_MAX])));
    assert!(!topics.needs(&wishes[MATES_MAX]) && topics.needs(&wishes[0]));
}

#[test]
fn a_mate_that_is_not_linked_and_says_nothing_is_given_up() {
    let mut ground = ground(1);
    let mut topics = subscribed(&mut ground);
    let far = random_id(&mut Rng::new(4));
    heard(&mut topics, &mut ground, &far, GRAFT, &[]);
    assert!(topics.needs(&far));
    ground.now = ground.now + SILENT;
    beat(&mut topics, &mut ground);
    assert!(!topics.needs(&far));
}

#[test]
fn who_takes_no_part_says_so_to_whoever_thinks_otherwise() {
    let mut ground = ground(1);
    let mut topics = Topics::default();
    let peer = ground.links.peers().next().map(|link| link.peer).unwrap();
    heard(&mut topics, &mut ground, &peer, GRAFT, &[]);
    assert_eq!(said(&mut ground), [(PRUNE, peer)]);
}

#[test]
fn a_topic_beyond_the_bound_is_refused() {
    let mut ground = ground(1);
    let mut topics = Topics::default();
    for number in 0..=TOPICS_MAX as u8 {
        topics.subscribe(&mut ground, OpId(number.into()), &NodeId([number; 32]));
    }
    let done: Vec<u32> =
        outputs(&mut ground).iter().filter(|flat| flat.kind == output::DONE).map(|flat| flat.value).collect();
    assert_eq!(done[TOPICS_MAX], Status::TooManyRequests as u32);
    assert!(done[..TOPICS_MAX].iter().all(|status| *status == Status::Ok as u32));
}

#[test]
fn the_topics_own_node_remembers_the_last_that_came_by() {
    let mut ground = ground(1);
    let mut topics = Topics::default();
    let peer = ground.links.peers().next().map(|link| link.id).unwrap();
    let mut rng = Rng::new(5);
    for _ in 0..GUESTS_MAX * 2 {
        let reply = asked_by(&ground, peer, &random_id(&mut rng));
        topics.on_meet(&mut ground, &reply, &TOPIC);
    }
    assert_eq!(topics.guests.len(), GUESTS_MAX);
    let (_, last) = sent(&mut ground).pop().unwrap();
    let Some(Frame::Routed(routed)) = Frame::parse(&last) else { panic!("no answer") };
    let Some(Body::Nodes { nodes, .. }) = routed.body() else { panic!("no nodes") };
    assert_eq!(named::list(nodes).count(), MATES);
}
