//! What a requester asks about a trail, and what it is answered.
//!
//! ```text
//! question  kind 1 ‖ level 1 ‖ number 4 ‖ offset 4: 0 where nothing is said of them
//! 1 open    answer: count 4 ‖ the last step 85 ‖ partners 1 ‖ its path, 32 each ‖ nodes, 32 each: the highest levels of the tree
//! 2 nodes   answer: nodes, 32 each: so many levels below that of this level and number
//! 3 step    answer: that step 85 ‖ partners 1 ‖ its path, 32 each
//! 4 left    answer: what that step left, at most 32 KiB of it from the offset on: the output by then, and behind it the state
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

/// What is asked about the steps of a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ask {
    /// How many there were, the last of them, and the highest levels of the tree.
    Open,
    /// The levels below a node.
    Nodes {
        /// How far the node is above the leaves, at most 32.
        level: u32,
        /// Its place in its level.
        number: u32,
    },
    /// One of them.
    Step(u32),
    /// A piece of what one of them left: the output by then, and behind it the state.
    Left {
        /// Which.
        number: u32,
        /// From there on.
        offset: u32,
    },
}

impl Ask {
    /// Reads a question; `None` if it is none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (kind, level, number, offset) = (reader.u8(), reader.u8(), reader.u32(), reader.u32());
        reader.finish()?;
        match kind {
            1 => Some(Self::Open),
            2 if level <= 32 => Some(Self::Nodes { level: level.into(), number }),
            3 => Some(Self::Step(number)),
            4 => Some(Self::Left { number, offset }),
            _ => None,
        }
    }

    /// Its bytes.
    pub fn emit(self) -> Vec<u8> {
        let (kind, level, number, offset) = match self {
            Self::Open => (1, 0, 0, 0),
            Self::Nodes { level, number } => (2, level as u8, number, 0),
            Self::Step(number) => (3, 0, number, 0),
            Self::Left { number, offset } => (4, 0, number, offset),
        };
        let mut writer = Writer::default();
        writer.u8(kind).u8(level).u32(number).u32(offset);
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
