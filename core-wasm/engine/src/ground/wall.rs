//! The clocks that a node goes by.

use crate::time::Instant;

/// Clocks, each as seconds since 1970 when the shell's monotonic clock began; 0 where there is none.
#[derive(Default)]
pub(crate) struct Clock {
    pub(super) own_s: u32,
    /// The one that counts.
    pub(super) agreed_s: u32,
    /// By how much the own one is ahead, as the owner was told.
    pub(super) told_s: i32,
    pub(super) doubtful_until: Instant,
}
