//! The way to first peers: one WebSocket to a signalling server, carried by one task.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tabmesh_engine::wire::signal;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at, timeout};
use tokio_tungstenite::tungstenite::Message;
use url::Url;

use crate::link::socket::{ClientStream, connect};

/// How long one server may take to let us in before the next one is tried.
const CONNECT_MAX: Duration = Duration::from_secs(8);

/// How often the server is pinged. One that stays silent for twice as long is gone without saying so.
const PING_EVERY: Duration = Duration::from_secs(30);

/// Messages that may wait to be sent; with more the connection is given up.
const QUEUE_MAX: usize = 128;

/// How long a closing connection may take to say goodbye.
const CLOSE_MAX: Duration = Duration::from_secs(1);

/// What the task tells the driver.
#[derive(Debug)]
pub struct Report {
    /// Which of the connections so far; a report of an earlier one is stale.
    pub generation: u64,
    /// What happened.
    pub what: What,
}

/// What happened to the connection.
#[derive(Debug)]
pub enum What {
    /// The server of this number is connected.
    Up(usize),
    /// None is, or no longer. Nothing follows.
    Down,
    /// One message.
    Message(Bytes),
}

/// The driver's end of the connection; dropping it closes it once what was sent is out.
#[derive(Debug)]
pub struct Signalling {
    messages: mpsc::Sender<Vec<u8>>,
}

impl Signalling {
    /// Queues one message; `false` if too many wait or the connection is gone.
    #[must_use]
    pub fn send(&self, message: Vec<u8>) -> bool {
        self.messages.try_send(message).is_ok()
    }
}

/// Tries the servers in turn, beginning with the one numbered `first`, and stays with the first that answers.
pub fn open(
    servers: Arc<[Url]>,
    first: usize,
    generation: u64,
    reports: mpsc::Sender<Report>,
) -> (Signalling, impl Future<Output = ()> + Send + 'static) {
    let (messages, mut outbox) = mpsc::channel(QUEUE_MAX);
    let task = async move {
        let tell = |what| {
            let reports = reports.clone();
            // The driver is gone only when the whole node stops.
            async move { drop(reports.send(Report { generation, what }).await) }
        };
        let found = tokio::select! {
            found = first_of(&servers, first) => found,
            () = outbox_closed(&mut outbox) => return,
        };
        if let Some((number, mut stream)) = found {
            tell(What::Up(number)).await;
            if carry(&mut stream, &mut outbox, tell).await {
                let _ = timeout(CLOSE_MAX, stream.close(None)).await;
                return;
            }
        }
        tell(What::Down).await;
    };
    (Signalling { messages }, task)
}

async fn first_of(servers: &[Url], first: usize) -> Option<(usize, ClientStream)> {
    for number in (0..servers.len()).map(|place| (first + place) % servers.len()) {
        let url = &servers[number];
        match timeout(CONNECT_MAX, connect(url, signal::MESSAGE_MAX)).await {
            Ok(Ok(stream)) => return Some((number, stream)),
            Ok(Err(error)) => tracing::warn!(%url, %error, "the signalling server does not answer"),
            Err(_) => tracing::warn!(%url, "the signalling server does not answer in time"),
        }
    }
    None
}

/// Nothing is sent before the server is connected, so the queue only ever ends.
async fn outbox_closed(outbox: &mut mpsc::Receiver<Vec<u8>>) {
    while outbox.recv().await.is_some() {}
}

/// `true` if the driver ended it, `false` if the server or the network did.
async fn carry<F>(
    stream: &mut ClientStream,
    outbox: &mut mpsc::Receiver<Vec<u8>>,
    tell: impl Fn(What) -> F,
) -> bool
where
    F: Future<Output = ()>,
{
    let mut pings = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    let mut heard = Instant::now();
    loop {
        tokio::select! {
            message = stream.next() => {
                heard = Instant::now();
                match message {
                    Some(Ok(Message::Binary(message))) => tell(What::Message(message)).await,
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                    Some(Ok(Message::Close(_) | Message::Text(_))) | None => return false,
                    Some(Err(error)) => {
                        tracing::debug!(%error, "the signalling connection broke");
                        return false;
                    }
                }
            }
            message = outbox.recv() => {
                let Some(message) = message else { return true };
                if stream.send(Message::binary(message)).await.is_err() {
                    return false;
                }
            }
            _ = pings.tick() => {
                let is_silent = heard.elapsed() > 2 * PING_EVERY;
                if is_silent || stream.send(Message::Ping(Bytes::new())).await.is_err() {
                    return false;
                }
            }
        }
    }
}
