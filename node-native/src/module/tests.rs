//! A module that does well gives what it gives; whatever else a module does, it is told as its fault, and nobody is harmed.

use std::path::Path;

use tabmesh_port::{Attachment, Input, Instant, Module as _, Output, Port, PublicKey, Room};

use super::bounds::{MEMORY_MAX, OUTPUTS_MAX, WAKE_US};
use super::*;

/// What makes up a module in text: each part is one that does nothing, unless a test says otherwise.
struct Text {
    memory: &'static str,
    room: &'static str,
    start: &'static str,
    handle: &'static str,
    poll: &'static str,
    more: &'static str,
}

const NOTHING: Text = Text {
    memory: r#"(memory (export "memory") 1)"#,
    room: "(i32.const 1024)",
    start: "(i32.const 1)",
    handle: "(i32.const 1)",
    poll: "(i64.const 0)",
    more: "",
};

impl Text {
    fn program(&self) -> Result<Program, LoadError> {
        let Self { memory, room, start, handle, poll, more } = self;
        let text = format!(
            r#"(module {memory}
                 (data (i32.const 8) "\60hello")
                 (data (i32.const 16) "\ff\ff")
                 (global $count (mut i32) (i32.const 0))
                 (func (export "room") (param i32) (result i32) {room})
                 (func (export "start") (result i32) {start})
                 (func $handle (export "handle") (param i64) (result i32) {handle})
                 (func (export "poll") (param i64) (result i64) {poll})
                 (func (export "wanted_at") (result i64) (i64.extend_i32_u (global.get $count)))
                 {more})"#
        );
        Program::new(&wat::parse_str(text).expect("a module in text"))
    }

    /// The module's fault after some inputs, and what it gave.
    fn run(&self) -> (Option<Fault>, Vec<Vec<u8>>) {
        let watch = Watch::default();
        let program = self.program().expect("a module");
        let mut loaded = program.start(&attachment(), &watch);
        let mut given = Vec::new();
        for _ in 0..3 {
            loaded.handle(Instant(7), Input::Command(b"do"));
            given.extend(std::iter::from_fn(|| loaded.poll(Room::ALL)));
        }
        (watch.fault().cloned(), given)
    }

    fn fault(&self) -> Fault {
        let (fault, given) = self.run();
        assert!(given.iter().all(|flat| Output::read(flat).is_ok()));
        fault.expect("a fault")
    }
}

fn attachment() -> Attachment {
    Attachment { key: PublicKey([1; 64]), network: [2; 8], port: Port(77), seed: [3; 32] }
}

/// The place and the length of bytes in the module's memory, as `poll` gives them.
macro_rules! at {
    ($place:literal, $length:literal) => {
        concat!("(i64.or (i64.shl (i64.const ", $place, ") (i64.const 32)) (i64.const ", $length, "))")
    };
}

/// One output after each input, and the inputs counted.
const COUNT: &str = "(global.set $count (i32.add (global.get $count) (i32.const 1))) (i32.const 1)";
const ONE_EACH: &str = concat!(
    "(if (result i64) (i32.and (global.get $count) (i32.const 1)) ",
    "(then (global.set $count (i32.add (global.get $count) (i32.const 1))) ",
    at!(8, 6),
    ") (else (i64.const 0)))"
);
const FOR_EVER: &str = "(loop $again (br $again)) (i32.const 1)";

#[test]
fn a_module_gives_what_it_gives_and_says_when_it_wants_the_time() {
    let (fault, given) = Text { handle: COUNT, poll: ONE_EACH, ..NOTHING }.run();
    assert_eq!(fault, None);
    assert_eq!(given, vec![Output::Event(b"hello").emit(); 3]);

    let (watch, program) = (Watch::default(), Text { handle: COUNT, poll: ONE_EACH, ..NOTHING }.program());
    let mut loaded = program.expect("a module").start(&attachment(), &watch);
    assert_eq!(loaded.wanted_at(), Instant(0));
    loaded.handle(Instant(7), Input::Command(b""));
    while loaded.poll(Room::ALL).is_some() {}
    assert_eq!(loaded.wanted_at(), Instant(2), "after the input and its output");
    loaded.handle(Instant(70), Input::Time);
    while loaded.poll(Room::ALL).is_some() {}
    assert_eq!(loaded.wanted_at(), Instant(70 + WAKE_US), "not at once again");
}

