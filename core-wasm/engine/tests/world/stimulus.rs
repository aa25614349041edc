//! Inputs that own their bytes, so that they can wait on the agenda or in a frozen tab.

use sha2::{Digest, Sha256};
use tabmesh_engine::{Command, Input, JobId, JobResult, LinkId, NodeId, OpId, Signature};

use super::flow::EndId;
use super::signalling::{SERVER_NAME, SessionId};

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

/// A [`JobResult`] that owns its bytes.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Outcome {
    Signature(Signature),
    Verified(bool),
    Loaded(Vec<u8>),
    Missing,
    Stored,
    Mismatch,
    Full,
    Hashes(Vec<NodeId>),
    Failed,
}

/// A [`Command`] that owns its bytes.
#[derive(Clone)]
pub(crate) enum Order {
    Put(OpId, NodeId),
    Get(OpId, NodeId),
    Find(OpId, NodeId),
    Send(OpId, NodeId, u32),
    Subscribe(OpId, NodeId),
    Unsubscribe(NodeId),
    Publish(OpId, NodeId, Vec<u8>),
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

impl Outcome {
    fn result(&self) -> JobResult<'_> {
        match self {
            Self::Signature(signature) => JobResult::Signature(signature),
            Self::Verified(holds) => JobResult::Verified(*holds),
            Self::Loaded(bytes) => JobResult::Loaded(bytes),
            Self::Missing => JobResult::Missing,
            Self::Stored => JobResult::Stored,
            Self::Mismatch => JobResult::Mismatch,
            Self::Full => JobResult::Full,
            Self::Hashes(hashes) => JobResult::Hashes(hashes),
            Self::Failed => JobResult::Failed,
        }
    }
}

impl Order {
    fn command(&self) -> Command<'_> {
        match self {
            Self::Put(op, hash) => Command::Put { op: *op, hash: *hash },
            Self::Get(op, hash) => Command::Get { op: *op, hash: *hash },
            Self::Find(op, target) => Command::Find { op: *op, target: *target },
            Self::Send(op, to, length) => Command::Send { op: *op, to: *to, length: *length },
            Self::Subscribe(op, topic) => Command::Subscribe { op: *op, topic: *topic },
            Self::Unsubscribe(topic) => Command::Unsubscribe { topic: *topic },
            Self::Publish(op, topic, bytes) => Command::Publish { op: *op, topic: *topic, bytes },
            Self::Cancel(op) => Command::Cancel { op: *op },
            Self::Addresses(count) => Command::Addresses(*count),
            Self::Wake => Command::Wake,
            Self::Leave => Command::Leave,
        }
    }
}

/// Adds an input to a running hash: its kind, its numbers, its bytes, each with a length where it can vary.
pub(crate) fn digest(input: &Input<'_>, hash: &mut Sha256) {
    let (kind, number, bytes): (u8, u64, &[u8]) = match input {
        Input::Timeout => (0, 0, &[]),
        Input::WallTime(seconds) => (1, *seconds, &[]),
        Input::Incoming => (2, 0, &[]),
        Input::Described { link, description } => (3, link.number().into(), description),
        Input::LinkUp(link) => (4, link.number().into(), &[]),
        Input::LinkDown(link) => (5, link.number().into(), &[]),
        Input::LinkBytes { link, bytes } => (6, link.number().into(), bytes),
        Input::LinkDrained { link, queued } => (7, u64::from(link.number()) << 32 | u64::from(*queued), &[]),
        Input::Sealed { link, bytes } => (28, link.number().into(), bytes),
        Input::SignalUp(server) => (8, 0, server),
        Input::SignalDown => (9, 0, &[]),
        Input::SignalBytes(bytes) => (10, 0, bytes),
        Input::JobDone { job, result } => match result {
            JobResult::Signature(signature) => (11, job.0.into(), &signature[..]),
            JobResult::Verified(holds) => (12, job.0.into(), if *holds { &[1] } else { &[0] }),
            JobResult::Loaded(bytes) => (13, job.0.into(), bytes),
            JobResult::Missing => (14, job.0.into(), &[]),
            JobResult::Stored => (15, job.0.into(), &[]),
            JobResult::Mismatch => (16, job.0.into(), &[]),
            JobResult::Full => (17, job.0.into(), &[]),
            JobResult::Hashes(hashes) => {
                hashes.iter().for_each(|found| hash.update(found.0));
                (18, u64::from(job.0) << 32 | hashes.len() as u64, &[])
            }
            JobResult::Failed => (19, job.0.into(), &[]),
        },
        Input::Command(command) => match command {
            Command::Put { op, hash } => (20, op.0.into(), &hash.0),
            Command::Get { op, hash } => (21, op.0.into(), &hash.0),
            Command::Find { op, target } => (22, op.0.into(), &target.0),
            Command::Send { op, to, length } => {
                hash.update(to.0);
                (23, u64::from(op.0) << 32 | u64::from(*length), &[])
            }
            Command::Subscribe { op, topic } => (29, op.0.into(), &topic.0),
            Command::Unsubscribe { topic } => (30, 0, &topic.0),
            Command::Publish { op, topic, bytes } => {
                hash.update(topic.0);
                (31, op.0.into(), bytes)
            }
            Command::Cancel { op } => (24, op.0.into(), &[]),
            Command::Addresses(count) => (25, (*count).into(), &[]),
            Command::Wake => (26, 0, &[]),
            Command::Leave => (27, 0, &[]),
        },
    };
    hash.update([kind]);
    hash.update(number.to_be_bytes());
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}
