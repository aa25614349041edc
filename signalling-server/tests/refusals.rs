//! Goal: whatever a peer does wrong is answered with its reason, and costs nobody else.
//! Method: peers that break one rule each, some of them with frames written by hand; limits small enough to reach.

mod support;

use futures_util::SinkExt;
use support::{Heard, Identity, NETWORK, NOBODY, Peer, TestServer, http, raw};
use tabmesh_engine::wire::signal::{FromServer, MESSAGE_MAX, Refusal, ToServer};
use tabmesh_signalling::Config;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

const PROTOCOL: u16 = 1002;
const POLICY: u16 = 1008;
const SIZE: u16 = 1009;

/// Sends `bytes` as the first message after the challenge and expects the connection to be refused as malformed.
async fn is_malformed(server: &TestServer, bytes: Vec<u8>) {
    let mut peer = Peer::connect(server.address).await;
    peer.challenge().await;
    peer.send(bytes).await;
    peer.is_refused(Refusal::Malformed, PROTOCOL).await;
}

#[tokio::test]
async fn garbage_is_refused_as_malformed() {
    let server = TestServer::start().await;
    let server_words = FromServer::Welcome { peers: Vec::new() }.emit();
    for bytes in [vec![], vec![0], vec![0xff; 1000], b"GET / HTTP/1.1".to_vec(), server_words] {
        is_malformed(&server, bytes).await;
    }
    let mut peer = Peer::joined(server.address).await;
    peer.send(vec![0x77; 64]).await;
    peer.is_refused(Refusal::Malformed, PROTOCOL).await;
    drop(peer);
    server.metric_becomes("connections", 0).await;
}

#[tokio::test]
async fn a_truncated_or_lengthened_message_is_malformed() {
    let server = TestServer::limited(|limits| limits.address_rate.burst = 10_000).await;
    let proof = Identity::new().prove(&[0; 32], NETWORK, 0);
    for length in 0..proof.len() {
        is_malformed(&server, proof[..length].to_vec()).await;
    }
    let mut longer = proof;
    longer.push(0);
    is_malformed(&server, longer).await;

    let relay = ToServer::Relay { to: &NOBODY, envelope: &[] }.emit();
    for message in [relay[..32].to_vec(), vec![0x03, 0x00]] {
        let mut peer = Peer::joined(server.address).await;
        peer.send(message).await;
        peer.is_refused(Refusal::Malformed, PROTOCOL).await;
    }
}

#[tokio::test]
async fn a_message_out_of_place_is_malformed() {
    let server = TestServer::start().await;
    is_malformed(&server, ToServer::Introduce.emit()).await;
    is_malformed(&server, ToServer::Relay { to: &NOBODY, envelope: b"early" }.emit()).await;

    let mut peer = Peer::connect(server.address).await;
    let (_, nonce) = peer.challenge().await;
    let proof = peer.identity.prove(&nonce, NETWORK, 0);
    peer.send(proof.clone()).await;
    peer.welcome().await;
    peer.send(proof).await;
    peer.is_refused(Refusal::Malformed, PROTOCOL).await;
}

#[tokio::test]
async fn text_and_broken_frames_are_malformed() {
    let server = TestServer::start().await;
    let mut peer = Peer::joined(server.address).await;
    peer.socket.send(Message::text("hello")).await.unwrap();
    peer.is_refused(Refusal::Malformed, PROTOCOL).await;
    drop(peer);

    let unmasked = vec![0x82, 0x01, 0x03];
    let reserved_bits = raw::frame(0xf2, &[3]);
    let reserved_opcode = raw::frame(0x83, &[3]);
    let split_ping = raw::frame(0x09, &[]);
    let orphan = raw::frame(0x80, &[3]);
    let bad_text = raw::frame(0x81, &[0xff, 0xfe]);
    for bytes in [unmasked, reserved_bits, reserved_opcode, split_ping, orphan, bad_text] {
        let (mut stream, _) = raw::join(server.address, NETWORK).await;
        stream.write_all(&bytes).await.unwrap();
        assert_eq!(raw::last_words(&mut stream).await, (Refusal::Malformed, PROTOCOL), "{bytes:?}");
    }
    let (mut stream, _) = raw::join(server.address, NETWORK).await;
    stream.write_all(&[0x82, 0xff, 0]).await.unwrap();
    stream.shutdown().await.unwrap();
    http::to_end(&mut stream).await;
    server.metric_becomes("connections", 0).await;
}

#[tokio::test]
async fn a_proof_that_does_not_hold_is_refused() {
    let server = TestServer::start().await;
    let mut peer = Peer::connect(server.address).await;
    peer.challenge().await;
    let other_nonce = peer.identity.prove(&[1; 32], NETWORK, 0);
    peer.send(other_nonce).await;
    peer.is_refused(Refusal::BadProof, POLICY).await;

    // A proof is worth nothing on the next connection: each has a nonce of its own.
    let mut first = Peer::connect(server.address).await;
    let (_, nonce) = first.challenge().await;
    let stolen = first.identity.prove(&nonce, NETWORK, 0);
    first.send(stolen.clone()).await;
    first.welcome().await;
    let mut thief = Peer::connect(server.address).await;
    thief.challenge().await;
    thief.send(stolen).await;
    thief.is_refused(Refusal::BadProof, POLICY).await;
    assert_eq!(server.metric("peers").await, 1);
    assert_eq!(server.metric("refusals_total{reason=\"bad-proof\"}").await, 2);
}

