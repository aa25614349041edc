//! One connection, from the challenge to the goodbye.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tabmesh_bounds::TokenBucket;
use tabmesh_engine::NodeId;
use tabmesh_engine::wire::Fault;
use tabmesh_engine::wire::signal::{FromServer, Refusal, ToServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message, Utf8Bytes};
use tracing::{debug, error, trace};

use crate::directory::Network;
use crate::hub::Hub;
use crate::metrics::Kind;
use crate::outbox::{Outbox, Waiting};
use crate::proof::{self, Proof};
use crate::refusal;

/// The WebSocket of a peer.
pub(crate) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// How long, and for how many bytes, the server listens on after its goodbye. A socket that is closed with unread bytes
/// resets the connection, and the peer would never read why.
const LINGER_MAX: Duration = Duration::from_secs(3);
const LINGER_BYTES: u64 = 1 << 20;

/// How long a connection that sent too fast is not read at most.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// The id of a refusal that is about nobody.
const NOBODY: NodeId = NodeId([0; 32]);

/// A connection and what is known about its other end.
pub(crate) struct Session {
    hub: Arc<Hub>,
    socket: Socket,
    /// Where the peer is.
    address: IpAddr,
    /// The name that the peer asked for; `None` if this server does not go by it.
    server: Option<String>,
    outbox: Arc<Outbox>,
    stage: Stage,
    bucket: TokenBucket,
    /// When something last came in.
    heard: Instant,
    /// When the last ping went out; the start, if none did.
    pinged: Instant,
    /// How many pings the peer has not answered.
    unanswered: u32,
    /// Until when nothing is read, because the peer sent too fast.
    paused: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The challenge is out; the answer is due in time.
    Challenged { nonce: [u8; 32], due: Instant },
    /// The peer proved its id and is in the directory.
    Proved { network: Network, id: NodeId },
}

/// How a connection ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ending {
    /// The peer closed it, or it broke.
    Gone,
    /// The peer is told why.
    Refused(Refusal),
}

impl Session {
    pub(crate) fn new(hub: Arc<Hub>, socket: Socket, address: IpAddr, server: Option<String>) -> Self {
        let limits = &hub.config.limits;
        let now = Instant::now();
        Self {
            socket,
            address,
            server,
            outbox: Arc::new(Outbox::new(limits)),
            stage: Stage::Challenged { nonce: [0; 32], due: now + limits.proof },
            bucket: TokenBucket::full(&limits.message_rate, now.into_std()),
            heard: now,
            pinged: now,
            unanswered: 0,
            paused: None,
            hub,
        }
    }

    /// Serves the peer until the connection ends.
    pub(crate) async fn run(mut self) {
        self.hub.metrics.connected();
        let Err(ending) = self.converse().await;
        if let Stage::Proved { network, id } = self.stage {
            self.hub.directory().remove(network, &id, &self.outbox);
            debug!(peer = ?id, ?ending, "peer left");
        } else {
            debug!(?ending, "left without a proof");
        }
        if let Ending::Refused(refusal) = ending {
            self.hub.metrics.refused(refusal);
            // Whoever takes neither goodbye nor close in this time is dropped; the result changes nothing.
            let _ = timeout(LINGER_MAX, self.goodbye(refusal)).await;
        }
    }

    async fn converse(&mut self) -> Result<Infallible, Ending> {
        self.challenge().await?;
        let hub = Arc::clone(&self.hub);
        let mut drain = pin!(hub.drain.cancelled());
        let mut timer = pin!(sleep_until(self.next_deadline()));
        loop {
            tokio::select! {
                () = &mut drain => return Err(Ending::Refused(Refusal::Draining)),
                waiting = self.outbox.next() => match waiting {
                    Waiting::Message(message) => self.send(Kind::Deliver, message).await?,
                    Waiting::End(refusal) => return Err(Ending::Refused(refusal)),
                },
                frame = self.socket.next(), if self.paused.is_none() => self.on_frame(frame).await?,
                () = &mut timer => self.on_deadline().await?,
            }
            let deadline = self.next_deadline();
            if timer.deadline() != deadline {
                timer.as_mut().reset(deadline);
            }
        }
    }

