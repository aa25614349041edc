//! Goal: a server that stops says so to everyone, and does stop.
//! Method: the same server before, while and after it drains.

mod support;

use std::time::{Duration, Instant};

use support::{Heard, NETWORK, NOBODY, Peer, TestServer, http, raw};
use tabmesh_engine::wire::signal::Refusal;
use tabmesh_signalling::Config;
use tokio::net::TcpStream;

const AWAY: u16 = 1001;

#[tokio::test]
async fn everyone_is_told_and_newcomers_are_turned_away() {
    let server = TestServer::start().await;
    let mut proved = Peer::joined(server.address).await;
    let mut stranger = Peer::connect(server.address).await;
    stranger.challenge().await;
    // This peer does not close by itself, so that the server is still there to be asked.
    let (mut lingering, _) = raw::join(server.address, NETWORK).await;

    server.stopper.stop();
    proved.is_refused(Refusal::Draining, AWAY).await;
    stranger.is_refused(Refusal::Draining, AWAY).await;
    drop((proved, stranger));
    let answer = http::upgrade(server.address, &[]).await;
    assert_eq!((answer.status, answer.error().as_str()), (503, "draining"));
    let health = http::get(server.address, "/healthz").await;
    assert_eq!((health.status, health.text().as_str()), (503, "draining\n"));

    let frames = raw::frames(&http::to_end(&mut lingering).await);
    let [(2, message), (8, _)] = &frames[..] else { panic!("{frames:?}") };
    assert_eq!(Heard::parse(message), Heard::Refused(Refusal::Draining, NOBODY));
    drop(lingering);
    let address = server.address;
    assert!(server.ended().await, "all peers left");
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_server_without_peers_stops_at_once() {
    let server = TestServer::with(Config { drain: Duration::from_secs(60), ..Config::default() }).await;
    let idle = TcpStream::connect(server.address).await.unwrap();
    http::get(server.address, "/healthz").await;
    let begun = Instant::now();
    server.stopper.stop();
    assert!(server.ended().await);
    assert!(begun.elapsed() < Duration::from_secs(30), "it waited for a socket that asks for nothing");
    drop(idle);
}

#[tokio::test]
async fn a_peer_that_does_not_leave_cannot_hold_the_server_up() {
    let server = TestServer::with(Config { drain: Duration::from_millis(100), ..Config::default() }).await;
    let (stubborn, _) = raw::join(server.address, NETWORK).await;
    server.stopper.stop();
    assert!(!server.ended().await, "one peer was left behind");
    drop(stubborn);
}