#[tokio::test]
async fn a_proof_for_another_server_is_refused() {
    let server = TestServer::start().await;
    let mut peer = Peer::connect(server.address).await;
    let (_, nonce) = peer.challenge().await;
    let passed_on = peer.identity.prove_to("evil.example", &nonce, NETWORK, 0);
    peer.send(passed_on).await;
    peer.is_refused(Refusal::BadProof, POLICY).await;

    // Asked for under a name that is not its own, it takes no proof at all.
    let named =
        TestServer::with(Config { names: vec!["mesh.example".to_owned()], ..Config::default() }).await;
    let mut peer = Peer::connect(named.address).await;
    let (_, nonce) = peer.challenge().await;
    let proof = peer.identity.prove(&nonce, NETWORK, 0);
    peer.send(proof).await;
    peer.is_refused(Refusal::OtherServer, POLICY).await;
}

#[tokio::test]
async fn a_peer_of_another_version_is_told_so() {
    let server = TestServer::start().await;
    let mut peer = Peer::connect(server.address).await;
    peer.challenge().await;
    let mut proof = peer.identity.prove(&[1; 32], NETWORK, 0);
    proof[1] = 1;
    peer.send(proof).await;
    peer.is_refused(Refusal::OtherVersion, PROTOCOL).await;
}

#[tokio::test]
async fn an_id_below_the_level_is_refused_and_one_at_it_is_let_in() {
    let server = TestServer::with(Config { level: 3, ..Config::default() }).await;
    let low = (0..1000).map(|_| Identity::new()).find(|identity| identity.id.level() < 3).unwrap();
    let high = (0..1000).map(|_| Identity::new()).find(|identity| identity.id.level() >= 3).unwrap();

    let mut peer = Peer::connect(server.address).await;
    peer.identity = low;
    let (level, nonce) = peer.challenge().await;
    assert_eq!(level, 3);
    let proof = peer.identity.prove(&nonce, NETWORK, 0);
    peer.send(proof).await;
    peer.is_refused(Refusal::LowLevel, POLICY).await;

    let mut peer = Peer::connect(server.address).await;
    peer.identity = high;
    assert_eq!(peer.prove(NETWORK, 0).await, []);
}

#[tokio::test]
async fn a_message_above_the_size_is_refused_before_it_is_read() {
    let server = TestServer::limited(|limits| limits.message_bytes = MESSAGE_MAX).await;
    let mut peer = Peer::joined(server.address).await;
    peer.send(vec![2; MESSAGE_MAX + 1]).await;
    peer.is_refused(Refusal::TooLarge, SIZE).await;

    // The length alone is enough: these bytes never come.
    let (mut stream, _) = raw::join(server.address, NETWORK).await;
    stream.write_all(&[0x82, 0xff, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]).await.unwrap();
    assert_eq!(raw::last_words(&mut stream).await, (Refusal::TooLarge, SIZE));

    // Nor does it help to send a large message in small frames.
    let (mut stream, _) = raw::join(server.address, NETWORK).await;
    stream.write_all(&raw::frame(0x02, &[2; 10_000])).await.unwrap();
    stream.write_all(&raw::frame(0x00, &[2; 10_000])).await.unwrap();
    assert_eq!(raw::last_words(&mut stream).await, (Refusal::TooLarge, SIZE));
    assert_eq!(server.metric("refusals_total{reason=\"too-large\"}").await, 3);
}

#[tokio::test]
async fn an_envelope_of_a_kilobyte_passes_and_a_larger_one_does_not() {
    let server = TestServer::start().await;
    let mut peer = Peer::joined(server.address).await;
    let me = peer.id();
    peer.relay(me, &[7; 1024]).await;
    assert_eq!(peer.hear().await, Heard::Deliver { from: me, envelope: vec![7; 1024] });
    peer.relay(me, &[7; 1025]).await;
    peer.is_refused(Refusal::TooLarge, SIZE).await;
}

#[tokio::test]
async fn a_smaller_size_can_be_set() {
    let server = TestServer::limited(|limits| limits.message_bytes = 256).await;
    let mut peer = Peer::joined(server.address).await;
    let me = peer.id();
    peer.relay(me, &[7; 256 - 33]).await;
    assert_eq!(peer.hear().await, Heard::Deliver { from: me, envelope: vec![7; 256 - 33] });
    peer.relay(me, &[7; 256 - 32]).await;
    peer.is_refused(Refusal::TooLarge, SIZE).await;
}

#[tokio::test]
async fn a_peer_that_is_not_there_is_named() {
    let server = TestServer::start().await;
    let mut peer = Peer::joined(server.address).await;
    let absent = Identity::new().id;
    for _ in 0..3 {
        peer.relay(absent, b"anyone?").await;
        assert_eq!(peer.hear().await, Heard::Refused(Refusal::NotPresent, absent));
    }
    assert_eq!(peer.introduce().await, []);
}

#[tokio::test]
async fn a_peer_that_only_hangs_up_has_broken_nothing() {
    let server = TestServer::start().await;
    let (mut hung_up, _) = raw::join(server.address, NETWORK).await;
    hung_up.shutdown().await.unwrap();
    server.metric_becomes("connections", 0).await;
    // In the middle of a frame, too: nobody can tell that from a lost connection.
    let (mut cut, _) = raw::join(server.address, NETWORK).await;
    cut.write_all(&raw::frame(0x82, &[1; 100])[..50]).await.unwrap();
    cut.shutdown().await.unwrap();
    server.metric_becomes("connections", 0).await;
    assert_eq!(server.metric("refusals_total{reason=\"malformed\"}").await, 0);
    assert_eq!(http::to_end(&mut hung_up).await.len(), 0, "nothing is said to who has left");
}
