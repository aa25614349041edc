//! What nodes ask and tell each other.
//!
//! ```text
//! question    kind 1 ‖ nonce 16 ‖ the rest
//! 1 assign    lease ms 4 ‖ gas of a task 8 ‖ count 2 ‖ the batch, as shells know it. Answer: the owner 32 or nothing, or a refusal 1
//! 2 outcomes  key 64 ‖ signature 64 ‖ count records ‖ outputs. Record: outcome 45 or 77 ‖ how much of its output is here 2
//! 3 fetch     index 2 ‖ offset 4. Answer: at most 32 KiB from there on of that output for the requester, of that input for the executor
//! 4 revoke    nothing: the batch is not wanted any more
//! 7 steps     index 2 ‖ what about them 10: see `bisect`
//! word        kind 1 ‖ nonce 16 ‖ the rest
//! 5 beat      done 2: so many tasks of the batch are done
//! 6 over      why 1: nothing will come of the batch, by a refusal's number
//! ```
//!
//! The signature covers requester 32 ‖ nonce 16 ‖ count 2 ‖ root 32, behind what names network and port. The root is that of leaves in
//! the batch's order. Records name no tasks: who ran others than were asked for has signed another root.

use alloc::vec::Vec;

use tabmesh_port::{NodeId, PublicKey, Reader, Signature, Writer};

use crate::bisect::Ask;
use crate::limits::{BATCH_MAX, INLINE_MAX};
use crate::list::Gather;
use crate::outcome::{Outcome, TaskId, leaf, root};

/// Outcomes begin with so many bytes.
pub(crate) const OUTCOMES_HEAD: usize = 1 + 16 + 64 + 64 + 2;

/// Names an assignment: drawn by the requester, for it alone.
pub type Nonce = [u8; 16];

/// Why an executor does not take a batch, or gives it back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Refusal {
    /// Not now.
    Busy = 1,
    /// Its tasks want more than this executor gives.
    TooLarge = 2,
    /// It offers nothing.
    Unwilling = 3,
}

impl Refusal {
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.first().filter(|_| bytes.len() == 1).and_then(|code| Self::from_code(*code))
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        [Self::Busy, Self::TooLarge, Self::Unwilling].into_iter().find(|it| *it as u8 == code)
    }
}

/// A question. See the module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Question<'a> {
    /// Run these.
    Assign {
        /// For so long.
        lease_ms: u32,
        /// The limit of each task.
        gas: u64,
        /// So many tasks.
        count: u16,
        /// For the executor's shell.
        bytes: &'a [u8],
    },
    /// That came of them.
    Outcomes(Batch<'a>),
    /// A piece: of an output where the requester asks, of an input where the executor does.
    Fetch {
        /// Which of the batch, or [`MODULE_INDEX`](crate::MODULE_INDEX).
        index: u16,
        /// From there on.
        offset: u32,
    },
    /// The batch is not wanted any more.
    Revoke,
    /// The steps of a task that was run by them.
    Steps {
        /// Which of the batch.
        index: u16,
        /// What about them.
        ask: Ask,
    },
}

/// What came of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Batch<'a> {
    /// The executor's.
    pub key: &'a PublicKey,
    /// Over [`signed`].
    pub signature: &'a Signature,
    count: usize,
    /// And the outputs behind them.
    records: &'a [u8],
}

impl<'a> Batch<'a> {
    /// That of `count` records, with the outputs behind them.
    pub(crate) fn of(key: &'a PublicKey, signature: &'a Signature, count: usize, records: &'a [u8]) -> Self {
        Self { key, signature, count, records }
    }

    /// How many outcomes there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The outcomes in order, each with its output, or with nothing where that is to be fetched.
    pub fn outcomes(&self) -> impl Iterator<Item = (Outcome, &'a [u8])> + use<'a> {
        let (mut records, mut outputs) = (Reader::new(self.records), Reader::new(self.records));
        (0..self.count).for_each(|_| _ = read_record(&mut outputs));
        (0..self.count).map(move |_| {
            let (outcome, here) = read_record(&mut records);
            (outcome, outputs.bytes(here.into()))
        })
    }

    /// The root of what it says about these tasks.
    pub fn root<'t>(&self, tasks: impl Iterator<Item = &'t TaskId>) -> [u8; 32] {
        root(tasks.zip(self.outcomes()).map(|(task, (outcome, _))| leaf(task, &outcome)).gather())
    }

    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let (key, signature) = (reader.key(), reader.signature());
        let count = usize::from(reader.u16());
        if !(1..=BATCH_MAX).contains(&count) {
            return None;
        }
        let records = reader.rest();
        let (mut reader, mut length) = (Reader::new(records), 0);
        for _ in 0..count {
            let (outcome, here) = read_record(&mut reader);
            if here > 0 && (outcome.length != here.into() || usize::from(here) > INLINE_MAX) {
                return None;
            }
            length += usize::from(here);
        }
        reader.intact()?;
        (reader.rest().len() == length).then_some(Self { key, signature, count, records })
    }
}

