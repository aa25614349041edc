//! Reading a module. The first refusal is kept, and from then on every read answers 0.
//!
//! Answers without `Result` keep the code small, and the walk over a module stays one loop: it asks [`Reader::is_refused`].

use crate::refusal::{Reason, Refusal};

/// A place within the module's bytes.
#[repr(C)]
pub(crate) struct Reader<'a> {
    pub(crate) bytes: &'a [u8],
    /// Behind the last byte of what is being read: the module, a section, a function.
    pub(crate) end: usize,
    /// The next byte.
    pub(crate) at: usize,
    /// Where what was read last started; a refusal names it, and the number.
    mark: usize,
    /// The number that was read last, or what was counted.
    counted: u32,
    code: u32,
    offset: usize,
    found: u32,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, end: bytes.len(), mark: 0, counted: 0, code: 0, offset: 0, found: 0 }
    }

    /// Refuses for a reason, unless something was refused before.
    pub(crate) fn refuse(&mut self, reason: Reason) {
        self.refuse_code(reason as u32);
    }

    /// Refuses for a reason what does not hold.
    #[inline(never)]
    pub(crate) fn check(&mut self, holds: bool, reason: Reason) {
        if !holds {
            self.refuse(reason);
        }
    }

    #[inline(never)]
    pub(crate) fn refuse_code(&mut self, code: u32) {
        if self.code == 0 {
            self.code = code;
            self.offset = self.mark;
            self.found = self.counted;
        }
    }

    /// Refuses for a reason what starts at `start`.
    pub(crate) fn refuse_at(&mut self, reason: Reason, start: usize) {
        self.refuse_code_at(reason as u32, start);
    }

    pub(crate) fn refuse_code_at(&mut self, code: u32, start: usize) {
        self.mark = start;
        self.refuse_code(code);
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.code != 0
    }

    /// The first refusal.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        let refusal = Refusal { code: self.code as u16, offset: self.offset as u32, found: self.found };
        self.is_refused().then_some(refusal)
    }

    /// The byte at a place; 0 behind the end of the module.
    #[inline(never)]
    pub(crate) fn byte_at(&self, at: usize) -> u8 {
        if self.code != 0 {
            return 0;
        }
        self.bytes.get(at).copied().unwrap_or_default()
    }

    /// Whether `bytes` are what starts at `at`.
    #[inline(never)]
    pub(crate) fn has(&mut self, at: usize, bytes: &[u8]) -> bool {
        self.mark = at;
        bytes.iter().enumerate().all(|(offset, byte)| self.byte_at(at.wrapping_add(offset)) == *byte)
    }

    fn next(&mut self) -> u8 {
        let at = self.at;
        if at < self.end {
            self.at += 1;
        } else {
            self.refuse(Reason::Length);
        }
        self.byte_at(at)
    }

    #[inline(never)]
    pub(crate) fn byte(&mut self) -> u8 {
        self.mark = self.at;
        self.next()
    }

    /// An unsigned number of 32 bits (LEB128), in at most five bytes.
    #[inline(never)]
    pub(crate) fn number(&mut self) -> u32 {
        self.mark = self.at;
        let mut number = 0;
        let mut shift = 0;
        loop {
            let byte = self.next();
            if shift == 28 && byte > 15 {
                self.refuse(Reason::Number);
                return 0;
            }
            number |= u32::from(byte & 127) << shift;
            shift += 7;
            if byte < 128 {
                self.counted = number;
                return number;
            }
        }
    }

    /// A number below `bound`: the index of something.
    #[inline(never)]
    pub(crate) fn index(&mut self, bound: u32) -> u32 {
        let index = self.number();
        self.check(index < bound, Reason::Index);
        index
    }

    /// How many items follow: at most `limit`.
    pub(crate) fn count(&mut self, limit: u32) -> u32 {
        self.at_most(limit, Reason::Count)
    }

    /// A number up to `limit`; 0 and a refusal for another.
    #[inline(never)]
    pub(crate) fn at_most(&mut self, limit: u32, reason: Reason) -> u32 {
        let number = self.number();
        self.bound(number, limit, reason)
    }

    /// What was counted, up to `limit`; 0 and a refusal that tells it for more.
    #[inline(never)]
    pub(crate) fn bound(&mut self, counted: u32, limit: u32, reason: Reason) -> u32 {
        self.counted = counted;
        self.check(counted <= limit, reason);
        if counted <= limit { counted } else { 0 }
    }

    /// Passes over `count` bytes.
    #[inline(never)]
    pub(crate) fn skip(&mut self, count: u32) {
        if count as usize > self.end.wrapping_sub(self.at) {
            self.refuse(Reason::Length);
        } else {
            self.at += count as usize;
        }
    }

    /// From here on only `length` bytes are read.
    #[inline(never)]
    pub(crate) fn limit(&mut self, length: u32) {
        let start = self.at;
        self.skip(length);
        self.end = self.at;
        self.at = start;
    }

    /// Passes over a number of any size; the engine will look at it.
    pub(crate) fn skip_number(&mut self) {
        while self.byte() >= 128 {}
    }

    /// Passes over one byte that must be `expected`.
    #[inline(never)]
    pub(crate) fn expect(&mut self, expected: u8, reason: Reason) {
        let byte = self.byte();
        self.check(byte == expected, reason);
    }
}
