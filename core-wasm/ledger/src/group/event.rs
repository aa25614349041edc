//! What a shell hears from a voter. Numbers are big-endian, bytes come last and reach to the end.

use alloc::vec::Vec;

use tabmesh_port::{NodeId, Reader, Status, Writer};

use crate::hash::Hash;

/// For the shell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<'a> {
    /// Keep this record, for good or until its view is over.
    Keep {
        /// For [`Command::Kept`](super::Command::Kept).
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
        /// For [`Command::Give`](super::Command::Give).
        ticket: u32,
        /// Which.
        height: u32,
    },
    /// Somebody asks why this voter acknowledged an operation: for the record of that.
    Look {
        /// For [`Command::Give`](super::Command::Give).
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
    /// A voter refuses it, for now at least; by the number of a [`Refusal`](crate::Refusal).
    Refused {
        /// Its id.
        operation: Hash,
        /// Why.
        code: u8,
    },
    /// What an account has in the newest final block.
    Account {
        /// From [`Command::Account`](super::Command::Account).
        ticket: u32,
        /// Of that block.
        height: u32,
        /// Of that block.
        epoch: u32,
        /// Grains of it that are promised by operations of this node's owner that are on their way.
        promised: u64,
        /// The sequence number of its next operation, as far as this node knows.
        sequence: u32,
        /// Its 64 bytes, as [`Record::read`](crate::Record::read) takes them; empty if there is none.
        record: &'a [u8],
    },
    /// A transfer was made, and is on its way.
    Made {
        /// From [`Command::Transfer`](super::Command::Transfer).
        ticket: u32,
        /// The operation, 184 bytes.
        operation: &'a [u8],
    },
    /// It was not made; by the number of a [`Refusal`](crate::Refusal).
    Unmade {
        /// From [`Command::Transfer`](super::Command::Transfer).
        ticket: u32,
        /// Why.
        code: u8,
    },
    /// Where this node is: at each final block, once after its start, and when the mode changes.
    Head {
        /// Of the newest final block.
        height: u32,
        /// Of that block.
        epoch: u32,
        /// Of the block that is to come.
        view: u32,
        /// That block's.
        hash: Hash,
        /// Operations in it.
        operations: u16,
        /// How it goes on.
        mode: Mode,
    },
    /// Somebody asks the faucet here for test credits, for itself.
    Requested {
        /// For [`Command::Drip`](super::Command::Drip).
        ticket: u32,
        /// Who.
        id: NodeId,
    },
    /// What a faucet said.
    Dripped {
        /// From [`Command::Request`](super::Command::Request).
        ticket: u32,
        /// How it went: [`Status::NotImplemented`] has none.
        status: Status,
        /// The operation, 184 bytes, if it gives; what the voter says, and no proof of anything.
        bytes: &'a [u8],
    },
    /// Who votes has changed, or this node has started.
    Voters {
        /// The first block for which they do, as far as is known here.
        height: u32,
        /// Their ids, 32 each, in the order of their numbers.
        ids: &'a [u8],
    },
    /// An operation of this node's owner is not asked for any more; by the number of a [`Refusal`](crate::Refusal).
    Dropped {
        /// Its id; zeros of bytes that are none.
        operation: Hash,
        /// Why.
        code: u8,
    },
}

/// How far a node's newest final block can be relied on to be the newest there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Mode {
    /// This node has not caught up, or was not told the time, or the ledger has not begun.
    Following = 0,
    /// There was a block within [`EVENTUAL_EPOCHS`](crate::limits::EVENTUAL_EPOCHS) epochs.
    Strong = 1,
    /// There was none: operations wait.
    Eventual = 2,
}

impl Mode {
    fn of(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Following,
            1 => Self::Strong,
            2 => Self::Eventual,
            _ => return None,
        })
    }
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
            9 => {
                let (ticket, height, epoch) = (reader.u32(), reader.u32(), reader.u32());
                let (promised, sequence) = (reader.u64(), reader.u32());
                Self::Account { ticket, height, epoch, promised, sequence, record: reader.rest() }
            }
            10 => Self::Made { ticket: reader.u32(), operation: reader.rest() },
            11 => Self::Unmade { ticket: reader.u32(), code: reader.u8() },
            12 => Self::Head {
                height: reader.u32(),
                epoch: reader.u32(),
                view: reader.u32(),
                hash: *reader.array(),
                operations: reader.u16(),
                mode: Mode::of(reader.u8())?,
            },
            13 => Self::Requested { ticket: reader.u32(), id: *reader.id() },
            14 => {
                let (ticket, status) = (reader.u32(), Status::from_code(reader.u16())?);
                Self::Dripped { ticket, status, bytes: reader.rest() }
            }
            16 => Self::Voters { height: reader.u32(), ids: reader.rest() },
            15 => Self::Dropped { operation: *reader.array(), code: reader.u8() },
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
            Self::Account { ticket, height, epoch, promised, sequence, record } => {
                writer.u8(9).u32(ticket).u32(height).u32(epoch).u64(promised).u32(sequence).bytes(record)
            }
            Self::Made { ticket, operation } => writer.u8(10).u32(ticket).bytes(operation),
            Self::Unmade { ticket, code } => writer.u8(11).u32(ticket).u8(code),
            Self::Head { height, epoch, view, ref hash, operations, mode } => {
                writer.u8(12).u32(height).u32(epoch).u32(view).bytes(hash).u16(operations).u8(mode as u8)
            }
            Self::Requested { ticket, ref id } => writer.u8(13).u32(ticket).bytes(&id.0),
            Self::Dripped { ticket, status, bytes } => {
                writer.u8(14).u32(ticket).u16(status as u16).bytes(bytes)
            }
            Self::Voters { height, ids } => writer.u8(16).u32(height).bytes(ids),
            Self::Dropped { operation, code } => writer.u8(15).bytes(&operation).u8(code),
        };
        writer.finish()
    }
}
