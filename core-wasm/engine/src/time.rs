//! Time as the shell hands it in.

/// A point of the shell's monotonic clock, in microseconds since whatever the shell likes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Instant(pub u64);

/// A span of time, in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Duration(pub u64);

impl Instant {
    /// Later than any time that comes.
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
    /// `ms` milliseconds.
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms * 1000)
    }

    /// Whole milliseconds, rounded down.
    pub const fn ms(self) -> u64 {
        self.0 / 1000
    }
}

/// When something happened not long ago, or will soon: the low 32 bits of an [`Instant`]. After 71 minutes it is young again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stamp(u32);

/// Nine minutes, in microseconds: what is further ahead has long come.
const SOON: u32 = 1 << 29;

impl Stamp {
    pub(crate) fn of(at: Instant) -> Self {
        Self(at.0 as u32)
    }

    /// How long ago it was.
    pub(crate) fn age(self, now: Instant) -> Duration {
        Duration((now.0 as u32).wrapping_sub(self.0).into())
    }

    /// The time itself, if it is still to come and no more than nine minutes ahead; else `now`.
    #[inline(never)]
    pub(crate) fn at(self, now: Instant) -> Instant {
        let ahead = self.0.wrapping_sub(now.0 as u32);
        Instant(now.0 + u64::from(if ahead < SOON { ahead } else { 0 }))
    }
}
