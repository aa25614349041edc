//! What an idle connection costs: opens many, each with a proved key, and prints the server's memory for each.
//!
//! `cargo run --release --example idle -- 10000` (the number of connections; 10,000 is the default)
//!
//! Server and peers run in processes of their own, so that the server's memory is the server's alone; the peers come
//! from fifty addresses of the loopback. Memory is the growth of the resident set (`VmRSS`), kernel buffers not included.
//! Each of the two processes needs a file for every connection: where the system allows fewer, it ends at once and says so.

#[path = "../tests/support/mod.rs"]
mod support;

use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt, stream};
use rustix::process::{Resource, getrlimit};
use support::{Heard, Identity, NETWORK, Peer};
use tabmesh_signalling::{Config, Rate, Server, raise_limit};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Connections under way at once.
const AT_ONCE: usize = 64;

/// Files that a process has open beside its connections, at most.
const FILES_OTHER: usize = 64;

/// Addresses of the loopback that the peers come from.
const SOURCES: usize = 50;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    raise_limit(&Config::default().limits);
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => measure(10_000),
        ["serve"] => serve(),
        ["dial", address, count] => dial(address.parse()?, count.parse()?),
        [count] => measure(count.parse()?),
        _ => Err("usage: idle [CONNECTIONS]".into()),
    }
}

/// Starts both processes and prints what they cost.
#[tokio::main(flavor = "current_thread")]
async fn measure(count: usize) -> Result<(), Failure> {
    expect_files(count + FILES_OTHER)?;
    let mut server = Part::start(&["serve"])?;
    let address: SocketAddr = server.line()?.parse()?;
    // The first connections pay for what is made once: threads, code pages, tables.
    let (warm, _) = Peer::join(address, NETWORK, 0).await;
    warm.leave().await;
    let before = server.memory_kib()?;
    let mut peers = Part::start(&["dial", &address.to_string(), &count.to_string()])?;
    let seconds: f64 = peers.line()?.parse()?;
    let after = server.memory_kib()?;
    let begun = Instant::now();
    let (_newcomer, introduced) = Peer::join(address, NETWORK, 0).await;
    let join_ms = begun.elapsed().as_secs_f64() * 1e3;
    assert_eq!(introduced.len(), 3, "a newcomer meets three peers");

    println!("connections          {count}");
    println!("opened and proved    {:.0} a second (signing included)", count as f64 / seconds);
    println!("server, none         {before} KiB");
    println!("server, all          {after} KiB");
    println!("each                 {:.2} KB", (after.saturating_sub(before)) as f64 * 1.024 / count as f64);
    println!("one more joins in    {join_ms:.1} ms");
    Ok(())
}

/// Fails if a process may not have `needed` files open.
fn expect_files(needed: usize) -> Result<(), Failure> {
    match getrlimit(Resource::Nofile).current {
        Some(files) if files < needed as u64 => Err(format!(
            "a process may have {files} files open, and {needed} are needed: raise the hard limit (`ulimit -Hn {needed}` \
             as root), or open fewer connections"
        )
        .into()),
        _ => Ok(()),
    }
}

/// The server, with bounds wide enough for one machine to reach it; ends with its standard input.
#[tokio::main]
async fn serve() -> Result<(), Failure> {
    let mut config = Config { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Config::default() };
    config.limits.address_connections = config.limits.connections;
    config.limits.address_rate = Rate { per_second: 1e6, burst: 1_000_000 };
    // No ping shall fall into the measurement.
    config.limits.ping = Duration::from_secs(3000);
    config.limits.idle = Duration::from_secs(3600);
    let server = Server::bind(config).await?;
    println!("{}", server.address());
    let stopper = server.stopper();
    std::thread::spawn(move || {
        wait_for_end();
        stopper.stop();
    });
    server.run().await;
    Ok(())
}

/// The peers: opens all, says how many seconds that took, and holds them until its standard input ends.
#[tokio::main]
async fn dial(server: SocketAddr, count: usize) -> Result<(), Failure> {
    let begun = Instant::now();
    let opened =
        stream::iter(0..count).map(|number| tokio::spawn(join(server, number))).buffer_unordered(AT_ONCE);
    let sockets: Vec<_> = opened.collect().await;
    let seconds = begun.elapsed().as_secs_f64();
    for socket in &sockets {
        if let Ok(Err(error)) = socket {
            return Err(error.to_string().into());
        }
    }
    println!("{seconds}");
    tokio::task::spawn_blocking(wait_for_end).await?;
    Ok(())
}

async fn join(server: SocketAddr, number: usize) -> Result<WebSocketStream<TcpStream>, Failure> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(IpAddr::from([127, 0, 0, 2 + (number % SOURCES) as u8]), 0))?;
    let stream = socket.connect(server).await?;
    stream.set_nodelay(true)?;
    let request = format!("ws://{server}/signal").into_client_request()?;
    let config = WebSocketConfig::default().read_buffer_size(512);
    let (mut socket, _) = client_async_with_config(request, stream, Some(config)).await?;
    let Heard::Challenge { nonce, .. } = hear(&mut socket).await? else { return Err("no challenge".into()) };
    socket.send(Message::binary(Identity::new().prove(&nonce, NETWORK, 0))).await?;
    match hear(&mut socket).await? {
        Heard::Welcome(_) => Ok(socket),
        other => Err(format!("no welcome but {other:?}").into()),
    }
}

async fn hear(socket: &mut WebSocketStream<TcpStream>) -> Result<Heard, Failure> {
    match socket.next().await.ok_or("the server closed")?? {
        Message::Binary(bytes) => Ok(Heard::parse(&bytes)),
        other => Err(format!("unexpected {other:?}").into()),
    }
}

fn wait_for_end() {
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

/// This program in another role; ends when its standard input closes.
struct Part {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Part {
    fn start(arguments: &[&str]) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = BufReader::new(child.stdout.take().ok_or("no output")?);
        Ok(Self { child, output })
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    /// The resident set, in KiB.
    fn memory_kib(&self) -> Result<u64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
