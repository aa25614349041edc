//! What a node and a signalling server say to each other: one binary WebSocket message each.
//!
//! The server opens with [`FromServer::Challenge`]; the node proves its key with [`ToServer::Prove`]; the server
//! answers [`FromServer::Welcome`] with up to three live peers. From then on envelopes are relayed unread.
//! Whatever is wrong is answered with [`FromServer::Refused`] and a [`Refusal`].

use alloc::vec::Vec;

use super::{Fault, Reader, Writer};
use crate::id::{NodeId, PublicKey, Signature};

/// The version of this protocol; another one is refused.
pub const VERSION: u8 = 2;

/// The largest message either way, in bytes.
pub const MESSAGE_MAX: usize = 16 * 1024;

/// The most peers one welcome names.
pub const INTRODUCED_MAX: usize = 3;

/// Set in `flags` by an always-on native peer: the server likes to introduce it to newcomers.
pub const FLAG_RELAY: u8 = 1;

/// What a node says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ToServer<'a> {
    /// The answer to the challenge. The signature covers [`proof_bytes`].
    Prove {
        /// Bits such as [`FLAG_RELAY`].
        flags: u8,
        /// Names the network; peers of other networks are never introduced. 8 bytes.
        network: &'a [u8; 8],
        /// The key whose SHA-256 is the node's id.
        key: &'a PublicKey,
        /// Over [`proof_bytes`].
        signature: &'a Signature,
    },
    /// Carry `envelope` to `to`, unread.
    Relay {
        /// Who shall get it.
        to: &'a NodeId,
        /// At most [`MESSAGE_MAX`] − 33 bytes.
        envelope: &'a [u8],
    },
    /// Name live peers again.
    Introduce,
}

/// What the server says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FromServer<'a> {
    /// The first message: sign this.
    Challenge {
        /// The least security level that the server lets in.
        level: u8,
        /// Fresh, 32 bytes.
        nonce: &'a [u8; 32],
    },
    /// The proof holds, or the answer to `Introduce`: at most [`INTRODUCED_MAX`] live peers.
    Welcome {
        /// Id and flags of each.
        peers: Vec<(NodeId, u8)>,
    },
    /// An envelope that `from` sent.
    Deliver {
        /// Proved to the server; the envelope proves it again to the receiver.
        from: &'a NodeId,
        /// As it was sent.
        envelope: &'a [u8],
    },
    /// Something was not done.
    Refused {
        /// Why.
        refusal: Refusal,
        /// The id it is about; all zero where there is none.
        about: &'a NodeId,
    },
}

/// Why the server did not do something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Refusal {
    /// Bytes that are no message, or a message out of place. The connection closes.
    Malformed = 1,
    /// The signature does not hold. The connection closes.
    BadProof = 2,
    /// The id is below the server's security level. The connection closes.
    LowLevel = 3,
    /// The message is larger than [`MESSAGE_MAX`]. The connection closes.
    TooLarge = 4,
    /// Messages come faster than allowed; this one was dropped.
    TooFast = 5,
    /// No proof in time, or nothing heard for too long. The connection closes.
    TooSlow = 6,
    /// The server is at its limit of connections. The connection closes.
    Full = 7,
    /// `about` is not connected here, or is of another network; the envelope was dropped.
    NotPresent = 8,
    /// The server stops: find another, or go on without. The connection closes.
    Draining = 9,
    /// The same id connected again; this older connection closes.
    Replaced = 10,
    /// The proof is for a server of another name than this one has. The connection closes.
    OtherServer = 11,
    /// The node speaks another version. The connection closes.
    OtherVersion = 12,
}

impl Refusal {
    /// The refusal with this number.
    pub fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Malformed,
            2 => Self::BadProof,
            3 => Self::LowLevel,
            4 => Self::TooLarge,
            5 => Self::TooFast,
            6 => Self::TooSlow,
            7 => Self::Full,
            8 => Self::NotPresent,
            9 => Self::Draining,
            10 => Self::Replaced,
            11 => Self::OtherServer,
            12 => Self::OtherVersion,
            _ => return None,
        })
    }
}