/// An outcome, and how much of its output is here.
fn read_record(reader: &mut Reader<'_>) -> (Outcome, u16) {
    (Outcome::read(reader), reader.u16())
}

impl<'a> Question<'a> {
    /// Reads a question; `None` if it is none.
    pub fn read(bytes: &'a [u8]) -> Option<(Nonce, Self)> {
        let mut reader = Reader::new(bytes);
        let kind = reader.u8();
        let nonce = *reader.array();
        let question = match kind {
            1 => {
                let (lease_ms, gas, count) = (reader.u32(), reader.u64(), reader.u16());
                let is_batch = (1..=BATCH_MAX).contains(&count.into());
                Self::Assign { lease_ms, gas, count: is_batch.then_some(count)?, bytes: reader.rest() }
            }
            2 => Self::Outcomes(Batch::read(&mut reader)?),
            3 => Self::Fetch { index: reader.u16(), offset: reader.u32() },
            4 => Self::Revoke,
            7 => Self::Steps { index: reader.u16(), ask: Ask::read(reader.rest())? },
            _ => return None,
        };
        reader.finish().map(|()| (nonce, question))
    }

    /// Its bytes.
    pub fn emit(&self, nonce: &Nonce) -> Vec<u8> {
        let mut writer = Writer::default();
        match self {
            Self::Assign { lease_ms, gas, count, bytes } => {
                writer.u8(1).bytes(nonce).u32(*lease_ms).u64(*gas).u16(*count).bytes(bytes)
            }
            Self::Outcomes(batch) => {
                writer.u8(2).bytes(nonce).bytes(&batch.key.0).bytes(&batch.signature.0);
                writer.u16(batch.len() as u16).bytes(batch.records)
            }
            Self::Fetch { index, offset } => writer.u8(3).bytes(nonce).u16(*index).u32(*offset),
            Self::Revoke => writer.u8(4).bytes(nonce),
            Self::Steps { index, ask } => writer.u8(7).bytes(nonce).u16(*index).bytes(&ask.emit()),
        };
        writer.finish()
    }
}

/// What an executor says unasked. See the module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// So many tasks are done.
    Beat(u16),
    /// Nothing will come of it.
    Over(Refusal),
}

impl Word {
    /// Reads a word; `None` if it is none.
    pub fn read(bytes: &[u8]) -> Option<(Nonce, Self)> {
        let mut reader = Reader::new(bytes);
        let kind = reader.u8();
        let nonce = *reader.array();
        let word = match kind {
            5 => Self::Beat(reader.u16()),
            6 => Self::Over(Refusal::from_code(reader.u8())?),
            _ => return None,
        };
        reader.finish().map(|()| (nonce, word))
    }

    /// Its bytes.
    pub fn emit(&self, nonce: &Nonce) -> Vec<u8> {
        let mut writer = Writer::default();
        match self {
            Self::Beat(done) => writer.u8(5).bytes(nonce).u16(*done),
            Self::Over(why) => writer.u8(6).bytes(nonce).u8(*why as u8),
        };
        writer.finish()
    }
}

/// What an executor signs for a batch of `count` tasks.
pub fn signed(requester: &NodeId, nonce: &Nonce, count: usize, root: &[u8; 32]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.bytes(&requester.0).bytes(nonce).u16(count as u16).bytes(root);
    writer.finish()
}

/// The bytes of records and of the outputs that come with them: those of at most [`INLINE_MAX`] as long as there is room.
pub(crate) fn records<'o>(
    outcomes: impl Iterator<Item = (Outcome, &'o [u8])> + Clone,
    room: usize,
) -> Vec<u8> {
    let (mut records, mut outputs) = (Writer::default(), Writer::default());
    let taken: usize = outcomes.clone().map(|(outcome, _)| outcome.bytes() + 2).sum();
    let room = room.saturating_sub(taken);
    for (outcome, output) in outcomes {
        let is_here = output.len() <= room.saturating_sub(outputs.len());
        let output = if is_here { output } else { &[] };
        outcome.emit(&mut records);
        records.u16(output.len() as u16);
        outputs.bytes(output);
    }
    records.bytes(&outputs.finish());
    records.finish()
}
