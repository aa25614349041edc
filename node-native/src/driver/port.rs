//! What is said at ports, as those hear and say it who are attached there.

use std::time::Duration;

use bytes::Bytes;
use tabmesh_engine::{NodeId, Reason, Status};
use thiserror::Error;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use crate::module::Fault;

/// A message that another node's application sent to this one's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Who says so.
    pub from: NodeId,
    /// Its own link brought it.
    pub is_proven: bool,
    /// What.
    pub bytes: Bytes,
}

/// What comes to a port.
#[derive(Debug)]
pub enum PortEvent {
    /// Another node's module of this port tells something. Lost where this end is far behind.
    Said(Message),
    /// Another node's module of this port, or another module of this node, asks something.
    Asked(Question),
    /// A [`PortCommand::Ask`] or [`PortCommand::AskHere`] ended.
    Replied {
        /// Its number.
        op: u32,
        /// How.
        status: Status,
        /// Whoever was asked answered over its own link.
        is_proven: bool,
        /// This node ended it, not who was asked.
        is_here: bool,
        /// The answer.
        bytes: Bytes,
    },
    /// At a linked peer this port is open, or no longer.
    Peer {
        /// Who.
        id: NodeId,
        /// The version that is spoken there; `None` if the port is not open there, or the peer no longer linked.
        version: Option<u8>,
    },
    /// The link to a held node is there.
    Linked {
        /// Who.
        id: NodeId,
        /// The round trip in microseconds as last measured; 0 until then.
        rtt_us: u32,
        /// It goes through a relay.
        is_relayed: bool,
    },
    /// The link to a held node is lost, or could not be made. It is tried again while the node is held.
    Unlinked {
        /// Who.
        id: NodeId,
        /// Why.
        reason: Reason,
    },
}

/// What may be wanted at a port. The port itself is not named: nobody speaks on another's.
#[derive(Debug)]
pub enum PortCommand {
    /// Tell a module of another node something, once: whether it comes nobody says.
    Tell {
        /// Whom.
        to: NodeId,
        /// At most [`TELL_MAX`](tabmesh_engine::limits::TELL_MAX); a longer one goes nowhere.
        bytes: Vec<u8>,
    },
    /// Ask a module of another node something; [`PortEvent::Replied`] ends it.
    Ask {
        /// The module's own number for it. An ask with the number of one that is under way is not sent and has no end of its own.
        op: u32,
        /// Whom.
        to: NodeId,
        /// How long the answer is waited for: at most two minutes.
        within: Duration,
        /// At most [`MESSAGE_MAX`](tabmesh_engine::limits::MESSAGE_MAX).
        bytes: Vec<u8>,
    },
    /// Keep links to these, of more than 40 to the first so many; replaces what was held before.
    Hold(Vec<NodeId>),
    /// Ask a module or program at another port of this node something; [`PortEvent::Replied`] ends it.
    AskHere {
        /// As of an ask to another node, and among its numbers.
        op: u32,
        /// Whom; the application is nobody.
        port: u32,
        /// How long the answer is waited for: at most two minutes.
        within: Duration,
        /// At most [`MESSAGE_MAX`](tabmesh_engine::limits::MESSAGE_MAX).
        bytes: Vec<u8>,
    },
    /// Forget an ask: it has no end then. Unknown ones are left alone.
    Cancel(u32),
}

/// Why nobody can be attached at a port.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum AttachError {
    /// It is none for others.
    #[error(
        "ports 0 to 15 are tabmesh's own; take the one that follows from your module's name (docs/MODULES.md)"
    )]
    Own,
    /// There is no such version.
    #[error("the version of a module's protocol is 1 to 255")]
    NoVersion,
    /// Somebody is there.
    #[error("another program or module is attached at this port of the node; end it first")]
    Taken,
    /// Too many programs are attached.
    #[error(
        "8 programs are attached at ports of this node already, or 16 with its own modules, the most there can be; end one first"
    )]
    Full,
    /// Too many modules are.
    #[error(
        "16 modules and programs are attached at ports of this node already, the most there can be; detach one first"
    )]
    FullOfModules,
    /// The module did something wrong before it was attached.
    #[error("the module failed: {0}")]
    Failed(Fault),
    /// A module needs a seed.
    #[error("the operating system gives no random numbers")]
    NoRandom,
    /// The node stops.
    #[error("the node is stopping; start it again")]
    Stopping,
}

/// A question that waits for its answer. It is answered once; dropped without, it is answered
/// [`InternalError`](Status::InternalError).
#[derive(Debug)]
pub struct Question {
    /// Who says so; this node where `here` says of which port.
    pub from: NodeId,
    /// The port of this node whose module or program asks; `None` of another node's, whatever that one says.
    pub here: Option<u32>,
    /// Its own link brought it.
    pub is_proven: bool,
    /// Nobody waits any more after this; an answer that comes later goes nowhere.
    pub deadline: Instant,
    /// What.
    pub bytes: Bytes,
    number: u64,
    returns: Option<UnboundedSender<Return>>,
}

impl Question {
    pub(super) fn new(
        message: Message,
        here: Option<u32>,
        deadline: Instant,
        number: u64,
        returns: UnboundedSender<Return>,
    ) -> Self {
        let Message { from, is_proven, bytes } = message;
        Self { from, here, is_proven, deadline, bytes, number, returns: Some(returns) }
    }

    /// Answers it. More than [`MESSAGE_MAX`](tabmesh_engine::limits::MESSAGE_MAX) bytes are told as [`BadRequest`](Status::BadRequest) in its place.
    pub fn answer(self, bytes: impl Into<Bytes>) {
        self.end(Status::Ok, bytes);
    }

    /// Says how it ended, and what there is to say to that.
    pub fn end(mut self, status: Status, bytes: impl Into<Bytes>) {
        self.give(status, bytes.into());
    }

    fn give(&mut self, status: Status, bytes: Bytes) {
        if let Some(returns) = self.returns.take() {
            // A node that stops answers nobody.
            let _ = returns.send(Return::Answered { question: self.number, status, bytes });
        }
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.give(Status::InternalError, Bytes::new());
    }
}

/// What comes back from those who are attached, also where nothing can wait.
#[derive(Debug)]
pub(crate) enum Return {
    /// Once for each question.
    Answered { question: u64, status: Status, bytes: Bytes },
    /// Once for each attachment, by whoever gives it up.
    Detached(u64),
    /// The same of a module in this process.
    Unseated(u64),
}
