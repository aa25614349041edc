//! Links over WebRTC: one peer connection with one ordered, reliable data channel, agreed on beforehand as stream 0.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::webrtc::data_channel::{DataChannel, DataChannelEvent, RTCDataChannelInit};
use ::webrtc::error::Error;
use ::webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCConfigurationBuilder,
    RTCIceGatheringState, RTCIceServer, RTCPeerConnectionState, RTCSessionDescription, SettingEngine,
    SettingEngineBuilder,
};
use ::webrtc::runtime::default_runtime;
use bytes::BytesMut;
use rtc::ice::mdns::MulticastDnsMode;
use rtc::peer_connection::configuration::setting_engine::SctpMaxMessageSize;
use rtc::peer_connection::transport::RTCDtlsRole;
use tabmesh_engine::LinkKind;
use tabmesh_engine::wire::description::Description;
use thiserror::Error as ThisError;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::checks::{Checks, Hosts};
use super::sdp::{self, Role};
use super::stepped::Stepped;
use super::{CLOSE_MAX, Link, OPEN_MAX, Outbox, Packet, Reporter, What};
use crate::settings::{IceServer, Settings};

/// How long to look for addresses before the description leaves; host addresses take no time.
const GATHER_MAX: Duration = Duration::from_secs(1);

/// How often the addresses are tried (RFC 8445's Ta), and how many times: a few lost datagrams or a slow answer must
/// not end it. webrtc would try 7 times in 1.4 seconds. What really goes out is told in [`Checks`].
const CHECK_EVERY: Duration = Duration::from_millis(50);
const CHECKS_MAX: u16 = 100;

/// How often an idle connection shows that it lives: often enough for the mappings of a NAT, and a fifth of webrtc's
/// own rate, which would be most of an idle node's traffic.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(10);

/// After this silence, and this much more of it, ICE gives a connection up (RFC 7675: 30 seconds). The engine's own
/// probes are quicker.
const SILENT_MAX: Duration = Duration::from_secs(30);
const FAILED_AFTER: Duration = Duration::from_secs(20);

/// Bytes that SCTP may hold unacknowledged. What is in there can no longer be overtaken by control frames, so it is
/// what one credit window of the engine can fill and no more.
const SEND_BUFFER: usize = 512 * 1024;

/// The channel's name; the browser shell uses the same.
const LABEL: &str = "tabmesh";

/// What every peer connection of this node needs to know.
#[derive(Clone, Debug)]
pub struct Ice {
    udp: Arc<[SocketAddr]>,
    servers: Arc<[RTCIceServer]>,
    hosts: Arc<Hosts>,
}

impl Ice {
    /// From the settings.
    pub fn new(settings: &Settings) -> Self {
        let server = |server: &IceServer| RTCIceServer {
            urls: vec![server.url.clone()],
            username: server.username.clone(),
            credential: server.credential.clone(),
        };
        Self {
            udp: settings.udp.clone().into(),
            servers: settings.ice.iter().map(server).collect(),
            hosts: Arc::default(),
        }
    }
}

