//! What the rest of the node asks of the driver, and what it answers.

use std::sync::Arc;
use std::time::Duration;

use tabmesh_engine::{Event, LinkView, NodeId, Status};
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::metrics::Metrics;
use crate::storage::Storage;

/// An operation of the application.
#[derive(Debug)]
pub enum Wish {
    /// Put a stored block on the nodes closest to it.
    Put(NodeId),
    /// Fetch a block into the store.
    Get(NodeId),
    /// Find the nodes closest to an id.
    Find(NodeId),
    /// Send a message.
    Send {
        /// To whom.
        to: NodeId,
        /// What.
        bytes: Vec<u8>,
    },
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
}

impl Outcome {
    pub(super) fn of(status: Status) -> Self {
        Self { status, holders: 0, found: Vec::new() }
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
