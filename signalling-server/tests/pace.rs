//! Goal: who sends too fast, answers too slowly or does not read is told so, and harms nobody.
//! Method: peers that break one rule each, some of them with frames written by hand; limits small enough to reach.

mod support;

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use support::{Heard, NETWORK, NOBODY, Peer, TestServer, http, raw};
use tabmesh_engine::wire::signal::{MESSAGE_MAX, Refusal, ToServer};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

const POLICY: u16 = 1008;

#[tokio::test]
async fn messages_beyond_the_burst_are_dropped_and_said_so() {
    let server = TestServer::limited(|limits| {
        limits.message_rate.per_second = 0.001;
        limits.message_rate.burst = 5;
    })
    .await;
    let mut peer = Peer::joined(server.address).await;
    let me = peer.id();
    for _ in 0..4 {
        peer.introduce().await;
    }
    peer.relay(me, b"one too many").await;
    assert_eq!(peer.hear().await, Heard::Refused(Refusal::TooFast, me));
    peer.send(ToServer::Introduce.emit()).await;
    assert_eq!(peer.hear().await, Heard::Refused(Refusal::TooFast, NOBODY));
}

#[tokio::test]
async fn who_slows_down_is_served_again() {
    let server = TestServer::limited(|limits| {
        limits.message_rate.per_second = 200.0;
        limits.message_rate.burst = 2;
    })
    .await;
    let mut peer = Peer::joined(server.address).await;
    let mut refused = 0;
    for _ in 0..1_000 {
        peer.send(ToServer::Introduce.emit()).await;
        peer.send(ToServer::Introduce.emit()).await;
        for _ in 0..2 {
            match peer.hear().await {
                Heard::Refused(Refusal::TooFast, NOBODY) => refused += 1,
                heard => assert_eq!(heard, Heard::Welcome(Vec::new())),
            }
        }
        if refused > 0 {
            break;
        }
    }
    assert!(refused > 0, "two at once for a thousand times never were too fast");
    let served = async {
        loop {
            peer.send(ToServer::Introduce.emit()).await;
            if peer.hear().await == Heard::Welcome(Vec::new()) {
                return;
            }
        }
    };
    tokio::time::timeout(support::PATIENCE, served).await.expect("served again");
}

#[tokio::test]
async fn a_flood_is_not_read_and_harms_nobody() {
    let server = TestServer::start().await;
    let (mut flooder, _) = raw::join(server.address, NETWORK).await;
    let mut one = raw::frame(0x82, &ToServer::Introduce.emit()).repeat(2);
    one.extend(raw::frame(0x89, b"ping"));
    let burst = one.repeat(10_000);
    let flood = tokio::spawn(async move { while flooder.write_all(&burst).await.is_ok() {} });
    let mut peer = Peer::joined(server.address).await;
    server.metric_becomes("refusals_total{reason=\"too-fast\"}", 1).await;
    for _ in 0..50 {
        assert_eq!(peer.introduce().await.len(), 1);
    }
    let read = server.metric("messages_total{kind=\"introduce\"}").await;
    assert!(read < 1_000, "{read} messages of the flood were read");
    flood.abort();
}

