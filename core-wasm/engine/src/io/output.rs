//! What a node wants done, and tells.

use alloc::vec::Vec;

#[cfg(doc)]
use super::{Command, Input, JobResult};
use super::{JobId, LinkId, LinkKind, OpId, Profile};
use crate::id::{NodeId, PublicKey, Signature};
use crate::status::{Reason, Status};
use crate::time::Instant;

/// One thing for the shell to do.
// A marked variant (`repr`), here and in the types within, is known to the compiler where it is made; one that hides in
// a capacity is not, and would be matched again where it is queued.
#[derive(PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Output {
    /// Nothing more for now; come back with the next input, or with [`Input::Timeout`] at this time.
    Timeout(Instant),
    /// Send these frames over the link. The shell may join what it gets in one drain into one message of at most
    /// [`PACKET_MAX`](crate::limits::PACKET_MAX) bytes, in order.
    Send {
        /// Which.
        link: LinkId,
        /// One frame.
        bytes: Vec<u8>,
    },
    /// Begin a link; ends in `LinkUp` or `LinkDown`.
    Open {
        /// Its number.
        link: LinkId,
        /// How.
        route: Route,
    },
    /// The other end's description, for a link opened by [`Route::Offer`] or [`Route::Circuit`].
    Answered {
        /// Which.
        link: LinkId,
        /// As in [`wire::description`](crate::wire::description), not looked into yet; of a circuit its public key.
        description: Vec<u8>,
    },
    /// A sealed frame came over a relayed link: open it and hand it in as [`Input::LinkBytes`], in order; if it does not
    /// open, the link is down.
    Unseal {
        /// The relayed link.
        link: LinkId,
        /// One frame, sealed.
        bytes: Vec<u8>,
    },
    /// A WebSocket: both ends proved themselves. Every message after those sent so far is sealed, and so is every one that
    /// comes after those that came; see [`LinkKind::Socket`]. If one does not open, the link is down.
    Seal {
        /// Which.
        link: LinkId,
        /// Whether this end dialled.
        dialled: bool,
        /// The public half of the other end's fresh key.
        key: PublicKey,
        /// What both ends said before.
        transcript: [u8; 32],
    },
    /// The number of the link that [`Input::Incoming`] announced; messages may flow once the shell has made a key for it and
    /// told its public half in [`Input::Described`].
    Accept(LinkId),
    /// Close the socket that [`Input::Incoming`] announced: no room.
    Refuse,
    /// Close the link once what was sent is out, and free it; no `LinkDown` is owed.
    Close(LinkId),
    /// Connect to a signalling server; ends in `SignalUp` or `SignalDown`.
    SignalOpen,
    /// Send one message to it.
    Signal(Vec<u8>),
    /// It is not needed any more.
    SignalClose,
    /// Do this, and answer with [`Input::JobDone`] of the same number.
    Job {
        /// Its number.
        job: JobId,
        /// What to do.
        work: Work,
    },
    /// Something for the application.
    Event(Event),
}

/// How to begin a link.
#[derive(Clone, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Route {
    /// A WebSocket to the shell's address of this number. The shell also makes a fresh P-256 key for it and tells the public
    /// half, 64 bytes, in [`Input::Described`], before or after `LinkUp`.
    Socket(u16),
    /// WebRTC: make an offer; its description comes back in [`Input::Described`], the answer follows in
    /// [`Output::Answered`].
    Offer,
    /// WebRTC: answer this description; the own one comes back in [`Input::Described`].
    Answer(Vec<u8>),
    /// A relayed link: make a fresh P-256 key and tell its public half, 64 bytes, in [`Input::Described`]. Once both halves
    /// are there the shell derives what it seals with (see [`LinkKind::Relayed`]) and says `LinkUp`. Every frame is sealed
    /// by itself and comes back in [`Input::Sealed`].
    Circuit,
    /// A relayed link that the other end began: the same, and this is its public key.
    CircuitAnswer(PublicKey),
}

