//! What a routed frame carries.

use alloc::vec::Vec;

use super::{Reader, Writer};
use crate::id::BlockHash;
use crate::status::Status;

/// What one module says to another of its port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Said<'a> {
    /// Which module.
    pub port: u32,
    /// Of its protocol.
    pub version: u8,
    /// What the modules' faces take it for.
    pub kind: u8,
    /// How long an answer is waited for; 0 where none is wanted.
    pub within_ms: u32,
    /// What.
    pub bytes: &'a [u8],
}

/// What a routed message says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Body<'a> {
    /// Who is closest to the target?
    Find,
    /// A signalling envelope, for the target alone.
    Envelope(&'a [u8]),
    /// Send me this block.
    Get(&'a BlockHash),
    /// Hold this block; the node closest to it also places its replicas.
    Put {
        /// SHA-256 of the block.
        hash: &'a BlockHash,
        /// The block.
        block: &'a [u8],
    },
    /// For a module of the target.
    Port(Said<'a>),
    /// Who else is here? The target is a topic, and its closest node names some.
    Meet,
    /// Who is on the list of the target? Its closest node names all.
    List,
    /// The asker is on that list from now on, if there is room; nobody is named.
    Enlist,
    /// Are you there? Answered by a status alone.
    Greet,
    /// The answer to one of the above.
    Answer {
        /// How it went.
        status: Status,
        /// Get: the block. Put: one byte, the holders.
        bytes: &'a [u8],
    },
    /// The answer to Find, Meet, and a Get that found nothing.
    Nodes {
        /// How it went.
        status: Status,
        /// See [`named`](super::named).
        nodes: &'a [u8],
    },
}

impl<'a> Body<'a> {
    /// Reads what a routed message of this kind says; `None` if that is nothing.
    pub fn read(kind: u8, payload: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(payload);
        let body = match kind {
            1 => Self::Find,
            2 => Self::Envelope(reader.rest()),
            3 => Self::Get(reader.hash()),
            4 => Self::Put { hash: reader.hash(), block: reader.rest() },
            8 => Self::Meet,
            10 => Self::Greet,
            12 => Self::List,
            13 => Self::Enlist,
            11 => Self::Port(Said {
                port: reader.u32(),
                version: reader.u8(),
                kind: reader.u8(),
                within_ms: reader.u32(),
                bytes: reader.rest(),
            }),
            6 => Self::Answer { status: Status::from_code(reader.u16())?, bytes: reader.rest() },
            9 => Self::Nodes { status: Status::from_code(reader.u16())?, nodes: reader.rest() },
            _ => return None,
        };
        reader.finish()?;
        Some(body)
    }

    /// The number that `Routed::kind` carries.
    pub fn kind(&self) -> u8 {
        match self {
            Self::Find => 1,
            Self::Envelope(_) => 2,
            Self::Get(_) => 3,
            Self::Put { .. } => 4,
            Self::Answer { .. } => 6,
            Self::Meet => 8,
            Self::Nodes { .. } => 9,
            Self::Greet => 10,
            Self::Port(_) => 11,
            Self::List => 12,
            Self::Enlist => 13,
        }
    }

    /// What `Routed::payload` carries.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        match self {
            Self::Find | Self::Meet | Self::Greet | Self::List | Self::Enlist => {}
            Self::Envelope(bytes) => _ = writer.bytes(bytes),
            Self::Port(said) => {
                writer.u32(said.port).u8(said.version).u8(said.kind).u32(said.within_ms).bytes(said.bytes);
            }
            Self::Get(hash) => _ = writer.bytes(&hash.0),
            Self::Put { hash, block } => _ = writer.bytes(&hash.0).bytes(block),
            Self::Answer { status, bytes } | Self::Nodes { status, nodes: bytes } => {
                _ = writer.u16(*status as u16).bytes(bytes)
            }
        }
        writer.finish()
    }
}
