//! How long a shell's asynchronous work takes.

use tabmesh_engine::Work;

/// A signature that a module wants made or checked.
pub(crate) const SIGNATURE_US: u64 = 400;

/// How long a job takes in Chromium, in microseconds; measured there (sign 0.18 to 0.35 ms, verify 0.25 to 0.55 ms,
/// one IndexedDB read about 1 ms, one write about 3 ms). A job takes between half of it and half more.
pub(crate) fn typical_us(work: &Work) -> u64 {
    match work {
        Work::Sign(_) | Work::SignMessage(_) => 300,
        Work::Verify { .. } | Work::CheckMessage(_) => 500,
        // Shells have what was published not long ago, and what modules ask, in memory.
        Work::Recall(_) | Work::Message(_) => 20,
        Work::Store { .. } | Work::Scan { .. } => 3_000,
        _ => 1_000,
    }
}
