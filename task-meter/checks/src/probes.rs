//! Loops of one instruction each: what an instruction takes, against the gas that it costs.

/// A module whose function `run` takes a number of rounds and gives an i64.
pub struct Probe {
    /// The instruction, as the specification names it, and what is special about the case.
    pub name: &'static str,
    /// The text of the module.
    pub text: String,
    /// How often a round does it.
    pub count: u32,
}

/// How often a round does a cheap instruction, so that the loop around it weighs little.
const COUNT: u32 = 32;

/// Locals that an instruction works on: a sum and an operand of each type, neither of which a compiler knows.
const LOCALS: &str = "(local $a i32) (local $b i32) (local $x i64) (local $y i64)
    (local $f f32) (local $g f32) (local $d f64) (local $e f64) (local $at i32)";

/// Values from memory, of which a compiler knows nothing.
const START: &str = "
    (local.set $a (i32.load (i32.const 0))) (local.set $b (i32.load (i32.const 4)))
    (local.set $x (i64.load (i32.const 8))) (local.set $y (i64.load (i32.const 16)))
    (local.set $f (f32.load (i32.const 24))) (local.set $g (f32.load (i32.const 28)))
    (local.set $d (f64.load (i32.const 32))) (local.set $e (f64.load (i32.const 40)))";

/// Everything that was worked on, so that nothing is left out.
const RESULT: &str =
    "(i64.add (i64.add (local.get $x) (i64.extend_i32_u (i32.add (local.get $a) (local.get $at))))
    (i64.add (i64.reinterpret_f64 (local.get $d)) (i64.extend_i32_u (i32.reinterpret_f32 (local.get $f)))))";

/// The values at [`START`]: a, b, x, y, f, g, d, e.
struct Values(i32, i32, i64, i64, f32, f32, f64, f64);

const VALUES: Values = Values(
    0x1234_5679,
    7,
    0x1234_5678_9abc_def1,
    0x0123_4567_89ab_cdf3,
    1.5,
    1.000_000_1,
    1.5,
    1.000_000_000_000_1,
);

fn data(values: &Values) -> String {
    let Values(a, b, x, y, f, g, d, e) = values;
    let mut bytes = Vec::new();
    bytes.extend([a.to_le_bytes(), b.to_le_bytes()].concat());
    bytes.extend([x.to_le_bytes(), y.to_le_bytes()].concat());
    bytes.extend([f.to_le_bytes(), g.to_le_bytes()].concat());
    bytes.extend([d.to_le_bytes(), e.to_le_bytes()].concat());
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}

