//! What two linked nodes say to each other.
//!
//! A packet, one message of the transport, is one or more frames: `length u16 ‖ kind u8 ‖ body`, where length
//! counts kind and body. Frames longer than [`BULK_MIN`] are bulk: they cost credit that the receiver grants.
//!
//! Three encodings stay as they are in every version, so that two ends that have no version in common can say so: how a frame
//! begins, the first three bytes of a `Hello` (1, the newest version its sender speaks, the oldest), and `Bye` (4, a
//! [`Reason`]). Two ends speak the newest version that both know. What a version adds to `Hello` stands at its end.

use alloc::vec::Vec;

pub use super::body::{Body, Said};
pub use super::proof::{proof_bytes, transcript};
use super::{Fault, Reader, Writer};
use crate::coordinate::Coordinate;
use crate::id::{BlockHash, NodeId, PublicKey, Signature};
use crate::limits::{ADDRESS_MAX, CIRCUIT_HEAD, FRAME_MAX};
use crate::status::Reason;

/// The version of this protocol.
pub const VERSION: u8 = 3;

/// The oldest version that is still spoken; a peer that knows none from here to [`VERSION`] is told
/// [`Reason::OtherVersion`].
pub const VERSION_OLDEST: u8 = 3;

/// A frame longer than this many bytes is bulk: what a module tells is none, by whichever way it comes.
pub const BULK_MIN: usize = 1_300;

/// The most links a routed message crosses.
pub const HOPS_MAX: u8 = 32;

/// One entry of a [`Routed::path`], in bytes.
pub const ENTRY: usize = 6;

/// The longest payload of a routed message, in bytes. It fits a frame with the longest path, so that what was taken
/// from one peer can be sent to the next: a longer one would cost an honest sender its link.
pub const PAYLOAD_MAX: usize = FRAME_MAX - 73 - HOPS_MAX as usize * ENTRY;

/// Set in [`Hello::profile`] by a node that carries circuits.
pub const RELAY: u8 = 0x80;

/// The kinds of [`Frame::Carry`], which alone may be longer: it holds a whole frame, sealed.
const CARRY: u8 = 13;
const CARRIED: u8 = 14;

/// The kinds of [`Frame::Ports`].
const PORTS: u8 = 16;
const PORTS_AGAIN: u8 = 17;

/// In [`Frame::Gossip`]: the receiver is one of the nodes closest to the sender.
pub const CLOSE: u8 = 0x80;

/// In [`Frame::Gossip`]: no link that the sender has in this bucket is faster.
pub const FASTEST: u8 = 0x40;

/// How many buckets the keys that two neighbours share are compared in.
pub const DIGEST_BUCKETS: usize = 16;

