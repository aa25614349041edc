//! Goal: peers that know no address meet through a real signalling server, and go on without it; a server that does not do is
//! told at once, with its address and the reason. Method: the servers and the peers run in this process, on loopback.

mod common;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use common::*;
use tabmesh_engine::{LinkKind, Status};
use tabmesh_native::driver::Wish;
use tabmesh_native::settings::Settings;
use tabmesh_signalling::{Config, Server, Stopper};
use tokio::task::JoinHandle;
use url::Url;

async fn server() -> (Url, Stopper, JoinHandle<bool>) {
    let config = Config { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Config::default() };
    let server = Server::bind(config).await.expect("a server");
    let url = signal(server.address());
    let stopper = server.stopper();
    (url, stopper, tokio::spawn(server.run()))
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_meet_at_the_server_link_over_webrtc_and_go_on_without_it() {
    let (url, stopper, run) = server().await;
    // The first of two servers does not exist: the second is tried in turn.
    let nobody = Url::parse("ws://127.0.0.1:9").expect("a URL");
    let dirs = [temporary(), temporary(), temporary()];
    let mut peers = Vec::new();
    for dir in &dirs {
        let signalling = vec![nobody.clone(), url.clone()];
        peers.push(start(&Settings { listen: None, signalling, ..settings(dir) }).await);
    }
    for peer in &peers {
        let view = until(peer, "linked to both", |view| view.is_joined && view.links.len() == 2).await;
        assert!(view.links.iter().all(|(link, _)| link.kind == LinkKind::WebRtc), "{view:?}");
    }
    stopper.stop();
    run.await.expect("the server ends");

    let outcome = wish(&peers[0], Wish::Find(peers[2].handle().id())).await;
    assert_eq!(outcome.status, Status::Ok);
    let view = until(&peers[1], "off the server", |view| !view.is_signalling).await;
    assert_eq!(view.links.len(), 2, "links outlive the server");
    for peer in peers {
        peer.stop().await;
    }
}

fn signal(address: SocketAddr) -> Url {
    Url::parse(&format!("ws://{address}/signal")).expect("a URL")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_do_is_told_at_once_with_its_address_and_the_reason() {
    let (good, stopper, run) = server().await;
    let mut elsewhere = good.clone();
    elsewhere.set_path("/elsewhere");
    let unknown = Url::parse("ws://no-such-host.invalid/signal").expect("a URL");
    let cases = [
        (signal(nobody().await), "refused", 2),
        (elsewhere, "/signal", 2),
        (unknown, "check host and port", 4),
        (signal(silent(false).await), "it has not answered for 2 seconds", 4),
        (signal(silent(true).await), "says nothing", 7),
    ];
    for (url, reason, most_s) in cases {
        let dir = temporary();
        let peer = start(&Settings { signalling: vec![url.clone()], ..settings(&dir) }).await;
        let began = Instant::now();
        let view = until(&peer, "told", |view| view.signalling_trouble.is_some()).await;
        let trouble = view.signalling_trouble.expect("told");
        assert!(trouble.starts_with(url.as_str()) && trouble.contains(reason), "{trouble}");
        assert!(began.elapsed() < Duration::from_secs(most_s), "{trouble} after {:?}", began.elapsed());
        assert!(!view.is_signalling, "{trouble}");
    }
    let dir = temporary();
    let signalling = vec![signal(silent(true).await), good];
    let peer = start(&Settings { signalling, ..settings(&dir) }).await;
    let view = until(&peer, "let in", |view| view.is_signalling).await;
    assert_eq!(view.signalling_trouble, None);
    stopper.stop();
    run.await.expect("the server ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_for_more_is_told_in_its_own_words() {
    let config = Config { listen: SocketAddr::from(([127, 0, 0, 1], 0)), level: 200, ..Config::default() };
    let server = Server::bind(config).await.expect("a server");
    let url = signal(server.address());
    tokio::spawn(server.run());
    let dir = temporary();
    let peer = start(&Settings { signalling: vec![url], ..settings(&dir) }).await;
    let view = until(&peer, "told", |view| view.signalling_trouble.is_some()).await;
    let trouble = view.signalling_trouble.expect("told");
    assert!(trouble.contains("higher security level"), "{trouble}");
}
