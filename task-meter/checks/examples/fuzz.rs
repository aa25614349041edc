//! Meters random modules and runs them in every engine before and after: `fuzz SEED COUNT`. `cargo xtask fuzz` builds and starts it.

use std::process::ExitCode;

use tabmesh_meter_checks::differential::{Tally, check, check_damaged};

/// Ways in which each module is damaged.
const DAMAGES: u64 = 10;
/// How often it says how far it is.
const REPORT: u64 = 10_000;

fn main() -> ExitCode {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let [first, count] = numbers[..] else {
        eprintln!("fuzz SEED COUNT: two numbers");
        return ExitCode::FAILURE;
    };
    let mut tally = Tally::default();
    for seed in first..first.saturating_add(count) {
        let checked =
            check(seed, &mut tally).and_then(|()| check_damaged(seed, DAMAGES, &mut Tally::default()));
        if let Err(error) = checked {
            eprintln!("seed {seed}: {error:#}");
            return ExitCode::FAILURE;
        }
        if (seed - first + 1) % REPORT == 0 {
            println!("{} of {count}: {tally:?}", seed - first + 1);
        }
    }
    println!("{tally:?}");
    ExitCode::SUCCESS
}
