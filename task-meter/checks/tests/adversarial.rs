//! Goal: modules made against the meter get a refusal or a metered module, and then end in every engine alike.
//! Method: the corpus of `corpus.rs`, and real modules cut at every byte.

use std::time::Instant;

use tabmesh_meter_checks::corpus::{self, Expected};
use tabmesh_meter_checks::engines::{ENGINES, Engine};
use tabmesh_meter_checks::run::{Status, run};
use tabmesh_meter_checks::{SETTINGS, is_valid, kept, meter, random, without_custom};

/// Metered modules beyond this are run by the interpreter alone.
const COMPILED_BYTES_MAX: usize = 300_000;

#[test]
fn i2_adversarial_modules_are_refused_or_stay_valid() {
    let mut wrong = Vec::new();
    for case in corpus::all() {
        let start = Instant::now();
        let metered = meter(&case.module, SETTINGS);
        let (bytes, time) = (case.module.len(), start.elapsed());
        let verdict = match &metered {
            Ok(metered) => format!("{} bytes", metered.len()),
            Err(refusal) => refusal.to_string(),
        };
        println!("{}: {bytes} bytes, {time:?}: {verdict}", case.name);
        let is_right = match (case.expected, &metered) {
            (Expected::Accepted, Ok(metered)) => is_valid(&case.module) && is_valid(metered),
            (Expected::Invalid, Ok(metered)) => !is_valid(&case.module) && !is_valid(metered),
            (Expected::Refused(reason), Err(refusal)) => refusal.code == reason as u16,
            _ => false,
        };
        if !is_right {
            wrong.push(format!("{}: {:?}, but {verdict}", case.name, case.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn i3_adversarial_modules_end_alike_in_every_engine() {
    for case in corpus::all().iter().filter(|case| case.expected == Expected::Accepted) {
        let metered = meter(&case.module, SETTINGS).unwrap();
        // Compiling the largest ones takes minutes without optimisations.
        let engines = if metered.len() < COMPILED_BYTES_MAX { &ENGINES[..] } else { &[Engine::Wasmi] };
        let outcomes: Vec<_> = engines
            .iter()
            .map(|engine| {
                let outcome = run(*engine, &metered, 30_000_000, "f0", &[]);
                outcome.unwrap_or_else(|error| panic!("{}: {engine:?}: {error:?}", case.name))
            })
            .collect();
        println!("{}: {:?}", case.name, outcomes[0].as_ref().map(|outcome| &outcome.status));
        assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]), "{}: {outcomes:?}", case.name);
    }
}

#[test]
fn i7_what_a_compiler_keeps_around_recursion_is_counted() {
    for case in kept::all() {
        let metered =
            meter(&case.module, SETTINGS).unwrap_or_else(|refusal| panic!("{}: {refusal}", case.name));
        let outcomes = ENGINES.map(|engine| run(engine, &metered, 30_000_000, "f0", &[]).unwrap().unwrap());
        assert_eq!(outcomes[0].status, Status::Stack, "{}", case.name);
        assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]), "{}: {outcomes:?}", case.name);
    }
}

#[test]
fn i7_recursion_ends_at_the_profiles_limit_before_any_engines() {
    for case in corpus::all().iter().filter(|case| case.name.starts_with("recursion")) {
        let metered = meter(&case.module, SETTINGS).unwrap();
        for engine in ENGINES {
            let outcome = run(engine, &metered, 30_000_000, "f0", &[]).unwrap().unwrap();
            assert_eq!(outcome.status, Status::Stack, "{} in {engine:?}", case.name);
        }
    }
}

#[test]
fn truncated_at_every_byte_a_module_is_refused_or_as_invalid_as_before() {
    let modules = (0..40).filter_map(random::module).filter(|module| meter(module, SETTINGS).is_ok());
    for module in modules.take(12) {
        for length in 0..module.len() {
            let cut = &module[..length];
            if let Ok(metered) = meter(cut, SETTINGS) {
                assert_eq!(is_valid(&without_custom(cut)), is_valid(&metered), "cut at {length}");
            }
        }
    }
}

#[test]
fn arbitrary_bytes_are_refused_without_a_panic() {
    let mut random = random::Random::new(7);
    for _ in 0..2_000 {
        let length = random.below(200) as usize;
        let mut bytes = b"\0asm\x01\0\0\0".to_vec();
        bytes.extend(random.bytes(length));
        if let Ok(metered) = meter(&bytes, SETTINGS) {
            assert_eq!(is_valid(&without_custom(&bytes)), is_valid(&metered), "{bytes:?}");
        }
    }
}
