//! Goal: an address that the operator named and that does not do is told within seconds, once, with the reason; trying goes on; and when
//! it does, that is told too. Method: peers in this process, and one real process with its log, on loopback.

mod common;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use common::program::Node;
use common::*;
use tabmesh_native::settings::Settings;
use tabmesh_signalling::{Config, Server};
use url::Url;

fn url(scheme: &str, address: SocketAddr, path: &str) -> Url {
    Url::parse(&format!("{scheme}://{address}{path}")).expect("a URL")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_does_not_do_is_told_with_the_reason() {
    let signalling =
        Server::bind(Config { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Config::default() });
    let signalling = signalling.await.expect("a server");
    let at_signalling = signalling.address();
    tokio::spawn(signalling.run());
    let other_dir = temporary();
    let other = start(&Settings { network: "other".to_owned(), ..settings(&other_dir) }).await;
    let at_other = other.listen_address().expect("it listens");
    let cases = [
        (url("ws", nobody().await, "/"), "check host and port"),
        (url("ws", silent(false).await, "/"), "it does not answer"),
        (url("ws", at_signalling, "/"), "check that it is a peer"),
        (url("ws", at_signalling, "/somewhere"), "usually is / or /peer"),
        (url("ws", at_signalling, "/signal"), "not of a signalling server"),
        (url("wss", at_other, "/"), "write ws:// instead of wss://"),
        (url("ws", at_other, "/"), "another network"),
        (Url::parse("ws://no-such-host.invalid/").expect("a URL"), "check host and port"),
    ];
    for (url, reason) in cases {
        let dir = temporary();
        let began = Instant::now();
        let peer = start(&Settings { peers: vec![url.clone()], ..settings(&dir) }).await;
        let view = until(&peer, "told", |view| !view.peer_troubles.is_empty()).await;
        let [trouble] = &view.peer_troubles[..] else { panic!("one: {view:?}") };
        assert!(trouble.starts_with(url.as_str()) && trouble.contains(reason), "{trouble}");
        assert!(began.elapsed() < Duration::from_secs(8), "{trouble} after {:?}", began.elapsed());
    }
    // A WebSocket that says nothing is told when the engine gives it up.
    let dir = temporary();
    let mute = url("ws", silent(true).await, "/");
    let peer = start(&Settings { peers: vec![mute], ..settings(&dir) }).await;
    let view = until(&peer, "told", |view| !view.peer_troubles.is_empty()).await;
    assert!(view.peer_troubles[0].contains("it does not answer"), "{view:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_is_not_taken_for_a_signalling_server() {
    let (peer_dir, dir) = (temporary(), temporary());
    let other = start(&settings(&peer_dir)).await;
    let wrong = url("ws", other.listen_address().expect("it listens"), "/signal");
    let peer = start(&Settings { signalling: vec![wrong], ..settings(&dir) }).await;
    let view = until(&peer, "told", |view| view.signalling_trouble.is_some()).await;
    assert!(!view.is_signalling && view.signalling_trouble.expect("told").contains("address of a peer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_addresses_of_one_peer_are_no_trouble() {
    let (one_dir, two_dir) = (temporary(), temporary());
    let one = start(&settings(&one_dir)).await;
    let address = one.listen_address().expect("it listens");
    let peers = vec![url("ws", address, "/"), url("ws", address, "/peer")];
    let two = start(&Settings { peers, ..settings(&two_dir) }).await;
    let view = until(&two, "joined", |view| view.is_joined).await;
    assert!(view.peer_troubles.is_empty(), "{view:?}");
}

#[test]
fn the_log_tells_once_that_a_peer_cannot_be_linked_and_once_that_it_is() {
    let (dir, peer_dir) = (temporary(), temporary());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let address = runtime.block_on(nobody());
    let log = dir.path().join("log");
    let node = Node::start_logged(dir.path(), &log, &["--peer", &format!("ws://{address}")]);
    let count = |what: &str| {
        let text = std::fs::read_to_string(&log).expect("readable");
        text.lines().filter(|line| line.contains(what) && line.contains(&address.to_string())).count()
    };
    let status = || node.json(&["status"]);
    program::until("told", || count("cannot be linked") > 0);
    assert!(status()["peer_troubles"][0].as_str().is_some_and(|text| text.contains("check host and port")));
    let shown = String::from_utf8(node.run(&["status"]).stdout).expect("text");
    assert!(shown.contains(&format!("ws://{address}/: ")), "{shown}");

    let before = dials_failed(&node);
    program::until("tried again", || dials_failed(&node) >= before + 2);
    let _peer = Node::start_at(peer_dir.path(), &address.to_string(), &[]);
    program::until("linked", || count("is linked") > 0);
    assert_eq!((count("cannot be linked"), count("is linked")), (1, 1));
    assert_eq!(status()["peer_troubles"], serde_json::Value::Null);
}

fn dials_failed(node: &Node) -> u64 {
    let metrics = node.http("/metrics");
    let line = metrics.lines().find_map(|line| line.strip_prefix("tabmesh_dials_failed_total "));
    line.and_then(|count| count.trim().parse().ok()).unwrap_or_else(|| panic!("no count in {metrics}"))
}
