//! Virtual time is counted in microseconds.

/// Microseconds in a millisecond.
pub const MS: u64 = 1_000;

/// Microseconds in a second.
pub const SECOND: u64 = 1_000_000;