/// A probe that repeats `code`; `more` is further fields of the module.
fn with(name: &'static str, count: u32, code: &str, more: &str, before: &str, values: &Values) -> Probe {
    let body = code.repeat(count as usize);
    let text = format!(
        r#"(module (memory 1025) (data (i32.const 0) "{}") {more}
        (func (export "run") (param $n i32) (result i64) {LOCALS} {START} {before}
          (loop $l {body} (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
          {RESULT}))"#,
        data(values),
    );
    Probe { name, text, count }
}

fn plain(name: &'static str, code: &str) -> Probe {
    with(name, COUNT, code, "", "", &VALUES)
}

/// An instruction of two operands of the type that `local` has, onto the first of them.
fn two(name: &'static str) -> Probe {
    let (one, other) = match &name[..3] {
        "i32" => ("a", "b"),
        "i64" => ("x", "y"),
        "f32" => ("f", "g"),
        _ => ("d", "e"),
    };
    plain(name, &format!("(local.set ${one} ({name} (local.get ${one}) (local.get ${other})))"))
}

fn one(name: &'static str) -> Probe {
    let local = match &name[..3] {
        "i32" => "a",
        "i64" => "x",
        "f32" => "f",
        _ => "d",
    };
    plain(name, &format!("(local.set ${local} ({name} (local.get ${local})))"))
}

/// All of them.
#[must_use]
pub fn all() -> Vec<Probe> {
    [integers(), floats(), memory(), control(), calls(), bulk(), tables()].into_iter().flatten().collect()
}

fn integers() -> Vec<Probe> {
    let division = |name, local: &str, other: &str, kind: &str| {
        // The dividend stays large, or a processor is done early.
        let large = if kind == "i32" { "i32.const 0x7ffffff3" } else { "i64.const 0x7ffffffffffffff3" };
        plain(
            name,
            &format!(
                "(local.set ${local} ({name} ({kind}.or (local.get ${local}) ({large})) (local.get ${other})))"
            ),
        )
    };
    vec![
        plain("nothing", ""),
        two("i32.add"),
        two("i32.xor"),
        two("i32.mul"),
        two("i32.rotl"),
        two("i32.lt_s"),
        one("i32.eqz"),
        one("i32.clz"),
        one("i32.ctz"),
        one("i32.popcnt"),
        two("i64.add"),
        two("i64.mul"),
        two("i64.shr_u"),
        one("i64.popcnt"),
        one("i64.extend8_s"),
        division("i32.div_s", "a", "b", "i32"),
        division("i32.rem_u", "a", "b", "i32"),
        division("i64.div_u", "x", "y", "i64"),
        division("i64.rem_s", "x", "y", "i64"),
        plain("select", "(local.set $a (select (local.get $a) (local.get $b) (local.get $n)))"),
    ]
}

fn floats() -> Vec<Probe> {
    let subnormal = Values(1, 1, 1, 1, 1e-40, 1.5e-40, 1e-310, 1.5e-310);
    let nan = Values(1, 1, 1, 1, f32::NAN, 1.0, f64::NAN, 1.0);
    let seen =
        "(local.set $x (i64.reinterpret_f64 (f64.add (f64.reinterpret_i64 (local.get $x)) (local.get $e))))";
    vec![
        two("f32.add"),
        two("f32.div"),
        two("f64.add"),
        two("f64.mul"),
        two("f64.div"),
        one("f64.sqrt"),
        one("f32.sqrt"),
        two("f64.min"),
        two("f64.copysign"),
        one("f64.neg"),
        one("f64.floor"),
        one("f64.nearest"),
        plain("f64.lt", "(local.set $a (i32.add (local.get $a) (f64.lt (local.get $d) (local.get $e))))"),
        plain(
            "f64.convert_i64_u, i64.trunc_sat_f64_u",
            "(local.set $x (i64.trunc_sat_f64_u (f64.convert_i64_u (local.get $x))))",
        ),
        plain(
            "f32.demote_f64, f64.promote_f32",
            "(local.set $d (f64.promote_f32 (f32.demote_f64 (local.get $d))))",
        ),
        plain("i32.trunc_f64_s", "(local.set $a (i32.add (local.get $a) (i32.trunc_f64_s (local.get $d))))"),
        with("f64.add, seen", COUNT, seen, "", "", &VALUES),
        with("f64.add, seen, of NaNs", COUNT, seen, "", "(local.set $e (f64.load (i32.const 32)))", &nan),
        with(
            "f64.add of subnormals",
            COUNT,
            "(local.set $d (f64.add (local.get $d) (local.get $e)))",
            "",
            "",
            &subnormal,
        ),
        with(
            "f64.mul of subnormals",
            COUNT,
            "(local.set $d (f64.mul (local.get $e) (f64.add (local.get $d) (local.get $e))))",
            "",
            "",
            &subnormal,
        ),
    ]
}

fn memory() -> Vec<Probe> {
    // Each line of 64 MiB leads to another, far away: all of them in one round trip of a linear congruence.
    let links = "(start $links) (func $links (local $at i32) (loop $m
        (i32.store (i32.add (i32.const 65536) (local.get $at))
          (i32.and (i32.add (i32.mul (local.get $at) (i32.const 0x19660d)) (i32.const 0x3c6ef340)) (i32.const 0x3ffffc0)))
        (br_if $m (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 64))) (i32.const 0x4000000)))))";
    vec![
        plain("i32.load", "(local.set $at (i32.load offset=64 (local.get $at)))"),
        plain(
            "i64.load8_s",
            "(local.set $x (i64.add (local.get $x) (i64.load8_s offset=64 (local.get $at))))",
        ),
        plain("i32.load across lines", "(local.set $at (i32.load offset=4094 align=1 (local.get $at)))"),
        plain("i32.store", "(i32.store offset=64 (local.get $at) (local.get $a))"),
        plain(
            "i64.store, i64.load",
            "(i64.store offset=64 (local.get $at) (local.get $x)) (local.set $x (i64.load offset=64 (local.get $at)))",
        ),
        with(
            "i32.load of 64 MiB at random",
            COUNT,
            "(local.set $at (i32.load offset=65536 (local.get $at)))",
            links,
            "",
            &VALUES,
        ),
        with(
            "global.set, global.get",
            COUNT,
            "(global.set $g (i32.add (global.get $g) (local.get $b)))",
            "(global $g (mut i32) (i32.const 0))",
            "",
            &VALUES,
        ),
        plain("memory.size", "(local.set $a (i32.add (local.get $a) (memory.size)))"),
    ]
}

