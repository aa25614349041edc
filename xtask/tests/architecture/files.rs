//! How long files may be, and what no source may hold.

use crate::sources::{expect_none, sources, without_comments};

/// What counts as a source.
const SOURCES: [&str; 8] = [".rs", ".ts", ".tsx", ".js", ".mjs", ".css", ".sh", ".html"];

/// No source is longer.
const LINES_MAX: usize = 600;

/// Sources longer than this are listed in [`LONG`], with the length that they may not exceed.
const LINES_USUAL: usize = 400;

/// A ratchet, not a scissor: the lengths here only go down, and a file that came below 400 lines leaves the list.
const LONG: &str = include_str!("long_files.txt");

/// What marks unfinished or switched-off work; in two pieces, so that this list does not find itself.
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

/// Where a test of JavaScript may be skipped, by a reason that it finds out itself; where `CI=true` that is a failure.
const MAY_SKIP: [&str; 3] = [
    // Network namespaces are for root on Linux.
    "tests/scenarios/nat.test.js",
    "pkg/test/unit-task-vectors.test.js",
    // Tries the reporter that finds the others.
    "tests/test/no-skips.test.js",
];

/// The words by which the test runners of Node.js and Vitest leave a test out.
const LEFT_OUT: [&str; 4] = ["skip", "skipIf", "runIf", "todo"];

#[test]
fn no_test_of_javascript_is_left_out() {
    let mut findings = Vec::new();
    let tests = sources("", &[".test.js", ".test.ts", ".test.mjs"]);
    for source in tests.iter().filter(|source| !MAY_SKIP.contains(&source.path.as_str())) {
        for (number, line) in without_comments(&source.text).lines().enumerate() {
            let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            if let Some(word) = words.find(|word| LEFT_OUT.contains(word)) {
                findings.push(format!("{}:{}: {word}", source.path, number + 1));
            }
        }
    }
    expect_none(
        &findings,
        "Install what the test needs (`cargo xtask test` does), or list it in MAY_SKIP with a reason.",
    );
}

#[test]
fn an_ignored_test_is_run_by_a_command_of_its_own() {
    let commands: String = sources("xtask/src/", &[".rs"]).into_iter().map(|source| source.text).collect();
    let runs = |target: &str| {
        let lines = commands.lines().filter(|line| line.contains("--ignored"));
        lines.flat_map(str::split_whitespace).any(|word| word == target)
    };
    let mark = ["#[ign", "ore"].concat();
    let mut findings = Vec::new();
    for source in sources("", &[".rs"]).iter().filter(|source| source.text.contains(&mark)) {
        let target =
            source.path.split_once("/tests/").map(|(_, rest)| rest.split(['/', '.']).next().unwrap_or(rest));
        if !target.is_some_and(runs) {
            findings.push(source.path.clone());
        }
    }
    expect_none(
        &findings,
        "An ignored test tests nothing, unless a command of `cargo xtask` runs its file with --ignored.",
    );
}
