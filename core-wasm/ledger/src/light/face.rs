//! What a shell says to a light node, and hears. Numbers are big-endian, bytes come last and reach to the end.

use alloc::vec::Vec;

use tabmesh_port::{NodeId, Reader, Writer};

use crate::hash::Hash;

use super::follower::Fork;

/// From the shell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LightCommand<'a> {
    /// This is the ledger: the bytes of its genesis.
    Begin(&'a [u8]),
    /// Begin to follow.
    Start {
        /// Also from a belief, or a genesis, that is older than [`STALE_MS`](crate::limits::STALE_MS). Its owner says so.
        insists: bool,
        /// What this shell has kept, or came with; empty for the genesis.
        belief: &'a [u8],
    },
    /// Give this operation to the voters until its number is used or its time is over.
    Submit(&'a [u8]),
    /// Makes a transfer from this node's account, has the node's key sign it, and submits it: [`LightEvent::Made`], or [`LightEvent::Unmade`].
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
}

impl<'a> LightCommand<'a> {
    /// Reads its bytes; `None` if they are none.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        Some(match kind {
            0 => Self::Begin(rest),
            3 => {
                let (insists, belief) = rest.split_first()?;
                Self::Start { insists: *insists == 1, belief }
            }
            6 => Self::Submit(rest),
            8 => {
                let mut reader = Reader::new(rest);
                let (ticket, to, amount, until) = (reader.u32(), *reader.id(), reader.u64(), reader.u32());
                reader.finish()?;
                Self::Transfer { ticket, to, amount, until }
            }
            _ => return None,
        })
    }

    /// Its bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        match *self {
            Self::Begin(bytes) => writer.u8(0).bytes(bytes),
            Self::Start { insists, belief } => writer.u8(3).u8(insists.into()).bytes(belief),
            Self::Submit(bytes) => writer.u8(6).bytes(bytes),
            Self::Transfer { ticket, ref to, amount, until } => {
                writer.u8(8).u32(ticket).bytes(&to.0).u64(amount).u32(until)
            }
        };
        writer.finish()
    }
}

/// For the shell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LightEvent<'a> {
    /// A header is believed. It comes each time one is.
    Head {
        /// Of the header.
        height: u32,
        /// Of the header.
        epoch: u32,
        /// The header's.
        hash: Hash,
        /// How many epochs ago that was, by this node's clock.
        age: u32,
    },
    /// What this node's account has there.
    Account {
        /// Of the header under which it was proven.
        height: u32,
        /// Of that header.
        epoch: u32,
        /// Its 64 bytes; empty if there is none.
        record: &'a [u8],
    },
    /// How far it has followed.
    Progress {
        /// Of the header that is believed.
        term: u32,
        /// The last one that there can be, by this node's clock.
        of: u32,
        /// How many signatures held.
        verified: u32,
    },
    /// A [`Belief`](crate::Belief) to be kept in the place of the one before: the next start goes on from there.
    Keep(&'a [u8]),
    /// The ledger has two ends. Nothing is followed any more.
    Fork(Fork),
    /// A voter refuses an operation, for now at least; by the number of a [`Refusal`](crate::Refusal). It is asked again.
    Refused {
        /// Its id.
        operation: Hash,
        /// Why.
        code: u8,
    },
    /// An operation is given to the voters no more: the account is proven to be beyond its number, or the last epoch for it is over.
    Over {
        /// Its id; zeros of bytes that are none.
        operation: Hash,
        /// Whether its number is used: by it, unless its owner has signed two.
        is_used: bool,
    },
    /// A transfer was made, and is on its way.
    Made {
        /// From [`LightCommand::Transfer`].
        ticket: u32,
        /// The operation, 184 bytes.
        operation: &'a [u8],
    },
    /// It was not made; by the number of a [`Refusal`](crate::Refusal).
    Unmade {
        /// From [`LightCommand::Transfer`].
        ticket: u32,
        /// Why.
        code: u8,
    },
    /// Something was not taken; by the number of a [`Doubt`](crate::Doubt).
    Doubted {
        /// Why.
        code: u8,
        /// Whose answer it was; this node's own if its owner gave it.
        of: NodeId,
    },
}

impl<'a> LightEvent<'a> {
    /// Reads its bytes; `None` if they are none.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let event = match reader.u8() {
            1 => Self::Keep(reader.rest()),
            2 => {
                let (height, epoch) = (reader.u32(), reader.u32());
                Self::Head { height, epoch, hash: *reader.array(), age: reader.u32() }
            }
            3 => {
                let (height, epoch) = (reader.u32(), reader.u32());
                Self::Account { height, epoch, record: reader.rest() }
            }
            4 => Self::Progress { term: reader.u32(), of: reader.u32(), verified: reader.u32() },
            5 => {
                let (height, one, other) = (reader.u32(), *reader.array(), *reader.array());
                Self::Fork(Fork { height, one, other })
            }
            6 => Self::Refused { operation: *reader.array(), code: reader.u8() },
            7 => Self::Over { operation: *reader.array(), is_used: reader.u8() == 1 },
            10 => Self::Made { ticket: reader.u32(), operation: reader.rest() },
            11 => Self::Unmade { ticket: reader.u32(), code: reader.u8() },
            8 => Self::Doubted { code: reader.u8(), of: *reader.id() },
            _ => return None,
        };
        reader.finish()?;
        Some(event)
    }

    /// Its bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        match self {
            Self::Keep(belief) => writer.u8(1).bytes(belief),
            Self::Head { height, epoch, hash, age } => {
                writer.u8(2).u32(*height).u32(*epoch).bytes(hash).u32(*age)
            }
            Self::Account { height, epoch, record } => writer.u8(3).u32(*height).u32(*epoch).bytes(record),
            Self::Progress { term, of, verified } => writer.u8(4).u32(*term).u32(*of).u32(*verified),
            Self::Fork(Fork { height, one, other }) => writer.u8(5).u32(*height).bytes(one).bytes(other),
            Self::Refused { operation, code } => writer.u8(6).bytes(operation).u8(*code),
            Self::Over { operation, is_used } => writer.u8(7).bytes(operation).u8((*is_used).into()),
            Self::Made { ticket, operation } => writer.u8(10).u32(*ticket).bytes(operation),
            Self::Unmade { ticket, code } => writer.u8(11).u32(*ticket).u8(*code),
            Self::Doubted { code, of } => writer.u8(8).u8(*code).bytes(&of.0),
        };
        writer.finish()
    }
}
