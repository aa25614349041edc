//! How long a shell's asynchronous work takes.

use tabmesh_engine::Work;

use crate::dice::Dice;

/// How long a job takes in Chromium, in microseconds; measured there (sign 0.18 to 0.35 ms, verify 0.25 to 0.55 ms,
/// one IndexedDB read about 1 ms, one write about 3 ms).
fn typical_us(work: &Work) -> u64 {
    match work {
        Work::Sign(_) | Work::SignMessage(_) => 300,
        Work::Verify { .. } | Work::CheckMessage(_) => 500,
        // Shells have what was published not long ago in memory.
        Work::Recall(_) => 20,
        // What is to be sent is handed over at once, in its order.
        Work::Message(_) => 0,
        Work::Store { .. } | Work::Scan { .. } => 3_000,
        Work::Load(_) | Work::Absent(_) => 1_000,
    }
}

/// How long this job takes, in microseconds: between half of the typical time and half more.
pub fn takes_us(work: &Work, dice: &mut Dice) -> u64 {
    let typical_us = typical_us(work);
    typical_us / 2 + dice.below(typical_us)
}
