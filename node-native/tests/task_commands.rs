//! Goal: `tabmesh task` does what its help says, without any node. Method: the program itself, on small modules in files.

mod common;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use common::program::{stderr, tabmesh};
use common::temporary;
use serde_json::Value;

/// Copies its input to its output, says `hello` in its log, and ends with the number of bytes as its code.
const COUNT: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\40\00\00\00\00\10\00\00") (data (i32.const 8) "\18\00\00\00\06\00\00\00") (data (i32.const 24) "hello\n")
  (func (export "_start")
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
    (drop (call $write (i32.const 2) (i32.const 8) (i32.const 1) (i32.const 16)))
    (call $exit (i32.load (i32.const 4)))))"#;
const IDLE: &str = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;
const ENDLESS: &str = r#"(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))"#;
const TRAP: &str = r#"(module (memory (export "memory") 1) (func (export "_start") unreachable))"#;
const FOREIGN: &str =
    r#"(module (import "env" "now" (func)) (memory (export "memory") 1) (func (export "_start")))"#;

fn write(dir: &Path, name: &str, text: &str) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, wat::parse_str(text).expect("good text")).expect("written");
    path
}

fn task(command: &str, module: &Path, more: &[&str]) -> Output {
    tabmesh().args(["task", command]).arg(module).args(more).stdin(Stdio::null()).output().expect("it runs")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("JSON: {}", stderr(output)))
}

#[test]
fn the_output_goes_to_the_standard_output_and_all_else_to_the_standard_error() {
    let dir = temporary();
    let module = write(dir.path(), "idle.wasm", IDLE);
    let idle = task("run", &module, &[]);
    assert_eq!((idle.status.code(), idle.stdout.as_slice()), (Some(0), &[][..]), "{}", stderr(&idle));
    assert!(
        stderr(&idle).contains("status  OK") && stderr(&idle).contains(" of 1000000000"),
        "{}",
        stderr(&idle)
    );

    let module = write(dir.path(), "count.wasm", COUNT);
    let input = dir.path().join("input");
    std::fs::write(&input, b"\x00\xffbytes").expect("written");
    let count = task("run", &module, &["--input", input.to_str().expect("text")]);
    assert_eq!((count.status.code(), count.stdout.as_slice()), (Some(11), &b"\x00\xffbytes"[..]));
    let error = stderr(&count);
    assert!(error.starts_with("hello\n") && error.contains("code 7"), "{error}");
}

#[test]
fn the_input_may_come_from_a_pipe_and_the_output_go_to_a_file() {
    let dir = temporary();
    let module = write(dir.path(), "count.wasm", COUNT);
    let output = dir.path().join("output");
    let mut child = tabmesh()
        .args(["task", "run", "--input", "-", "--json", "--output"])
        .args([&output, &module])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("piped").write_all(b"piped").expect("written");
    let done = child.wait_with_output().expect("it ends");
    let summary = json(&done);
    assert_eq!(summary["status"], "EXIT");
    assert_eq!((&summary["number"], &summary["code"]), (&1.into(), &5.into()));
    assert_eq!((&summary["output_bytes"], &summary["log_bytes"]), (&5.into(), &6.into()));
    assert_eq!(std::fs::read(&output).expect("there"), b"piped");
    let id = summary["output"].as_str().expect("a CID");
    assert!(id.starts_with("bafkrei") && id.len() == 59, "{id}");
}

#[test]
fn each_end_has_an_exit_code_of_its_own_and_leaves_no_file() {
    let dir = temporary();
    let output = dir.path().join("output");
    let output = output.to_str().expect("text");
    let ends = [
        ("TRAP", TRAP, &[][..], 12),
        ("OUT_OF_GAS", ENDLESS, &["--gas", "1000000"], 13),
        ("BAD_ABI", "(module)", &[], 15),
        ("REFUSED", FOREIGN, &[], 17),
        ("LATE", ENDLESS, &["--gas", "4611686018427387904", "--timeout", "0.2"], 18),
    ];
    for (name, text, flags, code) in ends {
        let module = write(dir.path(), "module.wasm", text);
        let done = task("run", &module, &[flags, &["--output", output, "--json"]].concat());
        assert_eq!(done.status.code(), Some(code), "{name}: {}", stderr(&done));
        assert_eq!(json(&done)["status"], name);
        assert!(stderr(&done).contains(name), "{}", stderr(&done));
        let left: Vec<_> = std::fs::read_dir(dir.path()).expect("readable").flatten().collect();
        assert_eq!(left.len(), 1, "{name}: {left:?}");
    }
}

