//! Peers in this process, on loopback, with defaults for everything a test does not care about.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

pub mod counter;
pub mod disk;
pub mod guest;
pub mod place;
pub mod program;
pub mod running_job;

use std::net::SocketAddr;
use std::time::Duration;

use tabmesh_engine::NodeId;
use tabmesh_native::driver::{Outcome, View, Wish};
use tabmesh_native::peer::Peer;
use tabmesh_native::settings::Settings;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use url::Url;

/// Longer than anything here takes, even on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn temporary() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

/// A node in `dir` that listens on loopback and keeps WebRTC there.
pub fn settings(dir: &TempDir) -> Settings {
    let loopback = "127.0.0.1:0".parse().expect("an address");
    Settings { listen: Some(loopback), udp: vec![loopback], ..Settings::at(dir.path()) }
}

pub fn socket_url(peer: &Peer) -> Url {
    let address = peer.listen_address().expect("it listens");
    Url::parse(&format!("ws://{address}")).expect("a URL")
}

/// An address on which nobody listens any more.
pub async fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listener.local_addr().expect("an address")
}

/// Takes connections and never says a word: after the handshake of a WebSocket, or instead of it.
pub async fn silent(is_socket: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            tokio::spawn(async move {
                if is_socket {
                    let _socket = tokio_tungstenite::accept_async(stream).await;
                    return std::future::pending().await;
                }
                let _stream = stream;
                std::future::pending::<()>().await
            });
        }
    });
    address
}

pub async fn start(settings: &Settings) -> Peer {
    Peer::start(settings).await.expect("the node starts")
}

/// Waits until the node's view is as `is_so` says.
pub async fn until(peer: &Peer, what: &str, is_so: impl Fn(&View) -> bool) -> View {
    let waiting = async {
        loop {
            let view = peer.handle().look().await.expect("the node runs");
            if is_so(&view) {
                return view;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    match timeout(PATIENCE, waiting).await {
        Ok(view) => view,
        Err(_) => panic!("not {what}: {:?}", peer.handle().look().await),
    }
}

/// Peers of which each but the first knows the first one's address, all joined and linked to one at least.
pub async fn network(count: usize) -> Vec<(TempDir, Peer)> {
    let mut peers: Vec<(TempDir, Peer)> = Vec::new();
    for _ in 0..count {
        let dir = temporary();
        let known = peers.first().map(|(_, first)| socket_url(first)).into_iter().collect();
        let peer = start(&Settings { peers: known, ..settings(&dir) }).await;
        peers.push((dir, peer));
    }
    for (_, peer) in &peers {
        until_linked(peer).await;
    }
    peers
}

/// Two linked peers.
pub async fn linked() -> (Peer, Peer, [TempDir; 2]) {
    let mut peers = network(2).await.into_iter();
    let mut next = || peers.next().expect("two peers");
    let ((one_dir, one), (two_dir, two)) = (next(), next());
    (one, two, [one_dir, two_dir])
}

pub async fn until_linked(peer: &Peer) {
    until(peer, "joined", |view| view.is_joined && !view.links.is_empty()).await;
}

pub fn id(peer: &Peer) -> NodeId {
    peer.handle().id()
}

pub async fn wish(peer: &Peer, wish: Wish) -> Outcome {
    timeout(PATIENCE, peer.handle().wish(wish)).await.expect("it ends in time")
}
