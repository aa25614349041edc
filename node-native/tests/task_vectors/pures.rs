//! Pure modules.

use tabmesh_native::task::Status;

use crate::case::Case;
use crate::modules::{pure, pure_bytes, pure_with, stepped_with};

const ECHO: &str =
    "(call $pack (i32.add (local.get $place) (i32.const 32)) (i32.sub (local.get $length) (i32.const 32)))";

/// An answer of `run` with this place and length.
fn answer(place: u32, length: u32) -> String {
    pure(&format!("(call $pack (i32.const {place}) (i32.const {length}))"))
}

/// The interface itself.
pub(crate) fn cases() -> Vec<Case> {
    let seed: Vec<u8> = (0..32).collect();
    let two_grown = "(drop (memory.grow (i32.const 1))) (i32.store8 (i32.const 131071) (i32.const 7))
                     (call $pack (i32.const 131071) (i32.const 1))";
    vec![
        Case::new("a pure module gives its input back", &pure(ECHO)).input(b"hello, mesh").gives(b"hello, mesh"),
        Case::new("a pure module without input", &pure(ECHO)).gives(b""),
        Case::new("the seed heads the input", &pure("(call $pack (local.get $place) (i32.const 32))")).gives(&seed),
        Case::new("an output at the very end of memory", &answer(65_535, 1)).gives(&[0]),
        Case::new("an output one byte beyond memory", &answer(65_535, 2)).ends(Status::BadAbi),
        Case::new("an empty output at the end of memory", &answer(65_536, 0)).gives(b""),
        Case::new("an empty output beyond memory", &answer(65_537, 0)).ends(Status::BadAbi),
        Case::new("an output whose end is beyond 32 bits", &answer(4_294_967_295, 2)).ends(Status::BadAbi),
        Case::new("an output in memory that was grown", &pure(two_grown)).gives(&[7]),
        Case::new("room that just suffices", &pure_with("(i32.const 65499)", "", ECHO)).input(b"abcde").gives(b"abcde"),
        Case::new("room that lacks one byte", &pure_with("(i32.const 65500)", "", ECHO)).input(b"abcde").ends(Status::BadAbi),
        Case::new("room at an unsigned place", &pure_with("(i32.const -1)", "", ECHO)).ends(Status::BadAbi),
        Case::new("a global called _start makes no command", &pure_with("(i32.const 0)", "(global (export \"_start\") i32 (i32.const 0))", ECHO)).input(b"x").gives(b"x"),
        Case::new("the start function runs before alloc", &pure_with(
            "(i32.load (i32.const 0))",
            "(memory (export \"memory\") 1) (func $first (i32.store (i32.const 0) (i32.const 256))) (start $first)",
            "(call $pack (i32.const 0) (i32.const 4))",
        )).gives(&[0, 1, 0, 0]),
        Case::new("a start function that traps", &pure_with("(i32.const 0)", "(func $first unreachable) (start $first)", ECHO)).ends(Status::Trap),
        Case::new("a start function that does not end", &pure_with("(i32.const 0)", "(func $first (loop (br 0))) (start $first)", ECHO)).gas(10_000).ends(Status::OutOfGas),
        Case::new("no memory", "(module (func (export \"alloc\") (param i32) (result i32) (i32.const 0)) (func (export \"run\") (param i32 i32) (result i64) (i64.const 0)))").ends(Status::BadAbi),
        Case::new("no run", "(module (memory (export \"memory\") 1) (func (export \"alloc\") (param i32) (result i32) (i32.const 0)))").ends(Status::BadAbi),
        Case::new("alloc is a memory", "(module (memory (export \"memory\") (export \"alloc\") 1) (func (export \"run\") (param i32 i32) (result i64) (i64.const 0)))").ends(Status::BadAbi),
        Case::new("run gives an i32", "(module (memory (export \"memory\") 1) (func (export \"alloc\") (param i32) (result i32) (i32.const 0)) (func (export \"run\") (param i32 i32) (result i32) (i32.const 0)))").ends(Status::BadAbi),
        Case::new("an empty module", "(module)").ends(Status::BadAbi),
    ]
}

