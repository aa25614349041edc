//! Writing the metered module: bytes, numbers, and templates of injected code.

/// A byte of a template from here on stands for a number in a slot: `SLOT + n` for slot n as an unsigned number,
/// `SLOT_SIGNED + n` for slot n as a signed one. No opcode and no constant of a template lies here.
pub(crate) const SLOT: u8 = 0xe0;
pub(crate) const SLOT_SIGNED: u8 = 0xe8;

/// The output. Beyond its end nothing is written, and [`Writer::is_full`] says so.
#[repr(C)]
pub(crate) struct Writer<'a> {
    output: &'a mut [u8],
    /// Off during the first scan of a function.
    pub(crate) is_on: bool,
    pub(crate) is_full: bool,
    /// Bytes written.
    pub(crate) len: usize,
    /// The numbers that templates name.
    pub(crate) slots: [u32; 8],
}

impl<'a> Writer<'a> {
    pub(crate) fn new(output: &'a mut [u8]) -> Self {
        Self { output, len: 0, is_on: true, is_full: false, slots: [0; 8] }
    }

    #[inline(never)]
    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes(&[byte]);
    }

    #[inline(never)]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        if !self.is_on {
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
            let slot = self.slots[usize::from(byte & 7)];
            match byte & 0xf8 {
                SLOT => self.number(slot),
                SLOT_SIGNED => self.leb128(slot as i32, 6),
                _ => self.byte(byte),
            }
        }
    }

    /// Leaves `width` bytes for a number that is not known yet; where they start.
    #[inline(never)]
    pub(crate) fn hole(&mut self, width: usize) -> usize {
        let at = self.len;
        self.bytes([0; 5].get(..width).unwrap_or_default());
        at
    }

    /// Writes a number into the `width` bytes at `at`.
    #[inline(never)]
    pub(crate) fn fill(&mut self, at: usize, width: usize, mut number: usize) {
        let end = at.wrapping_add(width);
        for place in at..end {
            if let Some(byte) = self.output.get_mut(place) {
                *byte = number as u8 & 127 | u8::from(place + 1 != end) << 7;
            }
            number >>= 7;
        }
    }

    /// Writes how many bytes follow the hole of five bytes at `at`.
    #[inline(never)]
    pub(crate) fn fill_length(&mut self, at: usize) {
        self.fill(at, 5, self.len.wrapping_sub(at + 5));
    }
}