/// Why a connection did not open. Only ever logged: the engine gets a link that is down.
#[derive(Debug, ThisError)]
enum OpenError {
    #[error("{0}")]
    WebRtc(#[from] Error),
    #[error("the other end's description is none")]
    Description,
    #[error("no address to bind WebRTC to; name one with --udp")]
    NoAddress,
    #[error("it did not open in time")]
    Timeout,
    #[error("the connection failed")]
    Failed,
}

/// Makes an offer, which [`What::Described`] brings; the answer comes by [`Link::answered`].
pub fn offer(ice: Ice, reporter: Reporter) -> (Link, impl Future<Output = ()> + Send + 'static) {
    let (sender, answer) = oneshot::channel();
    let (link, outbox) = Link::new(LinkKind::WebRtc, Some(sender));
    (link, run(ice, Begin::Offer(answer), outbox, reporter))
}

/// Answers a description; [`What::Described`] brings the answer.
pub fn answer(
    ice: Ice,
    description: Vec<u8>,
    reporter: Reporter,
) -> (Link, impl Future<Output = ()> + Send + 'static) {
    let (link, outbox) = Link::new(LinkKind::WebRtc, None);
    (link, run(ice, Begin::Answer(description), outbox, reporter))
}

enum Begin {
    Offer(oneshot::Receiver<Vec<u8>>),
    Answer(Vec<u8>),
}

async fn run(ice: Ice, begin: Begin, mut outbox: Outbox, reporter: Reporter) {
    let connection = match Connection::new(&ice).await {
        Ok(connection) => connection,
        Err(error) => return failed(&error, &reporter).await,
    };
    let opened = tokio::select! {
        opened = timeout(OPEN_MAX, connection.open(begin, &reporter)) => opened.unwrap_or(Err(OpenError::Timeout)),
        () = outbox.abandoned() => return connection.free().await,
    };
    match opened {
        Ok(()) => {
            if let Some(from) = connection.from().await {
                let _ = outbox.from.set(from);
            }
            reporter.tell(What::Up).await;
            if connection.carry(&mut outbox, &reporter).await {
                connection.drain().await;
                connection.free().await;
            } else {
                connection.free().await;
                reporter.tell(What::Down).await;
            }
        }
        Err(error) => {
            connection.free().await;
            failed(&error, &reporter).await;
        }
    }
}

async fn failed(error: &OpenError, reporter: &Reporter) {
    match error {
        OpenError::NoAddress => tracing::warn!(%error, "WebRTC cannot be used"),
        _ => tracing::debug!(link = reporter.link.number(), %error, "a WebRTC link did not open"),
    }
    reporter.tell(What::Down).await;
}

/// A peer connection and its one channel.
struct Connection {
    peer: Arc<dyn PeerConnection>,
    channel: Arc<dyn DataChannel>,
    gathered: watch::Receiver<bool>,
    failed: watch::Receiver<bool>,
    is_open: Arc<AtomicBool>,
}

/// Passes on the two state changes that matter.
struct Watcher {
    gathered: watch::Sender<bool>,
    failed: watch::Sender<bool>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Watcher {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.gathered.send_replace(true);
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        if matches!(state, RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed) {
            self.failed.send_replace(true);
        }
    }
}

fn engine_settings() -> SettingEngine {
    SettingEngineBuilder::new()
        .with_answering_dtls_role(RTCDtlsRole::Client)
        // A browser that hides its addresses is found by the checks it sends: no multicast socket a link is needed.
        .with_multicast_dns_mode(MulticastDnsMode::Disabled)
        // Without this a pair found by the other end's checks waits more than a second for a better one.
        .with_prflx_acceptance_min_wait(Some(Duration::ZERO))
        .with_ice_connection_attempts(Some(CHECK_EVERY), Some(CHECKS_MAX))
        .with_ice_timeouts(Some(SILENT_MAX), Some(FAILED_AFTER), Some(KEEP_ALIVE_EVERY))
        .with_sctp_max_message_size(SctpMaxMessageSize::Bounded(sdp::MESSAGE_MAX))
        .build()
}

impl Connection {
    async fn new(ice: &Ice) -> Result<Self, OpenError> {
        let (gathered_sender, gathered) = watch::channel(false);
        let (failed_sender, failed) = watch::channel(false);
        let configuration = RTCConfigurationBuilder::new().with_ice_servers(ice.servers.to_vec()).build();
        let is_open = Arc::new(AtomicBool::new(false));
        let runtime = default_runtime().ok_or(OpenError::Failed)?;
        let peer = PeerConnectionBuilder::new()
            .with_runtime(Arc::new(Stepped::new(runtime, is_open.clone(), Checks::new(ice.hosts.clone()))))
            .with_configuration(configuration)
            .with_setting_engine(engine_settings())
            .with_handler(Arc::new(Watcher { gathered: gathered_sender, failed: failed_sender }))
            .with_udp_addrs(ice.udp.to_vec())
            .with_data_channel_send_buffer_limit(SEND_BUFFER)
            .build()
            .await?;
        let peer: Arc<dyn PeerConnection> = Arc::new(peer);
        let init = RTCDataChannelInit { negotiated: Some(0), ..RTCDataChannelInit::default() };
        match peer.create_data_channel(LABEL, Some(init)).await {
            Ok(channel) => Ok(Self { peer, channel, gathered, failed, is_open }),
            Err(error) => {
                let _ = peer.close().await;
                Err(error.into())
            }
        }
    }

