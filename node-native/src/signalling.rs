//! The way to first peers: one WebSocket to a signalling server, carried by one task.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tabmesh_engine::wire::signal;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use url::Url;

use crate::link::PATIENCE;
use crate::link::socket::{ClientStream, connect};
use crate::link::trouble::{Door, why_not};

/// How long one server may take to let us in before the next one is tried.
const CONNECT_MAX: Duration = Duration::from_secs(8);

/// How long a server may take to say its first word once it is connected.
const FIRST_WORD_MAX: Duration = Duration::from_secs(5);

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
    /// The server of this number does not do, for this reason; others may be tried, or it goes on waiting.
    Failed(usize, String),
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
        let teller = Teller { reports, generation };
        let found = tokio::select! {
            found = first_of(&servers, first, &teller) => found,
            () = outbox_closed(&mut outbox) => return,
        };
        if let Some((number, mut stream)) = found {
            teller.tell(What::Up(number)).await;
            match carry(&mut stream, &mut outbox, &teller).await {
                Ended::Here => {
                    let _ = timeout(CLOSE_MAX, stream.close(None)).await;
                    return;
                }
                Ended::There(reason) => teller.tell(What::Failed(number, reason)).await,
            }
        }
        teller.tell(What::Down).await;
    };
    (Signalling { messages }, task)
}

struct Teller {
    reports: mpsc::Sender<Report>,
    generation: u64,
}

impl Teller {
    async fn tell(&self, what: What) {
        // The driver is gone only when the whole node stops.
        let _ = self.reports.send(Report { generation: self.generation, what }).await;
    }
}

async fn first_of(servers: &[Url], first: usize, teller: &Teller) -> Option<(usize, ClientStream)> {
    for number in (0..servers.len()).map(|place| (first + place) % servers.len()) {
        let connecting = timeout(CONNECT_MAX, connect(&servers[number], signal::MESSAGE_MAX, None));
        tokio::pin!(connecting);
        let connected = match timeout(PATIENCE, &mut connecting).await {
            Ok(connected) => connected,
            Err(_) => {
                let reason = format!("it has not answered for {} seconds", PATIENCE.as_secs());
                teller.tell(What::Failed(number, reason)).await;
                connecting.await
            }
        };
        let reason = match connected {
            Ok(Ok(stream)) => return Some((number, stream)),
            Ok(Err(error)) => why_not(&servers[number], Door::Signalling, &error),
            Err(_) => format!("it did not answer within {} seconds", CONNECT_MAX.as_secs()),
        };
        teller.tell(What::Failed(number, reason)).await;
    }
    None
}

/// Nothing is sent before the server is connected, so the queue only ever ends.
async fn outbox_closed(outbox: &mut mpsc::Receiver<Vec<u8>>) {
    while outbox.recv().await.is_some() {}
}

/// How a connection ended.
enum Ended {
    /// By the driver.
    Here,
    /// By the server or the network.
    There(String),
}

async fn carry(stream: &mut ClientStream, outbox: &mut mpsc::Receiver<Vec<u8>>, teller: &Teller) -> Ended {
    let mut pings = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    let start = Instant::now();
    let mut heard = start;
    let mut is_silent = true;
    loop {
        tokio::select! {
            message = stream.next() => {
                heard = Instant::now();
                match message {
                    Some(Ok(Message::Binary(message))) => {
                        is_silent = false;
                        teller.tell(What::Message(message)).await;
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                    Some(Ok(Message::Close(_))) | None => return there("it closed the connection"),
                    Some(Ok(Message::Text(_))) => return there("it sends text; this is no signalling server of tabmesh"),
                    Some(Err(error)) => return there(format!("the connection broke: {error}")),
                }
            }
            message = outbox.recv() => {
                let Some(message) = message else { return Ended::Here };
                if let Err(error) = stream.send(Message::binary(message)).await {
                    return there(format!("the connection broke: {error}"));
                }
            }
            () = sleep_until(start + FIRST_WORD_MAX), if is_silent => {
                return there("it took the connection and says nothing; check that it is a signalling server of tabmesh");
            }
            _ = pings.tick() => {
                if heard.elapsed() > 2 * PING_EVERY {
                    return there("it fell silent");
                }
                if let Err(error) = stream.send(Message::Ping(Bytes::new())).await {
                    return there(format!("the connection broke: {error}"));
                }
            }
        }
    }
}

fn there(reason: impl Into<String>) -> Ended {
    Ended::There(reason.into())
}
