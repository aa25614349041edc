//! Time as the shell hands it in, and times that take no more than four bytes.

pub(crate) use tabmesh_port::{Duration, Instant};

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
