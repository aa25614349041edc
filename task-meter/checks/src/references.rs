//! References and tables: what compilers emit, and what could get out of hand.

use tabmesh_meter::Reason;

use crate::build::{Builder, body, list, sized};
use crate::case::{Case, Expected};

/// Every instruction of references and tables, its answers gathered in memory.
const EVERYTHING: &str = r#"(module (memory 1) (type $number (func (result i32)))
    (table $functions 4 20 funcref) (table $things 2 20 externref) (table $small 3 3 funcref)
    (elem (table $functions) (i32.const 0) func $one $two)
    (elem (i32.const 2) funcref (ref.func $two) (ref.null func))
    (elem $passive func $two $one $two) (elem $constants externref (ref.null extern) (ref.null extern)) (elem declare func $three)
    (global $kept (mut funcref) (ref.func $one)) (global $nothing externref (ref.null extern))
    (func $one (type $number) (i32.const 1)) (func $two (type $number) (i32.const 2)) (func $three (type $number) (i32.const 3))
    (func $choose (param i32 funcref funcref) (result funcref)
      (select (result funcref) (local.get 1) (local.get 2) (local.get 0)))
    (func $save (param i32 i32) (i32.store (i32.mul (local.get 0) (i32.const 4)) (local.get 1)))
    (func (export "f0") (local $function funcref) (local $thing externref) (local $count i32)
      (call $save (i32.const 0) (call_indirect $functions (type $number) (i32.const 1)))
      (table.set $small (i32.const 2) (ref.func $three))
      (call $save (i32.const 1) (call_indirect $small (type $number) (i32.const 2)))
      (table.init $small $passive (i32.const 0) (i32.const 1) (i32.const 2))
      (call $save (i32.const 2) (call_indirect $small (type $number) (i32.const 0)))
      (table.copy $functions $small (i32.const 1) (i32.const 1) (i32.const 2))
      (call $save (i32.const 3) (call_indirect $functions (type $number) (i32.const 2)))
      (local.set $function (call $choose (i32.const 1) (table.get $functions (i32.const 0)) (global.get $kept)))
      (call $save (i32.const 4) (ref.is_null (local.get $function)))
      (call $save (i32.const 5) (ref.is_null (table.get $functions (i32.const 3))))
      (call $save (i32.const 6) (table.grow $functions (local.get $function) (i32.const 16)))
      (call $save (i32.const 7) (table.grow $functions (local.get $function) (i32.const 1)))
      (call $save (i32.const 8) (table.size $functions))
      (call $save (i32.const 9) (call_indirect $functions (type $number) (i32.const 19)))
      (table.fill $functions (i32.const 4) (ref.null func) (i32.const 10))
      (call $save (i32.const 10) (ref.is_null (table.get $functions (i32.const 13))))
      (global.set $kept (ref.null func))
      (call $save (i32.const 11) (ref.is_null (global.get $kept)))
      (table.init $things $constants (i32.const 0) (i32.const 0) (i32.const 2))
      (elem.drop $constants)
      (local.set $thing (table.get $things (i32.const 1)))
      (call $save (i32.const 12) (ref.is_null (local.get $thing)))
      (call $save (i32.const 13) (table.grow $things (global.get $nothing) (i32.const 19)))
      (call $save (i32.const 14) (table.grow $things (local.get $thing) (i32.const 18)))
      (call $save (i32.const 15) (table.size $things))
      (loop (call $save (i32.const 16) (local.tee $count (i32.add (local.get $count) (i32.const 1))))
        (br_if 0 (i32.and (i32.eq (table.grow $things (local.get $thing) (i32.const 0)) (i32.const 20))
          (i32.lt_u (local.get $count) (i32.const 3)))))
      (table.init $things $constants (i32.const 0) (i32.const 0) (i32.const 1))))"#;

fn text(name: &str, module: &str, expected: Expected) -> Case {
    let module = wat::parse_str(module).unwrap_or_else(|error| panic!("{name}: {error}"));
    Case { name: name.to_owned(), module, expected }
}

/// A loop without end around some code, in a module with a table of each kind.
fn forever(name: &str, code: &str) -> Case {
    let module = format!(
        r#"(module (table $t 10 funcref) (table $u 10 externref) (elem $e func $f $f $f $f) (elem declare func $f) (func $f)
            (func (export "f0") (local $i i32) (loop {code} (br 0))))"#
    );
    text(name, &module, Expected::Accepted)
}

/// All of them.
pub(crate) fn all() -> Vec<Case> {
    let through_second = Builder::default()
        .section(1, &list(&[&[0x60, 0, 0]]))
        .section(3, &[1, 0])
        .section(4, &[2, 0x70, 0, 1, 0x70, 0, 1])
        .section(7, &list(&[[sized(b"f0"), vec![0, 0]].concat()]))
        .section(9, &[1, 2, 1, 0x41, 0, 0x0b, 0, 1, 0])
        // As linkers write the number of a table.
        .section(10, &list(&[body(&[0], &[0x41, 0, 0x11, 0, 0x81, 0x80, 0x80, 0x80, 0])]))
        .done();
    let kept: String = (0..200)
        .map(|number| {
            format!("(drop (ref.is_null (table.get $t (i32.add (local.get $i) (i32.const {number})))))")
        })
        .collect();
    let keeping = format!(
        r#"(module (table $t 60000 funcref) (func $f (export "f0") (local $i i32)
            {kept} (call $f) {kept}))"#
    );
    vec![
        text("every instruction of references", EVERYTHING, Expected::Accepted),
        forever("a table without end", "(drop (table.grow $t (ref.func $f) (i32.const 1)))"),
        forever("growth of a table by everything", "(drop (table.grow $u (ref.null extern) (i32.const -1)))"),
        forever("a table filled without end", "(table.fill $t (i32.const 0) (ref.func $f) (i32.const 10))"),
        forever("a table copied without end", "(table.copy $t $t (i32.const 0) (i32.const 3) (i32.const 7))"),
        forever("elements taken without end", "(table.init $t $e (i32.const 6) (i32.const 0) (i32.const 4))"),
        forever("a copy beyond the table", "(table.copy $t $t (i32.const 4) (i32.const 0) (i32.const 7))"),
        forever("a table read beyond its end", "(drop (table.get $t (i32.const 10)))"),
        text("recursion around references", &keeping, Expected::Accepted),
        Case {
            name: "recursion through the second table".to_owned(),
            module: through_second,
            expected: Expected::Accepted,
        },
        text("a function that nobody declared", "(module (func (drop (ref.func 0))))", Expected::Invalid),
        text(
            "a call through things",
            "(module (table 1 externref) (func (call_indirect (i32.const 0))))",
            Expected::Invalid,
        ),
        text(
            "a function for a thing",
            "(module (func) (table 1 externref) (elem declare func 0) (func (table.set (i32.const 0) (ref.func 0))))",
            Expected::Invalid,
        ),
        text("a table that is not there", "(module (func (drop (table.size 0))))", Expected::Invalid),
        text("a number from a reference", "(module (global i32 (ref.null func)))", Expected::Invalid),
        text(
            "what was injected by reference",
            "(module (func (drop (ref.func 1))))",
            Expected::Refused(Reason::Index),
        ),
        text("nothing of any kind", "(module (func (drop (ref.null any))))", Expected::Refused(Reason::Type)),
    ]
}
