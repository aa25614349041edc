//! What the world is like: where nodes stand, how packets travel, who can connect, how long people stay. Every model
//! names its source; what the tests of the engine are run on too lies in `tabmesh-world`.

pub(crate) mod retry;
pub(crate) mod session;

pub(crate) use tabmesh_world::time::{MS, SECOND};
pub(crate) use tabmesh_world::{channel, nat, place};

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