#[tokio::test]
async fn pings_cost_tokens_too() {
    let server = TestServer::limited(|limits| {
        limits.message_rate.per_second = 0.001;
        limits.message_rate.burst = 3;
    })
    .await;
    let mut peer = Peer::joined(server.address).await;
    for _ in 0..2 {
        peer.socket.send(Message::Ping("".into())).await.unwrap();
    }
    peer.send(ToServer::Introduce.emit()).await;
    loop {
        match peer.socket.next().await.unwrap().unwrap() {
            Message::Pong(_) => {}
            Message::Binary(bytes) => {
                assert_eq!(Heard::parse(&bytes), Heard::Refused(Refusal::TooFast, NOBODY));
                return;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn who_floods_with_pings_is_told_so() {
    let server = TestServer::limited(|limits| {
        limits.message_rate.per_second = 0.001;
        limits.message_rate.burst = 3;
    })
    .await;
    for opcode in [0x89, 0x8a] {
        let (mut stream, _) = raw::join(server.address, NETWORK).await;
        stream.write_all(&raw::frame(opcode, b"").repeat(100)).await.unwrap();
        let told = raw::until_message(&mut stream).await;
        assert_eq!(Heard::parse(&told), Heard::Refused(Refusal::TooFast, NOBODY));
    }
    // Once for what was read, not once for each: the rest waits in the flooder's own buffers.
    let told = server.metric("refusals_total{reason=\"too-fast\"}").await;
    assert!(told <= 4, "{told} refusals");
}

#[tokio::test]
async fn a_peer_that_never_proves_itself_is_closed() {
    let server = TestServer::limited(|limits| limits.proof = Duration::from_millis(50)).await;
    let mut silent = Peer::connect(server.address).await;
    silent.challenge().await;
    silent.is_refused(Refusal::TooSlow, POLICY).await;

    // Pings are no proof, and neither is the beginning of one.
    let (mut stream, _) = raw::open(server.address, &[]).await;
    stream.write_all(&raw::frame(0x89, b"")).await.unwrap();
    stream.write_all(&[0x82, 0xfe, 0]).await.unwrap();
    assert_eq!(raw::last_words(&mut stream).await, (Refusal::TooSlow, POLICY));
    assert_eq!(server.metric("refusals_total{reason=\"too-slow\"}").await, 2);
}

#[tokio::test]
async fn a_peer_that_answers_pings_stays() {
    let server = TestServer::limited(|limits| {
        limits.ping = Duration::from_millis(10);
        limits.idle = Duration::from_secs(20);
        limits.message_rate.per_second = 0.001;
        limits.message_rate.burst = 3;
    })
    .await;
    let mut quiet = Peer::joined(server.address).await;
    // More answers than messages allowed: what was asked for costs nothing.
    quiet.is_pinged(20).await;
    assert_eq!(quiet.introduce().await, []);
}

#[tokio::test]
async fn a_peer_that_answers_no_ping_is_closed() {
    let server = TestServer::limited(|limits| {
        limits.ping = Duration::from_millis(30);
        limits.idle = Duration::from_millis(200);
    })
    .await;
    let (mut stream, _) = raw::join(server.address, NETWORK).await;
    let bytes = http::to_end(&mut stream).await;
    let frames = raw::frames(&bytes);
    let pings = frames.iter().filter(|(opcode, _)| *opcode == 9).count();
    assert!((1..=6).contains(&pings), "{pings} pings");
    let [.., (2, message), (8, _)] = &frames[..] else { panic!("{frames:?}") };
    assert_eq!(Heard::parse(message), Heard::Refused(Refusal::TooSlow, NOBODY));
    server.metric_becomes("peers", 0).await;
}

#[tokio::test]
async fn a_peer_that_does_not_read_loses_envelopes_and_their_sender_knows() {
    let server = TestServer::limited(|limits| {
        limits.message_rate.burst = 100_000;
        limits.message_rate.per_second = 100_000.0;
        limits.receive_rate = limits.message_rate;
        limits.message_bytes = MESSAGE_MAX;
        limits.queue_messages = 2;
    })
    .await;
    let mut deaf = Peer::connect_with_small_buffer(server.address).await;
    deaf.prove(NETWORK, 0).await;
    let mut sender = Peer::joined(server.address).await;

    // The introduction is a barrier: what it overtakes was taken. The system's buffers take some megabytes first.
    let envelope = [9; MESSAGE_MAX - 33];
    let mut taken = 0;
    loop {
        assert!(taken < 5_000, "the queue never filled");
        sender.relay(deaf.id(), &envelope).await;
        sender.send(ToServer::Introduce.emit()).await;
        match sender.hear().await {
            Heard::Welcome(_) => taken += 1,
            heard => {
                assert_eq!(heard, Heard::Refused(Refusal::TooFast, deaf.id()));
                break;
            }
        }
    }
    sender.welcome().await;
    for _ in 0..taken {
        assert_eq!(deaf.hear().await, Heard::Deliver { from: sender.id(), envelope: envelope.to_vec() });
    }
    sender.relay(deaf.id(), b"now it reads").await;
    let last = Heard::Deliver { from: sender.id(), envelope: b"now it reads".to_vec() };
    assert_eq!(deaf.hear().await, last);
}

#[tokio::test]
async fn a_crowd_of_senders_cannot_flood_one_receiver() {
    let server = TestServer::limited(|limits| {
        limits.receive_rate.per_second = 0.001;
        limits.receive_rate.burst = 5;
    })
    .await;
    let mut receiver = Peer::joined(server.address).await;
    let mut refused = 0;
    for _ in 0..4 {
        let mut sender = Peer::joined(server.address).await;
        for _ in 0..2 {
            sender.relay(receiver.id(), b"hello").await;
        }
        // The introduction is a barrier: what it overtakes was taken.
        sender.send(ToServer::Introduce.emit()).await;
        while let Heard::Refused(refusal, about) = sender.hear().await {
            assert_eq!((refusal, about), (Refusal::TooFast, receiver.id()));
            refused += 1;
        }
    }
    assert_eq!(refused, 3, "of eight messages five are carried");
    for _ in 0..5 {
        assert!(matches!(receiver.hear().await, Heard::Deliver { .. }));
    }
    let mut other = Peer::joined(server.address).await;
    receiver.relay(other.id(), b"its own messages").await;
    assert!(matches!(other.hear().await, Heard::Deliver { .. }), "another receiver has a rate of its own");
}

#[tokio::test]
async fn a_peer_that_never_reads_is_closed() {
    let server = TestServer::limited(|limits| {
        limits.message_rate.burst = 100_000;
        limits.message_rate.per_second = 100_000.0;
        limits.receive_rate = limits.message_rate;
        limits.message_bytes = MESSAGE_MAX;
        limits.send = Duration::from_millis(100);
    })
    .await;
    let mut deaf = Peer::connect_with_small_buffer(server.address).await;
    deaf.prove(NETWORK, 0).await;
    let mut sender = Peer::joined(server.address).await;
    let envelope = [9; MESSAGE_MAX - 33];
    let asked = async {
        loop {
            sender.relay(deaf.id(), &envelope).await;
            sender.send(ToServer::Introduce.emit()).await;
            match sender.hear().await {
                Heard::Welcome(_) => {}
                Heard::Refused(Refusal::TooFast, _) => drop(sender.welcome().await),
                heard => return assert_eq!(heard, Heard::Refused(Refusal::NotPresent, deaf.id())),
            }
        }
    };
    tokio::time::timeout(support::PATIENCE, asked).await.expect("the deaf peer is sent away");
}
