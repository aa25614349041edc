//! Virtual time, in microseconds.

/// Microseconds in a millisecond.
pub(crate) const MS: u64 = 1000;

/// Microseconds in a second.
pub(crate) const SECOND: u64 = 1_000_000;
