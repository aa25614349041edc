//! Time as the shell hands it in.

/// A point of the shell's monotonic clock, in microseconds since whatever the shell likes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Instant(pub u64);

/// A span of time, in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Duration(pub u64);

impl Instant {
    /// Later than any time that comes. Nothing is added to it: a sum wraps.
    pub const NEVER: Self = Self(u64::MAX);

    /// The time from `earlier` to `self`; nothing if `earlier` is later.
    #[inline(never)]
    pub fn since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl core::ops::Add<Duration> for Instant {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.wrapping_add(span.0))
    }
}

impl Duration {
    /// `ms` milliseconds, which are less than `u64::MAX` microseconds: bound a number of others first.
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms * 1000)
    }

    /// Whole milliseconds, rounded down.
    pub const fn ms(self) -> u64 {
        self.0 / 1000
    }
}
