//! Links: what carries packets to one peer. A WebRTC data channel or a WebSocket, one task each.
//!
//! A link's task owns its connection and frees it when it ends, whatever the reason. The driver holds a [`Link`]:
//! dropping it closes the link once what was sent is out.

mod checks;
pub mod circuit;
mod error;
pub mod sdp;
pub mod seal;
pub mod socket;
mod stepped;
mod tcp;
pub mod trouble;
pub mod webrtc;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tabmesh_engine::{LinkId, LinkKind, PublicKey, limits};
use tokio::sync::{mpsc, oneshot};

pub use self::error::DialError;
use self::seal::{FreshKey, Opener, SealError, Sealer};

/// See [`LinkKind::Socket`].
const SOCKET_INFO: &[u8] = b"tabmesh socket v2";

/// How long a link may take to open.
pub const OPEN_MAX: Duration = Duration::from_secs(20);

/// After so long without an answer the operator is told, and waiting goes on.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// How long a closing link may take to send what is queued and say goodbye.
const CLOSE_MAX: Duration = Duration::from_secs(2);

/// Bytes that may wait for one link. The engine stops long before ([`limits::QUEUE_STUCK`]); a link that gets here
/// is closed.
const QUEUED_MAX: u32 = 2 * limits::QUEUE_STUCK;

/// What a link's task tells the driver.
#[derive(Debug)]
pub struct Report {
    /// Which link.
    pub link: LinkId,
    /// Which of the links that had this number: a report of an earlier one is stale.
    pub generation: u64,
    /// What happened.
    pub what: What,
}

/// What happened on a link.
#[derive(Debug)]
pub enum What {
    /// WebRTC: this end's description.
    Described(Vec<u8>),
    /// It is open.
    Up,
    /// A WebSocket that this end dialled has not opened for [`PATIENCE`]; waiting goes on.
    Late,
    /// A WebSocket that this end dialled did not open, for this reason; the task has freed it. Nothing follows.
    Failed(DialError),
    /// It did not open or is gone; the task has freed it. Nothing follows.
    Down,
    /// One message, for [`Link::take`].
    Packet(Packet),
    /// This many bytes still wait.
    Drained(u32),
}

/// One message as it came. It may have waited for the driver, which agreed on keys meanwhile.
#[derive(Debug)]
pub struct Packet {
    bytes: Bytes,
    was_opened: bool,
}

impl Packet {
    fn plain(bytes: Bytes) -> Self {
        Self { bytes, was_opened: false }
    }

    fn opened(bytes: Vec<u8>) -> Self {
        Self { bytes: bytes.into(), was_opened: true }
    }
}

/// Where a link's task sends its reports; waits when the driver is behind, so that a peer cannot fill the memory.
#[derive(Clone, Debug)]
pub struct Reporter {
    /// To the driver.
    pub reports: mpsc::Sender<Report>,
    /// Which link.
    pub link: LinkId,
    /// See [`Report::generation`].
    pub generation: u64,
}

impl Reporter {
    async fn tell(&self, what: What) {
        let report = Report { link: self.link, generation: self.generation, what };
        // The driver is gone only when the whole node stops.
        let _ = self.reports.send(report).await;
    }
}

/// The driver's end of one link.
#[derive(Debug)]
pub struct Link {
    kind: LinkKind,
    packets: mpsc::UnboundedSender<Outgoing>,
    queued: Arc<AtomicU32>,
    answer: Option<oneshot::Sender<Vec<u8>>>,
    /// WebSocket: its fresh key, until the other end's is known.
    fresh: Option<FreshKey>,
    opener: SharedOpener,
    is_sealed: bool,
    from: Arc<OnceLock<IpAddr>>,
}

/// What the driver hands a link's task.
enum Outgoing {
    Packet(Bytes),
    /// All packets behind it are sealed.
    Seal(Box<Sealer>),
}

/// What the packets that come are opened with, once the driver has put it there.
type SharedOpener = Arc<Mutex<Option<Opener>>>;

/// Far more waits than the engine allows, or the task has ended: the link is no use any more.
#[derive(Debug)]
pub struct Stuck;

impl Link {
    fn new(kind: LinkKind, answer: Option<oneshot::Sender<Vec<u8>>>) -> (Self, Outbox) {
        // Bounded by bytes (`QUEUED_MAX`) rather than by packets, whose sizes differ a thousandfold.
        let (packets, waiting) = mpsc::unbounded_channel();
        let queued = Arc::new(AtomicU32::new(0));
        let opener = SharedOpener::default();
        let outbox = Outbox {
            packets: waiting,
            early: VecDeque::new(),
            queued: queued.clone(),
            unreported: 0,
            sealer: None,
            opener: opener.clone(),
            from: Arc::default(),
        };
        let from = outbox.from.clone();
        (Self { kind, packets, queued, answer, fresh: None, opener, is_sealed: false, from }, outbox)
    }

