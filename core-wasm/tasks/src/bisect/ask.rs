//! What a requester asks about a trail, and what it is answered.
//!
//! ```text
//! question  kind 1 ‖ level 1 ‖ number 4
//! 1 open    answer: count 4 ‖ the last step 85 ‖ partners 1 ‖ its path, 32 each ‖ nodes, 32 each: the highest levels of the tree
//! 2 nodes   answer: nodes, 32 each: so many levels below that of this level and number
//! 3 step    answer: that step 85 ‖ partners 1 ‖ its path, 32 each
//! ```

use alloc::vec::Vec;

use tabmesh_port::{Reader, Writer};

use super::step::Step;

/// Levels of the tree in one answer: 64 nodes.
pub(crate) const LEVELS: u32 = 6;

/// How far the root of so many leaves is above them.
pub(crate) fn height(count: u32) -> u32 {
    u32::BITS - count.saturating_sub(1).leading_zeros()
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ask {
    Open,
    Nodes { level: u32, number: u32 },
    Step(u32),
}

impl Ask {
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (kind, level, number) = (reader.u8(), reader.u8(), reader.u32());
        reader.finish()?;
        match kind {
            1 => Some(Self::Open),
            2 if level <= 32 => Some(Self::Nodes { level: level.into(), number }),
            3 => Some(Self::Step(number)),
            _ => None,
        }
    }

    pub(crate) fn emit(self) -> Vec<u8> {
        let mut writer = Writer::default();
        match self {
            Self::Open => writer.u8(1).u8(0).u32(0),
            Self::Nodes { level, number } => writer.u8(2).u8(level as u8).u32(number),
            Self::Step(number) => writer.u8(3).u8(0).u32(number),
        };
        writer.finish()
    }
}

/// A step with the way from its leaf to the top.
pub(crate) struct Placed {
    pub(crate) step: Step,
    pub(crate) path: Vec<[u8; 32]>,
}

impl Placed {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        let step = Step::read(reader);
        let partners = usize::from(reader.u8());
        Self { step, path: reader.bytes(partners * 32).as_chunks().0.to_vec() }
    }

    pub(crate) fn emit(&self, writer: &mut Writer) {
        self.step.emit(writer);
        writer.u8(self.path.len() as u8).bytes(self.path.as_flattened());
    }
}
