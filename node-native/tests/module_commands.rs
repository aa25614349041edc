//! Goal: `tabmesh run --module` and `tabmesh module` do what their help says. Method: real processes of `tabmesh` on loopback, linked,
//! with the counter as a `.wasm` and with modules made for the test.

mod common;

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Output, Stdio};

use common::counter::*;
use common::program::*;
use common::temporary;
use serde_json::{Value, json};
use tabmesh_counter::{Command, Event};
use tabmesh_native::identity::hex_of;
use tabmesh_port::Port;

fn named(name: &str, path: &Path) -> String {
    format!("{name}={}", path.display())
}

fn add(amount: u64) -> String {
    hex_of(&Command::Add(amount).emit())
}

fn total(total: u64) -> String {
    hex_of(&Event::Total(total).emit())
}

/// `module events`, once it listens.
fn listening(node: &Node, args: &[&str]) -> Conversation {
    Conversation::start(node, &["module", "events"], args, "listening")
}

fn until_line(listener: &mut Conversation, expected: &str) {
    while listener.line() != expected {}
}

fn done(node: &Node, args: &[&str]) {
    let output = node.run(&[&["module", "command", NAME], args].concat());
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    assert_eq!(output.stdout, b"done\n");
}

#[test]
fn counters_of_two_processes_see_the_sum_and_one_that_restarts_learns_it_again() {
    let (one_dir, two_dir, module) = (temporary(), temporary(), named(NAME, &built()));
    let one = Node::start(one_dir.path(), &["--module", &module]);
    let peer = format!("ws://{}", one.address);
    let config = two_dir.path().join("settings.toml");
    std::fs::write(&config, format!("module = [{module:?}]\npeer = [{peer:?}]\n")).expect("written");
    let config = config.to_str().expect("text");
    let two = Node::start(two_dir.path(), &["--config", config]);
    let (mut mine, mut its) = (listening(&one, &[NAME]), listening(&two, &[NAME, "--json"]));

    done(&one, &[&add(5)]);
    done(&two, &[&add(37)]);
    until_line(&mut mine, &total(42));
    until_line(&mut its, &json!({ "bytes": total(42) }).to_string());

    let mut from_input = tabmesh()
        .args(["module", "command", NAME, "-", "--data-dir"])
        .arg(&one.dir)
        .stdin(Stdio::piped())
        .spawn()
        .expect("it starts");
    from_input.stdin.take().expect("a pipe").write_all(&Command::Add(8).emit()).expect("written");
    assert!(from_input.wait().expect("ended").success());
    until_line(&mut its, &json!({ "bytes": total(50) }).to_string());
    done(&one, &["--text", "nonsense"]);
    until_line(&mut mine, &hex_of(&Event::Refused(tabmesh_port::Status::BadRequest).emit()));

    let line = json!({ "name": NAME, "port": Port::named(NAME).0, "version": 1 });
    assert_eq!(one.json(&["module", "list"]), json!([line]));
    assert_eq!(one.json(&["status"])["modules"], json!([line]));
    let status = String::from_utf8(one.run(&["status"]).stdout).expect("text");
    assert!(status.contains(&format!("{:08x}  runs    {NAME}", Port::named(NAME).0)), "{status}");

    // It has the same key and no memory: what it added before is not lost, nor counted twice.
    drop(its);
    two.signal("-TERM");
    drop(two);
    let two = Node::start(two_dir.path(), &["--config", config]);
    let mut its = listening(&two, &[NAME]);
    until("the sum learnt again", || {
        done(&two, &[&hex_of(&Command::Total.emit())]);
        its.line() == total(50)
    });
    done(&two, &[&add(50)]);
    until_line(&mut mine, &total(100));
}

#[test]
fn raw_events_are_as_they_are() {
    let dir = temporary();
    let node = Node::start(dir.path(), &["--module", &named(NAME, &built())]);
    let mut raw = listening(&node, &[NAME, "--raw", "--count", "2"]);
    done(&node, &[&add(1)]);
    done(&node, &[&add(2)]);
    let mut bytes = Vec::new();
    raw.output.read_to_end(&mut bytes).expect("read");
    // What is added is told at once, and again once it is signed.
    assert_eq!(bytes[..9], Event::Total(1).emit());
    assert_eq!(bytes.len(), 18);
    assert_eq!(raw.child.code(), Some(0));
}

/// How a node that does not start ends.
fn refused(args: &[&str]) -> Output {
    let dir = temporary();
    let output =
        tabmesh().args(["run", "--udp", "127.0.0.1:0", "--data-dir"]).arg(dir.path()).args(args).output();
    output.expect("it ran")
}

