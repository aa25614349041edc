//! What an application says to its tag, and what it hears.

use alloc::vec::Vec;

use tabmesh_port::{NodeId, Reader, Status, Writer};

/// What an application says. An operation has a number of the application's own, and ends once, by [`Event::Ended`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Command<'a> {
    /// Tell all members.
    Publish {
        /// Its number.
        op: u32,
        /// At most [`PUBLISH_MAX`](crate::limits::PUBLISH_MAX).
        bytes: &'a [u8],
    },
    /// Tell one member.
    Send {
        /// Its number. One that is under way already is refused and leaves the first alone.
        op: u32,
        /// Whom.
        to: &'a NodeId,
        /// At most [`SEND_MAX`](crate::limits::SEND_MAX).
        bytes: &'a [u8],
    },
    /// Tell the member closest to a key, which may be this one.
    SendClosest {
        /// Its number, as of [`Command::Send`].
        op: u32,
        /// Any place of the id space.
        key: &'a NodeId,
        /// At most [`SEND_MAX`](crate::limits::SEND_MAX).
        bytes: &'a [u8],
    },
    /// Say which members are linked and known.
    Members,
}

/// What an application hears.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<'a> {
    /// The members as this one sees them: when that was asked, and when those linked changed, at most once a second.
    Members {
        /// Those linked to this one: the nearest first.
        linked: &'a [NodeId],
        /// Those that somebody named and that did not answer yet: hearsay.
        named: &'a [NodeId],
    },
    /// A member told all; its signature holds.
    Published {
        /// Which member.
        from: &'a NodeId,
        /// Which run of it: whoever starts again counts anew.
        run: u32,
        /// Counts up in a run, from 1.
        number: u32,
        /// What.
        bytes: &'a [u8],
    },
    /// A member told this one.
    Received {
        /// Who says so.
        from: &'a NodeId,
        /// Its own link brought it; else those who passed it on say so.
        is_proven: bool,
        /// What.
        bytes: &'a [u8],
    },
    /// An operation ended.
    Ended {
        /// Its number.
        op: u32,
        /// [`Ok`](Status::Ok): published to those linked, or delivered. [`Unavailable`](Status::Unavailable): nobody to tell, or no way.
        /// [`TimedOut`](Status::TimedOut): it may have happened.
        status: Status,
    },
    /// A command made no sense, or its number is in use.
    Refused(Status),
}

impl<'a> Command<'a> {
    /// Reads it; `None` if it is none.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let command = match reader.u8() {
            1 => Self::Publish { op: reader.u32(), bytes: reader.rest() },
            2 => Self::Send { op: reader.u32(), to: reader.id(), bytes: reader.rest() },
            3 => Self::SendClosest { op: reader.u32(), key: reader.id(), bytes: reader.rest() },
            4 => Self::Members,
            _ => return None,
        };
        reader.finish().map(|()| command)
    }

    /// Its bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        match self {
            Self::Publish { op, bytes } => _ = writer.u8(1).u32(*op).bytes(bytes),
            Self::Send { op, to, bytes } => _ = writer.u8(2).u32(*op).bytes(&to.0).bytes(bytes),
            Self::SendClosest { op, key, bytes } => _ = writer.u8(3).u32(*op).bytes(&key.0).bytes(bytes),
            Self::Members => _ = writer.u8(4),
        }
        writer.finish()
    }
}

impl<'a> Event<'a> {
    /// Reads it; `None` if it is none.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let event = match reader.u8() {
            1 => {
                let linked = usize::from(reader.u8());
                let linked = NodeId::list(reader.bytes(linked * 32));
                let named = usize::from(reader.u8());
                Self::Members { linked, named: NodeId::list(reader.bytes(named * 32)) }
            }
            2 => {
                let (from, run, number) = (reader.id(), reader.u32(), reader.u32());
                Self::Published { from, run, number, bytes: reader.rest() }
            }
            3 => {
                let (from, is_proven) = (reader.id(), reader.u8() == 1);
                Self::Received { from, is_proven, bytes: reader.rest() }
            }
            4 => Self::Ended { op: reader.u32(), status: Status::from_code(reader.u16())? },
            5 => Self::Refused(Status::from_code(reader.u16())?),
            _ => return None,
        };
        reader.finish().map(|()| event)
    }

    /// Its bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        match self {
            Self::Members { linked, named } => {
                writer.u8(1);
                for ids in [linked, named] {
                    writer.u8(ids.len() as u8).bytes(NodeId::list_bytes(ids));
                }
            }
            Self::Published { from, run, number, bytes } => {
                writer.u8(2).bytes(&from.0).u32(*run).u32(*number).bytes(bytes);
            }
            Self::Received { from, is_proven, bytes } => {
                writer.u8(3).bytes(&from.0).u8((*is_proven).into()).bytes(bytes);
            }
            Self::Ended { op, status } => _ = writer.u8(4).u32(*op).u16(*status as u16),
            Self::Refused(status) => _ = writer.u8(5).u16(*status as u16),
        }
        writer.finish()
    }
}