/// One frame.
#[derive(Clone, PartialEq, Eq, Debug)]
// In the order of declaration the variants' fields fall on each other less often: 200 bytes of Wasm.
#[repr(u8)]
pub enum Frame<'a> {
    /// The first frame, both ways.
    Hello(Hello<'a>),
    /// A `Hello` of versions none of which is spoken here.
    OtherVersion,
    /// WebSocket links only: over [`proof_bytes`]. The end that dialled proves itself first.
    Proof(&'a Signature),
    /// WebSocket links only: the first sealed frame, from the end that dialled.
    Welcome,
    /// The last frame.
    Bye(Reason),
    /// Answer this number.
    Ping(u32),
    /// The answer to a ping.
    Pong {
        /// The number of the ping.
        number: u32,
        /// Where the sender stands.
        at: Coordinate,
        /// What its wall clock says, in seconds since 1970; 0 if it has none.
        wall_s: u32,
    },
    /// So many more bytes of bulk may come.
    Credit(u32),
    /// How the sender's neighbourhood differs from what it said before.
    Gossip {
        /// What the sender has of the link: [`CLOSE`] and [`FASTEST`].
        ties: u8,
        /// New members: 32 bytes each.
        joined: &'a [u8],
        /// Members that left: the first 8 bytes of each.
        left: &'a [u8],
    },
    /// A message on its way to a place in the id space.
    Routed(Routed<'a>),
    /// Sums over the keys that both ends should hold: a big-endian u64 for each of [`DIGEST_BUCKETS`].
    Digest(&'a [u8]),
    /// Our sums differ in these buckets: name your keys there.
    Differ {
        /// One bit a bucket.
        mask: u16,
        /// Start behind this key.
        after: &'a BlockHash,
    },
    /// To a relay: carry this to `peer`. From a relay: `peer` sent this. A sealed frame, or one byte, a [`Reason`]: the
    /// circuit is over.
    Carry {
        /// Whether it comes from the relay.
        carried: bool,
        /// The other end.
        peer: &'a NodeId,
        /// As it was sealed.
        sealed: &'a [u8],
    },
    /// Between mates of a topic; see [`topic`](super::topic).
    Topic {
        /// What it says.
        kind: u8,
        /// The topic, and what the kind has.
        raw: &'a [u8],
    },
    /// Which ports are open at the sender.
    Ports {
        /// Tell yours.
        again: bool,
        /// A port's number, 4 bytes, and the version of its protocol.
        open: &'a [u8],
    },
    /// Keys in those buckets, ascending.
    Keys {
        /// As it was asked.
        mask: u16,
        /// Whether there are more behind the last.
        more: bool,
        /// 32 bytes each.
        keys: &'a [u8],
    },
}

/// Who is at the other end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hello<'a> {
    /// Names the network.
    pub network: &'a [u8; 8],
    /// The sender's [`Profile`](crate::Profile) as a number, and [`RELAY`] if it carries circuits.
    pub profile: u8,
    /// WebSocket links only: fresh, 32 random bytes.
    pub nonce: &'a [u8; 32],
    /// WebSocket links only: the public half of a fresh P-256 key, X ‖ Y, that the link is sealed with.
    pub exchange: &'a PublicKey,
    /// The sender's key.
    pub key: &'a PublicKey,
    /// Where newcomers may open a WebSocket to the sender; empty where nowhere.
    pub address: &'a [u8],
}

/// A message that travels from link to link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Routed<'a> {
    /// An answer: it goes back along `path`, and is lost where that broke.
    pub reply: bool,
    /// Only the target itself may take it; otherwise the node closest to the target does.
    pub exact: bool,
    /// Which way a request takes: [`STRAY`] and [`COPIES`], or 0 for the best.
    pub how: u8,
    /// Links crossed so far; at most [`HOPS_MAX`].
    pub hops: u8,
    /// Who sent it.
    pub origin: &'a NodeId,
    /// Where it goes.
    pub target: &'a NodeId,
    /// Chosen by who asked; the answer repeats it.
    pub request: u32,
    /// An entry of [`ENTRY`] bytes a hop, as each wrote it: the number of the link by which the request came, and 4 bytes by
    /// which the hop knows its own entry again. A reply is read from the end.
    pub path: &'a [u8],
    /// See [`Body`].
    pub kind: u8,
    /// See [`Body`].
    pub payload: &'a [u8],
}

/// In [`Routed::how`]: the next hop passes the request on to anybody. What is looked for near by is then looked for from afar.
pub const STRAY: u8 = 8;

/// In [`Routed::how`]: so many copies of a lookup may be made on its way, where a hop sends it on by two ways because some who should
/// pass it on do not. The two share what is left, so that it arrives one time more at most.
pub const COPIES: u8 = 7;

/// The next frame of a packet, without its length; `Some(None)` at the end, `None` where the bytes are no frame.
pub fn split<'a>(packet: &mut Reader<'a>) -> Option<Option<&'a [u8]>> {
    if packet.is_empty() {
        return Some(None);
    }
    let length = usize::from(packet.u16());
    let frame = packet.bytes(length);
    packet.intact()?;
    let is_carried = matches!(frame.first(), Some(&(CARRY | CARRIED)));
    let longest = if is_carried { FRAME_MAX + CIRCUIT_HEAD } else { FRAME_MAX };
    (length <= longest).then_some(Some(frame))
}

