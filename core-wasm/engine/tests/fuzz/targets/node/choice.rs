//! Choices, read off the bytes that the fuzzer gives; all are the first one once the bytes are used up.

/// The bytes to choose by.
pub(super) struct Choice<'a>(pub(super) &'a [u8]);

impl<'a> Choice<'a> {
    pub(super) fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// True in a quarter of all cases.
    pub(super) fn seldom(&mut self) -> bool {
        self.byte() >= 192
    }

    /// A number below `count`, which is 1 at least.
    pub(super) fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count
    }

    pub(super) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// A number at one of the edges, or near `about`, or any.
    pub(super) fn number(&mut self, about: u64) -> u64 {
        match self.below(10) {
            0 => 0,
            1 => u64::from(self.byte()),
            2 => u64::from(u32::MAX),
            3 => u64::MAX,
            4 => about.wrapping_sub(self.byte().into()),
            5 => 1 << (self.byte() % 64),
            6 => u64::from_be_bytes(std::array::from_fn(|_| self.byte())),
            _ => about,
        }
    }

    /// Some of the bytes themselves.
    pub(super) fn bytes(&mut self, most: usize) -> &'a [u8] {
        let count = self.below(most + 1).min(self.0.len());
        let (bytes, rest) = self.0.split_at(count);
        self.0 = rest;
        bytes
    }

    /// A text of any length up to `most`, all of it one byte.
    pub(super) fn fill(&mut self, most: usize) -> Vec<u8> {
        let length = match self.below(8) {
            0..=3 => self.below(64),
            4 => 1_000 + self.below(100),
            5 => most,
            6 => most.saturating_sub(self.below(100)),
            _ => 100 * self.below(256),
        };
        vec![self.byte(); length.min(most)]
    }
}
