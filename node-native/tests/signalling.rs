//! Goal: peers that know no address meet through a real signalling server, and go on without it. Method: the server and
//! the peers run in this process, on loopback.

mod common;

use std::net::SocketAddr;

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
    let url = Url::parse(&format!("ws://{}/signal", server.address())).expect("a URL");
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