#[test]
fn a_check_tells_the_interface_or_the_reason() {
    let dir = temporary();
    let module = write(dir.path(), "count.wasm", COUNT);
    let good = task("check", &module, &[]);
    let text = String::from_utf8_lossy(&good.stdout).into_owned();
    assert_eq!(good.status.code(), Some(0), "{}", stderr(&good));
    for part in ["T1, command", "fd_read, fd_write, proc_exit", "memory, _start", "schedule", "1024 at most"]
    {
        assert!(text.contains(part), "no {part} in {text}");
    }
    let report = json(&task("check", &module, &["--json"]));
    assert_eq!((&report["accepted"], &report["interface"]), (&true.into(), &"T1".into()));
    assert!(report["metered_bytes"].as_u64() > report["bytes"].as_u64(), "{report}");

    let refused = task("check", &write(dir.path(), "foreign.wasm", FOREIGN), &["--json"]);
    assert_eq!(refused.status.code(), Some(17));
    let report = json(&refused);
    assert_eq!((&report["accepted"], &report["code"]), (&false.into(), &7.into()));
    assert!(report["feature"].as_str().is_some_and(|text| text.contains("import")), "{report}");
    assert!(report["offset"].as_u64() > Some(0), "{report}");

    let unfit = task("check", &write(dir.path(), "unfit.wasm", "(module (func (export \"alloc\")))"), &[]);
    assert_eq!(unfit.status.code(), Some(15));
    assert!(stderr(&unfit).contains("memory, alloc, run"), "{}", stderr(&unfit));
}

/// Packs a stream by steps, or whole: the guest of the guide.
fn pack() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../task-meter/guests/built/pack.wasm")
}

#[test]
fn a_task_by_steps_gives_what_it_gives_whole_and_names_its_steps() {
    let dir = temporary();
    let input = dir.path().join("input");
    std::fs::write(&input, b"aaaaaaaaaaaaaaaabcdbcdbcdbcd").expect("written");
    let input = input.to_str().expect("text");
    let whole = task("run", &pack(), &["--input", input]);
    let steps = task("run", &pack(), &["--input", input, "--piece", "10"]);
    assert_eq!((steps.status.code(), &steps.stdout), (Some(0), &whole.stdout), "{}", stderr(&steps));
    assert!(stderr(&steps).contains("steps   4"), "{}", stderr(&steps));
    assert!(!stderr(&whole).contains("steps"), "{}", stderr(&whole));
    let summary = json(&task("run", &pack(), &["--input", input, "--piece", "10", "--json"]));
    assert_eq!(summary["steps"], 4);
    assert_eq!(json(&task("run", &pack(), &["--json"]))["steps"], Value::Null);
}

#[test]
fn single_steps_hand_their_state_on_in_files() {
    let dir = temporary();
    let path = |name: &str| dir.path().join(name).to_str().expect("text").to_owned();
    let (input, state) = (path("input"), path("state"));
    let mut output = Vec::new();
    for (number, piece) in [&b"aaaaaaaaaa"[..], b"aabbbb", b""].into_iter().enumerate() {
        std::fs::write(&input, piece).expect("written");
        let from = if number == 0 { vec![] } else { vec!["--state", &state] };
        let flags = [&from[..], &["--state-out", &state, "--input", &input]].concat();
        let again = json(&task("step", &pack(), &[&from[..], &["--input", &input, "--json"]].concat()));
        let step = task("step", &pack(), &flags);
        assert_eq!(step.status.code(), Some(0), "{}", stderr(&step));
        let flag = if piece.is_empty() { "done" } else { "wait" };
        assert!(stderr(&step).contains(&format!("flag    {flag}\nstate   bafkrei")), "{}", stderr(&step));
        assert_eq!((&again["flag"], &again["state_bytes"]), (&flag.into(), &32.into()));
        let id = again["state"].as_str().expect("a CID");
        assert!(stderr(&step).contains(id), "the same step leaves the same state: {}", stderr(&step));
        output.extend_from_slice(&step.stdout);
    }
    std::fs::write(&input, b"aaaaaaaaaaaabbbb").expect("written");
    assert_eq!(task("run", &pack(), &["--input", &input]).stdout, output);

    let none = path("none");
    let command = write(dir.path(), "command.wasm", TRAP);
    let done = task("step", &command, &["--state-out", &none, "--output", &none, "--json"]);
    assert_eq!(done.status.code(), Some(15), "a command has no steps: {}", stderr(&done));
    assert_eq!((&json(&done)["flag"], &json(&done)["state"]), (&Value::Null, &Value::Null));
    assert!(!Path::new(&none).exists());
}

