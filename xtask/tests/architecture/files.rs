//! How long files may be, and what no source may hold.

use crate::sources::{expect_none, sources};

/// What counts as a source.
const SOURCES: [&str; 8] = [".rs", ".ts", ".tsx", ".js", ".mjs", ".css", ".sh", ".html"];

/// No source is longer.
const LINES_MAX: usize = 600;

/// Sources longer than this are listed in [`LONG`], with the length that they may not exceed.
const LINES_USUAL: usize = 400;

/// A ratchet, not a scissor: the lengths here only go down, and a file that came below 400 lines leaves the list.
const LONG: &str = include_str!("long_files.txt");

/// What marks unfinished or switched-off work; in two pieces, so that this list does not find itself. A measurement that
/// `cargo xtask bench` runs may be an ignored test, with its reason.
const UNFINISHED: [(&str, &str); 9] = [
    ("TO", "DO"),
    ("FIX", "ME"),
    ("XX", "X "),
    ("todo", "!("),
    ("unimplemented", "!("),
    ("#[ign", "ore]"),
    ("test.sk", "ip("),
    ("test.on", "ly("),
    ("describe.on", "ly("),
];

#[test]
fn files_are_split_by_meaning_before_they_grow_long() {
    let allowed: Vec<(&str, usize)> = LONG
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(path, lines)| {
            (path, lines.trim().parse().expect("long_files.txt: path, space, number of lines"))
        })
        .collect();
    let mut findings = Vec::new();
    for source in sources("", &SOURCES) {
        let lines = source.text.lines().count();
        let ceiling =
            allowed.iter().find(|(path, _)| *path == source.path).map_or(LINES_USUAL, |(_, lines)| *lines);
        if lines > ceiling.min(LINES_MAX) {
            findings.push(format!("{}: {lines} lines, at most {}", source.path, ceiling.min(LINES_MAX)));
        }
    }
    expect_none(
        &findings,
        "Files stay under 400 lines: split by meaning. A file that must be longer for now (600 at most) is listed in \
         xtask/tests/architecture/long_files.txt with its length.",
    );
}

#[test]
fn nothing_unfinished_and_no_test_switched_off() {
    let marks = UNFINISHED.map(|(head, tail)| format!("{head}{tail}"));
    let mut findings = Vec::new();
    for source in sources("", &SOURCES) {
        for (number, line) in source.text.lines().enumerate() {
            for mark in &marks {
                if line.contains(mark.as_str()) {
                    findings.push(format!("{}:{}: {mark}", source.path, number + 1));
                }
            }
        }
    }
    expect_none(&findings, "Finish it, or open an issue; a test that is off tests nothing.");
}
