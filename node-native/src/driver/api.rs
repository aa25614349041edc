//! What the rest of the node asks of the driver, and what it answers.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tabmesh_engine::{BlockHash, Event, LinkView, NodeId, Status, TopicId, sha256};
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::metrics::Metrics;
use crate::storage::Storage;

/// An operation of the application.
#[derive(Debug)]
pub enum Wish {
    /// Put a stored block on the nodes closest to it.
    Put(BlockHash),
    /// Fetch a block into the store.
    Get(BlockHash),
    /// Find the nodes closest to an id.
    Find(NodeId),
    /// Send a message.
    Send {
        /// To whom.
        to: NodeId,
        /// What.
        bytes: Vec<u8>,
    },
    /// Tell all who take part in a topic, the clients of this node among them; it takes part itself for at least 15 seconds,
    /// so that others may ask for what they missed. [`Status::TooManyRequests`] where it takes part in as many
    /// others as it can, or says more than those it is linked to can take in: again a moment later.
    Publish {
        /// See [`topic_id`].
        topic: TopicId,
        /// At most [`PUBLISH_MAX`](tabmesh_engine::limits::PUBLISH_MAX) bytes.
        bytes: Vec<u8>,
    },
}

/// A message of a topic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// By whom; its signature holds. May be this node itself: its clients hear each other.
    pub from: NodeId,
    /// When, by its sender's word: milliseconds since 1970, or 0 if its sender knew no wall time.
    pub sent_ms: u64,
    /// What.
    pub bytes: Bytes,
}

/// The id of the topic that is called `name`; `None` unless it has 1 to 255 bytes.
pub fn topic_id(name: &str) -> Option<TopicId> {
    let named = [b"tabmesh topic v1", name.as_bytes()].concat();
    (1..=255).contains(&name.len()).then(|| TopicId(sha256(&named)))
}

/// How an operation ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// How.
    pub status: Status,
    /// Put: how many nodes hold the block.
    pub holders: u8,
    /// Find: the nodes found, nearest first.
    pub found: Vec<NodeId>,
    /// Find: they lie closer together than chance puts them; somebody may have made ids to hide what is there.
    pub crowded: bool,
    /// Publish: linked peers, and clients of this node that take part, when it was asked for. With none nobody can have taken it.
    pub reached: usize,
}

impl Outcome {
    pub(super) fn of(status: Status) -> Self {
        Self { status, holders: 0, found: Vec::new(), crowded: false, reached: 0 }
    }
}

/// What a node shows of itself.
#[derive(Clone, Debug)]
pub struct View {
    /// Its id.
    pub id: NodeId,
    /// Whether it is part of the network.
    pub is_joined: bool,
    /// Whether a signalling server is connected.
    pub is_signalling: bool,
    /// The signalling server that was tried last, and why it did not do.
    pub signalling_trouble: Option<String>,
    /// The configured addresses behind which no peer proves itself, each with what was wrong last.
    pub peer_troubles: Vec<String>,
    /// Since the start.
    pub uptime: Duration,
    /// Links to proved peers, with the time since each proved itself.
    pub links: Vec<(LinkView, Duration)>,
    /// The closest nodes known.
    pub neighbourhood: Vec<NodeId>,
    /// WebSocket addresses of peers that are known.
    pub addresses: u16,
}

/// A message to the driver.
#[derive(Debug)]
pub(crate) enum Request {
    Do(Wish, oneshot::Sender<Outcome>),
    Listen(TopicId, oneshot::Sender<Result<broadcast::Receiver<Said>, Status>>),
    Look(oneshot::Sender<View>),
    Leave,
}

/// The node as its other parts see it. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    pub(super) id: NodeId,
    pub(super) requests: mpsc::Sender<Request>,
    pub(super) events: broadcast::Sender<Event>,
    pub(super) storage: Storage,
    pub(super) metrics: Arc<Metrics>,
}

impl Handle {
    /// The node's id.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// Does `wish` and waits for its end. Dropping the future gives the operation up. A node that stops answers
    /// [`Status::Unavailable`].
    pub async fn wish(&self, wish: Wish) -> Outcome {
        let (sender, outcome) = oneshot::channel();
        if self.requests.send(Request::Do(wish, sender)).await.is_err() {
            return Outcome::of(Status::Unavailable);
        }
        outcome.await.unwrap_or_else(|_| Outcome::of(Status::Unavailable))
    }

    /// What the node shows of itself; `None` if it stops.
    pub async fn look(&self) -> Option<View> {
        let (sender, view) = oneshot::channel();
        self.requests.send(Request::Look(sender)).await.ok()?;
        view.await.ok()
    }

    /// Every event from now on. One who reads too slowly misses some and is told how many.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Takes part in a topic and hears what is said there from now on, until the receiver is dropped; at most a second later
    /// the node takes part no longer, unless others of its clients do. Whoever reads too slowly misses some and
    /// is told how many.
    ///
    /// # Errors
    ///
    /// [`Status::TooManyRequests`]: the node takes part in as many topics as it can. [`Status::Unavailable`]: it stops.
    pub async fn listen(&self, topic: TopicId) -> Result<broadcast::Receiver<Said>, Status> {
        let (sender, messages) = oneshot::channel();
        if self.requests.send(Request::Listen(topic, sender)).await.is_err() {
            return Err(Status::Unavailable);
        }
        messages.await.unwrap_or(Err(Status::Unavailable))
    }

    /// The block store.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// The counters.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Asks the node to say goodbye and stop.
    pub async fn leave(&self) {
        let _ = self.requests.send(Request::Leave).await;
    }
}
