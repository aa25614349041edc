//! What a native peer weighs: the resident set (`VmRSS`) of a process of `tabmesh`, alone, with 50 links, and after traffic.
//!
//! `cargo build --release --bins --examples && target/release/examples/weight` (with the number of links; 50 is the default)
//!
//! The peer that is weighed is the program beside this one. It meets small nodes of this process at a real signalling
//! server, so that its links are WebRTC; there are more of them than links, because nobody is linked to everybody. Prints
//! `{"none": …, "linked": …, "loaded": …}` in bytes.

use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tabmesh_engine::Rng;
use tabmesh_native::files::{Blocks, Put};
use tabmesh_native::peer::Peer;
use tabmesh_native::settings::{HostProfile, Settings};
use tabmesh_signalling::{Config, Server};
use tempfile::TempDir;
use tokio::time::sleep;
use url::Url;

type Failure = Box<dyn Error + Send + Sync>;

/// Small nodes beyond the number of links.
const SPARE: u64 = 30;

/// How long linking may take.
const LINK_MAX: Duration = Duration::from_secs(120);

/// What is put into the network: pieces, and words of 8 bytes in each. The weighed peer relays much of it and holds some.
const PIECES: usize = 200;
const WORDS: usize = 2500;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let links = std::env::args().nth(1).map_or(Ok(50), |text| text.parse())?;
    let signalling = start_signalling().await?;
    let weighed = Weighed::start(&signalling)?;
    sleep(Duration::from_secs(2)).await;
    let none = weighed.resident_bytes()?;

    let mut crowd = Vec::new();
    for _ in 0..links + SPARE {
        crowd.push(start_small(&signalling).await?);
    }
    let began = Instant::now();
    while weighed.status()?["links"].as_u64() < Some(links) {
        if began.elapsed() > LINK_MAX {
            return Err(format!("the peer did not get {links} links: {}", weighed.status()?).into());
        }
        sleep(Duration::from_millis(500)).await;
    }
    let linked = weighed.resident_bytes()?;

    put(&crowd[0].0).await?;
    let loaded = weighed.resident_bytes()?;
    println!("{}", json!({ "none": none, "linked": linked, "loaded": loaded }));
    // The process ends with everything in it: eighty goodbyes would only take their time.
    Ok(())
}

/// A server that takes in a crowd from one address.
async fn start_signalling() -> Result<Url, Failure> {
    let mut config = Config { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Config::default() };
    config.limits.address_connections = 1000;
    config.limits.address_rate.burst = 1000;
    let server = Server::bind(config).await?;
    let url = Url::parse(&format!("ws://{}/signal", server.address()))?;
    tokio::spawn(server.run());
    Ok(url)
}

/// A node of this process that keeps few links.
async fn start_small(signalling: &Url) -> Result<(Peer, TempDir), Failure> {
    let dir = tempfile::tempdir()?;
    let settings = Settings {
        signalling: vec![signalling.clone()],
        profile: HostProfile::Device,
        udp: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
        ..Settings::at(dir.path())
    };
    Ok((Peer::start(&settings).await?, dir))
}

/// Puts incompressible bytes into the network through `peer`.
async fn put(peer: &Peer) -> Result<(), Failure> {
    let mut put = Put::new(Blocks::new(peer.handle().clone()));
    let mut rng = Rng::new(1);
    for _ in 0..PIECES {
        let piece: Vec<u8> = (0..WORDS).flat_map(|_| rng.next().to_le_bytes()).collect();
        put.write(&piece).await?;
    }
    put.end().await?;
    while put.settle().await? {}
    Ok(())
}

/// The process that is weighed; killed when dropped.
struct Weighed {
    child: Child,
    program: PathBuf,
    dir: TempDir,
}

impl Weighed {
    fn start(signalling: &Url) -> Result<Self, Failure> {
        let program = program()?;
        let dir = tempfile::tempdir()?;
        let child = Command::new(&program)
            .args(["run", "--udp", "127.0.0.1:0", "--signalling", signalling.as_str(), "--data-dir"])
            .arg(dir.path())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { child, program, dir })
    }

    /// What `tabmesh status --json` says.
    fn status(&self) -> Result<Value, Failure> {
        let mut command = Command::new(&self.program);
        command.args(["status", "--json", "--data-dir"]).arg(self.dir.path());
        let output = tokio::task::block_in_place(|| command.output())?;
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    fn resident_bytes(&self) -> Result<u64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }
}

impl Drop for Weighed {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `tabmesh`, two folders up from here: `target/release/tabmesh` for `target/release/examples/weight`.
fn program() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()?;
    let built = own.parent().and_then(Path::parent).ok_or("this program lies nowhere")?;
    let program = built.join("tabmesh");
    if !program.exists() {
        return Err(
            "the program `tabmesh` is not built for the same profile: build with --bins --examples".into()
        );
    }
    Ok(program)
}