    /// Exchanges descriptions and waits for the channel to open.
    async fn open(&self, begin: Begin, reporter: &Reporter) -> Result<(), OpenError> {
        match begin {
            Begin::Offer(answer) => {
                let offer = self.peer.create_offer(None).await?;
                self.describe(offer, reporter).await?;
                // The driver drops the sender only together with the link, and then this whole task ends.
                let answer = answer.await.map_err(|_| OpenError::Failed)?;
                let answer = Description::parse(&answer).ok_or(OpenError::Description)?;
                let answer = RTCSessionDescription::answer(sdp::write(&answer, Role::Answer))?;
                self.peer.set_remote_description(answer).await?;
            }
            Begin::Answer(offer) => {
                let offer = Description::parse(&offer).ok_or(OpenError::Description)?;
                let offer = RTCSessionDescription::offer(sdp::write(&offer, Role::Offer))?;
                self.peer.set_remote_description(offer).await?;
                let answer = self.peer.create_answer(None).await?;
                self.describe(answer, reporter).await?;
            }
        }
        let mut failed = self.failed.clone();
        loop {
            let event = tokio::select! {
                event = self.channel.poll() => event,
                _ = failed.wait_for(|failed| *failed) => None,
            };
            match event {
                Some(DataChannelEvent::OnOpen) => {
                    self.is_open.store(true, Ordering::Relaxed);
                    return Ok(());
                }
                Some(DataChannelEvent::OnClose) | None => return Err(OpenError::Failed),
                Some(_) => {}
            }
        }
    }

    /// Sets the local description, gathers addresses, and reports what the other end needs.
    async fn describe(&self, local: RTCSessionDescription, reporter: &Reporter) -> Result<(), OpenError> {
        self.peer.set_local_description(local).await?;
        let mut gathered = self.gathered.clone();
        // A STUN or TURN server that does not answer must not keep the addresses that are known from being tried.
        let _ = timeout(GATHER_MAX, gathered.wait_for(|gathered| *gathered)).await;
        let local = self.peer.local_description().await.ok_or(OpenError::Failed)?;
        let description = sdp::read(&local.sdp).ok_or(OpenError::Failed)?;
        if description.candidates.is_empty() {
            return Err(OpenError::NoAddress);
        }
        reporter.tell(What::Described(description.emit())).await;
        Ok(())
    }

    /// The address to which the chosen pair of candidates leads.
    async fn from(&self) -> Option<IpAddr> {
        let pair = self.peer.sctp().await?.transport().ice_transport().get_selected_candidate_pair().await;
        pair.ok()??.remote().address.parse().ok()
    }

    /// Carries packets both ways. `true` if the driver ended it, `false` if the peer or the network did.
    async fn carry(&self, outbox: &mut Outbox, reporter: &Reporter) -> bool {
        let mut failed = self.failed.clone();
        tokio::select! {
            () = self.read(reporter) => false,
            ended_here = self.write(outbox, reporter) => ended_here,
            _ = failed.wait_for(|failed| *failed) => false,
        }
    }

    async fn read(&self, reporter: &Reporter) {
        while let Some(event) = self.channel.poll().await {
            match event {
                DataChannelEvent::OnMessage(message) if !message.is_string => {
                    reporter.tell(What::Packet(Packet::plain(message.data.freeze()))).await;
                }
                DataChannelEvent::OnMessage(_) | DataChannelEvent::OnClose => return,
                _ => {}
            }
        }
    }

    async fn write(&self, outbox: &mut Outbox, reporter: &Reporter) -> bool {
        while let Some(packet) = outbox.next().await {
            let length = packet.len();
            // Waits while SCTP holds more than SEND_BUFFER: the queue then grows where the engine sees it.
            if self.channel.send(BytesMut::from(packet)).await.is_err() {
                return false;
            }
            outbox.sent(length, reporter).await;
        }
        true
    }

    /// Waits until the peer has acknowledged what was sent; a while at most.
    async fn drain(&self) {
        let deadline = Instant::now() + CLOSE_MAX;
        let drained = async {
            while self.channel.outstanding_bytes().await.is_ok_and(|bytes| bytes > 0) {
                sleep(Duration::from_millis(5)).await;
            }
        };
        let _ = timeout_at(deadline, drained).await;
    }

    /// Closes the connection and its sockets.
    async fn free(&self) {
        let _ = self.channel.close().await;
        if let Err(error) = self.peer.close().await {
            tracing::warn!(%error, "a WebRTC connection did not close cleanly");
        }
    }
}
