//! From numbers and bytes to what the engine takes in.

use alloc::vec::Vec;

use tabmesh_engine::wire::Reader;
use tabmesh_engine::{Command, Input, Instant, JobId, JobResult, LinkId, Node, NodeId, OpId};

use crate::kinds::input::*;

/// Hands one input to `node`; `None` if the kind is unknown or the bytes are too few, and then nothing happened.
pub(crate) fn hand_in(node: &mut Node, now: Instant, kind: u32, number: u32, bytes: &[u8]) -> Option<()> {
    let (link, op) = (LinkId(number as u16), OpId(number));
    let done = |result| Input::JobDone { job: JobId(number), result };
    let mut reader = Reader::new(bytes);
    let hashes: Vec<NodeId>;
    let input = match kind {
        TIMEOUT => Input::Timeout,
        WALL_TIME => Input::WallTime(number.into()),
        DESCRIBED => Input::Described { link, description: bytes },
        LINK_UP => Input::LinkUp(link),
        LINK_DOWN => Input::LinkDown(link),
        LINK_BYTES => Input::LinkBytes { link, bytes },
        LINK_DRAINED => Input::LinkDrained { link, queued: reader.u32()? },
        SEALED => Input::Sealed { link, bytes },
        SIGNAL_UP => Input::SignalUp,
        SIGNAL_DOWN => Input::SignalDown,
        SIGNAL_BYTES => Input::SignalBytes(bytes),
        SIGNATURE => done(JobResult::Signature(reader.array()?)),
        VERIFIED => done(JobResult::Verified(reader.u8()? != 0)),
        LOADED => done(JobResult::Loaded(bytes)),
        MISSING => done(JobResult::Missing),
        STORED => done(JobResult::Stored),
        MISMATCH => done(JobResult::Mismatch),
        FULL => done(JobResult::Full),
        HASHES => {
            hashes = bytes.as_chunks().0.iter().map(|hash| NodeId(*hash)).collect();
            done(JobResult::Hashes(&hashes))
        }
        FAILED => done(JobResult::Failed),
        PUT => Input::Command(Command::Put { op, hash: NodeId(reader.array()?) }),
        GET => Input::Command(Command::Get { op, hash: NodeId(reader.array()?) }),
        FIND => Input::Command(Command::Find { op, target: NodeId(reader.array()?) }),
        SEND => Input::Command(Command::Send { op, to: NodeId(reader.array()?), length: reader.u32()? }),
        CANCEL => Input::Command(Command::Cancel { op }),
        ADDRESSES => Input::Command(Command::Addresses(number as u16)),
        WAKE => Input::Command(Command::Wake),
        LEAVE => Input::Command(Command::Leave),
        _ => return None,
    };
    node.handle_input(now, input);
    Some(())
}