/// What a node signs to prove its key: `"tabmesh signal v2" ‖ nonce ‖ network ‖ flags ‖ server`, where `server` is the host
/// name of the server as the node dialled it, in lower case and without port: another server cannot use the proof.
pub fn proof_bytes(nonce: &[u8; 32], network: &[u8; 8], flags: u8, server: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.bytes(b"tabmesh signal v2").bytes(nonce).bytes(network).u8(flags).bytes(server);
    writer.finish()
}

impl<'a> ToServer<'a> {
    /// Reads one message; `None` if it is none.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        Self::read(bytes).ok()
    }

    /// Reads a message.
    ///
    /// # Errors
    /// When the bytes are none.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Fault> {
        let mut reader = Reader::new(bytes);
        let message = match reader.u8() {
            0x01 => {
                let theirs = reader.u8();
                reader.whole()?;
                if theirs != VERSION {
                    return Err(Fault::other_version(theirs));
                }
                Self::Prove {
                    flags: reader.u8(),
                    network: reader.array(),
                    key: reader.key(),
                    signature: reader.signature(),
                }
            }
            0x02 => Self::Relay { to: reader.id(), envelope: reader.rest() },
            0x03 => Self::Introduce,
            kind => return reader.whole().and(Err(Fault::unknown_kind(kind))),
        };
        reader.end()?;
        Ok(message)
    }

    /// The message as bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        match self {
            Self::Prove { flags, network, key, signature } => {
                writer.u8(0x01).u8(VERSION).u8(*flags).bytes(*network).bytes(&key.0).bytes(&signature.0);
            }
            Self::Relay { to, envelope } => {
                writer.u8(0x02).bytes(&to.0).bytes(envelope);
            }
            Self::Introduce => {
                writer.u8(0x03);
            }
        }
        writer.finish()
    }
}

impl<'a> FromServer<'a> {
    /// Reads one message; `None` if it is none.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        Self::read(bytes).ok()
    }

    /// Reads a message.
    ///
    /// # Errors
    /// When the bytes are none.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Fault> {
        let mut reader = Reader::new(bytes);
        let message = match reader.u8() {
            0x81 => {
                let theirs = reader.u8();
                reader.whole()?;
                if theirs != VERSION {
                    return Err(Fault::other_version(theirs));
                }
                Self::Challenge { level: reader.u8(), nonce: reader.array() }
            }
            0x82 => {
                let mut peers = Vec::new();
                while !reader.is_empty() && peers.len() < INTRODUCED_MAX {
                    peers.push((*reader.id(), reader.u8()));
                }
                Self::Welcome { peers }
            }
            0x83 => Self::Deliver { from: reader.id(), envelope: reader.rest() },
            0x84 => Self::Refused {
                refusal: Refusal::from_code(reader.u8()).ok_or(Fault::meaningless("refusal"))?,
                about: reader.id(),
            },
            kind => return reader.whole().and(Err(Fault::unknown_kind(kind))),
        };
        reader.end()?;
        Ok(message)
    }

    /// The message as bytes; peers beyond [`INTRODUCED_MAX`] are left out.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        match self {
            Self::Challenge { level, nonce } => {
                writer.u8(0x81).u8(VERSION).u8(*level).bytes(*nonce);
            }
            Self::Welcome { peers } => {
                writer.u8(0x82);
                for (id, flags) in peers.iter().take(INTRODUCED_MAX) {
                    writer.bytes(&id.0).u8(*flags);
                }
            }
            Self::Deliver { from, envelope } => {
                writer.u8(0x83).bytes(&from.0).bytes(envelope);
            }
            Self::Refused { refusal, about } => {
                writer.u8(0x84).u8(*refusal as u8).bytes(&about.0);
            }
        }
        writer.finish()
    }
}
