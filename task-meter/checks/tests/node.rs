//! Goal: I2, I3 and I4 in JavaScript's engines. What an interpreter says of a metered module, they say too.
//! Method: the specification's tests, the adversarial corpus and random modules, run by an interpreter whose answers are written down (to
//! `transcript` in cargo's folder for tests), and asked again of V8 by `replay.mjs` in Node.js; scenarios ask browsers.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tabmesh_meter_checks::engines::{Engine, recorded};
use tabmesh_meter_checks::random::Random;
use tabmesh_meter_checks::run::run;
use tabmesh_meter_checks::{SETTINGS, corpus, differential, meter, random, spec};

const GAS: i64 = 1_000_000;
const SEEDS: u64 = 400;
/// Larger ones take a browser seconds each, and say nothing more.
const BYTES_MAX: usize = 300_000;
/// Answers that must be the same at least, so that nothing is passed over unseen.
const HELD_MIN: usize = 60_000;

/// Runs some functions of a module.
fn record(module: &[u8], seed: u64) {
    let Ok(metered) = meter(module, SETTINGS) else { return };
    if metered.len() > BYTES_MAX {
        return;
    }
    let Ok(mut guest) = Engine::Wasmi.start(&metered) else {
        let _ = Engine::Recorded.start(&metered);
        return;
    };
    let mut random = Random::new(seed);
    let functions = guest.functions().into_iter().filter(|(name, _)| !name.starts_with('~'));
    for (name, parameters) in functions.take(4) {
        let arguments: Vec<_> =
            parameters.iter().map(|kind| differential::value(*kind, &mut random)).collect();
        run(Engine::Recorded, &metered, GAS, &name, &arguments).unwrap().unwrap();
    }
}

#[test]
fn i3_v8_says_what_an_interpreter_says() {
    let tally = spec::run(Engine::Recorded).unwrap();
    assert!(tally.failed.is_empty(), "{:?}", tally.failed);
    for case in corpus::all() {
        record(&case.module, 0);
    }
    for seed in 0..SEEDS {
        if let Some(module) = random::module(seed) {
            record(&module, seed);
        }
    }
    let transcript = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("transcript");
    fs::write(&transcript, recorded::take()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/replay.mjs");
    let output = Command::new("node").arg(script).arg(&transcript).output().unwrap();
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    let _ = write!(said, "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    println!("{said}");
    let held: usize = said.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap();
    assert!(held > HELD_MIN, "only {held} answers");
}
