//! Goal: a native peer with 50 links stays within 60 MB. Method: a real process of `tabmesh` meets 50 small nodes of this
//! process at a real signalling server, so that its links are WebRTC; it then carries traffic, and its memory is read
//! from its own metrics. Too heavy for every run: `cargo test -p tabmesh-native --test weight -- --ignored --nocapture`.

mod common;

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::*;
use serde_json::Value;
use tabmesh_native::files::{Blocks, Put};
use tabmesh_native::settings::{HostProfile, Settings};
use tabmesh_signalling::{Config, Server};
use tempfile::TempDir;
use url::Url;

const LINKS: u64 = 50;
const RESIDENT_MAX: u64 = 60_000_000;

/// The process that is weighed; killed when dropped.
struct Weighed(Child);

impl Drop for Weighed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start_weighed(dir: &TempDir, signalling: &Url) -> Weighed {
    let child = Command::new(env!("CARGO_BIN_EXE_tabmesh"))
        .args(["run", "--udp", "127.0.0.1:0", "--signalling", signalling.as_str(), "--data-dir"])
        .arg(dir.path())
        .stderr(Stdio::null())
        .spawn()
        .expect("the node starts");
    Weighed(child)
}

fn status(dir: &TempDir) -> Option<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tabmesh"));
    let output = command.args(["status", "--json", "--data-dir"]).arg(dir.path()).output().ok()?;
    serde_json::from_slice(&output.stdout).ok()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts 50 nodes"]
async fn fifty_links_stay_within_60_megabytes() {
    let mut config = Config { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Config::default() };
    config.limits.address_connections = 1000;
    config.limits.address_rate.burst = 1000;
    let server = Server::bind(config).await.expect("a server");
    let signalling = Url::parse(&format!("ws://{}/signal", server.address())).expect("a URL");
    tokio::spawn(server.run());

    let weighed_dir = temporary();
    let _weighed = start_weighed(&weighed_dir, &signalling);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let alone = status(&weighed_dir).expect("it runs");
    println!("alone: {} bytes", alone["resident_bytes"]);

    let dirs: Vec<TempDir> = (0..LINKS + 30).map(|_| temporary()).collect();
    let mut crowd = Vec::new();
    for dir in &dirs {
        let profile = HostProfile::Device;
        let signalling = vec![signalling.clone()];
        crowd.push(start(&Settings { listen: None, signalling, profile, ..settings(dir) }).await);
    }
    let began = Instant::now();
    let linked = loop {
        let status = status(&weighed_dir).expect("it runs");
        if status["links"].as_u64() >= Some(LINKS) {
            break status;
        }
        assert!(began.elapsed() < Duration::from_secs(180), "not linked: {status}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    println!("{} links: {} bytes", linked["links"], linked["resident_bytes"]);

    // 4 MB in: the weighed node relays and holds much of it.
    let mut put = Put::new(Blocks::new(crowd[0].handle().clone()));
    let mut rng = tabmesh_engine::Rng::new(1);
    for _ in 0..200 {
        let piece: Vec<u8> = (0..2500).flat_map(|_| rng.next().to_le_bytes()).collect();
        put.write(&piece).await.expect("taken");
    }
    put.end().await.expect("taken");
    while put.settle().await.expect("placed") {}

    let loaded = status(&weighed_dir).expect("it runs");
    println!(
        "{} links, after 4 MB: {} bytes, {} blocks",
        loaded["links"], loaded["resident_bytes"], loaded["blocks"]
    );
    for status in [&linked, &loaded] {
        assert!(status["resident_bytes"].as_u64() <= Some(RESIDENT_MAX), "{status}");
    }
    for peer in crowd {
        peer.stop().await;
    }
}
