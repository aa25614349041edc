//! What the driver owns. What it does with it is told in the files beside this one, one for each kind of work.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tabmesh_engine::{
    Event, Instant, JobId, LinkId, Node, NodeId, OpId, PublicKey, Signature, Status, TopicId,
};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use url::Url;

use super::api::{Outcome, Said};
use super::attached::Ports;
use super::clock::Clock;
use super::memory::Memory;
use super::port::{Message, Return};
use super::seated::Seated;
use super::troubles::Troubles;
use super::verifier::{OfEngine, Verifier};
use crate::addresses::Addresses;
use crate::identity::Identity;
use crate::link::circuit::Circuit;
use crate::link::webrtc::Ice;
use crate::link::{self, Link};
use crate::metrics::Metrics;
use crate::signalling::{self, Signalling};
use crate::storage::{Answer, Storage};

/// A WebSocket that a peer opened to the listener.
pub(crate) type Incoming = WebSocketStream<TokioIo<Upgraded>>;

pub(super) struct Driver {
    pub(super) node: Node,
    pub(super) clock: Clock,
    pub(super) due: Instant,
    pub(super) identity: Arc<Identity>,
    /// See [`Config::network`].
    pub(super) network: [u8; 8],
    pub(super) storage: Storage,
    pub(super) metrics: Arc<Metrics>,
    pub(super) events: broadcast::Sender<Event>,
    pub(super) messages: broadcast::Sender<Message>,
    pub(super) ice: Ice,
    pub(super) addresses: Addresses,
    pub(super) links: HashMap<LinkId, Entry>,
    /// The relayed links among the engine's.
    pub(super) circuits: HashMap<LinkId, Circuit>,
    /// Frames of the drain under way, joined by link.
    pub(super) packets: HashMap<LinkId, Vec<u8>>,
    /// Counts links and signalling connections, to tell stale reports.
    pub(super) generation: u64,
    pub(super) waiting: VecDeque<Incoming>,
    pub(super) servers: Arc<[Url]>,
    /// The server to try first.
    pub(super) server: usize,
    pub(super) signalling: Option<(u64, Signalling)>,
    pub(super) is_signalling: bool,
    /// The server that was tried last, and why it did not do; `None` once one does.
    pub(super) signalling_trouble: Option<String>,
    /// What was told of signalling servers.
    pub(super) troubles: Troubles,
    /// What was told of the peers that the operator named.
    pub(super) peer_troubles: Troubles,
    /// Dials of addresses that the engine ended before anybody proved itself, until it says why. It says the one with the link's number
    /// and the other, right after it, without.
    pub(super) ended_dials: Vec<Url>,
    /// Whether the server said why it closes this connection.
    pub(super) is_refused: bool,
    pub(super) operations: HashMap<OpId, Operation>,
    pub(super) last_operation: u32,
    /// At most `topics_max`.
    pub(super) topics: HashMap<TopicId, Topic>,
    /// What the engine of this profile takes.
    pub(super) topics_max: usize,
    pub(super) ports: Ports,
    /// The modules in this process.
    pub(super) seated: Seated,
    /// What the engine was told to hold.
    pub(super) held: Vec<NodeId>,
    /// What questions and attachments are given, to come back here.
    pub(super) returns: mpsc::UnboundedSender<Return>,
    pub(super) memory: Memory,
    pub(super) findings: VecDeque<Finding>,
    pub(super) tasks: JoinSet<()>,
    pub(super) reports: mpsc::Sender<link::Report>,
    pub(super) answers: mpsc::UnboundedSender<(JobId, Answer)>,
    pub(super) verifier: Verifier<OfEngine>,
    pub(super) signals: mpsc::Sender<signalling::Report>,
    pub(super) has_left: bool,
}

/// What the driver found out while it drained outputs, and tells the engine next.
pub(super) enum Finding {
    Signed(JobId, Option<Signature>),
    NotDone(JobId),
    /// What this operation says is wanted.
    Wanted(JobId, OpId),
    /// A message of a topic: signed, sound or remembered; or not.
    Message(JobId, Option<Vec<u8>>),
    /// Something that was asked is answered at once, without any bytes but the ticket.
    Reply(Status, Vec<u8>),
    LinkLost(LinkId),
    LinkUp(LinkId),
    /// This end's key of a relayed link.
    Described(LinkId, PublicKey),
    Sealed(LinkId, Vec<u8>),
    Unsealed(LinkId, Vec<u8>),
    SignalLost,
    Addresses(u16),
}

/// A link and which of those with its number it is.
pub(super) struct Entry {
    pub(super) link: Link,
    pub(super) generation: u64,
    /// The address behind which somebody is to prove itself.
    pub(super) dialled: Option<Url>,
}

/// An operation under way.
pub(super) struct Operation {
    pub(super) outcome: Outcome,
    pub(super) wish: &'static str,
    /// What is asked.
    pub(super) message: Bytes,
    pub(super) waiting: Waiting,
}

/// Who waits for the end of an operation.
pub(super) enum Waiting {
    Caller(oneshot::Sender<Outcome>),
    /// An attachment, with its own number for what it asks.
    Port {
        attachment: u64,
        op: u32,
    },
}

/// A topic that this node takes part in, for as long as a client listens, or until a while after it published is over.
pub(super) struct Topic {
    pub(super) messages: broadcast::Sender<Said>,
    pub(super) until: Instant,
}
