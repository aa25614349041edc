//! Goal: peers that prove their keys meet each other, and only those who should.
//! Method: one server in this process, several peers over real WebSockets.

mod support;

use std::collections::BTreeSet;

use support::{Heard, NETWORK, NOBODY, Peer, TestServer};
use tabmesh_engine::NodeId;
use tabmesh_engine::wire::signal::{FLAG_RELAY, INTRODUCED_MAX, MESSAGE_MAX, Refusal};

#[tokio::test]
async fn two_peers_meet_and_exchange_envelopes_unread() {
    let server = TestServer::limited(|limits| limits.message_bytes = MESSAGE_MAX).await;
    let (mut alice, peers) = Peer::join(server.address, NETWORK, 0).await;
    assert_eq!(peers, []);
    let (mut bob, peers) = Peer::join(server.address, NETWORK, 0).await;
    assert_eq!(peers, [(alice.id(), 0)]);

    let largest: Vec<u8> = (0..MESSAGE_MAX - 33).map(|index| (index % 251) as u8).collect();
    for envelope in [&b"an offer"[..], &[], &[0xff; 300], &largest] {
        bob.relay(alice.id(), envelope).await;
        assert_eq!(alice.hear().await, Heard::Deliver { from: bob.id(), envelope: envelope.to_vec() });
        alice.relay(bob.id(), envelope).await;
        assert_eq!(bob.hear().await, Heard::Deliver { from: alice.id(), envelope: envelope.to_vec() });
    }
    assert_eq!(alice.introduce().await, [(bob.id(), 0)]);
    assert_eq!(server.metric("messages_total{kind=\"relay\"}").await, 8);
    assert_eq!(server.metric("messages_total{kind=\"deliver\"}").await, 8);
    assert_eq!(server.metric("proved_total").await, 2);
}

#[tokio::test]
async fn every_challenge_is_another() {
    let server = TestServer::start().await;
    let mut nonces = BTreeSet::new();
    for _ in 0..20 {
        let (level, nonce) = Peer::connect(server.address).await.challenge().await;
        assert_eq!(level, 0);
        nonces.insert(nonce);
    }
    assert_eq!(nonces.len(), 20);
}

#[tokio::test]
async fn a_newcomer_is_introduced_to_the_nearest_peer_a_relay_and_another() {
    let server = TestServer::start().await;
    let (relay, _) = Peer::join(server.address, NETWORK, FLAG_RELAY).await;
    let mut crowd = Vec::new();
    for _ in 0..12 {
        crowd.push(Peer::joined(server.address).await);
    }
    let mut others: BTreeSet<NodeId> = crowd.iter().map(Peer::id).collect();
    others.insert(relay.id());
    for peer in &mut crowd {
        let me = peer.id();
        let peers = peer.introduce().await;
        let ids: BTreeSet<NodeId> = peers.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids.len(), INTRODUCED_MAX);
        assert!(ids.is_subset(&others) && !ids.contains(&me));
        let nearest = others.iter().filter(|id| **id != me).min_by_key(|id| id.distance(&me));
        assert_eq!(peers.first().map(|(id, _)| id), nearest);
        assert!(peers.contains(&(relay.id(), FLAG_RELAY)));
    }
}

#[tokio::test]
async fn peers_of_different_networks_never_see_each_other() {
    let server = TestServer::start().await;
    let (mut alice, _) = Peer::join(server.address, *b"network1", FLAG_RELAY).await;
    let (mut bob, peers) = Peer::join(server.address, *b"network2", 0).await;
    assert_eq!(peers, []);
    bob.relay(alice.id(), b"hello").await;
    assert_eq!(bob.hear().await, Heard::Refused(Refusal::NotPresent, alice.id()));
    assert_eq!(bob.introduce().await, []);
    // Nothing reached Alice before the answer to her own question.
    assert_eq!(alice.introduce().await, []);
}

#[tokio::test]
async fn who_has_not_proved_itself_is_introduced_to_nobody() {
    let server = TestServer::start().await;
    let mut stranger = Peer::connect(server.address).await;
    stranger.challenge().await;
    let (mut alice, peers) = Peer::join(server.address, NETWORK, 0).await;
    assert_eq!(peers, []);
    alice.relay(stranger.id(), b"hello").await;
    assert_eq!(alice.hear().await, Heard::Refused(Refusal::NotPresent, stranger.id()));
}

#[tokio::test]
async fn who_left_is_not_introduced_any_more() {
    let server = TestServer::start().await;
    let alice = Peer::joined(server.address).await;
    let mut bob = Peer::joined(server.address).await;
    let gone = alice.id();
    alice.leave().await;
    server.metric_becomes("peers", 1).await;
    assert_eq!(bob.introduce().await, []);
    bob.relay(gone, b"too late").await;
    assert_eq!(bob.hear().await, Heard::Refused(Refusal::NotPresent, gone));
    drop(bob);
    server.metric_becomes("connections", 0).await;
    server.metric_becomes("networks", 0).await;
}

#[tokio::test]
async fn of_two_connections_with_one_id_the_newer_stays() {
    let server = TestServer::start().await;
    let mut older = Peer::joined(server.address).await;
    let mut other = Peer::joined(server.address).await;
    let mut newer = Peer::connect(server.address).await;
    std::mem::swap(&mut newer.identity, &mut older.identity);
    let id = newer.id();
    assert_eq!(newer.prove(NETWORK, 0).await, [(other.id(), 0)]);

    older.is_refused(Refusal::Replaced, 4000).await;
    drop(older);
    server.metric_becomes("connections", 2).await;
    assert_eq!(other.introduce().await, [(id, 0)]);
    other.relay(id, b"to the newer").await;
    assert_eq!(newer.hear().await, Heard::Deliver { from: other.id(), envelope: b"to the newer".to_vec() });
}

#[tokio::test]
async fn the_same_id_may_be_in_two_networks() {
    let server = TestServer::start().await;
    let mut here = Peer::joined(server.address).await;
    let mut there = Peer::connect(server.address).await;
    let id = here.id();
    std::mem::swap(&mut there.identity, &mut here.identity);
    there.prove(*b"network2", 0).await;
    assert_eq!(here.introduce().await, []);
    here.relay(id, b"to myself").await;
    assert_eq!(here.hear().await, Heard::Deliver { from: id, envelope: b"to myself".to_vec() });
}

#[tokio::test]
async fn envelopes_of_one_sender_arrive_in_order() {
    let server = TestServer::limited(|limits| {
        limits.message_rate.burst = 1_000;
        limits.receive_rate.burst = 1_000;
        limits.queue_messages = 1_000;
    })
    .await;
    let mut alice = Peer::joined(server.address).await;
    let mut bob = Peer::joined(server.address).await;
    for number in 0..200_u8 {
        bob.relay(alice.id(), &[number]).await;
    }
    for number in 0..200_u8 {
        assert_eq!(alice.hear().await, Heard::Deliver { from: bob.id(), envelope: vec![number] });
    }
    assert_eq!(server.metric("refusals_total{reason=\"too-fast\"}").await, 0);
    bob.relay(NOBODY, b"").await;
    assert_eq!(bob.hear().await, Heard::Refused(Refusal::NotPresent, NOBODY));
}
