//! Segments: instructions that run whenever the first of them does, charged together before they run.
//!
//! The charge is written when a segment begins, with a hole for its gas, and filled when it ends; a charge of nothing is taken
//! out again. Behind a `br_if` a small segment is joined to the one before it, which then charges for both even where the
//! branch is taken.

use crate::module::{Meter, slot};
use crate::schedule::{JOINED_GAS_MAX, SEGMENT_GAS_MAX};
use crate::writer::SLOT;

const GAS_LOCAL: u8 = SLOT + slot::GAS_LOCAL;
const GAS: u8 = SLOT + slot::GAS;
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

/// A charge in the output; there is one if its hole is not at 0.
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
    /// Where the charge of the open segment lies in the output.
    start: usize,
    end: usize,
}

impl Meter<'_> {
    /// Charges more to the segment that is open.
    pub(crate) fn charge(&mut self, gas: u32) {
        self.segments.now.gas += gas;
    }

    /// Ends the open segment and begins one behind everything read so far.
    #[inline(never)]
    pub(crate) fn begin_segment(&mut self, begin: Begin) {
        self.end_segment();
        if !self.writer.is_on {
            return;
        }
        if begin == Begin::Joinable {
            self.segments.before = self.segments.now;
        }
        self.copy_rest();
        self.segments.start = self.writer.len;
        self.writer.template(&[0x20, GAS_LOCAL, 0x42]);
        self.segments.now.hole = self.writer.hole(HOLE);
        self.segments.now.joined = 0;
        self.segments.now.gas = u32::from(begin == Begin::Checked);
        self.writer.byte(0x7d);
        if begin == Begin::Checked {
            self.test_gas();
        } else {
            self.writer.template(&[0x21, GAS_LOCAL]);
        }
        self.segments.end = self.writer.len;
    }

    /// Keeps the gas on the stack as what is left, and leaves the function if that is below zero.
    fn test_gas(&mut self) {
        self.writer.slots[usize::from(slot::LABEL)] = self.body.depth;
        self.writer.template(&[0x22, GAS_LOCAL, 0x42, 0, 0x53, 0x0d, LABEL]);
    }

    /// Fills in the charge of the open segment, or joins it to the one before.
    #[inline(never)]
    pub(crate) fn end_segment(&mut self) {
        let Segments { before, now, start, end } = &mut self.segments;
        if now.hole == 0 {
            return;
        }
        let joined = before.joined + now.gas;
        if now.gas == 0 || before.hole != 0 && joined <= JOINED_GAS_MAX {
            self.writer.remove(*start, *end);
            *now = Charge { hole: before.hole, gas: before.gas + now.gas, joined };
        }
        before.hole = 0;
        if now.hole != 0 {
            self.writer.fill(now.hole, HOLE, now.gas as usize);
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

    /// Puts the gas where the called function finds it.
    pub(crate) fn spill(&mut self) {
        self.writer.template(&[0x20, GAS_LOCAL, 0x24, GAS]);
    }

    /// Takes the gas from where the called function left it.
    pub(crate) fn reload(&mut self) {
        self.writer.template(&[0x23, GAS, 0x21, GAS_LOCAL]);
    }

    /// Charges for each eight of as many bytes as the topmost operand says, before a bulk operation.
    pub(crate) fn charge_bulk(&mut self) {
        self.writer.template(&[0x21, SPARE, 0x20, GAS_LOCAL, 0x20, SPARE, 0xad, 0x42, 3, 0x88, 0x7d]);
        self.test_gas();
        self.writer.template(&[0x20, SPARE]);
    }
}
