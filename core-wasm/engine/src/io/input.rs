//! What happens to a node: links, jobs, commands.

use super::kinds::input;
#[cfg(doc)]
use super::{Event, LinkKind, Output, Route, Work};
use super::{JobId, LinkId, OpId};
use crate::id::{NodeId, Signature};

/// One thing that happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// The time that [`Output::Timeout`] named has come. Early or late does no harm.
    Timeout,
    /// The wall clock, in seconds since 1970: once at start, and whenever it jumped.
    WallTime(u64),
    /// A peer opened a WebSocket to this node's address. The engine answers with the link's number in
    /// [`Output::Accept`], or refuses it by [`Output::Refuse`].
    Incoming,
    /// The description that [`Route::Offer`], [`Route::Answer`], a circuit or a WebSocket asked for.
    Described {
        /// The link that was dialled.
        link: LinkId,
        /// As in [`wire::description`](crate::wire::description); of a circuit or a WebSocket the shell's fresh
        /// public key.
        description: &'a [u8],
    },
    /// The link is open for messages, both ways.
    LinkUp(LinkId),
    /// The link is gone, or did not open; nothing more comes from it. The shell has freed it.
    LinkDown(LinkId),
    /// One message from the link.
    LinkBytes {
        /// Which.
        link: LinkId,
        /// One packet: frames, one after another.
        bytes: &'a [u8],
    },
    /// How much of what was sent still waits in the shell. Told once at least
    /// [`DRAINED_STEP`](crate::limits::DRAINED_STEP) bytes were sent since it was told last and fewer than
    /// [`DRAINED`](crate::limits::DRAINED) wait; without it the engine takes all it sent for waiting.
    LinkDrained {
        /// Which.
        link: LinkId,
        /// Bytes still queued.
        queued: u32,
    },
    /// A frame that was sent on a relayed link, sealed; in the order of sending.
    Sealed {
        /// The relayed link.
        link: LinkId,
        /// [`SEAL`](crate::limits::SEAL) bytes more than the frame.
        bytes: &'a [u8],
    },
    /// The signalling server is connected. This is its host name as it was dialled, in lower case and without port; at most
    /// 255 bytes.
    SignalUp(&'a [u8]),
    /// It is not, or no longer.
    SignalDown,
    /// One message from it.
    SignalBytes(&'a [u8]),
    /// A job is finished.
    JobDone {
        /// Which.
        job: JobId,
        /// Its result.
        result: JobResult<'a>,
    },
    /// The application wants something.
    Command(Command<'a>),
}

/// What the application can ask for. Each with an operation but `Cancel` ends in one [`Event::Done`].
#[derive(Debug)]
pub enum Command<'a> {
    /// Put a block, which is in the shell's store already, on the nodes closest to it.
    Put {
        /// The operation.
        op: OpId,
        /// SHA-256 of the block.
        hash: NodeId,
    },
    /// Fetch a block into the shell's store.
    Get {
        /// The operation.
        op: OpId,
        /// SHA-256 of the block.
        hash: NodeId,
    },
    /// Find the nodes closest to an id; [`Event::Found`] names them.
    Find {
        /// The operation.
        op: OpId,
        /// Any place in the id space.
        target: NodeId,
    },
    /// Send bytes to one node, over as many hops as it takes. [`Work::Message`] asks for them once they can go.
    Send {
        /// The operation; `Ok` once the other node has the bytes.
        op: OpId,
        /// Who shall get them.
        to: NodeId,
        /// How many: at most [`MESSAGE_MAX`](crate::limits::MESSAGE_MAX).
        length: u32,
    },
    /// Take part in a topic; [`Event::Published`] tells its messages.
    Subscribe {
        /// The operation.
        op: OpId,
        /// SHA-256 of `"tabmesh topic v1" ‖ name`, say; any id.
        topic: NodeId,
    },
    /// Take part no longer.
    Unsubscribe {
        /// Which.
        topic: NodeId,
    },
    /// Tell all subscribers of a topic that this node takes part in.
    Publish {
        /// The operation; `Ok` once it is on its way, with the number of mates it went to.
        op: OpId,
        /// Which.
        topic: NodeId,
        /// At most [`PUBLISH_MAX`](crate::limits::PUBLISH_MAX) bytes.
        bytes: &'a [u8],
    },
    /// Forget an operation; no `Done` comes for it.
    Cancel {
        /// Which.
        op: OpId,
    },
    /// The shell knows this many WebSocket addresses now.
    Addresses(u16),
    /// The host slept or changed networks: probe every link at once, and join again if none is left.
    Wake,
    /// Say goodbye to every peer and close.
    Leave,
}

/// How a job ended.
#[derive(Debug)]
pub enum JobResult<'a> {
    /// The signature.
    Signature(&'a Signature),
    /// Whether the signature holds.
    Verified(bool),
    /// The block.
    Loaded(&'a [u8]),
    /// The block is not in the store.
    Missing,
    /// The block is kept; durably where the shell promises that.
    Stored,
    /// The bytes are not what the hash says; nothing was kept.
    Mismatch,
    /// The store is at its limit; nothing was kept.
    Full,
    /// Hashes, 32 bytes each.
    Hashes(&'a [NodeId]),
    /// It could not be done.
    Failed,
}

impl<'a> JobResult<'a> {
    /// Its number and its bytes; see [`kinds`](super::kinds::input).
    pub(crate) fn flat(&self) -> (u32, &'a [u8]) {
        match self {
            Self::Signature(signature) => (input::SIGNATURE, *signature),
            Self::Verified(holds) => (input::VERIFIED, if *holds { &[1] } else { &[0] }),
            Self::Loaded(bytes) => (input::LOADED, bytes),
            Self::Missing => (input::MISSING, &[]),
            Self::Stored => (input::STORED, &[]),
            Self::Mismatch => (input::MISMATCH, &[]),
            Self::Full => (input::FULL, &[]),
            Self::Hashes(hashes) => (input::HASHES, NodeId::list_bytes(hashes)),
            Self::Failed => (input::FAILED, &[]),
        }
    }
}
