//! Writing the metered module: bytes, numbers, and templates of injected code.

use crate::slots::{SLOT, slot};

/// Bytes that are kept free for a number which is not known yet.
const HOLE: usize = 5;

/// The output. Beyond its end nothing is written, and [`Writer::is_full`] says so.
#[repr(C)]
pub(crate) struct Writer<'a> {
    output: &'a mut [u8],
    /// Bytes written.
    pub(crate) len: usize,
    /// The numbers that templates name.
    pub(crate) slots: [u32; 16],
    /// Set during the first scan of a function, which writes nothing.
    pub(crate) is_off: bool,
    pub(crate) is_full: bool,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(output: &'a mut [u8]) -> Self {
        Self { output, len: 0, is_off: false, is_full: false, slots: [0; 16] }
    }

    #[inline(never)]
    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes(&[byte]);
    }

    #[inline(never)]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        if self.is_off {
            return;
        }
        let end = self.len.wrapping_add(bytes.len());
        let Some(room) = self.output.get_mut(self.len..end) else {
            self.is_full = true;
            return;
        };
        room.copy_from_slice(bytes);
        self.len = end;
    }

    /// An unsigned number (LEB128) below 2³¹.
    #[inline(never)]
    pub(crate) fn number(&mut self, number: u32) {
        self.leb128(number as i32, 7);
    }

    /// A number (LEB128) of which the last byte holds so many bits beside the sign.
    #[inline(never)]
    fn leb128(&mut self, mut number: i32, last_bits: u32) {
        while !matches!(number >> last_bits, 0 | -1) {
            self.byte(number as u8 | 128);
            number >>= 7;
        }
        self.byte(number as u8 & 127);
    }

    /// Code, with the numbers of slots in it.
    #[inline(never)]
    pub(crate) fn template(&mut self, template: &[u8]) {
        for &byte in template {
            if byte & 0xf0 == SLOT {
                let last_bits = if byte < SLOT + slot::CONSTANT { 7 } else { 6 };
                self.leb128(self.slots[usize::from(byte & 15)] as i32, last_bits);
            } else {
                self.byte(byte);
            }
        }
    }

    /// Leaves room for a number that is not known yet; where it starts.
    #[inline(never)]
    pub(crate) fn hole(&mut self) -> usize {
        let at = self.len;
        self.bytes(&[0; HOLE]);
        at
    }

    /// Writes a number (see [`Self::leb128`]) into the hole at `at`, and closes up behind it.
    #[inline(never)]
    pub(crate) fn fill(&mut self, at: usize, number: u32, last_bits: u32) {
        let end = self.len;
        self.len = at;
        self.leb128(number as i32, last_bits);
        for from in at + HOLE..end {
            let byte = self.output.get(from).copied().unwrap_or_default();
            self.byte(byte);
        }
    }

    /// Writes how many bytes follow the hole at `at`.
    pub(crate) fn fill_length(&mut self, at: usize) {
        self.fill(at, self.len.wrapping_sub(at + HOLE) as u32, 7);
    }
}
