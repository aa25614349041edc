//! Goal: metered modules do what the specification says.
//! Method: its own test-suite, version 2, in every engine that runs within a test; what the profile refuses is listed.

use tabmesh_meter_checks::engines::ENGINES;
use tabmesh_meter_checks::spec;

/// Assertions that must hold at least, so that nothing is passed over unseen.
const HELD_MIN: usize = 17_000;

#[test]
fn i4_metered_modules_pass_the_specifications_tests_in_every_engine() {
    for engine in ENGINES {
        let tally = spec::run(engine).unwrap();
        println!(
            "{engine:?}: {} held, {} passed over, {} invalid",
            tally.held, tally.passed_over, tally.invalid
        );
        println!("refused: {:#?}", tally.refused);
        assert!(
            tally.failed.is_empty(),
            "{engine:?}: {} failed:\n{}",
            tally.failed.len(),
            tally.failed.join("\n")
        );
        assert!(tally.held >= HELD_MIN, "{engine:?}: only {} assertions held", tally.held);
    }
}