#[test]
fn what_is_no_module_says_why_and_what_to_do() {
    let dir = temporary();
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        named("a v1", &path)
    };
    let lacks = wat::parse_str(r#"(module (memory (export "memory") 1))"#).expect("text");
    let imports = wat::parse_str(r#"(module (import "env" "now" (func)))"#).expect("text");
    let starts_not = text(NOTHING_I32, NOTHING, "(func $first unreachable) (start $first)");
    let good = text(NOTHING_I32, NOTHING, "");
    let good = file("good.wasm", &good);
    for (args, code, why) in [
        (&["--module", "a v1=/no/such/file"][..], 1, "check the path given by --module"),
        (&["--module", &file("text.wasm", b"hello")], 1, "no WebAssembly module"),
        (&["--module", &file("lacks.wasm", &lacks)], 1, "exports no room"),
        (&["--module", &file("imports.wasm", &imports)], 1, "imports \"env.now\""),
        (&["--module", &file("traps.wasm", &starts_not)], 1, "`start` trapped"),
        (&["--module", &good, "--module", &good], 2, "the port of another module"),
        (&["--module", "counter.wasm"], 2, "write NAME=PATH"),
        (&["--module", "=counter.wasm"], 2, "write NAME=PATH"),
    ] {
        let output = refused(args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(why), "{args:?}: {}", stderr(&output));
    }
}

/// Takes whatever comes.
const NOTHING_I32: &str = "(i32.const 1)";

#[test]
fn a_module_that_fails_is_told_and_the_node_goes_on() {
    let (dir, log_dir) = (temporary(), temporary());
    let log = log_dir.path().join("log");
    let wasm = |name: &str, handle: &str| {
        let path = log_dir.path().join(name);
        std::fs::write(&path, text(handle, NOTHING, "")).expect("written");
        path
    };
    let (traps, loops) = (wasm("traps.wasm", TRAPS), wasm("loops.wasm", LOOPS));
    let modules = [named("traps v1", &traps), named("loops v1", &loops), named(NAME, &built())];
    let args: Vec<&str> = modules.iter().flat_map(|module| ["--module", module]).collect();
    let node = Node::start_logged(dir.path(), &log, &args);
    for (name, why) in [("traps v1", "`handle` trapped"), ("loops v1", "did not end within")] {
        let mut listener = listening(&node, &[name]);
        let output = node.run(&["module", "command", name, "00"]);
        assert_eq!(output.status.code(), Some(7), "{}", stderr(&output));
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
        assert_eq!(listener.child.code(), Some(7));
        let said = listener.complaint();
        assert!(said.contains(why), "{said}");
        let again = node.run(&["module", "events", name]);
        assert_eq!(again.status.code(), Some(7), "{}", stderr(&again));
        let logged = std::fs::read_to_string(&log).expect("readable");
        assert!(logged.contains(name) && logged.contains(why), "{logged}");
    }
    let mut listener = listening(&node, &[NAME]);
    done(&node, &[&add(3)]);
    until_line(&mut listener, &total(3));
    assert!(node.http("/healthz").starts_with("HTTP/1.1 200"));
    let Value::Array(list) = node.json(&["module", "list"]) else { panic!("no list") };
    let failed: Vec<_> = list.iter().filter(|module| module["failure"].is_string()).collect();
    assert_eq!((list.len(), failed.len()), (3, 2));
    let shown = String::from_utf8(node.run(&["module", "list"]).stdout).expect("text");
    assert!(shown.contains("runs    tabmesh counter v1") && shown.contains("failed  traps v1: "), "{shown}");
}

#[test]
fn what_cannot_be_done_says_why_and_ends_with_its_code() {
    let dir = temporary();
    let node = Node::start(dir.path(), &[]);
    let long = "x".repeat(65_537);
    for (args, code, why) in [
        (&["command", "none v1", "00"][..], 4, "`tabmesh module list`"),
        (&["events", "none v1"], 4, "`tabmesh module list`"),
        (&["command", "none v1", "0"], 2, "two digits each"),
        (&["command", "none v1", "zz"], 2, "two digits each"),
        (&["command", "none v1", "--text", &long], 2, "at most 64 KiB"),
        (&["command", "none v1"], 2, "required"),
        (&["command", "none v1", "00", "--text", "x"], 2, "cannot be used with"),
    ] {
        let output = node.run(&[&["module"], args].concat());
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
    }
    let none = node.run(&["module", "list"]);
    assert!(String::from_utf8_lossy(&none.stdout).contains("no modules"));
    assert_eq!(node.json(&["module", "list"]), json!([]));
}
