//! What a shell says to a voter. Numbers are big-endian, bytes come last and reach to the end.
//!
//! A shell keeps records and final blocks in the order in which they come. It says [`Command::Kept`] once a record, and all before it,
//! outlast a power cut. When it starts again it says [`Command::Replay`] with each block, [`Command::Journal`] with each record, and then
//! [`Command::Start`].

use alloc::vec::Vec;

use tabmesh_port::{NodeId, Reader, Status, Writer};

/// From the shell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Command<'a> {
    /// A final block that this shell has kept, as [`Event::Final`](super::Event::Final) had it.
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
        /// From [`Event::Keep`](super::Event::Keep).
        number: u32,
    },
    /// A final block or a record that was [asked](super::Event::Fetch) [for](super::Event::Look); empty if there is none.
    Give {
        /// From there.
        ticket: u32,
        /// As [`Event::Final`](super::Event::Final) had it.
        bytes: &'a [u8],
    },
    /// An operation of this node's owner.
    Submit(&'a [u8]),
    /// What an account has: answered by [`Event::Account`](super::Event::Account).
    Account {
        /// The shell's own number for the question.
        ticket: u32,
        /// Whose.
        id: NodeId,
    },
    /// Makes a transfer from this node's account, has the node's key sign it, and submits it: [`Event::Made`](super::Event::Made), or [`Event::Unmade`](super::Event::Unmade).
    Transfer {
        /// The shell's own number for it.
        ticket: u32,
        /// To whom.
        to: NodeId,
        /// In grains.
        amount: u64,
        /// The last epoch in which it may be done; 0 for [`VALID_EPOCHS`](crate::limits::VALID_EPOCHS) from now on.
        until: u32,
    },
    /// What the faucet here gives, or why nothing.
    Drip {
        /// From [`Event::Requested`](super::Event::Requested).
        ticket: u32,
        /// How it went.
        status: Status,
        /// The operation, if it gives.
        bytes: &'a [u8],
    },
    /// Asks a voter for test credits: answered by [`Event::Dripped`](super::Event::Dripped).
    Request {
        /// The shell's own number for the question.
        ticket: u32,
        /// Which voter.
        of: NodeId,
    },
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
            7 => Self::Account { ticket: reader.u32(), id: *reader.id() },
            8 => Self::Transfer {
                ticket: reader.u32(),
                to: *reader.id(),
                amount: reader.u64(),
                until: reader.u32(),
            },
            9 => {
                let (ticket, status) = (reader.u32(), Status::from_code(reader.u16())?);
                reader.intact()?;
                return Some(Self::Drip { ticket, status, bytes: reader.rest() });
            }
            10 => Self::Request { ticket: reader.u32(), of: *reader.id() },
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
            Self::Account { ticket, ref id } => writer.u8(7).u32(ticket).bytes(&id.0),
            Self::Transfer { ticket, ref to, amount, until } => {
                writer.u8(8).u32(ticket).bytes(&to.0).u64(amount).u32(until)
            }
            Self::Drip { ticket, status, bytes } => writer.u8(9).u32(ticket).u16(status as u16).bytes(bytes),
            Self::Request { ticket, ref of } => writer.u8(10).u32(ticket).bytes(&of.0),
        };
        writer.finish()
    }
}
