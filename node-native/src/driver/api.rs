//! What the rest of the node asks of the driver, and what it answers.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use tabmesh_engine::{BlockHash, LinkView, NodeId, Status, TopicId, sha256};

use super::face::ModuleView;

/// An operation of the application.
#[derive(Debug)]
pub enum Wish {
    /// Put a stored block on the nodes closest to it.
    Put(BlockHash),
    /// Fetch a block into the store.
    Get(BlockHash),
    /// Find the nodes closest to an id.
    Find(NodeId),
    /// Send a message; the other node has it once this ends well.
    Send {
        /// To whom.
        to: NodeId,
        /// At most [`MESSAGE_MAX`](tabmesh_engine::limits::MESSAGE_MAX) bytes.
        bytes: Vec<u8>,
    },
    /// Ask whoever answers questions at a node.
    Ask {
        /// Whom.
        to: NodeId,
        /// At most [`MESSAGE_MAX`](tabmesh_engine::limits::MESSAGE_MAX) bytes.
        bytes: Vec<u8>,
        /// How long the answer is waited for: at most two minutes.
        within: Duration,
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
    /// Ask: what was answered.
    pub answer: Bytes,
    /// Send and Ask: the node that was asked ended it, over its own link.
    pub is_proven: bool,
    /// Send and Ask: the node that was asked ended it, not this one.
    pub is_told: bool,
    /// Publish: linked peers, and clients of this node that take part, when it was asked for. With none nobody can have taken it.
    pub reached: usize,
}

impl Outcome {
    pub(super) fn of(status: Status) -> Self {
        Self {
            status,
            holders: 0,
            found: Vec::new(),
            crowded: false,
            answer: Bytes::new(),
            is_proven: false,
            is_told: false,
            reached: 0,
        }
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
    /// Of these the addresses that are known: see [`Link::from`](crate::link::Link::from).
    pub from: Vec<(NodeId, IpAddr)>,
    /// The closest nodes known.
    pub neighbourhood: Vec<NodeId>,
    /// WebSocket addresses of peers that are known.
    pub addresses: u16,
    /// Modules in this process, those that failed last.
    pub modules: Vec<ModuleView>,
}
