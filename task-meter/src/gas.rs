//! Segments: instructions that run whenever the first of them does, charged together before they run.
//!
//! A charge is written when its segment ends, or before the first code that is injected into it, with a hole for its gas that
//! is filled when no more can come. Behind a `br_if` a small segment without injected code is joined to the one before it, which then charges
//! for both even where the branch is taken.

use crate::meter::{Meter, Segments};
use crate::schedule::{JOINED_GAS_MAX, UNTESTED_GAS_MAX};
use crate::slots::{SLOT, slot};

const PURSE: u8 = SLOT + slot::PURSE;
const READ: u8 = SLOT + slot::READ;
const WRITE: u8 = SLOT + slot::WRITE;
const LABEL: u8 = SLOT + slot::LABEL;
const SPARE: u8 = SLOT + slot::SPARE;

/// What a segment begins behind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// Anything from where the gas is looked at later.
    Plain,
    /// A `br_if`.
    Joinable,
    /// The entry of a loop, or a long way from the last test: the gas is tested. No way around a loop leads back without a test.
    Checked,
}

impl Meter<'_> {
    /// Charges more to the segment that is open.
    #[inline(never)]
    pub(crate) fn charge(&mut self, gas: u32) {
        self.segments.open += gas;
        self.body.gas += gas;
        self.body.untested += gas;
    }

    /// Ends the open segment and begins one behind everything read so far.
    #[inline(never)]
    pub(crate) fn begin_segment(&mut self, begin: Begin) {
        let Segments { hole, joined, open, is_due, .. } = self.segments;
        let joined = joined + open;
        if is_due && (open == 0 || hole != 0 && joined <= JOINED_GAS_MAX) {
            self.segments.is_due = false;
            self.segments.joined = joined;
        }
        self.copy_rest();
        self.segments.gas += open;
        self.segments.open = 0;
        if begin != Begin::Joinable {
            self.settle();
        }
        self.segments.is_due = true;
        if begin == Begin::Checked {
            self.charge(1);
            self.test(&[READ, PURSE]);
            self.body.untested = 0;
        }
    }

    /// Writes the charge of the open segment, unless it was written.
    #[inline(never)]
    pub(crate) fn write_charge(&mut self) {
        if self.segments.is_due {
            self.segments.is_due = false;
            self.settle();
            self.writer.template(&[READ, PURSE, 0x42]);
            self.segments.hole = self.writer.hole();
            self.writer.template(&[0x7d, WRITE, PURSE]);
        }
    }

    /// Writes the gas of the last charge, now that no more is joined to it.
    #[inline(never)]
    fn settle(&mut self) {
        let Segments { hole, gas, .. } = self.segments;
        if hole != 0 {
            self.writer.fill(hole, gas, 6);
        }
        self.segments.hole = 0;
        self.segments.gas = 0;
        self.segments.joined = 0;
    }

    /// Ends the run if what the template leaves on the stack is below zero. A function that keeps its gas puts it away before.
    #[inline(never)]
    pub(crate) fn test(&mut self, template: &[u8]) {
        self.write_charge();
        self.count_branch();
        self.writer.template(template);
        self.writer.template(&[0x42, 0, 0x53]);
        self.writer.slots[usize::from(slot::LABEL)] = self.body.depth;
        let end: &[u8] = if self.body.keeps_gas { &[0x0d, LABEL] } else { &[0x04, 0x40, 0, 0x0b] };
        self.writer.template(end);
    }

    /// Cuts a segment and tests the gas where that may have been too long ago.
    pub(crate) fn cut_segment(&mut self) {
        if self.body.untested > UNTESTED_GAS_MAX {
            self.begin_segment(Begin::Checked);
        }
    }

    /// Forgets the segment that would begin behind the function.
    pub(crate) fn no_segment(&mut self) {
        self.segments = Segments::NEW;
    }

    /// Charges before a bulk operation for as many bytes or entries as the topmost operand says: their number shifted to the left, or
    /// below zero to the right.
    pub(crate) fn charge_bulk(&mut self, bits: i8) {
        self.body.spares |= 1 << slot::SPARE;
        let shift = if bits < 0 { 0x88 } else { 0x86 };
        let bits = bits.unsigned_abs();
        self.test(&[
            0x21, SPARE, READ, PURSE, 0x20, SPARE, 0xad, 0x42, bits, shift, 0x7d, WRITE, PURSE, READ, PURSE,
        ]);
        self.writer.template(&[0x20, SPARE]);
    }
}