/// What a module has done before `alloc`, once for each instance.
pub(crate) fn initialised() -> Vec<Case> {
    let ready = "(global $ready (mut i32) (i32.const 48))";
    let counts = |code: &str| {
        format!(
            "{ready} (func (export \"_initialize\") {code} (global.set $ready (i32.add (global.get $ready) (i32.const 1))))"
        )
    };
    let shows = "(i32.store8 (i32.const 0) (global.get $ready)) (call $pack (i32.const 0) (i32.const 1))";
    let of = |more: &str| {
        pure_with("(i32.add (i32.mul (global.get $ready) (i32.const 2)) (i32.const 100))", more, shows)
    };
    let started = format!("{} (func $first (global.set $ready (i32.const 64))) (start $first)", counts(""));
    let step = "(i32.store8 (i32.const 8) (global.get $ready)) (call $answer (i32.const 1) (i32.const 0) (i32.const 1))";
    vec![
        Case::new("_initialize is called once, before alloc", &of(&counts(""))).gives(b"1"),
        Case::new("_initialize is called behind the start function", &of(&started)).gives(b"A"),
        Case::new("_initialize is called for a step", &stepped_with("(i32.const 1024)", &counts(""), step))
            .pieces(8)
            .gives(b"1"),
        Case::new(
            "_initialize with a parameter",
            &of(&format!("{ready} (func (export \"_initialize\") (param i32))")),
        )
        .ends(Status::BadAbi),
        Case::new(
            "_initialize with a result",
            &of(&format!("{ready} (func (export \"_initialize\") (result i32) (i32.const 0))")),
        )
        .ends(Status::BadAbi),
        Case::new(
            "a global called _initialize is nothing",
            &of("(global $ready (export \"_initialize\") i32 (i32.const 48))"),
        )
        .gives(b"0"),
        Case::new("_initialize that traps", &of(&counts("unreachable"))).ends(Status::Trap),
        Case::new("_initialize that does not end", &of(&counts("(loop (br 0))")))
            .gas(10_000)
            .ends(Status::OutOfGas),
    ]
}

/// Each kind of trap.
pub(crate) fn traps() -> Vec<Case> {
    let table =
        "(type $t (func (result i32))) (table 2 funcref) (func $f (param i32)) (elem (i32.const 0) $f)";
    let indirect = |index: u32| {
        let body = format!("(drop (call_indirect (type $t) (i32.const {index}))) (i64.const 0)");
        pure_with("(i32.const 0)", table, &body)
    };
    let kinds = [
        ("unreachable", pure("unreachable")),
        ("a division by zero", pure("(i64.div_u (i64.const 1) (i64.extend_i32_u (i32.const 0)))")),
        ("a remainder of zero", pure("(i64.extend_i32_u (i32.rem_s (i32.const 1) (i32.const 0)))")),
        ("an overflow of a division", pure("(i64.div_s (i64.const -9223372036854775808) (i64.const -1))")),
        ("a NaN as an integer", pure("(i64.trunc_f64_s (f64.const nan))")),
        ("a float that is too large", pure("(i64.extend_i32_u (i32.trunc_f32_u (f32.const 4294967296)))")),
        ("a load beyond memory", pure("(i64.load (i32.const 65529))")),
        (
            "a store beyond 32 bits",
            pure("(i64.store offset=4294967295 (i32.const 1) (i64.const 1)) (i64.const 0)"),
        ),
        (
            "a copy beyond memory",
            pure("(memory.copy (i32.const 0) (i32.const 65536) (i32.const 1)) (i64.const 0)"),
        ),
        (
            "a fill beyond memory",
            pure("(memory.fill (i32.const 65530) (i32.const 1) (i32.const 7)) (i64.const 0)"),
        ),
        ("a call of nothing", indirect(1)),
        ("a call of another type", indirect(0)),
        ("a call beyond the table", indirect(2)),
    ];
    let mut cases: Vec<_> = kinds
        .iter()
        .map(|(kind, text)| Case::new(&format!("trap: {kind}"), text).ends(Status::Trap))
        .collect();
    let data = "(memory (export \"memory\") 1) (data (i32.const 65535) \"ab\")";
    let elements = "(table 1 funcref) (func $f) (elem (i32.const 1) $f)";
    cases.push(
        Case::new("trap: data that do not fit", &pure_with("(i32.const 0)", data, ECHO)).ends(Status::Trap),
    );
    cases.push(
        Case::new("trap: elements that do not fit", &pure_with("(i32.const 0)", elements, ECHO))
            .ends(Status::Trap),
    );
    cases
}

