//! Native peers of one process, that somebody else may link to.
//!
//! `crowd SIGNALLING NETWORK COUNT` starts them at a signalling server, prints their ids as one JSON list once all run, and ends with its
//! standard input.

use std::error::Error;
use std::net::SocketAddr;

use tabmesh_native::identity::hex;
use tabmesh_native::peer::Peer;
use tabmesh_native::settings::Settings;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, stdin};
use url::Url;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [signalling, network, count] = &args[..] else { return Err("crowd SIGNALLING NETWORK COUNT".into()) };
    let (signalling, count): (Url, usize) = (Url::parse(signalling)?, count.parse()?);
    let mut crowd: Vec<(Peer, TempDir)> = Vec::new();
    for _ in 0..count {
        let dir = tempfile::tempdir()?;
        let settings = Settings {
            network: network.clone(),
            signalling: vec![signalling.clone()],
            udp: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
            ..Settings::at(dir.path())
        };
        crowd.push((Peer::start(&settings).await?, dir));
    }
    let ids: Vec<String> = crowd.iter().map(|(peer, _)| hex(&peer.handle().id())).collect();
    println!("{}", serde_json::to_string(&ids)?);
    stdin().read_to_end(&mut Vec::new()).await?;
    Ok(())
}
