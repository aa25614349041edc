//! Goal: who may come in at all, and what is to be had over plain HTTP.
//! Method: requests written by hand to a server in this process.

mod support;

use std::fs;
use std::time::Duration;

use support::{NETWORK, Peer, TestServer, http, raw};
use tabmesh_signalling::Config;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

#[tokio::test]
async fn pages_of_other_origins_are_refused_and_native_peers_are_not() {
    let origins = vec!["https://app.example".parse().unwrap(), "http://localhost:8080".parse().unwrap()];
    let server = TestServer::with(Config { origins, ..Config::default() }).await;
    for wrong in ["https://evil.example", "https://app.example.evil", "http://app.example", "null", ""] {
        let answer = http::upgrade(server.address, &[("Origin", wrong)]).await;
        assert_eq!((answer.status, answer.error().as_str()), (403, "origin"), "{wrong}");
    }
    for right in ["https://app.example", "http://localhost:8080"] {
        raw::open(server.address, &[("Origin", right)]).await;
    }
    Peer::joined(server.address).await;
    assert_eq!(server.metric("denials_total{reason=\"origin\"}").await, 5);
}

#[tokio::test]
async fn a_page_can_ask_why_its_socket_did_not_open() {
    let origins = vec!["https://app.example".parse().unwrap()];
    let server = TestServer::with(Config { origins, ..Config::default() }).await;
    for (path, origin, status) in [
        ("/signal", "https://evil.example", 403),
        ("/signal", "https://app.example", 426),
        ("/elsewhere", "https://evil.example", 404),
    ] {
        let answer = http::request(server.address, "GET", path, &[("Origin", origin)]).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (status, Some("*")));
    }
    let metrics = http::get(server.address, "/metrics").await;
    assert_eq!(metrics.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn any_origin_is_welcome_where_none_is_named() {
    let server = TestServer::start().await;
    raw::open(server.address, &[("Origin", "https://anything.example")]).await;
}

#[tokio::test]
async fn a_full_server_says_so_and_has_room_again_later() {
    let server = TestServer::limited(|limits| limits.connections = 2).await;
    let first = Peer::joined(server.address).await;
    let _second = Peer::connect(server.address).await;
    let answer = http::upgrade(server.address, &[]).await;
    assert_eq!((answer.status, answer.error().as_str()), (503, "full"));
    assert_eq!(answer.header("retry-after"), Some("30"));
    assert_eq!(http::get(server.address, "/healthz").await.status, 200);
    first.leave().await;
    server.metric_becomes("connections", 1).await;
    Peer::joined(server.address).await;
}

#[tokio::test]
async fn one_address_cannot_take_every_place() {
    let server = TestServer::limited(|limits| limits.address_connections = 1).await;
    let _first = Peer::joined(server.address).await;
    let answer = http::upgrade(server.address, &[]).await;
    assert_eq!((answer.status, answer.error().as_str()), (429, "address-full"));
    // Whatever a peer writes there: only a proxy is believed.
    let forged = http::upgrade(server.address, &[("X-Forwarded-For", "203.0.113.9")]).await;
    assert_eq!(forged.error(), "address-full");
}

#[tokio::test]
async fn one_address_cannot_connect_too_fast() {
    let server = TestServer::limited(|limits| {
        limits.address_rate.per_second = 0.001;
        limits.address_rate.burst = 2;
    })
    .await;
    for _ in 0..2 {
        Peer::joined(server.address).await;
    }
    let answer = http::upgrade(server.address, &[]).await;
    assert_eq!((answer.status, answer.error().as_str()), (429, "address-too-fast"));
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn behind_a_proxy_each_forwarded_address_counts_for_itself() {
    let mut config = Config { behind_proxy: true, ..Config::default() };
    config.limits.address_connections = 1;
    let server = TestServer::with(config).await;
    let _first = raw::open(server.address, &[("X-Forwarded-For", "198.51.100.1")]).await;
    let _second = raw::open(server.address, &[("X-Forwarded-For", "198.51.100.1, 198.51.100.2")]).await;
    let third = http::upgrade(server.address, &[("X-Forwarded-For", "198.51.100.9, 198.51.100.2")]).await;
    assert_eq!(third.error(), "address-full");
}

#[tokio::test]
async fn a_request_that_is_no_handshake_learns_what_is_missing() {
    let server = TestServer::start().await;
    let answer = http::get(server.address, "/signal").await;
    assert_eq!((answer.status, answer.error().as_str()), (426, "not-websocket"));
    assert_eq!(answer.header("upgrade"), Some("websocket"));
    let headers = [
        ("Connection", "Upgrade, close"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "8"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let answer = http::request(server.address, "GET", "/signal", &headers).await;
    assert_eq!((answer.status, answer.error().as_str()), (400, "bad-handshake"));
    assert_eq!(answer.header("sec-websocket-version"), Some("13"));
    assert_eq!(server.metric("connections").await, 0);
}

#[tokio::test]
async fn paths_and_methods_that_do_not_exist_are_told_apart() {
    let server = TestServer::start().await;
    for (method, path, status, error) in [
        ("GET", "/", 404, "not-found"),
        ("GET", "/signal/more", 404, "not-found"),
        ("GET", "/../../etc/passwd", 404, "not-found"),
        ("POST", "/signal", 405, "method"),
        ("DELETE", "/healthz", 405, "method"),
    ] {
        let answer = http::request(server.address, method, path, &[]).await;
        assert_eq!((answer.status, answer.error().as_str()), (status, error), "{method} {path}");
    }
    let head = http::request(server.address, "HEAD", "/healthz", &[]).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[tokio::test]
async fn garbage_instead_of_http_is_answered_and_closed() {
    let server = TestServer::start().await;
    for bytes in [&b"\x16\x03\x01\x02\x00\x01\x00"[..], b"\0\0\0\0\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let answer = http::to_end(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{answer:?}");
    }
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "y".repeat(20_000)).as_bytes())
        .await
        .unwrap();
    assert!(http::to_end(&mut stream).await.starts_with(b"HTTP/1.1 431"));
    Peer::joined(server.address).await;
}

#[tokio::test]
async fn a_slow_head_is_told_so() {
    let server = TestServer::limited(|limits| limits.head = Duration::from_millis(50)).await;
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"GET /signal HTTP/1.1\r\nHost: ").await.unwrap();
    let answer = http::Answer::parse(&http::to_end(&mut slow).await);
    assert_eq!((answer.status, answer.error().as_str()), (408, "slow-head"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(server.metric("denials_total{reason=\"slow-head\"}").await, 1);

    // The next request over the same socket, too; and who asks for nothing is told nothing.
    let mut again = TcpStream::connect(server.address).await.unwrap();
    again.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /hea").await.unwrap();
    let bytes = http::to_end(&mut again).await;
    let second = bytes.windows(8).rposition(|part| part == b"HTTP/1.1").unwrap();
    assert_eq!(http::Answer::parse(&bytes).status, 200);
    assert_eq!(http::Answer::parse(&bytes[second..]).status, 408);
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(http::to_end(&mut silent).await, b"");
}

#[tokio::test]
async fn sockets_that_ask_for_nothing_do_not_lock_others_out() {
    let server = TestServer::start().await;
    let mut idle = Vec::new();
    let refused = loop {
        assert!(idle.len() < 1_024, "one address may hold every socket");
        let stream = TcpStream::connect(server.address).await.unwrap();
        // A socket within the bound stays silent; the first beyond it is answered at once.
        let mut first = [0; 1];
        let mut peeked = stream;
        match tokio::time::timeout(Duration::from_millis(2), peeked.peek(&mut first)).await {
            Err(_silent) => idle.push(peeked),
            Ok(_) => break http::Answer::parse(&http::to_end(&mut peeked).await),
        }
    };
    assert_eq!((refused.status, refused.error().as_str()), (429, "address-full"));
    assert!(idle.len() >= 100, "{}", idle.len());
    drop(idle);
    let healthy = async {
        loop {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
            if let Ok(Ok(bytes)) = tokio::time::timeout(support::PATIENCE, read_all(&mut stream)).await
                && bytes.starts_with(b"HTTP/1.1 200")
            {
                return;
            }
        }
    };
    tokio::time::timeout(support::PATIENCE, healthy).await.expect("room again");
}

async fn read_all(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(stream, &mut bytes).await?;
    Ok(bytes)
}

#[tokio::test]
async fn the_metrics_page_is_prometheus_text() {
    let server = TestServer::start().await;
    let mut peer = Peer::joined(server.address).await;
    peer.introduce().await;
    let answer = http::get(server.address, "/metrics").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for (name, value) in [
        ("connections", 1),
        ("peers", 1),
        ("messages_total{kind=\"prove\"}", 1),
        ("messages_total{kind=\"introduce\"}", 1),
        ("messages_total{kind=\"welcome\"}", 2),
        ("bytes_total{direction=\"in\"}", 140),
        ("bytes_total{direction=\"out\"}", 37),
        ("draining", 0),
    ] {
        assert_eq!(server.metric(name).await, value, "{name}");
    }
    let health = http::get(server.address, "/healthz").await;
    assert_eq!((health.status, health.text().as_str()), (200, "ok\n"));
}

#[tokio::test]
async fn the_web_app_is_served_with_its_types_and_caching() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    fs::create_dir_all(root.join("assets")).unwrap();
    fs::create_dir_all(root.join(".git")).unwrap();
    for (name, content) in [
        ("index.html", "<!doctype html>"),
        ("assets/app-3f9a1c07.js", "export {}"),
        ("assets/worker-3f9a1c07.js", "export {}"),
        ("assets/style.css", "body {}"),
        ("core.wasm", "\0asm"),
        (".git/config", "secret"),
        (".env", "secret"),
    ] {
        fs::write(root.join(name), content).unwrap();
    }
    let server = TestServer::with(Config { web: Some(root.to_owned()), ..Config::default() }).await;
    const LONG: &str = "public, max-age=31536000, immutable";
    for (path, kind, cache) in [
        ("/", "text/html", "no-cache"),
        ("/index.html", "text/html", "no-cache"),
        ("/assets/app-3f9a1c07.js", "text/javascript", LONG),
        ("/assets/style.css", "text/css", "no-cache"),
        ("/core.wasm", "application/wasm", "no-cache"),
    ] {
        let answer = http::get(server.address, path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), Some(kind), "{path}");
        assert_eq!(answer.header("cache-control"), Some(cache), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(answer.header("content-security-policy"), Some("frame-ancestors 'none'"), "{path}");
    }
    let worker = http::get(server.address, "/assets/worker-3f9a1c07.js").await;
    let policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'";
    assert_eq!(worker.header("content-security-policy"), Some(policy), "it runs tasks of strangers");
    for path in
        ["/nowhere", "/assets", "/.git/config", "/%2egit/config", "/.env", "/../Cargo.toml", "/%2e%2e/x"]
    {
        let answer = http::get(server.address, path).await;
        assert_eq!((answer.status, answer.error().as_str()), (404, "not-found"), "{path}");
    }
    let (_peer, peers) = Peer::join(server.address, NETWORK, 0).await;
    assert_eq!(peers, []);
}

#[tokio::test]
async fn a_genesis_is_served_as_it_is_and_looked_at_before() {
    use tabmesh_ledger::{Genesis, Terms, Voter};
    let terms = Terms { epoch_ms: 10_000, stake: 10, fee: 1, price: 1, mint: 0, units: 384 };
    let key = |digit| tabmesh_engine::PublicKey([digit; 64]);
    let mut genesis = Genesis {
        network: NETWORK,
        starts_ms: 7,
        is_test: true,
        is_lax: false,
        terms,
        voters: (1..=4).map(|digit| Voter { key: key(digit), balance: 1_000 }).collect(),
        accounts: Vec::new(),
    };
    genesis.sort();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("genesis.bin");
    fs::write(&path, genesis.emit()).unwrap();
    let server = TestServer::with(Config { genesis: Some(path.clone()), ..Config::default() }).await;
    let answer = http::get(server.address, "/genesis").await;
    assert_eq!((answer.status, &answer.body), (200, &genesis.emit()));
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("cache-control", "no-cache"),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(answer.header(name), Some(value));
    }
    assert_eq!(http::request(server.address, "HEAD", "/genesis", &[]).await.status, 200);
    let none = TestServer::with(Config::default()).await;
    assert_eq!(http::get(none.address, "/genesis").await.status, 404);
    fs::write(&path, &genesis.emit()[1..]).unwrap();
    let listen = "127.0.0.1:0".parse().unwrap();
    let config = Config { listen, genesis: Some(path), ..Config::default() };
    let error = tabmesh_signalling::Server::bind(config).await.unwrap_err();
    assert_eq!(error.code(), "genesis");
}

#[tokio::test]
async fn an_unchanged_file_is_not_sent_again() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("index.html"), "<!doctype html>").unwrap();
    let web = Some(directory.path().to_owned());
    let server = TestServer::with(Config { web, ..Config::default() }).await;
    let first = http::get(server.address, "/").await;
    let modified = first.header("last-modified").unwrap();
    let again = http::request(server.address, "GET", "/", &[("If-Modified-Since", modified)]).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
}
