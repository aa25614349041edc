//! Goal: whoever stalls, vanishes or wants too much ends with its own code, holds nobody, and changes no result. Method: real processes that meet
//! at a signalling server in this process, on loopback; some are stopped or killed in the middle of a job.

mod common;

use common::guest::{ENDLESS, SUM, sum};
use common::place::{Place, root};
use common::program::*;

/// Takes all the memory that it gets, page by page, and traps.
const HOG: &str = r#"(module (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    unreachable))"#;

fn runs_something(node: &Node) -> bool {
    node.json(&["offer", "status"])["now"].as_array().is_some_and(|now| !now.is_empty())
}

#[test]
fn whoever_stalls_in_the_middle_of_its_tasks_changes_nothing() {
    let place = Place::new(3);
    let (sum_wasm, lines) = (place.module("sum", SUM), place.lines(400, 2_000));
    let expected =
        root(&place.job(&["run", &sum_wasm, "--lines", &lines, "-o", &place.text("all"), "--json"]));
    let out = place.text("out");
    let mut job = place.spawn(&["run", &sum_wasm, "--lines", &lines, "-o", &out]);
    let staller = &place.offering[0];
    until("it has tasks", || runs_something(staller));
    // It keeps its links, and neither runs nor says anything.
    staller.signal("-STOP");
    assert_eq!(job.code(), Some(0));
    staller.signal("-CONT");
    assert_eq!(root(&place.job(&["resume", &out, "--json"])), expected);
    for number in [0, 199, 399] {
        let written = std::fs::read(place.path(&format!("out/{number:03}.out"))).expect("there");
        assert_eq!(written, sum(&format!("{number:02000}")));
    }
}

#[test]
fn tasks_of_a_requester_that_vanished_end_and_leave_their_cores_to_others() {
    let mut place = Place::new(1);
    let (endless, lines) = (place.module("endless", ENDLESS), place.lines(4, 4));
    let _job =
        place.spawn(&["run", &endless, "--lines", &lines, "-o", &place.text("out"), "--gas", "100000000000"]);
    until("it runs", || runs_something(&place.offering[0]));
    place.asking.child.kill().expect("it ran");
    until("it stopped", || !runs_something(&place.offering[0]));
    let metrics = place.offering[0].http("/metrics");
    assert!(metrics.contains("tabmesh_tasks_total"), "it lives: {metrics}");
}

#[test]
fn a_task_that_takes_all_memory_ends_by_what_it_was_given_whoever_runs_it() {
    let place = Place::new(3);
    let (hog, lines) = (place.module("hog", HOG), place.lines(3, 4));
    let out = place.text("out");
    let args = ["run", &hog, "--lines", &lines, "-o", &out, "--pages", "1024", "--validation", "2", "--json"];
    let output = place.job(&args);
    assert_eq!(output.status.code(), Some(7), "{}", stderr(&output));
    assert!(stderr(&output).contains("0: TRAP, as 2 executors say"), "{}", stderr(&output));
    // What nobody gives is told, and stands until somebody does.
    let out = place.text("more");
    let args = ["run", &hog, "--lines", &lines, "-o", &out, "--pages", "16384", "--deadline", "12"];
    let output = place.job(&args);
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert!(stderr(&output).contains("memory"), "{}", stderr(&output));
}

/// A custom section of so many bytes beside its empty name: its length in five bytes of LEB128.
fn custom(length: usize) -> Vec<u8> {
    let length = length + 1;
    let mut section = vec![0];
    section.extend((0..5).map(|at| ((length >> (7 * at)) & 127) as u8 | if at < 4 { 128 } else { 0 }));
    section.resize(section.len() + length, 0);
    section
}

#[test]
fn a_module_of_a_hundred_megabytes_is_refused_before_anything_is_sent() {
    let place = Place::new(1);
    let lines = place.lines(1, 20);
    std::fs::write(place.path("huge.wasm"), [&b"\0asm\x01\0\0\0"[..], &custom(100 << 20)].concat())
        .expect("written");
    let output = place.job(&["run", &place.text("huge.wasm"), "--lines", &lines, "-o", &place.text("out")]);
    assert_eq!(output.status.code(), Some(17), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(said.contains("16 MiB without its custom sections, or 64 MiB with them"), "{said}");
    assert!(!place.path("out").exists());
    assert_eq!(place.asking.json(&["job", "status"]).as_array().map(Vec::len), Some(0));
    // Custom sections do not count: with so much of them it runs, here and at others.
    let module = [wat::parse_str(SUM).expect("good text"), custom(17 << 20)].concat();
    std::fs::write(place.path("named.wasm"), module).expect("written");
    let named = place.text("named.wasm");
    let output =
        place.job(&["run", &named, "--lines", &lines, "-o", &place.text("out"), "--validation", "0"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(std::fs::read(place.path("out/0.out")).expect("there"), sum(&format!("{:020}", 0)));
}