#[test]
fn a_call_that_traps_or_does_not_end_is_the_last() {
    let trap = |text: Text, call: &str| match text.fault() {
        Fault::Trap { call: its, .. } => assert_eq!(its, call),
        other => panic!("{call}: {other:?}"),
    };
    trap(Text { handle: "unreachable", ..NOTHING }, "handle");
    trap(Text { poll: "unreachable", ..NOTHING }, "poll");
    trap(Text { room: "(i32.div_u (i32.const 1) (i32.const 0))", ..NOTHING }, "room");
    trap(Text { start: "unreachable", ..NOTHING }, "start");
    trap(Text { more: "(func $first unreachable) (start $first)", ..NOTHING }, "start");
    trap(Text { handle: "(call $handle (local.get 0))", ..NOTHING }, "handle");

    let endless = |text: Text, call| assert_eq!(text.fault(), Fault::Endless { call });
    endless(Text { handle: FOR_EVER, ..NOTHING }, "handle");
    endless(Text { start: FOR_EVER, ..NOTHING }, "start");
    endless(Text { poll: "(loop $again (br $again)) (i64.const 0)", ..NOTHING }, "poll");
    // Of few instructions, each of which takes long.
    let fill = "(loop $again (memory.fill (i32.const 0) (i32.const 0) (i32.const 0x4000000)) (br $again)) (i32.const 1)";
    let memory = r#"(memory (export "memory") 1024)"#;
    endless(Text { memory, handle: fill, ..NOTHING }, "handle");
}

#[test]
fn a_module_that_is_only_polled_has_what_it_may_take_anew_each_time() {
    // A tenth of what one input may take, some hundred times.
    let poll = "(local $left i32) (local.set $left (i32.const 1000000)) (loop $again (br_if $again \
                (local.tee $left (i32.sub (local.get $left) (i32.const 1))))) (i64.const 0)";
    let (watch, program) = (Watch::default(), Text { poll, ..NOTHING }.program().expect("a module"));
    let mut loaded = program.start(&attachment(), &watch);
    (0..100).for_each(|_| assert_eq!(loaded.poll(Room::ALL), None));
    assert_eq!(watch.fault(), None);
}

#[test]
fn memory_has_a_bound() {
    let grow = "(drop (memory.grow (i32.const 1024))) (i32.const 1)";
    assert_eq!(Text { handle: grow, ..NOTHING }.fault(), Fault::Memory { call: "handle" });
    let most = "(drop (memory.grow (i32.const 341))) (i32.const 1)";
    assert_eq!(Text { handle: most, ..NOTHING }.run().0, None, "{MEMORY_MAX} bytes, to the last page");
}

#[test]
fn what_is_no_output_is_none() {
    let no_output = Text { poll: at!(16, 2), ..NOTHING }.fault();
    assert!(matches!(no_output, Fault::NoOutput(_)), "{no_output:?}");
    let empty = Text { poll: at!(16, 0), ..NOTHING }.fault();
    assert!(matches!(empty, Fault::NoOutput(_)), "{empty:?}");
    for place in [at!(65530, 7), at!(0xffffffff, 1)] {
        assert_eq!(Text { poll: place, ..NOTHING }.fault(), Fault::Outside { call: "poll" });
    }
    assert_eq!(Text { room: "(i32.const -1)", ..NOTHING }.fault(), Fault::Outside { call: "room" });
    let long = Text { poll: at!(0, 0xffffffff), ..NOTHING }.fault();
    assert_eq!(long, Fault::LongOutput { length: 0xffff_ffff });

    let (fault, given) = Text { poll: at!(8, 6), ..NOTHING }.run();
    assert_eq!((fault, given.len()), (Some(Fault::ManyOutputs), OUTPUTS_MAX as usize));
    assert_eq!(Text { start: "(i32.const 0)", ..NOTHING }.fault(), Fault::NotStarted);
}

#[test]
fn what_is_no_module_is_not_loaded() {
    let refusal = |text: Text| text.program().err().expect("no module").to_string();
    let import = r#"(import "env" "now" (func (result i64)))"#;
    let why = refusal(Text { memory: r#"(import "env" "memory" (memory 1))"#, ..NOTHING });
    assert!(why.contains(r#"imports "env.memory""#), "{why}");
    let why = Program::new(&wat::parse_str(format!("(module {import})")).expect("text")).err();
    assert!(matches!(why, Some(LoadError::Imports(name)) if name == "env.now"));
    assert!(refusal(Text { memory: "(memory 1)", ..NOTHING }).contains("exports no memory"));
    assert!(refusal(Text { memory: r#"(memory (export "memory") 1025)"#, ..NOTHING }).contains("64 MiB"));

    let empty = wat::parse_str(r#"(module (memory (export "memory") 1))"#).expect("text");
    assert!(matches!(Program::new(&empty), Err(LoadError::Lacks("room"))));
    let other = r#"(module (memory (export "memory") 1) (func (export "room") (param i64) (result i32) unreachable))"#;
    assert!(matches!(Program::new(&wat::parse_str(other).expect("text")), Err(LoadError::Lacks("room"))));
    for bytes in [&b""[..], b"#!/bin/sh", b"\0asm\x01\0\0\0\xff", b"(module)"] {
        assert!(matches!(Program::new(bytes), Err(LoadError::NoWasm(_))), "{bytes:?}");
    }
    assert!(matches!(Program::load(Path::new("/no/such/file")), Err(LoadError::Io(_))));
}
