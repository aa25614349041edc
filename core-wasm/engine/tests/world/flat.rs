//! Inputs in their flat form, to be replayed elsewhere.

use tabmesh_engine::io::kinds::input;
use tabmesh_engine::{Command, Input, Instant, JobResult};

/// One input as it crosses a border that knows no types.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) now: Instant,
    pub(crate) kind: u32,
    pub(crate) number: u32,
    pub(crate) bytes: Vec<u8>,
}

impl Record {
    /// The input; `None` for what only comes to a node with an address of its own.
    pub(crate) fn of(now: Instant, input: &Input<'_>) -> Option<Self> {
        let (kind, number, bytes): (u32, u32, Vec<u8>) = match input {
            Input::Incoming => return None,
            Input::Timeout => (input::TIMEOUT, 0, Vec::new()),
            Input::WallTime(seconds) => (input::WALL_TIME, *seconds as u32, Vec::new()),
            Input::Described { link, description } => {
                (input::DESCRIBED, link.number().into(), description.to_vec())
            }
            Input::LinkUp(link) => (input::LINK_UP, link.number().into(), Vec::new()),
            Input::LinkDown(link) => (input::LINK_DOWN, link.number().into(), Vec::new()),
            Input::LinkBytes { link, bytes } => (input::LINK_BYTES, link.number().into(), bytes.to_vec()),
            Input::LinkDrained { link, queued } => {
                (input::LINK_DRAINED, link.number().into(), queued.to_be_bytes().to_vec())
            }
            Input::Sealed { link, bytes } => (input::SEALED, link.number().into(), bytes.to_vec()),
            Input::SignalUp(server) => (input::SIGNAL_UP, 0, server.to_vec()),
            Input::SignalDown => (input::SIGNAL_DOWN, 0, Vec::new()),
            Input::SignalBytes(bytes) => (input::SIGNAL_BYTES, 0, bytes.to_vec()),
            Input::JobDone { job, result } => {
                let (kind, bytes) = of_result(result);
                (kind, job.0, bytes)
            }
            Input::Command(command) => of_command(command),
        };
        Some(Self { now, kind, number, bytes })
    }
}

fn of_result(result: &JobResult<'_>) -> (u32, Vec<u8>) {
    match result {
        JobResult::Signature(signature) => (input::SIGNATURE, signature.to_vec()),
        JobResult::Verified(holds) => (input::VERIFIED, vec![u8::from(*holds)]),
        JobResult::Loaded(bytes) => (input::LOADED, bytes.to_vec()),
        JobResult::Missing => (input::MISSING, Vec::new()),
        JobResult::Stored => (input::STORED, Vec::new()),
        JobResult::Mismatch => (input::MISMATCH, Vec::new()),
        JobResult::Full => (input::FULL, Vec::new()),
        JobResult::Hashes(hashes) => (input::HASHES, hashes.iter().flat_map(|hash| hash.0).collect()),
        JobResult::Failed => (input::FAILED, Vec::new()),
    }
}

fn of_command(command: &Command<'_>) -> (u32, u32, Vec<u8>) {
    match command {
        Command::Put { op, hash } => (input::PUT, op.0, hash.0.to_vec()),
        Command::Get { op, hash } => (input::GET, op.0, hash.0.to_vec()),
        Command::Find { op, target } => (input::FIND, op.0, target.0.to_vec()),
        Command::Send { op, to, length } => (input::SEND, op.0, [&to.0[..], &length.to_be_bytes()].concat()),
        Command::Subscribe { op, topic } => (input::SUBSCRIBE, op.0, topic.0.to_vec()),
        Command::Unsubscribe { topic } => (input::UNSUBSCRIBE, 0, topic.0.to_vec()),
        Command::Publish { op, topic, bytes } => (input::PUBLISH, op.0, [&topic.0[..], bytes].concat()),
        Command::Cancel { op } => (input::CANCEL, op.0, Vec::new()),
        Command::Addresses(count) => (input::ADDRESSES, (*count).into(), Vec::new()),
        Command::Wake => (input::WAKE, 0, Vec::new()),
        Command::Leave => (input::LEAVE, 0, Vec::new()),
    }
}
