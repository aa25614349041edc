//! Goal: I2, I3, I4 and I7 in JavaScript's engines. What an interpreter says of a metered module, they say too.
//! Method: the specification's tests, the adversarial corpus and random modules, run by an interpreter whose answers are written down (to
//! `transcript` in cargo's folder for tests), and asked again of V8 by `replay.mjs` in Node.js; scenarios ask browsers. Of recursion around what a
//! compiler keeps (to `transcript-kept`) V8's optimising compiler is asked at once, and the plain one.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tabmesh_meter_checks::engines::{Engine, recorded};
use tabmesh_meter_checks::random::Random;
use tabmesh_meter_checks::run::run;
use tabmesh_meter_checks::{SETTINGS, corpus, differential, kept, meter, random, spec};

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

/// Asks Node.js for the answers that were written down: how many are the same. All are, or this panics.
fn replayed(name: &str, flags: &[&str]) -> usize {
    let transcript = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/replay.mjs");
    let output = Command::new("node").args(flags).arg(script).arg(&transcript).output().unwrap();
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    let _ = write!(said, "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    println!("{name} {flags:?}: {said}");
    said.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap()
}

fn write_down(name: &str) {
    fs::write(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name), recorded::take()).unwrap();
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
    write_down("transcript");
    let held = replayed("transcript", &[]);
    assert!(held > HELD_MIN, "only {held} answers");
}

#[test]
fn i7_v8s_compilers_say_what_an_interpreter_says_of_recursion_around_what_they_keep() {
    let kept = kept::all();
    for case in &kept {
        record(&case.module, 0);
    }
    write_down("transcript-kept");
    for flags in [&["--no-liftoff"][..], &["--liftoff-only"]] {
        let held = replayed("transcript-kept", flags);
        assert!(held >= 4 * kept.len(), "only {held} answers");
    }
}
