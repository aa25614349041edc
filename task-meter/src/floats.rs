//! Which floats may be any NaN, and where their bits can be seen.
//!
//! The specification leaves the bits of a NaN that arithmetic made to the engine. They are made those of the canonical NaN only
//! before they can be seen: in memory, in a global, by a reinterpretation or a copied sign, across a call, a branch or the border of
//! a block. An operand is *loose* while it may be any NaN. In the first scan, what sees a loose operand that is not on top marks the
//! instruction that made it; in the second scan the marked ones make it canonical at once. What sees the topmost operand does
//! so itself.
//!
//! A local is loose as well while only arithmetic and constants are stored in it, and each reading of it makes a loose operand
//! of its own. A local that also takes floats with decided bits (parameters, loaded ones) must keep those, so what is stored in it is
//! made canonical before. Which kind a local is, the first scan finds out; the second takes that for the whole function.

use crate::limits::FLOATS_MAX;
use crate::meter::Meter;
use crate::refusal::Reason;
use crate::slots::{SLOT, slot};

const FLOAT: u8 = SLOT + slot::FLOAT;

/// Stores a float, and the canonical NaN over it if it does not equal itself.
const CANONICAL_FLOAT: &[u8] =
    &[0x21, FLOAT, 0x20, FLOAT, 0x20, FLOAT, 0x5c, 0x04, 0x40, 0x43, 0, 0, 0xc0, 0x7f, 0x21, FLOAT, 0x0b];
const CANONICAL_DOUBLE: &[u8] = &[
    0x21, FLOAT, 0x20, FLOAT, 0x20, FLOAT, 0x62, 0x04, 0x40, 0x44, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f, 0x21, FLOAT,
    0x0b,
];

/// What is known of an operand. A loose one carries the number of the instruction that made it, from bit 2 on.
pub(crate) mod operand {
    /// Its bits are decided.
    pub(crate) const BITS: u32 = 0;
    /// A float made here that is not just any NaN: a local may stay loose with it.
    pub(crate) const NUMBER: u32 = 1;
    pub(crate) const LOOSE: u32 = 2;
    /// Set in a loose one of 64 bits.
    pub(crate) const DOUBLE: u32 = 1;
    pub(crate) const SHIFT: u32 = 2;
}

/// What is known of a local.
pub(crate) mod local {
    /// Of a declared type as it is written, these bits turned over. Parameters have none: they are decided anyway.
    pub(crate) const KIND: u8 = 3;
    /// Set for f32 and f64, and for f64 and i64.
    pub(crate) const FLOAT: u8 = 2;
    pub(crate) const DOUBLE: u8 = 1;
    /// Its bits are decided at all times.
    pub(crate) const DECIDED: u8 = 4;
}

/// The spare local for floats of this size.
pub(crate) fn spare_float(is_double: u32) -> u32 {
    4 << is_double
}

impl Meter<'_> {
    /// Writes that the topmost operand becomes the canonical NaN if it is a NaN, by way of the local in the slot.
    fn make_canonical(&mut self, is_double: bool, is_kept: bool) {
        let code: &[u8] = if is_double { CANONICAL_DOUBLE } else { CANONICAL_FLOAT };
        self.writer.template(code);
        if is_kept {
            self.writer.template(&[0x20, FLOAT]);
        }
    }

    /// The same by way of the spare local for floats of this size.
    #[inline(never)]
    fn make_top_canonical(&mut self, is_double: bool) {
        self.body.spares |= spare_float(u32::from(is_double));
        self.writer.slots[usize::from(slot::FLOAT)] = self.writer.slots[2 + usize::from(is_double)];
        self.make_canonical(is_double, true);
    }

    /// An instruction that was just read makes a loose float.
    #[inline(never)]
    pub(crate) fn push_loose(&mut self, is_double: bool) {
        let number = self.next_float();
        if *self.scratch.mark(number) {
            self.copy_rest();
            self.make_top_canonical(is_double);
            self.push(operand::NUMBER);
        } else {
            self.push(number << operand::SHIFT | operand::LOOSE | u32::from(is_double));
        }
    }

    /// The number of an instruction that may make a loose float: the same one in both scans.
    fn next_float(&mut self) -> u32 {
        let number = self.floats.made;
        self.reader.check(number < FLOATS_MAX, Reason::Floats);
        self.floats.made += 1;
        if self.writer.is_off {
            *self.scratch.mark(number) = false;
        }
        number
    }

    /// The instruction at `start` sees the topmost operand: it is made canonical before.
    pub(crate) fn see_top(&mut self, start: usize) {
        let top = self.scratch.operand(self.body.height.wrapping_sub(1));
        let known = *top;
        if known & operand::LOOSE != 0 {
            *top = operand::NUMBER;
            let is_double = known & operand::DOUBLE != 0;
            self.copy_until(start);
            self.make_top_canonical(is_double);
        }
    }

    /// `local.get`.
    pub(crate) fn read_local(&mut self, index: u32) {
        let known = *self.scratch.local(index);
        if known & local::FLOAT == 0 {
            self.push(operand::BITS);
        } else if known & local::DECIDED == 0 {
            self.push_loose(known & local::DOUBLE != 0);
        } else {
            self.next_float();
            self.push(operand::BITS);
        }
    }

    /// `local.set` and `local.tee`, which keeps the operand.
    pub(crate) fn write_local(&mut self, index: u32, start: usize, is_kept: bool) {
        let mut known = self.pop();
        let is_loose = known & operand::LOOSE != 0;
        let kind = self.scratch.local(index);
        if self.writer.is_off && known == operand::BITS {
            *kind |= local::DECIDED;
        }
        if is_loose && *kind & local::DECIDED != 0 {
            self.replace(start);
            self.writer.slots[usize::from(slot::FLOAT)] = index;
            self.make_canonical(known & operand::DOUBLE != 0, is_kept);
            known = operand::NUMBER;
        }
        if is_kept {
            self.push(known);
        }
    }

    /// `f32.const` and `f64.const`, just read: the bits of a NaN are decided.
    pub(crate) fn push_constant(&mut self, is_double: bool) {
        let end = self.reader.at;
        let high = u32::from(self.reader.byte_at(end.wrapping_sub(1)));
        let top = (high << 8 | u32::from(self.reader.byte_at(end.wrapping_sub(2)))) & 0x7fff;
        let is_number = top < if is_double { 0x7ff0 } else { 0x7f80 };
        self.push(if is_number { operand::NUMBER } else { operand::BITS });
    }
}
