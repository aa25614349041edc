//! Goal: what is published in a topic reaches whoever listens to it, at every node, once; whoever listens shares the
//! node's part in it. Method: real peers in this process, on loopback.

mod common;

use std::time::Duration;

use common::*;
use tabmesh_engine::limits::{self, PUBLISH_MAX};
use tabmesh_engine::{NodeId, Profile, Status, TopicId};
use tabmesh_native::driver::{Said, Wish, topic_id};
use tabmesh_native::peer::Peer;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{sleep, timeout};

fn topic(name: &str) -> TopicId {
    topic_id(name).expect("a name")
}

async fn listen(peer: &Peer, name: &str) -> Receiver<Said> {
    peer.handle().listen(topic(name)).await.expect("there is room")
}

async fn publish(peer: &Peer, name: &str, text: &str) -> Status {
    wish(peer, Wish::Publish { topic: topic(name), bytes: text.into() }).await.status
}

async fn next(messages: &mut Receiver<Said>) -> (NodeId, String) {
    let said = timeout(PATIENCE, messages.recv()).await.expect("it comes in time").expect("and whole");
    (said.from, String::from_utf8(said.bytes.to_vec()).expect("text"))
}

/// Whether nothing comes for a while.
async fn is_silent(messages: &mut Receiver<Said>) -> bool {
    timeout(Duration::from_secs(3), messages.recv()).await.is_err()
}

#[test]
fn a_topic_goes_by_the_hash_of_its_name() {
    // From `printf 'tabmesh topic v1news' | sha256sum`.
    let expected = "4eb7e39f44088904bc3e47a9ef439270ceb47e5fb6935e7b5d67fc0d7bc697a1";
    assert_eq!(tabmesh_native::identity::hex(topic("news").place()), expected);
    assert!(topic_id(&"ü".repeat(127)).is_some());
    assert_eq!((topic_id(""), topic_id(&"ü".repeat(128))), (None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_listener_hears_what_every_peer_publishes_once() {
    let peers = network(3).await;
    let mut listeners = Vec::new();
    for (_, peer) in &peers {
        listeners.push(listen(peer, "news").await);
    }
    let mut sent = Vec::new();
    for number in 0..12 {
        let peer = &peers[number % 3].1;
        let text = format!("message {number}");
        assert_eq!(publish(peer, "news", &text).await, Status::Ok);
        assert_eq!(publish(peer, "other news", &text).await, Status::Ok);
        sent.push((peer.handle().id(), text));
    }
    sent.sort();
    for messages in &mut listeners {
        let mut came = Vec::new();
        for _ in 0..sent.len() {
            came.push(next(messages).await);
        }
        came.sort();
        assert_eq!(came, sent);
        assert!(is_silent(messages).await, "each comes once, and of this topic alone");
    }
    assert!(peers[0].1.handle().metrics().encode().contains("tabmesh_published_total 24"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_listens_a_little_later_hears_it_from_whoever_published() {
    let peers = network(2).await;
    assert_eq!(publish(&peers[0].1, "news", "for whoever comes").await, Status::Ok);
    sleep(Duration::from_secs(3)).await;
    let mut late = listen(&peers[1].1, "news").await;
    assert_eq!(next(&mut late).await.1, "for whoever comes");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_one_node_share_its_part_in_a_topic() {
    let peers = network(2).await;
    let (one, two) = (&peers[0].1, &peers[1].1);
    let (mut first, second) = (listen(one, "news").await, listen(one, "news").await);
    drop(second);
    sleep(Duration::from_secs(2)).await;
    publish(two, "news", "to the first").await;
    assert_eq!(next(&mut first).await.1, "to the first");

    drop(first);
    sleep(Duration::from_secs(2)).await;
    publish(two, "news", "to nobody").await;
    sleep(Duration::from_secs(1)).await;
    assert!(one.handle().metrics().encode().contains("tabmesh_published_total 1"), "it takes part no longer");
    let mut again = listen(one, "news").await;
    publish(two, "news", "to whoever is back").await;
    while next(&mut again).await.1 != "to whoever is back" {}
}

/// Topics that a native peer takes part in.
const MOST: usize = limits::TOPICS_MAX[Profile::Native as usize];

#[tokio::test(flavor = "multi_thread")]
async fn topics_and_messages_beyond_the_bounds_are_refused() {
    let peers = network(2).await;
    let peer = &peers[0].1;
    let mut listeners = Vec::new();
    for number in 0..MOST {
        listeners.push(listen(peer, &format!("topic {number}")).await);
    }
    let refused = peer.handle().listen(topic("one more")).await;
    assert_eq!(refused.err(), Some(Status::TooManyRequests));
    assert_eq!(publish(peer, "one more", "hello").await, Status::TooManyRequests);
    assert_eq!(publish(peer, "topic 0", &"x".repeat(PUBLISH_MAX + 1)).await, Status::BadRequest);
    assert_eq!(publish(peer, "topic 1", &"x".repeat(PUBLISH_MAX)).await, Status::Ok);

    listeners.pop();
    let _more = listen(peer, "one more").await;
    let refused = peer.handle().listen(topic(&format!("topic {}", MOST - 1))).await;
    assert_eq!(refused.err(), Some(Status::TooManyRequests), "its place is taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_listener_misses_messages_and_is_told_how_many() {
    let peers = network(2).await;
    let peer = &peers[0].1;
    let mut slow = listen(peer, "news").await;
    for number in 0..100 {
        // Whoever publishes too fast is told, and tries again.
        while publish(peer, "news", &number.to_string()).await == Status::TooManyRequests {
            sleep(Duration::from_millis(20)).await;
        }
    }
    let missed = match slow.recv().await {
        Err(RecvError::Lagged(missed)) => missed,
        other => panic!("{other:?}"),
    };
    assert_eq!(missed, 36);
    for number in missed..100 {
        assert_eq!(next(&mut slow).await.1, number.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn listening_ends_with_the_node() {
    let mut peers = network(2).await;
    let (_dir, peer) = peers.remove(0);
    let handle = peer.handle().clone();
    let mut messages = listen(&peer, "news").await;
    peer.stop().await;
    assert_eq!(messages.recv().await, Err(RecvError::Closed));
    assert_eq!(handle.listen(topic("news")).await.err(), Some(Status::Unavailable));
}