#[test]
fn a_check_tells_whether_a_module_runs_whole_or_by_steps() {
    let dir = temporary();
    let text = |module: &Path| String::from_utf8_lossy(&task("check", module, &[]).stdout).into_owned();
    assert!(text(&pack()).contains("whole, or by steps"));
    assert!(text(&write(dir.path(), "idle.wasm", IDLE)).contains("runs        whole\n"));
    let stepping = r#"(module (memory (export "memory") 1) (func (export "alloc") (param i32) (result i32) (i32.const 64))
        (func (export "step") (param i32 i32 i32 i32) (result i64) (i64.const 8)))"#;
    let module = write(dir.path(), "stepping.wasm", stepping);
    let check = task("check", &module, &["--json"]);
    assert_eq!(
        (check.status.code(), &json(&check)["accepted"]),
        (Some(0), &true.into()),
        "{}",
        stderr(&check)
    );
    assert_eq!(json(&check)["missing"], serde_json::json!(["run"]));
    assert_eq!(json(&check)["missing_for_steps"], serde_json::json!([]));
    assert!(text(&module).contains("by steps only"));
    assert_eq!(task("run", &module, &[]).status.code(), Some(15));
    assert_eq!(task("run", &module, &["--piece", "1", "--gas", "1000000"]).status.code(), Some(13));
}

#[test]
fn what_cannot_be_run_says_why_and_ends_with_its_code() {
    let dir = temporary();
    let module = write(dir.path(), "idle.wasm", IDLE);
    for flags in [
        &["--gas", "4611686018427387905"][..],
        &["--gas", "much"],
        &["--pages", "0"],
        &["--pages", "65537"],
        &["--seed", "abc"],
        &["--timeout", "-1"],
        &["--timeout", "soon"],
        &["--engine", "steam"],
        &["--piece", "0"],
        &["--piece", "16777217"],
    ] {
        let done = task("run", &module, flags);
        assert_eq!(done.status.code(), Some(2), "{flags:?}: {}", stderr(&done));
    }
    assert_eq!(task("run", &dir.path().join("nothing"), &[]).status.code(), Some(1));
    assert_eq!(task("check", dir.path(), &[]).status.code(), Some(1));
    let nowhere = dir.path().join("no/such/folder/output");
    let done = task("run", &module, &["--output", nowhere.to_str().expect("text")]);
    assert_eq!(done.status.code(), Some(1), "{}", stderr(&done));
    let large = dir.path().join("large");
    std::fs::File::create(&large).and_then(|file| file.set_len((16 << 20) + 1)).expect("made");
    let done = task("run", &module, &["--input", large.to_str().expect("text")]);
    assert_eq!(done.status.code(), Some(2), "{}", stderr(&done));
    assert!(stderr(&done).contains("16 MiB"), "{}", stderr(&done));
    let done = task("step", &pack(), &["--state", large.to_str().expect("text")]);
    assert_eq!(done.status.code(), Some(2), "{}", stderr(&done));
    assert!(stderr(&done).contains("the state has 16777217 bytes"), "{}", stderr(&done));
}

#[test]
fn the_interpreter_runs_the_same_or_says_how_to_get_it() {
    let dir = temporary();
    let module = write(dir.path(), "count.wasm", COUNT);
    let other = task("run", &module, &["--engine", "interpreter", "--json"]);
    if cfg!(feature = "interpreter") {
        let one = json(&task("run", &module, &["--json"]));
        assert_eq!((&json(&other)["gas_used"], &json(&other)["output"]), (&one["gas_used"], &one["output"]));
    } else {
        assert_eq!(other.status.code(), Some(2));
        assert!(stderr(&other).contains("--features interpreter"), "{}", stderr(&other));
    }
}

/// Some hundred kilobytes for which a compiler takes minutes: in each function a thousand values that live through two thousand loops.
fn bomb() -> String {
    const FUNCTIONS: usize = 20;
    const LOOPS: usize = 1_900;
    const LOCALS: usize = 1_000;
    let sums = (0..3_000).map(|number| {
        let [one, other, to] = [7, 13, 3].map(|factor| number * factor % LOCALS);
        format!("local.get {one} local.get {other} i32.add local.tee {to} br_if {}", number % LOOPS)
    });
    let code = sums.collect::<Vec<_>>().join("\n");
    let (locals, begin, end) = ("i32 ".repeat(LOCALS), "loop ".repeat(LOOPS), "end ".repeat(LOOPS));
    let function = format!("(func (local {locals}) {begin} {code} {end})");
    format!(
        "(module (memory (export \"memory\") 1) (func (export \"_start\")) {})",
        function.repeat(FUNCTIONS)
    )
}

