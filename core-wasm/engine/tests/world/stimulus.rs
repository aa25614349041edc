//! Inputs that own their bytes, so that they can wait on the agenda or in a frozen tab.

use tabmesh_engine::{BlockHash, Command, Input, JobId, LinkId, NodeId, OpId, Status, TopicId};
use tabmesh_world::server::SERVER_NAME;

use super::ids::{EndId, SessionId};
use super::outcome::Outcome;

/// An [`Input`] on its way to an engine.
#[derive(Clone)]
pub(crate) enum Stimulus {
    /// See [`Input::Timeout`].
    Timeout,
    /// See [`Input::WallTime`].
    WallTime(u64),
    /// See [`Input::Incoming`]; void once the end is gone.
    Incoming(EndId),
    /// From a link; void once its end is closed.
    Link(EndId, LinkNews),
    /// From a relayed link; void once it is closed.
    Circuit(LinkId, LinkNews),
    /// From the signalling server; void once the session is closed.
    Signal(SessionId, SignalNews),
    /// See [`Input::JobDone`].
    Job(JobId, Outcome),
    /// See [`Input::Command`].
    Command(Order),
}

/// What a link has to say.
#[derive(Clone)]
pub(crate) enum LinkNews {
    Up,
    Down,
    Bytes(Vec<u8>),
    Drained(u32),
    Described(Vec<u8>),
    Sealed(Vec<u8>),
}

/// What the signalling server's connection has to say.
#[derive(Clone)]
pub(crate) enum SignalNews {
    Up,
    Down,
    Bytes(Vec<u8>),
}

/// What [`Command::Ask`] says beside whom.
#[derive(Clone, Copy)]
pub(crate) struct Question {
    pub(crate) port: u32,
    pub(crate) within_ms: u32,
    pub(crate) length: u32,
}

/// A [`Command`] that owns its bytes.
#[derive(Clone)]
pub(crate) enum Order {
    Put(OpId, BlockHash),
    Get(OpId, BlockHash),
    Find(OpId, NodeId),
    Hold(Vec<NodeId>),
    Ask(OpId, NodeId, Question),
    Reply(Status, Vec<u8>),
    Subscribe(OpId, TopicId),
    Unsubscribe(TopicId),
    Publish(OpId, TopicId, Vec<u8>),
    Cancel(OpId),
    Addresses(u16),
    Wake,
    Leave,
}

impl Stimulus {
    /// The input as the engine sees it; `link` is the number of the link it comes from, if it comes from one.
    pub(crate) fn input(&self, link: LinkId) -> Input<'_> {
        match self {
            Self::Timeout => Input::Timeout,
            Self::WallTime(seconds) => Input::WallTime(*seconds),
            Self::Incoming(_) => Input::Incoming,
            Self::Link(_, news) | Self::Circuit(_, news) => news.input(link),
            Self::Signal(_, SignalNews::Up) => Input::SignalUp(SERVER_NAME),
            Self::Signal(_, SignalNews::Down) => Input::SignalDown,
            Self::Signal(_, SignalNews::Bytes(bytes)) => Input::SignalBytes(bytes),
            Self::Job(job, outcome) => Input::JobDone { job: *job, result: outcome.result() },
            Self::Command(order) => Input::Command(order.command()),
        }
    }
}

impl LinkNews {
    fn input(&self, link: LinkId) -> Input<'_> {
        match self {
            Self::Up => Input::LinkUp(link),
            Self::Down => Input::LinkDown(link),
            Self::Bytes(bytes) => Input::LinkBytes { link, bytes },
            Self::Drained(queued) => Input::LinkDrained { link, queued: *queued },
            Self::Described(description) => Input::Described { link, description },
            Self::Sealed(bytes) => Input::Sealed { link, bytes },
        }
    }
}

impl Order {
    fn command(&self) -> Command<'_> {
        match self {
            Self::Put(op, hash) => Command::Put { op: *op, hash },
            Self::Get(op, hash) => Command::Get { op: *op, hash },
            Self::Find(op, target) => Command::Find { op: *op, target },
            Self::Hold(ids) => Command::Hold(ids),
            Self::Ask(op, to, Question { port, within_ms, length }) => {
                Command::Ask { op: *op, to, port: *port, within_ms: *within_ms, length: *length, kind: 0 }
            }
            Self::Reply(status, bytes) => Command::Reply { status: *status, bytes },
            Self::Subscribe(op, topic) => Command::Subscribe { op: *op, topic },
            Self::Unsubscribe(topic) => Command::Unsubscribe { topic },
            Self::Publish(op, topic, bytes) => Command::Publish { op: *op, topic, bytes },
            Self::Cancel(op) => Command::Cancel { op: *op },
            Self::Addresses(count) => Command::Addresses(*count),
            Self::Wake => Command::Wake,
            Self::Leave => Command::Leave,
        }
    }
}