fn control() -> Vec<Probe> {
    let random = "(local.set $a (i32.xor (local.get $a) (i32.shl (local.get $a) (i32.const 13))))
        (local.set $a (i32.xor (local.get $a) (i32.shr_u (local.get $a) (i32.const 17))))
        (local.set $a (i32.xor (local.get $a) (i32.shl (local.get $a) (i32.const 5))))";
    let table = format!("{random} (block (block (block (block (block (block (block (block (block (br_table 7 6 5 4 3 2 1 0 8 (i32.and (local.get $a) (i32.const 7))))
        (local.set $b (i32.const 1))) (local.set $at (local.get $b))) (local.set $b (local.get $a)))
        (local.set $at (local.get $a))) (local.set $b (i32.add (local.get $b) (local.get $a)))) (local.set $at (i32.const 0))) (local.set $b (i32.const 5)))
        (local.set $at (i32.const 3)))");
    let branch = format!(
        "{random} (if (i32.and (local.get $a) (i32.const 1)) (then (i32.store offset=64 (i32.const 0) (local.get $a))) (else (i32.store offset=68 (i32.const 0) (local.get $b))))"
    );
    vec![
        plain("br_if, never taken", "(br_if 0 (i32.eq (local.get $a) (local.get $b)))"),
        plain(
            "br_if, block",
            "(block (br_if 0 (i32.lt_u (local.get $a) (local.get $b))) (local.set $a (i32.sub (local.get $a) (i32.const 1))))",
        ),
        plain("random numbers", random),
        plain("random numbers, if, else", &branch),
        plain("random numbers, br_table", &table),
        plain("loop", "(loop (local.set $a (i32.add (local.get $a) (local.get $b))))"),
    ]
}

fn calls() -> Vec<Probe> {
    let leaf = "(func $f (param i32) (result i32) (i32.add (local.get 0) (i32.load (i32.const 4))))";
    let inner = "(func $g) (func $f (param i32) (result i32) (call $g) (i32.add (local.get 0) (i32.load (i32.const 4))))";
    let many = "(func $f (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
        (i32.store (i32.const 128) (local.get 11)) (i32.add (local.get 0) (local.get 9)))";
    let locals = "(func $f (param i32) (result i32) (local i64 i64 i64 i64 i64 i64 i64 i64) (local.set 4 (i64.load (i32.const 64))) (i32.add (local.get 0) (i32.wrap_i64 (local.get 4))))";
    let table =
        format!("(table 1 funcref) (elem (i32.const 0) $f) (type $t (func (param i32) (result i32))) {leaf}");
    let args = " (local.get $b)".repeat(11);
    let call = |name, more: &str, code: &str| with(name, COUNT, code, more, "", &VALUES);
    vec![
        call("call of a leaf", leaf, "(local.set $a (call $f (local.get $a)))"),
        call("call that calls", inner, "(local.set $a (call $f (local.get $a)))"),
        call("call with 12 parameters", many, &format!("(local.set $a (call $f (local.get $a){args}))")),
        call("call with 8 locals", locals, "(local.set $a (call $f (local.get $a)))"),
        call(
            "call_indirect",
            &table,
            "(local.set $a (call_indirect (type $t) (local.get $a) (i32.load (i32.const 72))))",
        ),
    ]
}

