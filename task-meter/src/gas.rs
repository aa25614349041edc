//! Segments: instructions that run whenever the first of them does, charged together before they run.
//!
//! A charge is written when its segment ends, or before the first code that is injected into it, with a hole for its gas that
//! is filled at the end. Behind a `br_if` a small segment without injected code is joined to the one before it, which then charges
//! for both even where the branch is taken.

use crate::append::slot;
use crate::module::Meter;
use crate::schedule::{JOINED_GAS_MAX, SEGMENT_GAS_MAX};
use crate::writer::SLOT;

const GAS_LOCAL: u8 = SLOT + slot::GAS_LOCAL;
const LABEL: u8 = SLOT + slot::LABEL;
const SPARE: u8 = SLOT + slot::SPARE;

/// Bytes of the hole; a signed number of three bytes holds [`SEGMENT_GAS_MAX`] and what one instruction and one joined
/// segment add.
const HOLE: usize = 3;

/// What a segment begins behind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// Anything from where the gas is looked at later.
    Plain,
    /// A `br_if`.
    Joinable,
    /// The entry of a function that calls, or of a loop: no way around it leads back to it without being charged.
    Checked,
}

/// A charge; it is in the output if its hole is not at 0.
#[derive(Clone, Copy, Default)]
struct Charge {
    hole: usize,
    gas: u32,
    /// As much of the gas as was joined to it.
    joined: u32,
}

#[derive(Default)]
pub(crate) struct Segments {
    /// The one that a small one may be joined to.
    before: Charge,
    now: Charge,
    /// Whether the charge of the open segment is still to be written, before what is next copied.
    is_due: bool,
}

impl Meter<'_> {
    /// Charges more to the segment that is open.
    #[inline(never)]
    pub(crate) fn charge(&mut self, gas: u32) {
        self.segments.now.gas += gas;
    }

    /// Ends the open segment and begins one behind everything read so far.
    #[inline(never)]
    pub(crate) fn begin_segment(&mut self, begin: Begin) {
        self.end_segment();
        self.copy_rest();
        if begin == Begin::Joinable {
            self.segments.before = self.segments.now;
        }
        self.segments.now = Charge::default();
        self.segments.is_due = true;
        if begin == Begin::Checked {
            self.charge(1);
            self.write_charge();
            self.test_gas();
        }
    }

    /// Writes the charge of the open segment, unless it was written.
    #[inline(never)]
    pub(crate) fn write_charge(&mut self) {
        if self.segments.is_due {
            self.segments.is_due = false;
            self.writer.template(&[0x20, GAS_LOCAL, 0x42]);
            self.segments.now.hole = self.writer.hole(HOLE);
            self.writer.template(&[0x7d, 0x21, GAS_LOCAL]);
        }
    }

    /// Leaves the function if the gas is below zero.
    fn test_gas(&mut self) {
        self.writer.slots[usize::from(slot::LABEL)] = self.body.depth;
        self.writer.template(&[0x20, GAS_LOCAL, 0x42, 0, 0x53, 0x0d, LABEL]);
    }

    /// Fills in the charge of the open segment, or joins it to the one before.
    #[inline(never)]
    pub(crate) fn end_segment(&mut self) {
        let Segments { before, now, is_due } = &mut self.segments;
        let joined = before.joined + now.gas;
        if *is_due && (now.gas == 0 || before.hole != 0 && joined <= JOINED_GAS_MAX) {
            *is_due = false;
            *now = Charge { hole: before.hole, gas: before.gas + now.gas, joined };
        }
        before.hole = 0;
        self.write_charge();
        let Charge { hole, gas, .. } = self.segments.now;
        if hole != 0 && self.writer.is_on {
            self.writer.fill(hole, HOLE, gas as usize);
        }
    }

    /// Cuts a segment that has become too long.
    pub(crate) fn cut_segment(&mut self) {
        if self.segments.now.gas > SEGMENT_GAS_MAX {
            self.begin_segment(Begin::Plain);
        }
    }

    /// Forgets the segments of the function before.
    pub(crate) fn no_segment(&mut self) {
        self.segments = Segments::default();
    }

    /// Charges for each eight of as many bytes as the topmost operand says, before a bulk operation.
    pub(crate) fn charge_bulk(&mut self) {
        self.writer.template(&[0x21, SPARE, 0x20, GAS_LOCAL, 0x20, SPARE, 0xad, 0x42, 3, 0x88, 0x7d]);
        self.writer.template(&[0x21, GAS_LOCAL]);
        self.test_gas();
        self.writer.template(&[0x20, SPARE]);
    }
}
