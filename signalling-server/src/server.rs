//! The server as a whole: bind, run, stop.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::Config;
use crate::error::Error;
use crate::genesis;
use crate::http::Front;
use crate::hub::Hub;

/// How long answers that are under way may take after the last peer is gone.
const ANSWERS_MAX: Duration = Duration::from_millis(250);

/// A signalling server that listens.
#[derive(Debug)]
pub struct Server {
    hub: Arc<Hub>,
    listener: TcpListener,
    address: SocketAddr,
}

/// Stops a server, from anywhere.
#[derive(Clone, Debug)]
pub struct Stopper(CancellationToken);

impl Stopper {
    /// Begins to stop: [`Server::run`] ends when every peer has left, or the configured time is over. Calling it again
    /// changes nothing.
    pub fn stop(&self) {
        self.0.cancel();
    }
}

impl Server {
    /// Checks what the configuration points to, listens, and writes the address file.
    ///
    /// # Errors
    ///
    /// The address is taken, the web app is missing, or the address file cannot be written.
    pub async fn bind(config: Config) -> Result<Self, Error> {
        if let Some(path) = config.web.as_ref().filter(|path| !path.join("index.html").is_file()) {
            return Err(Error::Web { path: path.clone() });
        }
        let genesis = config.genesis.as_deref().map(genesis::read).transpose()?;
        let listen = |source| Error::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        if let Some(path) = &config.address_file {
            write_address(path, address)
                .map_err(|source| Error::AddressFile { path: path.clone(), source })?;
        }
        info!(%address, "listening");
        let mut hub = Hub::new(config);
        hub.genesis = genesis;
        Ok(Self { hub: Arc::new(hub), listener, address })
    }

    /// Where the server listens, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What stops this server.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.hub.drain.clone())
    }

    /// Serves until stopped. Then new connections get 503, every peer is told that the server stops, and this returns
    /// once all are gone: `true`, or `false` when some had to be left behind because the time was over.
    pub async fn run(self) -> bool {
        let front = Front::new(&self.hub);
        tokio::select! {
            never = front.accept(self.listener) => match never {},
            finished = drain(&self.hub, &front) => finished,
        }
    }
}

async fn drain(hub: &Hub, front: &Front) -> bool {
    hub.drain.cancelled().await;
    let allowed = hub.config.drain;
    let deadline = Instant::now() + allowed;
    info!(connections = hub.sessions.len(), ?allowed, "draining");
    hub.sessions.close();
    front.tasks.close();
    let finished = timeout_at(deadline, hub.sessions.wait()).await.is_ok();
    if finished {
        // Sockets that ask for nothing are not worth waiting for.
        let _ = timeout(ANSWERS_MAX, front.tasks.wait()).await;
        info!("drained");
    } else {
        warn!(connections = hub.sessions.len(), "some peers did not leave in time");
    }
    finished
}

/// Writes the whole file or nothing, so that a reader who finds it finds the address.
fn write_address(path: &Path, address: SocketAddr) -> std::io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    fs::write(&draft, format!("{address}\n"))?;
    fs::rename(&draft, path)
}