/// Asynchronous work.
#[derive(Clone, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Work {
    /// Sign with the node's key: [`JobResult::Signature`].
    Sign(Vec<u8>),
    /// Check a signature: [`JobResult::Verified`].
    Verify {
        /// By whom.
        key: PublicKey,
        /// r ‖ s.
        signature: Signature,
        /// Over what.
        bytes: Vec<u8>,
    },
    /// Read a block: [`JobResult::Loaded`] or [`JobResult::Missing`].
    Load(NodeId),
    /// The bytes of a message that [`Command::Send`] announced: [`JobResult::Loaded`], or [`JobResult::Missing`] if it
    /// was cancelled.
    Message(OpId),
    /// Sign a message of a topic, made by [`topic::message`](crate::wire::topic::message): the message with its signature
    /// in [`JobResult::Loaded`].
    SignMessage(Vec<u8>),
    /// Check the signature of a message of a topic: the message in [`JobResult::Loaded`] where it holds, or
    /// [`JobResult::Missing`].
    CheckMessage(Vec<u8>),
    /// A message of a topic that [`Event::Published`] told not long ago, whole: [`JobResult::Loaded`] or
    /// [`JobResult::Missing`]. The shell keeps as many as it likes, the newest first.
    Recall([u8; 8]),
    /// Check that the bytes hash to `hash` and keep them durably: [`JobResult::Stored`], [`JobResult::Mismatch`],
    /// or [`JobResult::Full`]. What is `held` for the network is never dropped for room; a cached block is.
    Store {
        /// SHA-256 of the bytes, claimed.
        hash: NodeId,
        /// At most [`BLOCK_MAX`](crate::limits::BLOCK_MAX).
        bytes: Vec<u8>,
        /// Kept for others, or only cached for this node's own reading.
        held: bool,
    },
    /// Which of these blocks are not in the store: [`JobResult::Hashes`].
    Absent(Vec<NodeId>),
    /// The hashes of the blocks in the store, ascending, that follow `after`: [`JobResult::Hashes`].
    Scan {
        /// Start behind this one; `None` starts at the first.
        after: Option<NodeId>,
        /// At most this many.
        count: u16,
    },
}

/// Something the application may care about.
#[derive(Clone, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Event {
    /// The node is part of the network: it has a link, and looked up its own place.
    Joined,
    /// The last link is gone; the node is trying to come back.
    Offline,
    /// A peer proved itself on a link.
    PeerUp {
        /// The link.
        link: LinkId,
        /// Who.
        id: NodeId,
        /// Over what.
        kind: LinkKind,
        /// What the peer can afford.
        profile: Profile,
        /// Where newcomers reach it by WebSocket; empty where nowhere. Not checked: the shell looks before it uses it.
        address: Vec<u8>,
    },
    /// A peer's link closed.
    PeerDown {
        /// Who.
        id: NodeId,
        /// Why.
        reason: Reason,
    },
    /// A link could not be made.
    DialFailed {
        /// To whom; `None` for a WebSocket address, whose owner is not known before.
        id: Option<NodeId>,
        /// Why.
        reason: Reason,
    },
    /// The signalling server refused something: a [`Refusal`](crate::wire::signal::Refusal) that ended the connection.
    SignalRefused(u8),
    /// The nodes closest to a target, nearest first.
    Found {
        /// The operation.
        op: OpId,
        /// At most 8; this node among them if it is.
        ids: Vec<NodeId>,
        /// They lie closer together than chance puts them: somebody may have made ids to hide what is there.
        crowded: bool,
    },
    /// A message for the application.
    Message {
        /// Who sent it, as the path claims; only a direct link proves it.
        from: NodeId,
        /// What.
        bytes: Vec<u8>,
    },
    /// A message was published in a topic, by this node or by another; each comes once.
    Published {
        /// By whom; its signature holds.
        from: NodeId,
        /// Names it; see [`Work::Recall`].
        id: [u8; 8],
        /// A whole message: the topic's id first, and what was said behind the first [`HEAD`](crate::wire::topic::HEAD)
        /// bytes.
        bytes: Vec<u8>,
    },
    /// An operation ended.
    Done {
        /// Which.
        op: OpId,
        /// How.
        status: Status,
        /// Put: how many nodes hold the block now, this one included if it is one of the closest. Others: 0.
        holders: u8,
    },
}
