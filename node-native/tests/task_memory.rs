//! Goal: a thousand tasks one after another leave nothing behind, however they end, and fresh modules do not pile up.
//! Method: each engine in turn runs tasks that touch megabytes; every second one is a module that was never seen before. What
//! this process keeps in memory is looked at when all bounded things are full, and at the end.
#![cfg(target_os = "linux")]

use std::time::Duration;

use tabmesh_native::task::{EngineKind, Executor, HostLimits, Status, Task};

/// Tasks after which caches and allocators have what they ever have: more fresh modules than are kept.
const WARM: u32 = 200;
const ALL: u32 = 1_000;

/// What may be more at the end than when it was warm; what was seen is a fifth of a megabyte. It is 2.6 KiB a task: one instance
/// that stays (4 MiB) is more, and so are ten modules (64 KiB and more of code and tables each).
const GROWTH_MAX: u64 = 2 << 20;

/// A command that makes its memory 4 MiB, fills it, writes 64 KiB of it to each file, and ends as its first byte of input says.
fn module(number: u32) -> Vec<u8> {
    let text = format!(
        r#"(module
          (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "\80\00\00\00\00\00\01\00module {number}")
          (func (export "_start")
            (drop (memory.grow (i32.const 63)))
            (memory.fill (i32.const 65536) (i32.const 1) (i32.const 4128768))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))
            (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 64)))
            (i32.store (i32.const 4) (i32.const 1))
            (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 64)))
            (if (i32.eq (i32.load8_u (i32.const 128)) (i32.const 1)) (then (call $exit (i32.const 7))))
            (if (i32.eq (i32.load8_u (i32.const 128)) (i32.const 2)) (then (unreachable)))
            (if (i32.eq (i32.load8_u (i32.const 128)) (i32.const 3)) (then (loop (br 0))))))"#
    );
    wat::parse_str(text).expect("good text")
}

/// Bytes of this process that are in memory.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("Linux tells");
    let pages: u64 = pages.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).expect("a number");
    pages * 4096
}

fn run(executor: &Executor, number: u32) -> Status {
    let fresh = if number.is_multiple_of(2) { number } else { 1 };
    let end = (number / 2 % 4) as u8;
    let task = Task::new(module(fresh)).with_input(vec![end]).and_then(|task| task.with_gas(2_000_000));
    executor.run(&task.expect("within bounds"), Some(Duration::from_secs(60))).status()
}

#[test]
fn a_thousand_tasks_leave_nothing_behind() {
    for kind in [EngineKind::Wasmtime, EngineKind::Interpreter] {
        let Ok(engine) = kind.build() else { continue };
        let executor = Executor::new(engine, HostLimits::default());
        let mut warm = 0;
        for number in 0..ALL {
            let expected =
                [Status::Ok, Status::Exit, Status::Trap, Status::OutOfGas][number as usize / 2 % 4];
            assert_eq!(run(&executor, number), expected, "task {number}");
            if number + 1 == WARM {
                warm = resident();
            }
        }
        let end = resident();
        let name = executor.engine().name();
        assert!(end <= warm + GROWTH_MAX, "{name}: {warm} bytes after {WARM} tasks, {end} after {ALL}");
    }
}