/// Results of floating point whose bits engines are free to choose, and kernels that round at every step.
pub(crate) fn floats() -> Vec<Case> {
    let nans = "
        (f32.store (i32.const 0) (f32.div (f32.load (i32.const 100)) (f32.load (i32.const 100))))
        (f32.store (i32.const 4) (f32.sqrt (f32.const -1)))
        (f32.store (i32.const 8) (f32.add (f32.reinterpret_i32 (i32.const 0xffa12345)) (f32.const 1)))
        (f32.store (i32.const 12) (f32.min (f32.const nan:0x212345) (f32.const 1)))
        (f32.store (i32.const 16) (f32.demote_f64 (f64.const -nan:0x4123456789abc)))
        (f32.store (i32.const 20) (f32.neg (f32.sub (f32.const inf) (f32.const inf))))
        (f32.store (i32.const 24) (f32.reinterpret_i32 (i32.const 0xffa12345)))
        (f64.store (i32.const 32) (f64.mul (f64.const inf) (f64.load (i32.const 104))))
        (f64.store (i32.const 40) (f64.nearest (f64.const -nan:0x4123456789abc)))
        (f64.store (i32.const 48) (f64.promote_f32 (f32.const -nan:0x212345)))
        (f64.store (i32.const 56) (f64.copysign (f64.sub (f64.const inf) (f64.const inf)) (f64.const -1)))";
    let logistic = "(local $x f64) (local $n i32)
        (local.set $x (f64.const 0.1))
        (loop $l
          (local.set $x (f64.mul (f64.mul (f64.const 3.9) (local.get $x)) (f64.sub (f64.const 1) (local.get $x))))
          (f64.store (i32.shl (i32.and (local.get $n) (i32.const 7)) (i32.const 3)) (local.get $x))
          (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 10000))))";
    let harmonic = "(local $x f32) (local $n i32)
        (loop $l
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (local.set $x (f32.add (local.get $x)
            (f32.sqrt (f32.div (f32.const 1) (f32.convert_i32_u (i32.mul (local.get $n) (local.get $n)))))))
          (br_if $l (i32.lt_u (local.get $n) (i32.const 5000))))
        (f32.store (i32.const 0) (local.get $x))
        (f32.store (i32.const 4) (f32.nearest (local.get $x)))
        (i32.store (i32.const 8) (i32.trunc_sat_f32_s (f32.mul (local.get $x) (f32.const 1e20))))";
    vec![
        Case::new("NaNs have the same bits everywhere", &pure_bytes(64, nans)),
        Case::new("the logistic map in f64", &pure_bytes(64, logistic)),
        Case::new("a harmonic series in f32", &pure_bytes(12, harmonic)),
    ]
}

/// Memory, stack and gas at their limits.
pub(crate) fn limits() -> Vec<Case> {
    let grow = "
        (i32.store (i32.const 0) (memory.grow (i32.const 2)))
        (i32.store (i32.const 4) (memory.grow (i32.const 1)))
        (i32.store (i32.const 8) (memory.grow (i32.const 0)))
        (i32.store (i32.const 12) (memory.grow (i32.const -1)))
        (i32.store (i32.const 16) (memory.size))";
    let grown: Vec<u8> = [1_i32, -1, 3, -1, 3].iter().flat_map(|number| number.to_le_bytes()).collect();
    let small = "(memory (export \"memory\") 1 2)";
    let own = "(drop (memory.grow (i32.const 2))) (i32.store8 (i32.const 0) (memory.size)) (call $pack (i32.const 0) (i32.const 1))";
    let deep = "(func $deep (param i32) (result i32)
          (if (result i32) (local.get 0)
            (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
            (else (i32.const 0))))";
    let calls = |depth: u32| {
        let body = format!(
            "(i32.store (i32.const 0) (call $deep (i32.const {depth}))) (call $pack (i32.const 0) (i32.const 4))"
        );
        pure_with("(i32.const 0)", deep, &body)
    };
    let large = |bytes: u32| {
        let body = format!(
            "(memory.fill (i32.const 0) (i32.const 171) (i32.const 16777216))
             (call $pack (i32.const 0) (i32.const {bytes}))"
        );
        pure_with("(i32.const 0)", "(memory (export \"memory\") 257)", &body)
    };
    let endless = pure("(loop (br 0)) (i64.const 0)");
    let bulk = pure_with(
        "(i32.const 0)",
        "(memory (export \"memory\") 1) (data $d \"never\")",
        "(memory.init $d (i32.const 8) (i32.const 1) (i32.const 4)) (data.drop $d)
         (memory.copy (i32.const 10) (i32.const 8) (i32.const 4)) (call $pack (i32.const 8) (i32.const 6))",
    );
    vec![
        Case::new("memory grows to the task's limit and no further", &pure_bytes(20, grow))
            .pages(3)
            .gives(&grown),
        Case::new("memory grows to its own limit and no further", &pure_with("(i32.const 0)", small, own))
            .gives(&[1]),
        Case::new("growing costs gas by the page", &pure_bytes(20, grow))
            .pages(3)
            .gas(8_000)
            .ends(Status::OutOfGas),
        Case::new("calls within the stack", &calls(1_000)).gives(&1_000_u32.to_le_bytes()),
        Case::new("calls beyond the stack", &calls(100_000)).ends(Status::Stack),
        Case::new("an output of 16 MiB", &large(16_777_216)),
        Case::new("an output of 16 MiB and a byte", &large(16_777_217)).ends(Status::BadAbi),
        Case::new("an endless loop", &endless).gas(1_000_000).ends(Status::OutOfGas),
        Case::new("no gas at all", &endless).gas(0).ends(Status::OutOfGas),
        Case::new("bulk operations", &bulk).gives(b"evever"),
    ]
}