impl<'a> Frame<'a> {
    /// Reads one frame without its length; `None` if it is none.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        Self::read(bytes).ok()
    }

    /// Reads one frame without its length.
    ///
    /// # Errors
    /// When the bytes are no frame.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Fault> {
        let mut reader = Reader::new(bytes);
        let frame = match reader.u8() {
            1 => match Hello::read(&mut reader)? {
                Some(hello) => Self::Hello(hello),
                None => return Ok(Self::OtherVersion),
            },
            2 => Self::Proof(reader.signature()),
            3 => Self::Welcome,
            4 => Self::Bye(Reason::from_code(reader.u8())),
            5 => Self::Ping(reader.u32()),
            6 => Self::Pong {
                number: reader.u32(),
                at: Coordinate::read(&mut reader).ok_or(Fault::meaningless("coordinate"))?,
                wall_s: reader.u32(),
            },
            7 => Self::Credit(reader.u32()),
            8 => {
                let count = reader.u8();
                let ties = count & (CLOSE | FASTEST);
                let joined = reader.bytes(usize::from(count ^ ties) * 32);
                let left = reader.rest();
                if !left.len().is_multiple_of(8) {
                    return Err(Fault::uneven(8, left.len()));
                }
                Self::Gossip { ties, joined, left }
            }
            9 => Self::Routed(Routed::read(&mut reader)?),
            10 => Self::Digest(reader.bytes(DIGEST_BUCKETS * 8)),
            11 => Self::Differ { mask: reader.u16(), after: reader.hash() },
            12 => {
                let (mask, more, keys) = (reader.u16(), reader.u8() != 0, reader.rest());
                if !keys.len().is_multiple_of(32) {
                    return Err(Fault::uneven(32, keys.len()));
                }
                Self::Keys { mask, more, keys }
            }
            kind @ (PORTS | PORTS_AGAIN) => Self::Ports { again: kind == PORTS_AGAIN, open: reader.rest() },
            15 => Self::Topic { kind: reader.u8(), raw: reader.rest() },
            kind @ (CARRY | CARRIED) => {
                Self::Carry { carried: kind == CARRIED, peer: reader.id(), sealed: reader.rest() }
            }
            kind => return reader.whole().and(Err(Fault::unknown_kind(kind))),
        };
        reader.end()?;
        Ok(frame)
    }

    /// The frame as bytes, its length before it.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.u16(0);
        match self {
            Self::Hello(hello) => {
                writer.u8(1).u8(VERSION).u8(VERSION_OLDEST).bytes(hello.network).u8(hello.profile);
                writer.bytes(hello.nonce).bytes(&hello.exchange.0).bytes(&hello.key.0);
                writer.u8(hello.address.len() as u8).bytes(hello.address);
            }
            Self::OtherVersion => _ = writer.u8(1).u8(0).u8(0),
            Self::Proof(signature) => _ = writer.u8(2).bytes(&signature.0),
            Self::Welcome => _ = writer.u8(3),
            Self::Bye(reason) => _ = writer.u8(4).u8(*reason as u8),
            Self::Ping(number) => _ = writer.u8(5).u32(*number),
            Self::Pong { number, at, wall_s } => {
                at.emit(writer.u8(6).u32(*number));
                writer.u32(*wall_s);
            }
            Self::Credit(bytes) => _ = writer.u8(7).u32(*bytes),
            Self::Gossip { ties, joined, left } => {
                writer.u8(8).u8((joined.len() / 32) as u8 | ties).bytes(joined).bytes(left);
            }
            Self::Routed(routed) => return routed.emit(routed.how, routed.path),
            Self::Digest(sums) => _ = writer.u8(10).bytes(sums),
            Self::Differ { mask, after } => _ = writer.u8(11).u16(*mask).bytes(&after.0),
            Self::Keys { mask, more, keys } => {
                writer.u8(12).u16(*mask).u8(u8::from(*more)).bytes(keys);
            }
            Self::Ports { again, open } => {
                _ = writer.u8(if *again { PORTS_AGAIN } else { PORTS }).bytes(open)
            }
            Self::Topic { kind, raw } => _ = writer.u8(15).u8(*kind).bytes(raw),
            Self::Carry { carried, peer, sealed } => {
                writer.u8(if *carried { CARRIED } else { CARRY }).bytes(&peer.0).bytes(sealed);
            }
        }
        with_length(writer)
    }
}

/// What was written, its length in the two bytes before it.
#[inline(never)]
fn with_length(writer: Writer) -> Vec<u8> {
    let mut bytes = writer.finish();
    let length = (bytes.len() - 2) as u16;
    if let Some(head) = bytes.first_chunk_mut() {
        *head = length.to_be_bytes();
    }
    bytes
}

/// Fails if `got` is more than `most`.
fn within(most: usize, got: usize) -> Result<(), Fault> {
    if got > most { Err(Fault::beyond(most, got)) } else { Ok(()) }
}

impl<'a> Hello<'a> {
    /// `None` where the sender speaks other versions.
    fn read(reader: &mut Reader<'a>) -> Result<Option<Self>, Fault> {
        let (newest, oldest) = (reader.u8(), reader.u8());
        reader.whole()?;
        if newest < VERSION_OLDEST || oldest > VERSION {
            return Ok(None);
        }
        let hello = Self {
            network: reader.array(),
            profile: reader.u8(),
            nonce: reader.array(),
            exchange: reader.key(),
            key: reader.key(),
            address: {
                let length = usize::from(reader.u8());
                reader.bytes(length)
            },
        };
        reader.whole()?;
        if newest > VERSION {
            reader.rest();
        }
        within(ADDRESS_MAX, hello.address.len())?;
        Ok(Some(hello))
    }
}

impl<'a> Routed<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Fault> {
        let flags = reader.u8();
        let routed = Self {
            reply: flags & 1 != 0,
            exact: flags & 2 != 0,
            how: flags >> 2,
            hops: reader.u8(),
            origin: reader.id(),
            target: reader.id(),
            request: reader.u32(),
            path: {
                let count = usize::from(reader.u8());
                reader.bytes(count * ENTRY)
            },
            kind: reader.u8(),
            payload: reader.rest(),
        };
        within(usize::from(STRAY | COPIES), usize::from(routed.how))?;
        within(usize::from(HOPS_MAX) * ENTRY, routed.path.len())?;
        within(PAYLOAD_MAX, routed.payload.len())?;
        Ok(routed)
    }

    /// The message as a frame with its length, but that way on and with that path.
    #[inline(never)]
    pub fn emit(&self, how: u8, path: &[u8]) -> Vec<u8> {
        let mut writer = Writer::default();
        let flags = u8::from(self.reply) | u8::from(self.exact) << 1 | how << 2;
        writer.u16(0).u8(9).u8(flags).u8(self.hops);
        writer.bytes(&self.origin.0).bytes(&self.target.0).u32(self.request);
        writer.u8((path.len() / ENTRY) as u8).bytes(path);
        writer.u8(self.kind).bytes(self.payload);
        with_length(writer)
    }

    /// What it says; `None` if that is nothing.
    pub fn body(&self) -> Option<Body<'a>> {
        Body::read(self.kind, self.payload)
    }
}
