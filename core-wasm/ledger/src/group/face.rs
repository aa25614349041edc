//! What a shell says to a voter, and hears from it. Numbers are big-endian, bytes come last and reach to the end.
//!
//! A shell keeps records and final blocks in the order in which they come. It says [`Command::Kept`] once a record, and all before it,
//! outlast a power cut. When it starts again it says [`Command::Replay`] with each block, [`Command::Journal`] with each record, and then
//! [`Command::Start`].

use alloc::vec::Vec;

use tabmesh_port::{Reader, Writer};

use crate::hash::Hash;

/// From the shell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Command<'a> {
    /// A final block that this shell has kept, as [`Event::Final`] had it.
    Replay(&'a [u8]),
    /// A record that this shell has kept.
    Journal(&'a [u8]),
    /// That was all. `is_new`: the ledger begins, and this node has never voted in it; a person says so.
    Start {
        /// See there.
        is_new: bool,
    },
    /// The record with this number, and all before it, are kept.
    Kept {
        /// From [`Event::Keep`].
        number: u32,
    },
    /// A final block or a record that was [asked](Event::Fetch) [for](Event::Look); empty if there is none.
    Give {
        /// From there.
        ticket: u32,
        /// As [`Event::Final`] had it.
        bytes: &'a [u8],
    },
    /// An operation of this node's owner.
    Submit(&'a [u8]),
}

impl<'a> Command<'a> {
    /// Reads its bytes; `None` if they are none.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let kind = reader.u8();
        let command = match kind {
            1 => return Some(Self::Replay(reader.rest())),
            2 => return Some(Self::Journal(reader.rest())),
            3 => Self::Start { is_new: reader.u8() == 1 },
            4 => Self::Kept { number: reader.u32() },
            5 => {
                let ticket = reader.u32();
                reader.intact()?;
                return Some(Self::Give { ticket, bytes: reader.rest() });
            }
            6 => return Some(Self::Submit(reader.rest())),
            _ => return None,
        };
        reader.finish()?;
        Some(command)
    }

    /// Its bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        match *self {
            Self::Replay(bytes) => writer.u8(1).bytes(bytes),
            Self::Journal(bytes) => writer.u8(2).bytes(bytes),
            Self::Start { is_new } => writer.u8(3).u8(is_new.into()),
            Self::Kept { number } => writer.u8(4).u32(number),
            Self::Give { ticket, bytes } => writer.u8(5).u32(ticket).bytes(bytes),
            Self::Submit(bytes) => writer.u8(6).bytes(bytes),
        };
        writer.finish()
    }
}

/// For the shell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<'a> {
    /// Keep this record, for good or until its view is over.
    Keep {
        /// For [`Command::Kept`].
        number: u32,
        /// An [`Entry`](super::Entry).
        record: &'a [u8],
    },
    /// A block is final: its certificate, and the block.
    Final {
        /// Which.
        height: u32,
        /// To be kept.
        bytes: &'a [u8],
    },
    /// Somebody asks for a final block.
    Fetch {
        /// For [`Command::Give`].
        ticket: u32,
        /// Which.
        height: u32,
    },
    /// Somebody asks why this voter acknowledged an operation: for the record of that.
    Look {
        /// For [`Command::Give`].
        ticket: u32,
        /// Its id, which stands in the record behind 13 bytes; the first of these is 4.
        operation: Hash,
    },
    /// So many voters have locked an operation of this node's owner that no other one takes its place in this view.
    Certified {
        /// Its id.
        operation: Hash,
    },
    /// So many have acknowledged it that it comes in a block of this view.
    Settled {
        /// Its id.
        operation: Hash,
    },
    /// It is in a final block.
    Included {
        /// Its id.
        operation: Hash,
        /// Which block.
        height: u32,
    },
    /// A voter, or this node itself, refuses it; by the number of a [`Refusal`](crate::Refusal).
    Refused {
        /// Its id.
        operation: Hash,
        /// Why.
        code: u8,
    },
}

impl<'a> Event<'a> {
    /// Reads its bytes; `None` if they are none.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let event = match reader.u8() {
            1 => Self::Keep { number: reader.u32(), record: reader.rest() },
            2 => Self::Final { height: reader.u32(), bytes: reader.rest() },
            3 => Self::Fetch { ticket: reader.u32(), height: reader.u32() },
            8 => Self::Look { ticket: reader.u32(), operation: *reader.array() },
            4 => Self::Certified { operation: *reader.array() },
            5 => Self::Settled { operation: *reader.array() },
            6 => Self::Included { operation: *reader.array(), height: reader.u32() },
            7 => Self::Refused { operation: *reader.array(), code: reader.u8() },
            _ => return None,
        };
        reader.finish()?;
        Some(event)
    }

    /// Its bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        match *self {
            Self::Keep { number, record } => writer.u8(1).u32(number).bytes(record),
            Self::Final { height, bytes } => writer.u8(2).u32(height).bytes(bytes),
            Self::Fetch { ticket, height } => writer.u8(3).u32(ticket).u32(height),
            Self::Look { ticket, operation } => writer.u8(8).u32(ticket).bytes(&operation),
            Self::Certified { operation } => writer.u8(4).bytes(&operation),
            Self::Settled { operation } => writer.u8(5).bytes(&operation),
            Self::Included { operation, height } => writer.u8(6).bytes(&operation).u32(height),
            Self::Refused { operation, code } => writer.u8(7).bytes(&operation).u8(code),
        };
        writer.finish()
    }
}
