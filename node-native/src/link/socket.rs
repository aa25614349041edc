//! Links over WebSocket: dialled to a peer's address, or accepted by the listener. One binary message is one packet, sealed
//! once both ends have proved themselves: whoever ends the TLS before a peer reads and writes nothing.

use std::future::Future;
use std::io;
use std::sync::PoisonError;

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tabmesh_engine::{LinkKind, PublicKey, limits};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_tls_with_config};
use url::Url;

use super::error::DialError;
use super::seal::FreshKey;
use super::{CLOSE_MAX, Link, OPEN_MAX, Outbox, PATIENCE, Packet, Reporter, SharedOpener, What, tcp};
use crate::addresses::Reach;

/// A WebSocket that this node opened.
pub type ClientStream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Read buffer of one connection. tungstenite's default of 128 KiB, taken at once, would be most of a link's memory.
const READ_BUFFER: usize = 4096;

/// Packets are gathered up to this many bytes before they are handed to the operating system.
const WRITE_BUFFER: usize = 16 * 1024;

/// The largest message of a link: a packet, sealed.
pub const MESSAGE_MAX: usize = limits::PACKET_MAX + limits::SEAL;

/// How WebSockets are set up: small buffers, and no message above `message_max` bytes.
pub fn config(message_max: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(Some(message_max))
        .max_frame_size(Some(message_max))
}

/// Opens a WebSocket; TLS for `wss`, with the system's and Mozilla's root certificates. With a `reach` its host has to lie
/// within, whatever its name says.
///
/// # Errors
///
/// It does not open within [`OPEN_MAX`].
pub async fn connect(url: &Url, message_max: usize, reach: Option<Reach>) -> Result<ClientStream, DialError> {
    // Named once and for all: with two providers compiled in by other parts, rustls could not choose.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let opening = async {
        let stream = tcp::connect(url, reach).await?;
        stream.set_nodelay(true)?;
        client_async_tls_with_config(url.as_str(), stream, Some(config(message_max)), None).await
    };
    match timeout(OPEN_MAX, opening).await {
        Ok(Ok((stream, _))) => Ok(stream),
        Ok(Err(error)) => Err(Box::new(error).into()),
        Err(_) => Err(DialError::Timeout),
    }
}

/// Dials `url`, within `reach` if there is one, and carries packets once it is open.
pub fn dial(
    url: Url,
    reach: Option<Reach>,
    reporter: Reporter,
) -> (Link, impl Future<Output = ()> + Send + 'static) {
    let (link, mut outbox, public) = fresh_link();
    let task = async move {
        describe(public, &reporter).await;
        let opened = tokio::select! {
            opened = connect_telling(&url, reach, &reporter) => opened,
            () = outbox.abandoned() => return,
        };
        match opened {
            Ok(stream) => {
                reporter.tell(What::Up).await;
                carry(stream, outbox, reporter).await;
            }
            Err(error) => {
                tracing::debug!(link = reporter.link.number(), %url, %error, "a WebSocket did not open");
                reporter.tell(What::Failed(error)).await;
            }
        }
    };
    (link, task)
}

async fn connect_telling(
    url: &Url,
    reach: Option<Reach>,
    reporter: &Reporter,
) -> Result<ClientStream, DialError> {
    let connecting = connect(url, MESSAGE_MAX, reach);
    tokio::pin!(connecting);
    match timeout(PATIENCE, &mut connecting).await {
        Ok(connected) => connected,
        Err(_) => {
            reporter.tell(What::Late).await;
            connecting.await
        }
    }
}

/// Carries packets over a WebSocket that a peer opened. It is open already: no [`What::Up`] comes.
pub fn accepted<S>(
    stream: WebSocketStream<S>,
    reporter: Reporter,
) -> (Link, impl Future<Output = ()> + Send + 'static)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (link, outbox, public) = fresh_link();
    let task = async move {
        describe(public, &reporter).await;
        carry(stream, outbox, reporter).await;
    };
    (link, task)
}

/// A link with the fresh key that it will be sealed with.
fn fresh_link() -> (Link, Outbox, Option<PublicKey>) {
    let (mut link, outbox) = Link::new(LinkKind::Socket, None);
    match FreshKey::new() {
        Ok(fresh) => {
            let public = *fresh.public();
            link.fresh = Some(fresh);
            (link, outbox, Some(public))
        }
        // Without a key nothing is said on the link, and it is given up in time.
        Err(error) => {
            tracing::error!(%error);
            (link, outbox, None)
        }
    }
}

async fn describe(public: Option<PublicKey>, reporter: &Reporter) {
    if let Some(public) = public {
        reporter.tell(What::Described(public.0.to_vec())).await;
    }
}

async fn carry<S>(stream: WebSocketStream<S>, mut outbox: Outbox, reporter: Reporter)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let opener = outbox.opener.clone();
    let (mut sink, mut packets) = stream.split();
    let ended = tokio::select! {
        ended = read(&mut packets, &opener, &reporter) => ended,
        ended = write(&mut sink, &mut outbox, &reporter) => ended,
    };
    if let Ended::Here = ended {
        // All was flushed; what is left is to say goodbye and to hear it back.
        let goodbye = async {
            let _ = sink.close().await;
            while let Some(Ok(_)) = packets.next().await {}
        };
        let _ = timeout(CLOSE_MAX, goodbye).await;
        return;
    }
    if let Ended::Broken(error) = &ended {
        tracing::debug!(link = reporter.link.number(), %error, "a WebSocket broke");
    }
    reporter.tell(What::Down).await;
}

/// How a link's work ended.
enum Ended {
    /// The driver dropped the link, and everything it sent is out.
    Here,
    /// The peer closed it.
    There,
    /// The connection or the peer's messages are not what they should be.
    Broken(io::Error),
}

impl From<tungstenite::Error> for Ended {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => Self::There,
            error => Self::Broken(io::Error::other(error)),
        }
    }
}

async fn read<S>(
    packets: &mut SplitStream<WebSocketStream<S>>,
    opener: &SharedOpener,
    reporter: &Reporter,
) -> Ended
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = packets.next().await {
        match message {
            Ok(Message::Binary(packet)) => {
                let opened = match &mut *opener.lock().unwrap_or_else(PoisonError::into_inner) {
                    Some(opener) => opener.open(packet.into()).map(Packet::opened),
                    None => Ok(Packet::plain(packet)),
                };
                match opened {
                    Ok(packet) => reporter.tell(What::Packet(packet)).await,
                    Err(error) => return Ended::Broken(io::Error::other(error)),
                }
            }
            Ok(Message::Text(_)) => return Ended::Broken(io::Error::other("a text message on a mesh link")),
            Ok(Message::Close(_)) => return Ended::There,
            Ok(_) => {}
            Err(error) => return error.into(),
        }
    }
    Ended::There
}

async fn write<S>(
    sink: &mut SplitSink<WebSocketStream<S>, Message>,
    outbox: &mut Outbox,
    reporter: &Reporter,
) -> Ended
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(first) = outbox.next().await {
        let mut length = first.len();
        let mut packet: Option<Bytes> = Some(first);
        while let Some(next) = packet {
            if let Err(error) = sink.feed(Message::Binary(next)).await {
                return error.into();
            }
            packet = if length < limits::PACKET_MAX { outbox.waiting() } else { None };
            length += packet.as_ref().map_or(0, Bytes::len);
        }
        if let Err(error) = sink.flush().await {
            return error.into();
        }
        outbox.sent(length, reporter).await;
    }
    Ended::Here
}
