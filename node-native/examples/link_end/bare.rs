//! The yardstick: a data channel of the crate `webrtc` and nothing else, the way its own examples show.
//!
//! Trickled candidates over a WebSocket relay, one ordered reliable channel, every setting at its default but two that
//! it cannot do without: addresses to bind to, and a bound of what waits to be sent. It also meets `bare.js` in a page.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use webrtc::data_channel::{DataChannel, DataChannelEvent};
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCPeerConnectionIceEvent,
    RTCSessionDescription,
};

use crate::failure::Failure;

/// Bytes of one bulk message, and what may wait to be sent: as in `bare.js`.
const BULK: usize = 64 * 1024;
const QUEUE_MAX: usize = 1024 * 1024;

/// How long linking may take.
const LINK_MAX: Duration = Duration::from_secs(20);

type Relay = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// An open channel.
#[derive(Clone)]
pub(crate) struct Wire {
    channel: Arc<dyn DataChannel>,
    /// Keeps the connection, whose driver ends with it.
    _peer: Arc<dyn PeerConnection>,
    /// One reads at a time.
    turn: Arc<Mutex<()>>,
}

impl Wire {
    /// Listens for an offer over the relay at `url`; the task ends when the channel is open.
    pub(crate) async fn listen(url: &str) -> Result<JoinHandle<Result<Self, Failure>>, Failure> {
        let (relay, _) = connect_async(url).await?;
        let (mut ends, peer) = connection().await?;
        Ok(tokio::spawn(async move {
            let exchange = tokio::spawn(exchange(relay, peer.clone(), ends.candidates));
            let channel = timeout(LINK_MAX, ends.channels.recv()).await?.ok_or("no channel came")?;
            let wire = Self::open(peer, channel).await;
            exchange.abort();
            wire
        }))
    }

    /// Offers over the relay at `url`; and milliseconds from the first signalling byte to the open channel.
    pub(crate) async fn dial(url: &str) -> Result<(Self, f64), Failure> {
        let (mut relay, _) = connect_async(url).await?;
        let (ends, peer) = connection().await?;
        let channel = peer.create_data_channel("bare", None).await?;
        let offer = peer.create_offer(None).await?;
        peer.set_local_description(offer).await?;
        let offer = peer.local_description().await.ok_or("no offer")?;
        let begun = Instant::now();
        relay.send(description(&offer)).await?;
        let exchange = tokio::spawn(exchange(relay, peer.clone(), ends.candidates));
        let wire = Self::open(peer, channel).await?;
        exchange.abort();
        Ok((wire, begun.elapsed().as_secs_f64() * 1e3))
    }

    async fn open(peer: Arc<dyn PeerConnection>, channel: Arc<dyn DataChannel>) -> Result<Self, Failure> {
        loop {
            match timeout(LINK_MAX, channel.poll()).await? {
                Some(DataChannelEvent::OnOpen) => {
                    return Ok(Self { channel, _peer: peer, turn: Arc::default() });
                }
                Some(DataChannelEvent::OnClose) | None => return Err("the channel did not open".into()),
                Some(_) => {}
            }
        }
    }

    pub(crate) async fn send(&self, message: Vec<u8>) -> Result<(), Failure> {
        Ok(self.channel.send(BytesMut::from(message.as_slice())).await?)
    }

    pub(crate) async fn next(&self) -> Result<Vec<u8>, Failure> {
        let _turn = self.turn.lock().await;
        loop {
            match self.channel.poll().await {
                Some(DataChannelEvent::OnMessage(message)) => return Ok(message.data.into()),
                Some(DataChannelEvent::OnClose) | None => return Err("the channel closed".into()),
                Some(_) => {}
            }
        }
    }

    pub(crate) async fn flood(&self, end: Instant) -> Result<(), Failure> {
        let message = BytesMut::zeroed(BULK);
        while Instant::now() < end {
            self.channel.send(message.clone()).await?;
        }
        Ok(())
    }
}

/// What a connection tells.
struct Ends {
    candidates: mpsc::UnboundedReceiver<Message>,
    channels: mpsc::UnboundedReceiver<Arc<dyn DataChannel>>,
}

struct Handler {
    candidates: mpsc::UnboundedSender<Message>,
    channels: mpsc::UnboundedSender<Arc<dyn DataChannel>>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        if let Ok(candidate) = event.candidate.to_json() {
            let _ = self.candidates.send(Message::text(json!({ "candidate": candidate }).to_string()));
        }
    }

    async fn on_data_channel(&self, channel: Arc<dyn DataChannel>) {
        let _ = self.channels.send(channel);
    }
}

async fn connection() -> Result<(Ends, Arc<dyn PeerConnection>), Failure> {
    let (candidates, candidate_receiver) = mpsc::unbounded_channel();
    let (channels, channel_receiver) = mpsc::unbounded_channel();
    let peer = PeerConnectionBuilder::new()
        .with_handler(Arc::new(Handler { candidates, channels }))
        .with_udp_addrs(vec!["0.0.0.0:0".to_owned()])
        .with_data_channel_send_buffer_limit(QUEUE_MAX)
        .build()
        .await?;
    let ends = Ends { candidates: candidate_receiver, channels: channel_receiver };
    Ok((ends, Arc::new(peer)))
}

/// Carries descriptions and candidates both ways, until it is stopped.
async fn exchange(
    mut relay: Relay,
    peer: Arc<dyn PeerConnection>,
    mut candidates: mpsc::UnboundedReceiver<Message>,
) -> Result<(), Failure> {
    // The other end can do nothing with a candidate before it has the description.
    let mut has_described = peer.local_description().await.is_some();
    loop {
        tokio::select! {
            Some(candidate) = candidates.recv(), if has_described => relay.send(candidate).await?,
            Some(message) = relay.next() => {
                let Message::Text(text) = message? else { continue };
                let mut said: Value = serde_json::from_str(&text)?;
                if said["candidate"].is_object() {
                    peer.add_ice_candidate(serde_json::from_value(said["candidate"].take())?).await?;
                }
                let sdp = said["description"]["sdp"].as_str().unwrap_or_default().to_owned();
                match said["description"]["type"].as_str() {
                    Some("offer") => {
                        peer.set_remote_description(RTCSessionDescription::offer(sdp)?).await?;
                        let answer = peer.create_answer(None).await?;
                        peer.set_local_description(answer).await?;
                        let answer = peer.local_description().await.ok_or("no answer")?;
                        relay.send(description(&answer)).await?;
                        has_described = true;
                    }
                    Some(_) => peer.set_remote_description(RTCSessionDescription::answer(sdp)?).await?,
                    None => {}
                }
            }
            else => return Ok(()),
        }
    }
}

fn description(description: &RTCSessionDescription) -> Message {
    let said = json!({ "type": description.sdp_type.to_string(), "sdp": description.sdp });
    Message::text(json!({ "description": said }).to_string())
}
