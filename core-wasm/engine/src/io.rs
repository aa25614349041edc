//! What goes in and what comes out of a [`Node`](crate::Node): types only.

mod flat;
pub mod kinds;

use alloc::vec::Vec;

pub use self::flat::Flat;

use crate::id::{NodeId, PublicKey, Signature};
use crate::status::{Reason, Status};
use crate::time::Instant;

/// A connection, for as long as it lives. Chosen by the engine; never used twice within 65,535 links.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LinkId(pub u16);

/// A piece of asynchronous work that the shell does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct JobId(pub u32);

/// An operation of the application; the shell chooses the number and gets it back in [`Event::Done`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OpId(pub u32);

/// What a host can afford; sets the link budget.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Profile {
    /// A tab: 24 links.
    Browser = 0,
    /// An always-on native peer: 256 links, keeps its signalling server to introduce newcomers.
    Native = 1,
    /// A small device: 8 links.
    Device = 2,
}

impl Profile {
    /// The profile with this number; numbers of the future read as [`Profile::Browser`].
    pub fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Native,
            2 => Self::Device,
            _ => Self::Browser,
        }
    }
}

/// Who a node is and how it behaves; fixed for its life.
#[derive(Clone, Debug)]
pub struct Config {
    /// The node's key; its private half stays with the shell.
    pub key: PublicKey,
    /// Seed of protocol choices, from the shell's random source.
    pub seed: u64,
    /// Names the network: the first 8 bytes of SHA-256 of its name.
    pub network: [u8; 8],
    /// Ids below this security level are refused: leading zero bits of SHA-256(id).
    pub level: u8,
    /// What the host can afford.
    pub profile: Profile,
    /// Where newcomers may open a WebSocket to this node (`wss://…`); empty where nowhere. At most
    /// [`ADDRESS_MAX`](crate::limits::ADDRESS_MAX) bytes.
    pub address: Vec<u8>,
    /// How many WebSocket addresses of peers the shell knows; it keeps them and dials them by number, from 0.
    pub addresses: u16,
    /// Whether the shell knows a signalling server.
    pub signalling: bool,
    /// Whether this node carries sealed packets between peers that cannot connect directly.
    pub relay: bool,
}

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
    /// The description that [`Route::Offer`], [`Route::Answer`] or a circuit asked for.
    Described {
        /// The link that was dialled.
        link: LinkId,
        /// As in [`wire::description`](crate::wire::description); of a circuit the shell's fresh public key.
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
    /// The signalling server is connected.
    SignalUp,
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
    /// The number of the link that [`Input::Incoming`] announced; messages may flow.
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
    /// A WebSocket to the shell's address of this number.
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

/// What kind of connection a link is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum LinkKind {
    /// A WebRTC data channel.
    WebRtc = 0,
    /// A WebSocket.
    Socket = 1,
    /// A circuit through a peer that is linked to both ends. It carries what it cannot read: AES-256-GCM under keys that
    /// HKDF-SHA-256 derives from the P-256 secret, no salt, info `"tabmesh circuit v1" ‖ offerer's key ‖ answerer's key`:
    /// 32 bytes for what the offerer sends, then 32 for the answerer. The nonce counts frames: 4 zero bytes, 8 of count.
    Relayed = 2,
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
