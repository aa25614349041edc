//! Goal: whatever module comes, the meter keeps its promises.
//! Method: modules of wasm-smith from fixed seeds and one of the day, run in every engine before and after. A failure prints
//! the seed; `cargo xtask meter` runs as many as it is told.

use std::time::{SystemTime, UNIX_EPOCH};

use tabmesh_meter_checks::differential::{self, Tally};

/// Modules of fixed seeds and of the seed of the day.
const FIXED: u64 = 150;
const FRESH: u64 = 50;

#[test]
fn i3_random_modules_end_alike_in_every_engine_and_as_they_would_unmetered() {
    let day = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    println!("seeds 0 to {FIXED} and {FRESH} from {day}");
    let mut tally = Tally::default();
    for seed in (0..FIXED).chain(day..day + FRESH) {
        differential::check(seed, &mut tally).unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
    }
    println!("{tally:?}");
    assert!(tally.accepted > FIXED / 2, "most modules are accepted: {tally:?}");
}

#[test]
fn i2_what_was_invalid_stays_invalid() {
    let mut tally = Tally::default();
    for seed in 0..FIXED {
        differential::check_damaged(seed, 40, &mut tally)
            .unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
    }
    println!("{tally:?}");
    assert!(tally.invalid > FIXED, "damage makes modules invalid: {tally:?}");
}