    /// Agrees with the other end of a WebSocket on what both seal with: what comes is opened from here on. What goes out
    /// is sealed from [`Link::seal_from_here`] on, so that what was sent before goes first.
    ///
    /// # Errors
    ///
    /// [`SealError::Key`].
    pub fn agree(
        &mut self,
        peer: &PublicKey,
        transcript: &[u8; 32],
        dialled: bool,
    ) -> Result<Sealer, SealError> {
        let fresh = self.fresh.take().ok_or(SealError::Key)?;
        let (sealer, opener) = fresh.agree(peer, &[SOCKET_INFO, transcript], dialled)?;
        *self.opener.lock().unwrap_or_else(PoisonError::into_inner) = Some(opener);
        self.is_sealed = true;
        Ok(sealer)
    }

    /// What a message says.
    ///
    /// # Errors
    ///
    /// [`SealError::Sealed`] where it came in the clear before both ends agreed on keys and was not heard until now: anybody may
    /// have sent it.
    pub fn take(&self, packet: Packet) -> Result<Bytes, SealError> {
        if self.is_sealed && !packet.was_opened { Err(SealError::Sealed) } else { Ok(packet.bytes) }
    }

    /// Every packet that is sent after this is sealed.
    pub fn seal_from_here(&self, sealer: Sealer) {
        // A task that has ended reports so itself.
        let _ = self.packets.send(Outgoing::Seal(Box::new(sealer)));
    }

    /// The address at the other end, where that is known: of an open WebRTC link. Where it goes by a TURN server, that one's.
    pub fn from(&self) -> Option<IpAddr> {
        self.from.get().copied()
    }

    /// Over what.
    pub fn kind(&self) -> LinkKind {
        self.kind
    }

    /// Queues one packet, at most [`limits::PACKET_MAX`] bytes. Before the link is open, packets wait.
    ///
    /// # Errors
    ///
    /// Too much is queued, or the task has ended.
    pub fn send(&self, packet: Bytes) -> Result<(), Stuck> {
        let length = u32::try_from(packet.len()).unwrap_or(u32::MAX);
        if self.queued.load(Ordering::Relaxed).saturating_add(length) > QUEUED_MAX {
            return Err(Stuck);
        }
        self.queued.fetch_add(length, Ordering::Relaxed);
        self.packets.send(Outgoing::Packet(packet)).map_err(|_| Stuck)
    }

    /// Hands over the other end's answer; nothing happens on a link that waits for none.
    pub fn answered(&mut self, description: Vec<u8>) {
        if let Some(answer) = self.answer.take() {
            let _ = answer.send(description);
        }
    }
}

/// The task's end of the send queue. It ends when the driver has dropped the [`Link`] and all packets are taken.
struct Outbox {
    packets: mpsc::UnboundedReceiver<Outgoing>,
    early: VecDeque<Outgoing>,
    queued: Arc<AtomicU32>,
    unreported: u32,
    sealer: Option<Sealer>,
    opener: SharedOpener,
    from: Arc<OnceLock<IpAddr>>,
}

impl Outbox {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let outgoing = match self.early.pop_front() {
                Some(outgoing) => outgoing,
                None => self.packets.recv().await?,
            };
            if let Some(packet) = self.take(outgoing) {
                return Some(packet);
            }
        }
    }

    /// The packet, sealed where it has to be.
    fn take(&mut self, outgoing: Outgoing) -> Option<Bytes> {
        match (outgoing, &mut self.sealer) {
            (Outgoing::Packet(packet), None) => Some(packet),
            (Outgoing::Packet(packet), Some(sealer)) => {
                // What is counted as sent is what goes out.
                self.queued.fetch_add(limits::SEAL as u32, Ordering::Relaxed);
                sealer.seal(packet.into()).ok().map(Bytes::from)
            }
            (Outgoing::Seal(sealer), _) => {
                self.sealer = Some(*sealer);
                None
            }
        }
    }

    /// Ends when the driver has dropped the link; meanwhile packets are put aside. For as long as it is not open.
    async fn abandoned(&mut self) {
        while let Some(packet) = self.packets.recv().await {
            self.early.push_back(packet);
        }
    }

    /// The next packet if one waits already.
    fn waiting(&mut self) -> Option<Bytes> {
        loop {
            let outgoing = self.early.pop_front().or_else(|| self.packets.try_recv().ok())?;
            if let Some(packet) = self.take(outgoing) {
                return Some(packet);
            }
        }
    }

    /// Counts `length` bytes as sent, and tells the driver when it should know.
    async fn sent(&mut self, length: usize, reporter: &Reporter) {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        let before = self.queued.fetch_sub(length, Ordering::Relaxed);
        let after = before.saturating_sub(length);
        self.unreported = self.unreported.saturating_add(length);
        if self.unreported >= limits::DRAINED_STEP {
            self.unreported = 0;
            reporter.tell(What::Drained(after)).await;
        }
    }
}

#[cfg(test)]
mod tests;
