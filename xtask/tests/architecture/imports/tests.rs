//! The graphs of small trees that are written here.

use super::edge::Edge;
use super::{rust, typescript};

fn shown(edges: &[Edge]) -> Vec<String> {
    edges.iter().map(|edge| format!("{}:{} {}", edge.from, edge.line, edge.to)).collect()
}

#[test]
fn a_parent_that_declares_and_hands_on_needs_no_child() {
    let tree = [
        ("x/src/lib.rs", "mod a;\npub mod b;\npub use a::Thing;\npub use b::*;"),
        ("x/src/a.rs", "pub struct Thing;"),
        ("x/src/b.rs", "pub(crate) fn make() -> u8 { 1 }"),
    ];
    assert_eq!(shown(&rust::edges(tree)), [""; 0]);
}

#[test]
fn a_parent_that_uses_a_child_needs_it() {
    for lib in [
        "mod a; use a::Thing; fn f(_: Thing) {}",
        "mod a; pub use a::Thing; fn f(_: Thing) {}",
        "mod a; fn f(_: a::Thing) {}",
        "mod a; fn f(_: crate::a::Thing) {}",
        "mod a; use self::{a as b}; fn f(_: b::Thing) {}",
        "mod a; use a::*;",
    ] {
        let edges = rust::edges([("x/src/lib.rs", lib), ("x/src/a.rs", "pub struct Thing;")]);
        assert_eq!(shown(&edges), ["x/src/lib.rs:1 x/src/a.rs"], "{lib}");
    }
}

#[test]
fn what_was_handed_on_is_needed_where_it_is_defined_too() {
    let tree = [
        ("x/src/lib.rs", "mod a;\nmod c;"),
        ("x/src/a/mod.rs", "mod b;\npub use b::{Thing as Named, other};"),
        ("x/src/a/b.rs", "pub struct Thing; pub fn other() {}"),
        ("x/src/c.rs", "use crate::a::Named;\nfn f() { crate::a::other() }"),
    ];
    let expected = [
        "x/src/c.rs:1 x/src/a/b.rs",
        "x/src/c.rs:2 x/src/a/b.rs",
        "x/src/c.rs:1 x/src/a/mod.rs",
        "x/src/c.rs:2 x/src/a/mod.rs",
    ];
    assert_eq!(shown(&rust::edges(tree)), expected);
}

#[test]
fn a_child_may_need_its_parent_and_its_siblings() {
    let tree = [
        ("x/src/main.rs", "mod a;"),
        ("x/src/a/mod.rs", "mod b; mod c; pub(super) const N: u8 = 1;"),
        ("x/src/a/b.rs", "use super::{N, c::M};"),
        ("x/src/a/c.rs", "pub const M: u8 = 2; mod inner { use super::super::N; }"),
    ];
    let expected =
        ["x/src/a/b.rs:1 x/src/a/c.rs", "x/src/a/b.rs:1 x/src/a/mod.rs", "x/src/a/c.rs:1 x/src/a/mod.rs"];
    assert_eq!(shown(&rust::edges(tree)), expected);
}

#[test]
fn unit_tests_other_crates_and_prose_are_no_imports() {
    let tree = [
        ("x/src/lib.rs", "mod a; mod b;"),
        (
            "x/src/a.rs",
            "use std::fmt; // crate::b::f\nconst T: &str = \"crate::b::f\"; pub(in crate::b) fn g() {}",
        ),
        ("x/src/b.rs", "pub fn f() {}\n#[cfg(test)]\nmod tests { use crate::a::g; }"),
    ];
    assert_eq!(shown(&rust::edges(tree)), [""; 0]);
}

#[test]
fn tests_and_files_with_a_path_of_their_own_are_found() {
    let tree = [
        ("x/tests/one.rs", "mod support;\nuse support::help;"),
        ("x/tests/support/mod.rs", "pub mod more; pub fn help() { more::f() }"),
        ("x/tests/support/more.rs", "pub fn f() { super::help() }"),
        ("x/src/lib.rs", "mod d;"),
        ("x/src/d.rs", "fn f() {} #[cfg(test)] #[path = \"d_tests.rs\"] mod tests;"),
        ("x/src/d_tests.rs", "use super::f;"),
    ];
    let expected = [
        "x/src/d_tests.rs:1 x/src/d.rs",
        "x/tests/one.rs:2 x/tests/support/mod.rs",
        "x/tests/support/mod.rs:1 x/tests/support/more.rs",
        "x/tests/support/more.rs:1 x/tests/support/mod.rs",
    ];
    assert_eq!(shown(&rust::edges(tree)), expected);
}

#[test]
fn typescript_needs_what_it_imports_types_included() {
    let tree = [
        (
            "p/src/a.ts",
            "import { b } from './b.js';\nimport type {\n  C,\n} from './d/c.js';\nimport x from 'y';",
        ),
        ("p/src/b.ts", "// import './a.js'\nexport const b = await import('./d/c.js');"),
        ("p/src/d/c.ts", "export type { A } from '../a.js';"),
    ];
    let expected = [
        "p/src/a.ts:1 p/src/b.ts",
        "p/src/a.ts:4 p/src/d/c.ts",
        "p/src/b.ts:2 p/src/d/c.ts",
        "p/src/d/c.ts:1 p/src/a.ts",
    ];
    assert_eq!(shown(&typescript::edges(tree)), expected);
}
