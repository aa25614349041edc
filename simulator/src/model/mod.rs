//! What the world is like: where nodes stand, how packets travel, who can connect, how long people stay. Every model
//! names its source.

pub(crate) mod channel;
pub(crate) mod job;
pub(crate) mod nat;
pub(crate) mod place;
pub(crate) mod retry;
pub(crate) mod session;

/// Microseconds in a millisecond.
pub(crate) const MS: u64 = 1_000;

/// Microseconds in a second.
pub(crate) const SECOND: u64 = 1_000_000;

/// Seconds of a scenario in microseconds.
pub(crate) fn micros(seconds: f64) -> u64 {
    (seconds * SECOND as f64) as u64
}

/// The part of `span`, in microseconds, that lies between two times of a scenario; `None` if none does.
pub(crate) fn within(span: (u64, u64), from_s: f64, until_s: f64) -> Option<(u64, u64)> {
    let (first, last) = (span.0.max(micros(from_s)), span.1.min(micros(until_s)));
    (first < last).then_some((first, last))
}

/// Wall time when a world begins, in seconds since 1970.
pub(crate) const WALL_START_S: u64 = 1_767_225_600;
