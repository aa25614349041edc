//! Goal: what an ordinary compiler makes of an ordinary program is a task, and the same one in every engine.
//! Method: `tests/programs/words.rs`, compiled for WASI as anybody would, and run in all engines of this build.

use std::path::Path;
use std::process::Command;

use tabmesh_native::task::{EngineKind, Executor, HostLimits, Outcome, Status, Task};

fn build(target: &Path) -> Vec<u8> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/programs/words.rs");
    let done = Command::new("rustc")
        .args(["--edition", "2024", "--target", "wasm32-wasip1", "-O", "-C", "strip=symbols", "-o"])
        .args([target, &source])
        .output()
        .expect("rustc runs");
    let error = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "is the target there (`rustup target add wasm32-wasip1`)? {error}");
    std::fs::read(target).expect("the program is there")
}

#[test]
fn an_ordinary_rust_program_is_a_task_with_the_same_result_in_every_engine() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let module = build(&dir.path().join("words.wasm"));
    let text = "The mesh is the computer. the computer is\nthe mesh";
    let mut outcomes: Vec<Outcome> = Vec::new();
    for engine in [EngineKind::Wasmtime, EngineKind::Interpreter] {
        let Ok(engine) = engine.build() else { continue };
        let executor = Executor::new(engine, HostLimits::default());
        for seed in [[0; 32], [7; 32]] {
            let task = Task::new(module.clone()).with_input(text).expect("short").with_seed(seed);
            outcomes.push(executor.run(&task, None));
        }
    }
    for outcome in &outcomes {
        assert_eq!(outcome.status(), Status::Ok, "{}", String::from_utf8_lossy(&outcome.log));
        assert_eq!(outcome.output, b"4 the\n2 is\n2 mesh\n1 computer\n1 computer.\n");
        assert_eq!(outcome.log, b"5 different words\n");
    }
    for pair in outcomes.chunks(2).collect::<Vec<_>>().windows(2) {
        assert!(pair[0] == pair[1], "gas, output and log are the same in both engines");
    }
    let text = Task::new(module).with_input(vec![0xff]).expect("short");
    let executor = Executor::new(EngineKind::Wasmtime.build().expect("it works here"), HostLimits::default());
    let outcome = executor.run(&text, None);
    assert_eq!((outcome.status(), outcome.end.code()), (Status::Exit, 2));
}
