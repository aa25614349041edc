//! Goal: native peers really form a network. Method: several in one process, over real WebSockets and WebRTC on
//! loopback, with real stores.

mod common;

use std::time::Duration;

use common::*;
use tabmesh_engine::{BlockHash, LinkKind, Status};
use tabmesh_native::driver::Wish;
use tabmesh_native::files::{Blocks, Get, Put, Stored};
use tabmesh_native::peer::Peer;
use tabmesh_native::settings::Settings;

/// Bytes that no two blocks of which are equal.
fn content(length: usize) -> Vec<u8> {
    let mut rng = tabmesh_engine::Rng::new(length as u64);
    (0..length.div_ceil(8)).flat_map(|_| rng.next().to_le_bytes()).take(length).collect()
}

async fn put(peer: &Peer, bytes: &[u8]) -> Stored {
    let mut put = Put::new(Blocks::new(peer.handle().clone()));
    for piece in bytes.chunks(50_000) {
        put.write(piece).await.expect("taken");
    }
    put.end().await.expect("taken");
    while put.settle().await.expect("placed") {}
    put.stored().expect("settled")
}

async fn get(peer: &Peer, stored: &Stored) -> Vec<u8> {
    let mut get = Get::new(Blocks::new(peer.handle().clone()), stored.cid, 0..u64::MAX);
    let mut bytes = Vec::new();
    while let Some(piece) = get.next().await.expect("given") {
        bytes.extend_from_slice(&piece);
    }
    assert_eq!(get.size(), Some(bytes.len() as u64));
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn two_peers_join_by_address_and_one_gets_what_the_other_put() {
    let peers = network(2).await;
    let (one, two) = (&peers[0].1, &peers[1].1);
    for length in [0, 1, 16_384, 16_385, 5_000_000] {
        let bytes = content(length);
        let stored = put(one, &bytes).await;
        assert_eq!(stored.holders_min, 1, "{length} bytes: the other holds every block");
        assert_eq!(stored.partial, 0);
        assert!(get(two, &stored).await == bytes, "{length} bytes");
    }
    let view = until(two, "linked", |view| !view.links.is_empty()).await;
    assert_eq!(view.links[0].0.kind, LinkKind::Socket);
    assert_eq!(view.links[0].0.id, one.handle().id());
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_link_over_webrtc_to_those_whose_address_they_do_not_know() {
    let peers = network(4).await;
    for (_, peer) in &peers {
        until(peer, "linked to all", |view| view.links.len() == 3).await;
    }
    let kinds = |view: &tabmesh_native::driver::View| {
        view.links.iter().filter(|(link, _)| link.kind == LinkKind::WebRtc).count()
    };
    let view = peers[3].1.handle().look().await.expect("it runs");
    assert!(kinds(&view) >= 1, "{view:?}");
    // Of these alone it knows where they come from.
    let direct = view.links.iter().filter(|(link, _)| link.kind == LinkKind::WebRtc).map(|(link, _)| link.id);
    assert_eq!(view.from.iter().map(|(id, _)| *id).collect::<Vec<_>>(), direct.collect::<Vec<_>>());
    let stored = put(&peers[3].1, &content(300_000)).await;
    assert_eq!(stored.holders_min, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_put_outlives_its_giver() {
    let mut peers = network(3).await;
    let bytes = content(1_000_000);
    let stored = put(&peers[2].1, &bytes).await;
    let (_dir, giver) = peers.pop().expect("three");
    giver.stop().await;
    until(&peers[0].1, "rid of the giver", |view| view.links.len() == 1).await;
    for (_, peer) in &peers {
        assert!(get(peer, &stored).await == bytes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_and_lookups_reach_every_node() {
    let peers = network(3).await;
    until(&peers[2].1, "linked", |view| view.links.len() == 2).await;
    let mut messages = peers[1].1.handle().messages();
    let to = peers[1].1.handle().id();
    let outcome = wish(&peers[2].1, Wish::Send { to, bytes: b"hello".to_vec() }).await;
    assert_eq!(outcome.status, Status::Ok);
    let message = tokio::time::timeout(PATIENCE, messages.recv()).await.expect("in time").expect("open");
    assert_eq!((message.from, &message.bytes[..]), (peers[2].1.handle().id(), &b"hello"[..]));

    let found = wish(&peers[0].1, Wish::Find(to)).await;
    assert_eq!(found.status, Status::Ok);
    assert_eq!(found.found[0], to, "the closest node to an id is the node of that id");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lone_node_says_that_it_is_alone() {
    let dir = temporary();
    let peer = start(&Settings { listen: None, ..settings(&dir) }).await;
    let outcome = wish(&peer, Wish::Get(BlockHash([9; 32]))).await;
    assert_eq!(outcome.status, Status::Unavailable);
    peer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_node_says_goodbye_and_is_back_by_what_it_remembers() {
    let dir = temporary();
    // The announced port must be known before the start.
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
    let announce = Some(url::Url::parse(&format!("ws://{port}")).expect("a URL"));
    let first = start(&Settings { listen: Some(port), announce, ..settings(&dir) }).await;

    let other_dir = temporary();
    let other = Settings { listen: None, ..settings(&other_dir) };
    let peer = start(&Settings { peers: vec![socket_url(&first)], ..other.clone() }).await;
    until(&peer, "joined", |view| view.is_joined).await;
    let before = tokio::time::Instant::now();
    peer.stop().await;
    assert!(before.elapsed() < Duration::from_secs(5));
    until(&first, "alone", |view| view.links.is_empty()).await;

    // No address is configured now: the one it was told is remembered.
    let peer = restart(&other).await;
    until(&peer, "back", |view| view.is_joined).await;
    peer.stop().await;
    first.stop().await;
}

/// The threads of a stopped node's store let go of the file in their own time.
async fn restart(settings: &Settings) -> Peer {
    for _ in 0..200 {
        match Peer::start(settings).await {
            Ok(peer) => return peer,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    start(settings).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_never_share_a_data_directory() {
    let dir = temporary();
    let peer = start(&settings(&dir)).await;
    let Err(error) = Peer::start(&settings(&dir)).await else { panic!("must be refused") };
    assert!(error.to_string().contains("another node runs"), "{error}");
    assert!(
        tokio::net::UnixStream::connect(settings(&dir).control_socket()).await.is_ok(),
        "the first goes on"
    );
    peer.stop().await;
}
