//! What an application says to its counter, and what it hears.

use alloc::vec::Vec;

use tabmesh_port::{Reader, Status, Writer};

/// What an application says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Command {
    /// Add so much. What one run adds in all stays below 2⁶⁴.
    Add(u64),
    /// Tell the sum.
    Total,
}

/// What an application hears.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// What all have added, as far as this node knows.
    Total(u64),
    /// A command made no sense, or its amount is too large.
    Refused(Status),
}

impl Command {
    /// Reads it; `None` if it is none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let command = match reader.u8() {
            1 => Self::Add(reader.u64()),
            2 => Self::Total,
            _ => return None,
        };
        reader.finish().map(|()| command)
    }

    /// Its bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        match self {
            Self::Add(amount) => _ = writer.u8(1).u64(*amount),
            Self::Total => _ = writer.u8(2),
        }
        writer.finish()
    }
}

impl Event {
    /// Reads it; `None` if it is none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let event = match reader.u8() {
            1 => Self::Total(reader.u64()),
            2 => Self::Refused(Status::from_code(reader.u16())?),
            _ => return None,
        };
        reader.finish().map(|()| event)
    }

    /// Its bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        match self {
            Self::Total(total) => _ = writer.u8(1).u64(*total),
            Self::Refused(status) => _ = writer.u8(2).u16(*status as u16),
        }
        writer.finish()
    }
}