    async fn challenge(&mut self) -> Result<(), Ending> {
        let fresh = proof::fresh_nonce().map_err(|error| {
            error!(%error, "the system gives no randomness; the connection is dropped");
            Ending::Gone
        })?;
        if let Stage::Challenged { nonce, .. } = &mut self.stage {
            *nonce = fresh;
        }
        let level = self.hub.config.level;
        self.say(Kind::Challenge, &FromServer::Challenge { level, nonce: &fresh }).await
    }

    /// When there is something to do even if nothing comes in.
    fn next_deadline(&self) -> Instant {
        let limits = &self.hub.config.limits;
        let by_stage = match self.stage {
            Stage::Challenged { due, .. } => due,
            Stage::Proved { .. } => {
                let ping = self.heard.max(self.pinged) + limits.ping;
                ping.min(self.heard + limits.idle)
            }
        };
        self.paused.map_or(by_stage, |until| until.min(by_stage))
    }

    async fn on_deadline(&mut self) -> Result<(), Ending> {
        let limits = &self.hub.config.limits;
        let now = Instant::now();
        self.paused = self.paused.filter(|until| *until > now);
        match self.stage {
            Stage::Challenged { due, .. } if now >= due => Err(Ending::Refused(Refusal::TooSlow)),
            Stage::Proved { .. } if now >= self.heard + limits.idle => Err(Ending::Refused(Refusal::TooSlow)),
            Stage::Proved { .. } if now >= self.heard.max(self.pinged) + limits.ping => {
                self.pinged = now;
                self.unanswered = self.unanswered.saturating_add(1);
                self.transmit(Message::Ping(Bytes::new())).await
            }
            _ => Ok(()),
        }
    }

