//! Modules at each limit of the profile, and one beyond it.

use tabmesh_meter::{Reason, limits};

use crate::build::{Builder, body, functions, list, number, sized};
use crate::case::{Case, Expected};

/// A function of nothing.
const PLAIN: &[u8] = &[0x60, 0, 0];

/// Two cases of one kind: as many as the limit, and one more.
fn edge(cases: &mut Vec<Case>, what: &str, limit: u32, reason: Reason, module: impl Fn(usize) -> Vec<u8>) {
    let limit = limit as usize;
    let case =
        |count: usize, expected| Case { name: format!("{count} {what}"), module: module(count), expected };
    cases.push(case(limit, Expected::Accepted));
    cases.push(case(limit + 1, Expected::Refused(reason)));
}

/// All of them.
#[must_use]
pub fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    of_types(&mut cases);
    of_sections(&mut cases);
    of_functions(&mut cases);
    cases
}

fn of_types(cases: &mut Vec<Case>) {
    let typed = |kind: Vec<u8>| Builder::default().section(1, &list(&[kind])).done();
    edge(cases, "parameters", limits::PARAMETERS_MAX, Reason::Parameters, |count| {
        typed([vec![0x60, count as u8], vec![0x7e; count], vec![0]].concat())
    });
    edge(cases, "results", limits::RESULTS_MAX, Reason::Results, |count| {
        typed([vec![0x60, 0, count as u8], vec![0x7c; count]].concat())
    });
}

/// A memory, exported under a name of so many bytes.
fn named(length: usize) -> Vec<u8> {
    let memory = Builder::default().section(5, &[1, 0, 1]);
    memory.section(7, &list(&[[sized(&vec![b'n'; length]), vec![2, 0]].concat()])).done()
}

/// A function with 127 parameters and 32 results, exported so often.
fn exported(count: usize) -> Vec<u8> {
    let kind = [vec![0x60, 127], vec![0x7e; 127], vec![32], vec![0x7f; 32]].concat();
    let exports: Vec<_> =
        (0..count).map(|index| [sized(format!("{index}").as_bytes()), vec![0, 0]].concat()).collect();
    Builder::default()
        .section(1, &list(&[kind]))
        .section(3, &[1, 0])
        .section(7, &list(&exports))
        .section(10, &list(&[body(&[0], &[0])]))
        .done()
}

fn of_sections(cases: &mut Vec<Case>) {
    let items = |id: u8, item: &'static [u8]| {
        move |count: usize| Builder::default().section(id, &list(&vec![item; count])).done()
    };
    edge(cases, "globals", limits::ITEMS_MAX, Reason::Count, items(6, &[0x7f, 0, 0x41, 0, 0x0b]));
    edge(cases, "passive segments", limits::SEGMENTS_MAX, Reason::Segments, items(11, &[1, 0]));
    edge(cases, "segments of no elements", limits::SEGMENTS_MAX, Reason::Segments, |count| {
        let table = Builder::default().section(4, &[1, 0x70, 0, 0]);
        table.section(9, &list(&vec![[0, 0x41, 0, 0x0b, 0]; count])).done()
    });
    edge(cases, "tables", limits::TABLES_MAX, Reason::Tables, items(4, &[0x70, 0, 1]));
    edge(cases, "elements", limits::ITEMS_MAX, Reason::Count, |count| {
        Builder::default()
            .section(1, &list(&[PLAIN]))
            .section(3, &[1, 0])
            .section(4, &[&[1, 0x70, 0][..], &number(count.min(131_071))].concat())
            .section(9, &[&[1, 0, 0x41, 0, 0x0b][..], &list(&vec![[0]; count])].concat())
            .section(10, &list(&[body(&[0], &[])]))
            .done()
    });
    edge(cases, "functions", limits::ITEMS_MAX, Reason::Count, |count| {
        Builder::default()
            .section(1, &list(&[PLAIN]))
            .section(3, &list(&vec![[0_u8]; count]))
            .section(10, &list(&vec![body(&[0], &[]); count]))
            .done()
    });
    edge(cases, "exports", limits::ITEMS_MAX, Reason::Count, |count| {
        let exports: Vec<_> =
            (0..count).map(|index| [sized(format!("{index}").as_bytes()), vec![2, 0]].concat()).collect();
        Builder::default().section(5, &[1, 0, 1]).section(7, &list(&exports)).done()
    });
    edge(cases, "bytes of a name", limits::NAME_BYTES_MAX, Reason::NameBytes, named);
    cases.push(Case {
        name: "100,001 bytes of a name".to_owned(),
        module: named(100_001),
        expected: Expected::Refused(Reason::NameBytes),
    });
    edge(cases, "exports of 159 parameters and results", limits::BORDER_MAX / 160, Reason::Border, exported);
}

fn of_functions(cases: &mut Vec<Case>) {
    // Each is combined with a local of its type, so that an interpreter has to keep it.
    let combined = |kind: u8, combine: u8, constant: Vec<u8>| {
        [vec![0x20, kind, constant[0]], constant[1..].to_vec(), vec![combine, 0x21, kind]].concat()
    };
    let using = |code: Vec<u8>| functions(PLAIN, &[body(&[3, 1, 0x7e, 1, 0x7c, 1, 0x7f], &code)]);
    let integers = |count: usize| {
        let constant = |value: usize| [vec![0x42], number((value << 20 | 64) * 2 + 1)].concat();
        using((0..count).flat_map(|value| combined(0, 0x85, constant(value))).collect())
    };
    let floats = |count: usize| {
        let constant = |value: usize| [&[0x44][..], &(value as f64 + 0.5).to_le_bytes()].concat();
        using((0..count).flat_map(|value| combined(1, 0xa0, constant(value))).collect())
    };
    let branches =
        |count: usize| using([vec![0x02, 0x40], [0x20, 2, 0x0d, 0].repeat(count), vec![0x0b]].concat());
    // The tests of the gas on such a long way are branches, fewer than 250.
    let limit = limits::CONSTANTS_MAX as usize;
    for (what, module) in [
        ("i64 constants", &integers as &dyn Fn(usize) -> Vec<u8>),
        ("f64 constants", &floats),
        ("branches that lead far", &branches),
    ] {
        let case = |count: usize, expected| Case {
            name: format!("{count} {what}"),
            module: module(count),
            expected,
        };
        cases.push(case(limit - 250, Expected::Accepted));
        cases.push(case(limit + 1, Expected::Refused(Reason::Constants)));
    }
    cases.push(Case {
        name: "33,000 i64 constants".to_owned(),
        module: integers(33_000),
        expected: Expected::Refused(Reason::Constants),
    });
}
