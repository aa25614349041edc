//! Goal: every host comes to the same status, the same gas and the same output for the same task, and to those that
//! `docs/TASKS.md` asks for.
//! Method: small modules with their expected ends (`cases.rs`); the results of all of them in `tests/vectors/tasks.json`, which
//! hosts in other languages read as well. After a change that is meant to be seen:
//!
//! ```text
//! cargo test -p tabmesh-native --features interpreter --test task_vectors -- --ignored write_vectors
//! ```

mod case;
mod cases;
mod commands;
mod file;
mod missing;
mod modules;
mod pures;
mod references;
mod refusals;
mod steps;

use std::time::Duration;

use case::{Case, Next, Ran};
use cases::cases;
use file::Vector;
use tabmesh_native::task::{EngineKind, Executor, HostLimits, Status};

/// All engines that this build has, the interpreter also with slices of fuel so short that runs are cut all the time.
fn executors() -> Vec<Executor> {
    let mut engines: Vec<_> = EngineKind::Wasmtime.build().into_iter().collect();
    assert_eq!(engines.len(), 1, "wasmtime works here");
    engines.extend(EngineKind::Interpreter.build());
    #[cfg(feature = "interpreter")]
    engines.push(Box::new(tabmesh_native::task::wasmi::Interpreter::with_slice(1_000)));
    engines.into_iter().map(|engine| Executor::new(engine, HostLimits::default())).collect()
}

fn seen(ran: &Ran) -> (Status, u32, u32, u64, &[u8], &Option<Next>) {
    let Ran { outcome, next } = ran;
    (outcome.status(), outcome.end.code(), outcome.end.offset(), outcome.gas_used, &outcome.output, next)
}

/// Fails with all findings at once.
fn expect_none(findings: &[String]) {
    assert!(findings.is_empty(), "\n  {}\n", findings.join("\n  "));
}

#[test]
fn every_task_ends_as_the_interface_asks() {
    let mut findings = Vec::new();
    for executor in executors() {
        for case in cases() {
            let Ran { outcome, next } = case.run(&executor, None);
            let (status, code) = case.end;
            let is_end = outcome.status() == status && outcome.end.code() == code;
            let is_output = case.output.as_ref().is_none_or(|output| *output == outcome.output);
            let is_next = case.next == next;
            if !(is_end && is_output && is_next) {
                let (engine, name) = (executor.engine().name(), &case.name);
                let head = &outcome.output[..outcome.output.len().min(64)];
                findings.push(format!("{engine}: {name}: {:?} {head:?} {:?}", outcome.end, outcome.gas_used));
            }
        }
    }
    expect_none(&findings);
}

#[test]
fn i3_status_gas_and_output_are_the_vectors_in_every_engine() {
    let mut findings = Vec::new();
    let vectors = file::read();
    for executor in executors() {
        for vector in &vectors {
            let case = vector.case();
            let ran = case.run(&executor, None);
            let now = Vector::of(&vector.name, &case, &ran);
            if now != *vector {
                let engine = executor.engine().name();
                let Ran { outcome, .. } = ran;
                findings
                    .push(format!("{engine}: {}: {:?} {} gas", vector.name, outcome.end, outcome.gas_used));
            }
        }
    }
    expect_none(&findings);
}

#[test]
fn the_vectors_are_those_of_the_cases() {
    let expected: Vec<_> = cases().iter().map(|case| (case.name.clone(), case.module.clone())).collect();
    let found: Vec<_> = file::read().iter().map(|vector| (vector.name.clone(), vector.module())).collect();
    assert!(expected == found, "tests/vectors/tasks.json is older than the cases; see the head of this file");
}

#[test]
fn i5_gas_suffices_exactly_when_it_is_what_the_unlimited_run_used() {
    let mut findings = Vec::new();
    for executor in executors() {
        for case in cases() {
            let whole = case.run(&executor, None);
            if !matches!(whole.outcome.status(), Status::Ok | Status::Exit) {
                continue;
            }
            let just = Case { gas: whole.outcome.gas_used, ..case.clone() };
            let (engine, name) = (executor.engine().name(), &case.name);
            if seen(&just.run(&executor, None)) != seen(&whole) {
                findings.push(format!("{engine}: {name}: {} gas do not suffice", just.gas));
            }
            let Some(gas) = whole.outcome.gas_used.checked_sub(1) else { continue };
            let less = Case { gas, ..just }.run(&executor, None);
            if seen(&less) != (Status::OutOfGas, 0, 0, gas, &[], &None) {
                findings.push(format!("{engine}: {name}: {gas} gas suffice"));
            }
        }
    }
    expect_none(&findings);
}

#[test]
fn a_second_run_of_a_cached_module_is_like_the_first() {
    for executor in executors() {
        for case in cases().iter().step_by(5) {
            let (first, second) = (case.run(&executor, None), case.run(&executor, None));
            assert_eq!(seen(&first), seen(&second), "{}", case.name);
        }
    }
}

#[test]
fn a_patient_watchdog_changes_nothing() {
    for executor in executors() {
        for case in cases().iter().step_by(5) {
            let (with, without) =
                (case.run(&executor, Some(Duration::from_secs(3_600))), case.run(&executor, None));
            assert_eq!(seen(&with), seen(&without), "{}", case.name);
        }
    }
}

#[test]
#[ignore = "writes tests/vectors/tasks.json anew; it is run by hand after a change of the cases or of the schedule"]
fn write_vectors() {
    let executors = executors();
    let executor = &executors[0];
    let vector = |case: &Case| Vector::of(&case.name, case, &case.run(executor, None));
    file::write(&cases().iter().map(vector).collect::<Vec<_>>());
}