    async fn on_frame(&mut self, frame: Option<Result<Message, SocketError>>) -> Result<(), Ending> {
        self.heard = Instant::now();
        match frame {
            Some(Ok(Message::Binary(message))) => self.on_message(&message).await,
            Some(Ok(Message::Pong(_))) if self.unanswered > 0 => {
                self.unanswered -= 1;
                Ok(())
            }
            // The library answers a ping by itself. Each still costs a token: pings can flood as well.
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                if self.take_token() {
                    return Ok(());
                }
                self.pause();
                self.refuse(Refusal::TooFast, NOBODY).await
            }
            Some(Ok(Message::Close(_))) => {
                let _ = timeout(self.hub.config.limits.send, self.socket.flush()).await;
                Err(Ending::Gone)
            }
            Some(Ok(Message::Text(_) | Message::Frame(_)) | Err(SocketError::Utf8(_))) => {
                Err(Ending::Refused(Refusal::Malformed))
            }
            Some(Err(SocketError::Capacity(_))) => Err(Ending::Refused(Refusal::TooLarge)),
            // A lost connection looks the same: nothing came that could be wrong.
            Some(Err(SocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => {
                Err(Ending::Gone)
            }
            Some(Err(SocketError::Protocol(error))) => {
                trace!(%error, "broken WebSocket frame");
                Err(Ending::Refused(Refusal::Malformed))
            }
            Some(Err(_)) | None => Err(Ending::Gone),
        }
    }

    async fn on_message(&mut self, bytes: &[u8]) -> Result<(), Ending> {
        const MALFORMED: Ending = Ending::Refused(Refusal::Malformed);
        self.hub.metrics.bytes_in(bytes.len());
        let message = match ToServer::read(bytes) {
            Ok(message) => message,
            Err(Fault::OtherVersion { .. }) => return Err(Ending::Refused(Refusal::OtherVersion)),
            Err(fault) => {
                trace!(%fault, "malformed message");
                return Err(MALFORMED);
            }
        };
        if !self.take_token() {
            self.pause();
            let about = if let ToServer::Relay { to, .. } = message { to } else { &NOBODY };
            return self.refuse(Refusal::TooFast, *about).await;
        }
        match (self.stage, message) {
            (Stage::Challenged { nonce, .. }, ToServer::Prove { flags, network, key, signature }) => {
                self.hub.metrics.message(Kind::Prove);
                let server = self.server.as_deref().ok_or(Ending::Refused(Refusal::OtherServer))?;
                let proof = Proof { server, flags, network, key, signature };
                let id = proof::check(&nonce, self.hub.config.level, &proof).map_err(Ending::Refused)?;
                self.on_proved(*network, id, flags).await
            }
            (Stage::Proved { network, id }, ToServer::Introduce) => {
                self.hub.metrics.message(Kind::Introduce);
                self.welcome(network, id).await
            }
            (Stage::Proved { network, id }, ToServer::Relay { to, envelope }) => {
                self.hub.metrics.message(Kind::Relay);
                self.relay(network, id, *to, envelope).await
            }
            _ => Err(MALFORMED),
        }
    }

    async fn on_proved(&mut self, network: Network, id: NodeId, flags: u8) -> Result<(), Ending> {
        self.hub.metrics.proved();
        debug!(peer = ?id, flags, "peer proved its key");
        let older = self.hub.directory().insert(network, id, (flags, self.address), Arc::clone(&self.outbox));
        if let Some(older) = older {
            older.end(Refusal::Replaced);
        }
        self.stage = Stage::Proved { network, id };
        self.welcome(network, id).await
    }

    async fn welcome(&mut self, network: Network, id: NodeId) -> Result<(), Ending> {
        let peers = self.hub.directory().introduce(network, &id, dice);
        self.say(Kind::Welcome, &FromServer::Welcome { peers }).await
    }

    /// Hands the envelope to the receiver's queue; what is in it stays between the two.
    async fn relay(
        &mut self,
        network: Network,
        from: NodeId,
        to: NodeId,
        envelope: &[u8],
    ) -> Result<(), Ending> {
        let receiver = self.hub.directory().outbox(network, &to);
        let Some(receiver) = receiver else {
            return self.refuse(Refusal::NotPresent, to).await;
        };
        let message = FromServer::Deliver { from: &from, envelope }.emit().into();
        match receiver.push(message, self.heard.into_std()) {
            Ok(()) => Ok(()),
            Err(_full) => self.refuse(Refusal::TooFast, to).await,
        }
    }

    /// Says no to one message; the connection stays.
    async fn refuse(&mut self, refusal: Refusal, about: NodeId) -> Result<(), Ending> {
        self.hub.metrics.refused(refusal);
        self.say(Kind::Refused, &FromServer::Refused { refusal, about: &about }).await
    }

    fn take_token(&mut self) -> bool {
        self.bucket.take(&self.hub.config.limits.message_rate, self.heard.into_std())
    }

    /// Stops reading until a part of the burst is back. So a flood costs its sender one message in many, and the server
    /// next to nothing: the bytes wait in the sender's own buffers.
    fn pause(&mut self) {
        let recovery = self.bucket.recovery(&self.hub.config.limits.message_rate);
        self.paused = Some(self.heard + recovery.min(PAUSE_MAX));
    }

    fn say(&mut self, kind: Kind, message: &FromServer<'_>) -> impl Future<Output = Result<(), Ending>> {
        self.send(kind, message.emit().into())
    }

    fn send(&mut self, kind: Kind, bytes: Bytes) -> impl Future<Output = Result<(), Ending>> {
        self.hub.metrics.message(kind);
        self.hub.metrics.bytes_out(bytes.len());
        self.transmit(Message::Binary(bytes))
    }

    async fn transmit(&mut self, message: Message) -> Result<(), Ending> {
        match timeout(self.hub.config.limits.send, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_broken)) => Err(Ending::Gone),
            Err(_elapsed) => Err(Ending::Refused(Refusal::TooSlow)),
        }
    }

    /// Says why, says goodbye, and reads on until the peer has closed too.
    async fn goodbye(&mut self, refusal: Refusal) -> Result<(), SocketError> {
        let message = FromServer::Refused { refusal, about: &NOBODY }.emit();
        self.hub.metrics.message(Kind::Refused);
        self.hub.metrics.bytes_out(message.len());
        let (code, sentence) = refusal::closing(refusal);
        self.socket.feed(Message::Binary(message.into())).await?;
        self.socket
            .send(Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::from_static(sentence) })))
            .await?;
        let io = self.socket.get_mut();
        io.shutdown().await?;
        tokio::io::copy(&mut io.take(LINGER_BYTES), &mut tokio::io::sink()).await?;
        Ok(())
    }
}

/// A random number for an introduction. Without randomness the choice is only less fair.
fn dice() -> u64 {
    getrandom::u64().unwrap_or(0)
}