fn bulk() -> Vec<Probe> {
    let copy = |name, count, length: u32| {
        let code = format!("(memory.copy (i32.const 65536) (i32.const 33619968) (i32.const {length}))");
        with(name, count, &code, "", "", &VALUES)
    };
    let fill = |name, count, length: u32| {
        let code = format!("(memory.fill (i32.const 65536) (local.get $n) (i32.const {length}))");
        with(name, count, &code, "", "", &VALUES)
    };
    vec![
        copy("memory.copy of nothing", COUNT, 0),
        copy("memory.copy of 64 bytes", COUNT, 64),
        copy("memory.copy of 4 KiB", 8, 4_096),
        copy("memory.copy of 16 MiB", 1, 16 << 20),
        fill("memory.fill of 64 bytes", COUNT, 64),
        fill("memory.fill of 16 MiB", 1, 16 << 20),
        plain(
            "memory.grow of nothing",
            "(local.set $a (i32.add (local.get $a) (memory.grow (i32.const 0))))",
        ),
    ]
}

/// Two tables of 64 functions, one of nothing, and 64 functions of two types.
fn tables() -> Vec<Probe> {
    let functions: String = (0..64)
        .map(|number| format!("(func $f{number} (type $t) (i32.add (local.get 0) (i32.const {number})))"))
        .collect();
    let all: String = (0..64).map(|number| format!(" $f{number}")).collect();
    let fields = format!(
        "(type $t (func (param i32) (result i32))) {functions} (table $t 64 100 funcref) (table $u 64 funcref)
         (table $v 64 65000 externref) (table $w 8192 funcref) (elem (table $t) (i32.const 0) func{all}) (elem $e func{all})"
    );
    let probe = |name, count, code: &str| with(name, count, code, &fields, "", &VALUES);
    let step = "(local.set $at (i32.and (i32.add (i32.mul (local.get $at) (i32.const 0x19660d)) (i32.const 0x3c6ef35f)) (i32.const 0x7fffffff)))";
    let drawn = "(i32.and (i32.shr_u (local.get $at) (i32.const 16)) (i32.const 63))";
    vec![
        probe(
            "random numbers, call_indirect of 64",
            COUNT,
            &format!("{step} (local.set $a (call_indirect $t (type $t) (local.get $a) {drawn}))"),
        ),
        probe(
            "table.get",
            COUNT,
            "(local.set $a (i32.add (local.get $a) (ref.is_null (table.get $t (i32.and (local.get $a) (i32.const 63))))))",
        ),
        probe(
            "table.set",
            COUNT,
            "(table.set $u (i32.and (local.get $n) (i32.const 63)) (table.get $t (i32.const 5)))",
        ),
        probe(
            "table.set of things",
            COUNT,
            "(table.set $v (i32.and (local.get $n) (i32.const 63)) (ref.null extern))",
        ),
        probe("ref.func", COUNT, "(local.set $a (i32.add (local.get $a) (ref.is_null (ref.func $f7))))"),
        probe("table.size", COUNT, "(local.set $a (i32.add (local.get $a) (table.size $t)))"),
        probe(
            "table.grow by nothing",
            COUNT,
            "(local.set $a (i32.add (local.get $a) (table.grow $t (ref.null func) (i32.const 0))))",
        ),
        probe("table.copy of nothing", COUNT, "(table.copy $u $t (i32.const 0) (i32.const 0) (i32.const 0))"),
        probe("table.copy of 64 entries", 4, "(table.copy $u $t (i32.const 0) (i32.const 0) (i32.const 64))"),
        probe("table.init of 64 entries", 4, "(table.init $u $e (i32.const 0) (i32.const 0) (i32.const 64))"),
        probe("table.fill of 64 entries", 4, "(table.fill $u (i32.const 0) (ref.func $f3) (i32.const 64))"),
        probe(
            "table.fill of 8,192 entries",
            1,
            "(table.fill $w (i32.const 0) (ref.func $f3) (i32.const 8192))",
        ),
    ]
}
