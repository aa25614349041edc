//! What an application says of its streams, and what it hears.
//!
//! A stream has a number here: those that the application opens the number that it gives, below 2³¹; those that others open one from 2³¹ on.

use alloc::vec::Vec;

use tabmesh_port::{NodeId, Reader, Status, Writer};

/// What an application says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Command<'a> {
    /// Whoever opens a stream by this name is welcome.
    Listen {
        /// At most [`NAME_MAX`](crate::NAME_MAX).
        name: &'a [u8],
    },
    /// Not any more; streams that are open stay.
    Unlisten {
        /// Which.
        name: &'a [u8],
    },
    /// Open a stream.
    Open {
        /// Its number from now on; an unused one below 2³¹.
        stream: u32,
        /// To whom.
        to: &'a NodeId,
        /// What is listened for there.
        name: &'a [u8],
    },
    /// Bytes for the other end, as many as there is [`Event::Room`] for.
    Write {
        /// Where.
        stream: u32,
        /// What.
        bytes: &'a [u8],
    },
    /// So many bytes of what came were read: as many may come.
    Read {
        /// Where.
        stream: u32,
        /// How many.
        count: u32,
    },
    /// Nothing more will be written.
    Finish {
        /// Where.
        stream: u32,
    },
    /// The stream ends now, for both; what was written may not come.
    Reset {
        /// Which.
        stream: u32,
        /// What the other end hears.
        status: Status,
    },
}

/// What an application hears.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<'a> {
    /// A name is listened for, or cannot be.
    Listening {
        /// Which.
        name: &'a [u8],
        /// [`Ok`](Status::Ok), or why not.
        status: Status,
    },
    /// The other end took the stream.
    Opened {
        /// Which.
        stream: u32,
    },
    /// Somebody opened one: it is open.
    Incoming {
        /// Its number.
        stream: u32,
        /// Who; its own sealed link says so.
        from: &'a NodeId,
        /// What it wants.
        name: &'a [u8],
    },
    /// So many bytes more may be written.
    Room {
        /// Where.
        stream: u32,
        /// How many.
        bytes: u32,
    },
    /// Bytes came, behind those that came before.
    Came {
        /// Where.
        stream: u32,
        /// What.
        bytes: &'a [u8],
    },
    /// The other end has written all.
    Finished {
        /// Where.
        stream: u32,
    },
    /// The stream is over: once for each, and the last of it.
    Ended {
        /// Which.
        stream: u32,
        /// [`Ok`](Status::Ok) where both ends have all; otherwise why not.
        status: Status,
    },
}

impl<'a> Command<'a> {
    /// Reads it; `None` if it is none.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let command = match reader.u8() {
            1 => Self::Listen { name: reader.rest() },
            2 => Self::Unlisten { name: reader.rest() },
            3 => Self::Open { stream: reader.u32(), to: reader.id(), name: reader.rest() },
            4 => Self::Write { stream: reader.u32(), bytes: reader.rest() },
            5 => Self::Read { stream: reader.u32(), count: reader.u32() },
            6 => Self::Finish { stream: reader.u32() },
            7 => Self::Reset { stream: reader.u32(), status: Status::from_code(reader.u16())? },
            _ => return None,
        };
        reader.finish().map(|()| command)
    }

    /// Its bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        match self {
            Self::Listen { name } => writer.u8(1).bytes(name),
            Self::Unlisten { name } => writer.u8(2).bytes(name),
            Self::Open { stream, to, name } => writer.u8(3).u32(*stream).bytes(&to.0).bytes(name),
            Self::Write { stream, bytes } => writer.u8(4).u32(*stream).bytes(bytes),
            Self::Read { stream, count } => writer.u8(5).u32(*stream).u32(*count),
            Self::Finish { stream } => writer.u8(6).u32(*stream),
            Self::Reset { stream, status } => writer.u8(7).u32(*stream).u16(*status as u16),
        };
        writer.finish()
    }
}

impl<'a> Event<'a> {
    /// Reads it; `None` if it is none.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let event = match reader.u8() {
            1 => Self::Listening { status: Status::from_code(reader.u16())?, name: reader.rest() },
            2 => Self::Opened { stream: reader.u32() },
            3 => Self::Incoming { stream: reader.u32(), from: reader.id(), name: reader.rest() },
            4 => Self::Room { stream: reader.u32(), bytes: reader.u32() },
            5 => Self::Came { stream: reader.u32(), bytes: reader.rest() },
            6 => Self::Finished { stream: reader.u32() },
            7 => Self::Ended { stream: reader.u32(), status: Status::from_code(reader.u16())? },
            _ => return None,
        };
        reader.finish().map(|()| event)
    }

    /// Its bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        match self {
            Self::Listening { name, status } => writer.u8(1).u16(*status as u16).bytes(name),
            Self::Opened { stream } => writer.u8(2).u32(*stream),
            Self::Incoming { stream, from, name } => writer.u8(3).u32(*stream).bytes(&from.0).bytes(name),
            Self::Room { stream, bytes } => writer.u8(4).u32(*stream).u32(*bytes),
            Self::Came { stream, bytes } => writer.u8(5).u32(*stream).bytes(bytes),
            Self::Finished { stream } => writer.u8(6).u32(*stream),
            Self::Ended { stream, status } => writer.u8(7).u32(*stream).u16(*status as u16),
        };
        writer.finish()
    }
}
