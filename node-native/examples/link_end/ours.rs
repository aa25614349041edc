//! The same measurements through a native peer, as the program `tabmesh` runs it.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use tabmesh_engine::{Event, LinkKind, NodeId, Status, limits};
use tabmesh_native::driver::{Handle, Message, Wish};
use tabmesh_native::peer::Peer;
use tabmesh_native::settings::Settings;
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use url::Url;

use crate::failure::Failure;
use crate::stopwatch;

/// Messages on their way at once when a link is filled, and the bytes of one: as in `ours.js`.
const WINDOW: usize = 16;
const MESSAGE: usize = limits::MESSAGE_MAX;

/// How long linking may take.
const LINK_MAX: Duration = Duration::from_secs(20);

/// A link to the one other node of the network.
#[derive(Clone)]
pub(crate) struct Wire {
    handle: Handle,
    to: NodeId,
    messages: Arc<Mutex<Receiver<Message>>>,
    /// The node ends with it, and its folder with that.
    _node: Arc<(Peer, TempDir)>,
}

impl Wire {
    /// Joins the network `network` at the signalling server `url`: its first node has nobody to link to yet.
    pub(crate) async fn listen(
        url: &str,
        network: &str,
    ) -> Result<JoinHandle<Result<Self, Failure>>, Failure> {
        let starting = Starting::at(url, network).await?;
        Ok(tokio::spawn(starting.linked()))
    }

    /// Joins; and milliseconds from the first envelope to a link whose other end has proved its key.
    pub(crate) async fn dial(url: &str, network: &str) -> Result<(Self, f64), Failure> {
        let wire = Starting::at(url, network).await?.linked().await?;
        let begun = stopwatch::first_envelope().ok_or("no envelope was seen")?;
        Ok((wire, begun.elapsed().as_secs_f64() * 1e3))
    }

    /// Accepts WebSockets of the network `network`; their address, and the task that ends when somebody is linked.
    pub(crate) async fn accept(
        network: &str,
    ) -> Result<(String, JoinHandle<Result<Self, Failure>>), Failure> {
        let listen = Some((Ipv4Addr::LOCALHOST, 0).into());
        let starting =
            Starting::with(network, LinkKind::Socket, |settings| Settings { listen, ..settings }).await?;
        let address = starting.peer.listen_address().ok_or("nothing listens")?;
        Ok((format!("ws://{address}"), tokio::spawn(starting.linked())))
    }

    /// Joins the network `network` through the peer at `url`.
    pub(crate) async fn connect(url: &str, network: &str) -> Result<Self, Failure> {
        let peers = vec![Url::parse(url)?];
        let starting =
            Starting::with(network, LinkKind::Socket, |settings| Settings { peers, ..settings }).await?;
        starting.linked().await
    }

    /// This node, and the other one.
    pub(crate) fn node(&self) -> (&Handle, NodeId) {
        (&self.handle, self.to)
    }

    /// Sends one message; returns once the other node has it.
    pub(crate) async fn send(&self, message: Vec<u8>) -> Result<(), Failure> {
        let wish = Wish::Send { to: self.to, bytes: message };
        match self.handle.wish(wish).await.status {
            Status::Ok => Ok(()),
            status => Err(format!("a message ended with {status:?}").into()),
        }
    }

    pub(crate) async fn next(&self) -> Result<Vec<u8>, Failure> {
        let mut messages = self.messages.lock().await;
        loop {
            match messages.recv().await {
                Ok(message) => return Ok(message.bytes.into()),
                // What this end is too slow to take is lost to it, and counts for nothing.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Err("the node stopped".into()),
            }
        }
    }

    pub(crate) async fn flood(&self, end: Instant) -> Result<(), Failure> {
        let lane = |_| async {
            while Instant::now() < end {
                self.send(vec![0; MESSAGE]).await?;
            }
            Ok::<_, Failure>(())
        };
        try_join_all((0..WINDOW).map(lane)).await?;
        Ok(())
    }
}

/// A node without a link.
struct Starting {
    peer: Peer,
    events: Receiver<Event>,
    messages: Receiver<Message>,
    dir: TempDir,
    /// What its link must be.
    kind: LinkKind,
}

impl Starting {
    async fn at(url: &str, network: &str) -> Result<Self, Failure> {
        let signalling = vec![Url::parse(url)?];
        Self::with(network, LinkKind::WebRtc, |settings| Settings { signalling, ..settings }).await
    }

    async fn with(
        network: &str,
        kind: LinkKind,
        change: impl FnOnce(Settings) -> Settings,
    ) -> Result<Self, Failure> {
        let dir = tempfile::tempdir()?;
        let settings = change(Settings { network: network.to_owned(), ..Settings::at(dir.path()) });
        let peer = Peer::start(&settings).await?;
        let (events, messages) = (peer.handle().events(), peer.handle().messages());
        Ok(Self { events, messages, peer, dir, kind })
    }

    async fn linked(mut self) -> Result<Wire, Failure> {
        let (to, kind) = timeout(LINK_MAX, async {
            loop {
                if let Event::PeerUp { id, kind, .. } = self.events.recv().await? {
                    return Ok::<_, Failure>((id, kind));
                }
            }
        })
        .await??;
        if kind != self.kind {
            return Err(format!("the link is {kind:?}").into());
        }
        let handle = self.peer.handle().clone();
        let node = Arc::new((self.peer, self.dir));
        Ok(Wire { handle, to, messages: Arc::new(Mutex::new(self.messages)), _node: node })
    }
}
