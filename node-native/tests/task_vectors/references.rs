//! References, tables, and stacks of other sizes.

use tabmesh_native::task::Status;

use crate::case::Case;
use crate::modules::{pure, pure_with};

const TABLES: &str = r#"(type $number (func (result i32)))
    (table $functions 4 20 funcref) (table $things 2 externref)
    (elem (table $functions) (i32.const 0) func $one $two)
    (elem $passive func $two $one) (elem $nothing externref (ref.null extern))
    (global $kept (mut funcref) (ref.null func))
    (func $one (type $number) (i32.const 1)) (func $two (type $number) (i32.const 2))
    (func $call (param i32) (result i32) (call_indirect $functions (type $number) (local.get 0)))
    (func $save (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))"#;

fn with_tables(body: &str) -> String {
    pure_with("(i32.const 1024)", TABLES, &format!("{body} (call $pack (i32.const 0) (i32.const 10))"))
}

/// What modules of today's compilers have.
pub(crate) fn cases() -> Vec<Case> {
    let all = "
        (call $save (i32.const 0) (call $call (i32.const 1)))
        (table.init $functions $passive (i32.const 2) (i32.const 0) (i32.const 2))
        (call $save (i32.const 1) (call $call (i32.const 2)))
        (global.set $kept (table.get $functions (i32.const 3)))
        (call $save (i32.const 2) (ref.is_null (global.get $kept)))
        (table.set $functions (i32.const 3) (ref.null func))
        (call $save (i32.const 3) (ref.is_null (table.get $functions (i32.const 3))))
        (call $save (i32.const 4) (table.grow $functions (ref.func $two) (i32.const 16)))
        (call $save (i32.const 5) (table.grow $functions (ref.func $two) (i32.const 1)))
        (table.fill $functions (i32.const 5) (global.get $kept) (i32.const 3))
        (call $save (i32.const 6) (call $call (i32.const 7)))
        (table.copy $functions $functions (i32.const 0) (i32.const 18) (i32.const 1))
        (call $save (i32.const 7) (call $call (i32.const 0)))
        (table.init $things $nothing (i32.const 1) (i32.const 0) (i32.const 1)) (elem.drop $nothing)
        (call $save (i32.const 8) (ref.is_null (table.get $things (i32.const 1))))
        (call $save (i32.const 9) (table.size $functions))";
    let grown = |entries: u32| {
        with_tables(&format!(
            "(i32.store (i32.const 0) (table.grow $things (ref.null extern) (i32.const {entries})))"
        ))
    };
    let number = |number: i32| [&number.to_le_bytes()[..], &[0; 6]].concat();
    vec![
        Case::new("references and tables", &with_tables(all)).gives(&[2, 2, 0, 1, 4, 255, 1, 2, 1, 20]),
        Case::new("a table of 131,071 entries", &grown(131_069)).gives(&number(2)),
        Case::new("a table of 131,072 entries", &grown(131_070)).gives(&number(-1)),
        Case::new("a table that cannot be paid for", &grown(131_069)).gas(130_000_000).ends(Status::OutOfGas),
        Case::new("a table read beyond its end", &with_tables("(drop (table.get $things (i32.const 2)))"))
            .ends(Status::Trap),
        Case::new(
            "a table copied beyond its end",
            &with_tables("(table.copy $functions $functions (i32.const 2) (i32.const 0) (i32.const 3))"),
        )
        .ends(Status::Trap),
        Case::new(
            "a table filled beyond its end",
            &with_tables("(table.fill $functions (i32.const 2) (ref.null func) (i32.const 3))"),
        )
        .ends(Status::Trap),
        Case::new(
            "elements taken beyond their end",
            &with_tables("(table.init $functions $passive (i32.const 0) (i32.const 1) (i32.const 2))"),
        )
        .ends(Status::Trap),
        Case::new("a call of nothing", &with_tables("(drop (call $call (i32.const 3)))")).ends(Status::Trap),
        Case::new("12,000 locals", &pure(&locals(12_000))),
        Case::new("refused: 15,000 locals", &pure(&locals(15_000))).refused(31),
        Case::new("refused: a reference of any kind", "(module (func (drop (ref.null any))))").refused(6),
        Case::new("refused: 9 tables", &format!("(module {})", "(table 1 funcref)".repeat(9))).refused(30),
    ]
}

fn locals(count: usize) -> String {
    format!("{} (i64.const 0)", "(local i64)".repeat(count))
}

/// Stacks of other sizes than the usual one.
pub(crate) fn stacks() -> Vec<Case> {
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
    vec![
        Case::new("a stack of 1 KiB", &calls(5)).stack(1).gives(&5_u32.to_le_bytes()),
        Case::new("calls beyond a stack of 1 KiB", &calls(20)).stack(1).ends(Status::Stack),
        Case::new("3,000 calls in the usual stack", &calls(3_000)).gives(&3_000_u32.to_le_bytes()),
        Case::new("4,000 calls in the usual stack", &calls(4_000)).ends(Status::Stack),
        Case::new("4,000 calls in a stack of 384 KiB", &calls(4_000))
            .stack(384)
            .gives(&4_000_u32.to_le_bytes()),
    ]
}