#[test]
fn a_module_made_against_the_compiler_is_ended_by_the_watchdog() {
    let dir = temporary();
    let module = write(dir.path(), "bomb.wasm", &bomb());
    let started = Instant::now();
    let bomb = task("run", &module, &["--timeout", "1"]);
    assert_eq!(bomb.status.code(), Some(18), "{}", stderr(&bomb));
    // Not a measurement: a compiler that is not ended takes minutes.
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[test]
fn what_the_compiler_apart_finds_invalid_is_refused() {
    let dir = temporary();
    let module = write(
        dir.path(),
        "invalid.wasm",
        r#"(module (memory (export "memory") 1) (func (export "_start") i64.const 1 i32.eqz drop))"#,
    );
    for command in ["check", "run"] {
        let invalid = task(command, &module, &[]);
        assert_eq!(invalid.status.code(), Some(17), "{}", stderr(&invalid));
        assert!(stderr(&invalid).contains("no valid WebAssembly"), "{}", stderr(&invalid));
    }
}

/// What a task says in a process with so many KiB of address space.
#[cfg(target_os = "linux")]
fn limited(kib: u32, module: &Path, more: &[&str]) -> Output {
    let program = tabmesh().get_program().to_owned();
    let script = format!("ulimit -v {kib}; exec \"$0\" task run \"$@\"");
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script]).arg(program).arg(module).args(more).stdin(Stdio::null());
    shell.output().expect("it runs")
}

#[test]
#[cfg(target_os = "linux")]
fn little_address_space_suffices_for_a_small_task_and_is_named_where_it_does_not() {
    let dir = temporary();
    let idle = write(dir.path(), "idle.wasm", IDLE);
    for kib in [4_194_304, 1_048_576, 524_288] {
        let ran = limited(kib, &idle, &["--pages", "2"]);
        assert_eq!(ran.status.code(), Some(0), "{kib} KiB: {}", stderr(&ran));
    }
    let grows = write(
        dir.path(),
        "grows.wasm",
        r#"(module (memory (export "memory") 1) (func (export "_start")
            (loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))))"#,
    );
    let ran = limited(524_288, &grows, &["--pages", "65536"]);
    assert_eq!(ran.status.code(), Some(16), "{}", stderr(&ran));
    assert!(stderr(&ran).contains("limited to 524288 KiB"), "{}", stderr(&ran));
}

#[test]
fn a_task_has_the_stack_that_it_is_given() {
    let dir = temporary();
    let deep = write(
        dir.path(),
        "deep.wasm",
        r#"(module (memory (export "memory") 1)
            (func $deep (param i32) (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1))))))
            (func (export "_start") (call $deep (i32.const 50000))))"#,
    );
    let ran = task("run", &deep, &[]);
    assert_eq!(ran.status.code(), Some(14), "{}", stderr(&ran));
    assert!(stderr(&ran).contains("--stack"), "{}", stderr(&ran));
    let ran = task("run", &deep, &["--stack", "8192"]);
    assert_eq!(ran.status.code(), Some(0), "{}", stderr(&ran));
    let ran = task("run", &deep, &["--stack", "8193"]);
    assert_eq!(ran.status.code(), Some(2), "{}", stderr(&ran));
    assert!(stderr(&ran).contains("1 to 8192 KiB"), "{}", stderr(&ran));
}

#[test]
fn what_a_module_asks_for_in_vain_is_told() {
    let dir = temporary();
    let path = dir.path().join("asks.wasm");
    let text = r#"(module
      (import "wasi_snapshot_preview1" "path_open"
        (func (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "path_rename" (func (param i32 i32 i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "poll_oneoff" (func (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1) (func (export "_start")))"#;
    std::fs::write(&path, wat::parse_str(text).expect("a module")).expect("written");
    let check = |more: &[&str]| {
        let output = tabmesh().args(["task", "check", path.to_str().expect("plain")]).args(more).output();
        let output = output.expect("it runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let report: serde_json::Value = serde_json::from_str(&check(&["--json"])).expect("JSON");
    let expected = [["files", "path_open"], ["sleep and waiting", "poll_oneoff"], ["threads", "sched_yield"]];
    assert_eq!(report["in_vain"], serde_json::json!(expected));
    assert!(check(&[]).contains("sleep and waiting, by poll_oneoff: there are none for tasks"));
}
