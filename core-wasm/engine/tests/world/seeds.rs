//! Which seeds a scenario runs with: a few fixed ones and a fresh one every time, or the one in `TABMESH_SEED`.

use std::time::{SystemTime, UNIX_EPOCH};

/// Runs `scenario` with each of the seeds 1 to `fixed` and one fresh seed; with the seed of the variable
/// `TABMESH_SEED` alone where it is set. A failure prints its seed.
pub(crate) fn each(fixed: u64, scenario: impl FnMut(u64)) {
    these(1..=fixed, scenario);
}

/// The same with these seeds and one fresh seed.
pub(crate) fn these(fixed: impl IntoIterator<Item = u64>, mut scenario: impl FnMut(u64)) {
    if let Ok(seed) = std::env::var("TABMESH_SEED") {
        let seed = seed.parse().expect("TABMESH_SEED is a whole number");
        return scenario(seed);
    }
    fixed.into_iter().for_each(&mut scenario);
    let fresh =
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64 % 1_000_000_007);
    println!("fresh seed {fresh}");
    scenario(fresh);
}
