//! Goal: the guests that the guide shows come to the same answer and gas in both engines, and to the ones written down.
//! Method: `task-meter/guests/expected.json`, which the scenario `tasks-agree` holds browsers and the command line to as well.

use std::path::Path;

use serde::Deserialize;
use tabmesh_native::task::{EngineKind, Executor, HostLimits, Status, Task};

#[derive(Deserialize)]
struct Expected {
    guest: String,
    input: String,
    gas: u64,
    output: String,
}

#[test]
fn i3_guests_give_the_answers_and_cost_the_gas_that_are_written_down() {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../task-meter/guests");
    let text = std::fs::read_to_string(guests.join("expected.json")).expect("the list is there");
    let list: Vec<Expected> = serde_json::from_str(&text).expect("a list of guests");
    assert!(list.len() >= 4);
    for engine in [EngineKind::Wasmtime, EngineKind::Interpreter] {
        let Ok(engine) = engine.build() else { continue };
        let executor = Executor::new(engine, HostLimits::default());
        for expected in &list {
            let path = guests.join("built").join(&expected.guest).with_extension("wasm");
            let task = Task::new(std::fs::read(path).expect("the guest is there"));
            let task = task.with_input(expected.input.clone()).expect("short");
            let outcome = executor.run(&task.with_gas(1 << 40).expect("not too much"), None);
            assert_eq!(outcome.status(), Status::Ok, "{}", expected.guest);
            assert_eq!(outcome.gas_used, expected.gas, "{}", expected.guest);
            assert_eq!(outcome.output_id().to_text(), expected.output.as_bytes(), "{}", expected.guest);
        }
    }
}
