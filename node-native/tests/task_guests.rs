//! Goal: the guests that the guide shows, and real modules of npm packages, come to the same answer and gas in both engines, and
//! to the ones written down.
//! Method: `task-meter/guests/expected.json` and `task-meter/corpus/expected.json`, which the scenario `tasks-agree` holds
//! browsers and the command line to as well. `cargo xtask tasks --write` writes both anew.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tabmesh_native::task::{EngineKind, Executor, HostLimits, Outcome, Status, Task};

/// What a task must give.
#[derive(Serialize, Deserialize)]
struct Expected {
    #[serde(flatten)]
    guest: Guest,
    gas: u64,
    output: String,
}

#[derive(Serialize, Deserialize)]
struct Guest {
    guest: String,
    #[serde(flatten)]
    origin: Option<Origin>,
    /// The input itself; of a module of the corpus, what it is.
    input: String,
}

/// Where a module of the corpus comes from.
#[derive(Serialize, Deserialize)]
struct Origin {
    package: String,
    version: String,
    about: String,
    sha256: String,
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../task-meter").join(name)
}

fn built(guest: &Guest, ending: &str) -> Vec<u8> {
    let folder = folder(if guest.origin.is_some() { "corpus" } else { "guests" });
    let path = folder.join("built").join(&guest.guest).with_extension(ending);
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; `cargo xtask tasks` builds it", path.display()))
}

fn run(executor: &Executor, guest: &Guest) -> Outcome {
    let input = if guest.origin.is_some() { built(guest, "in") } else { guest.input.clone().into_bytes() };
    let task = Task::new(built(guest, "wasm")).with_input(input).expect("short");
    executor.run(&task.with_gas(1 << 40).expect("not too much"), None)
}

fn expected(name: &str) -> Vec<Expected> {
    let text = std::fs::read_to_string(folder(name).join("expected.json")).expect("the list is there");
    serde_json::from_str(&text).expect("a list of guests")
}

fn holds(list: &[Expected]) {
    for engine in [EngineKind::Wasmtime, EngineKind::Interpreter] {
        let Ok(engine) = engine.build() else { continue };
        let executor = Executor::new(engine, HostLimits::default());
        for expected in list {
            let outcome = run(&executor, &expected.guest);
            let name = &expected.guest.guest;
            assert_eq!(outcome.status(), Status::Ok, "{name}");
            assert_eq!(outcome.gas_used, expected.gas, "{name}");
            assert_eq!(outcome.output_id().to_text(), expected.output.as_bytes(), "{name}");
        }
    }
}

#[test]
fn i3_guests_give_the_answers_and_cost_the_gas_that_are_written_down() {
    let list = expected("guests");
    assert!(list.len() >= 4);
    holds(&list);
}

#[test]
fn i3_modules_of_npm_packages_give_the_answers_and_cost_the_gas_that_are_written_down() {
    let list = expected("corpus");
    assert!(list.len() >= 20);
    holds(&list);
}

#[test]
#[ignore = "writes what is expected anew; `cargo xtask tasks --write` runs it after a change of the guests or of the schedule"]
fn write_expected() {
    let executor = Executor::new(EngineKind::Wasmtime.build().expect("it is there"), HostLimits::default());
    let text =
        std::fs::read_to_string(folder("corpus").join("built/list.json")).expect("the corpus is built");
    let corpus: Vec<Guest> = serde_json::from_str(&text).expect("a list of guests");
    let guests = expected("guests").into_iter().map(|expected| expected.guest).collect();
    for (name, list) in [("guests", guests), ("corpus", corpus)] {
        let lines = list.into_iter().map(|guest| {
            let outcome = run(&executor, &guest);
            assert_eq!(outcome.status(), Status::Ok, "{}", guest.guest);
            let output = String::from_utf8(outcome.output_id().to_text().to_vec()).expect("base 32");
            serde_json::to_string(&Expected { guest, gas: outcome.gas_used, output }).expect("plain data")
        });
        let lines: Vec<_> = lines.map(|line| format!("  {line}")).collect();
        let text = format!("[\n{}\n]\n", lines.join(",\n"));
        std::fs::write(folder(name).join("expected.json"), text).expect("it can be written");
    }
}
