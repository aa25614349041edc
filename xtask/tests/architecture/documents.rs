//! The commands that the documents name exist.

use std::collections::BTreeSet;
use std::process::Command;

use crate::sources::{expect_none, root, sources};

/// `cargo xtask WORD --flag`, as the documents write it: the command and its flags.
fn mentions(text: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for (at, mark) in text.match_indices("cargo xtask ") {
        let rest = &text[at + mark.len()..];
        let end = rest.find(['`', '\n', '#', '.', ',', ';', ')', '|']).unwrap_or(rest.len());
        let mut words = rest[..end].split_whitespace();
        let Some(command) = words.next().filter(|word| word.bytes().all(|b| b.is_ascii_alphanumeric()))
        else {
            continue;
        };
        let flags = words.filter(|word| word.starts_with("--")).map(str::to_owned).collect();
        found.push((command.to_owned(), flags));
    }
    found
}

fn help(command: &[&str]) -> Option<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).args(command).arg("--help").output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn every_command_that_a_document_names_exists() {
    let mut findings = BTreeSet::new();
    for document in sources("", &[".md"]) {
        for (command, flags) in mentions(&document.text) {
            match help(&[&command]) {
                None => {
                    findings.insert(format!("{}: cargo xtask {command}", document.path));
                }
                Some(help) => {
                    let unknown = flags.iter().filter(|flag| !help.contains(flag.as_str()));
                    findings.extend(
                        unknown.map(|flag| format!("{}: cargo xtask {command} {flag}", document.path)),
                    );
                }
            }
        }
    }
    expect_none(
        &Vec::from_iter(findings),
        "A document promises a command that `cargo xtask --help` does not know.",
    );
}

/// The commands that `cargo xtask --help` lists.
fn commands() -> BTreeSet<String> {
    let help = help(&[]).expect("the help is shown");
    let (_, list) = help.split_once("Commands:").expect("it lists the commands");
    let (list, _) = list.split_once("Options:").expect("and then the options");
    // A command stands two columns in; what it does goes on further in.
    let names = list.lines().filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')));
    let first = names.filter_map(|rest| rest.split_whitespace().next());
    first.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn contributing_has_a_row_for_every_command() {
    let text = crate::sources::read("CONTRIBUTING.md");
    let rows = text.lines().filter(|line| line.starts_with("| `cargo xtask "));
    let rows: BTreeSet<String> =
        rows.flat_map(|row| mentions(row).into_iter().take(1)).map(|(name, _)| name).collect();
    let commands = commands();
    assert!(commands.len() > 10 && commands.contains("up"), "{commands:?}");
    let missing: Vec<String> = commands.difference(&rows).cloned().collect();
    expect_none(&missing, "The table in CONTRIBUTING.md lacks a command of `cargo xtask --help`.");
}

#[test]
fn the_readme_shows_the_two_commands_and_the_licences_are_there() {
    let readme = crate::sources::read("README.md");
    for command in ["cargo xtask up", "cargo xtask test"] {
        assert!(readme.contains(command), "README.md shows `{command}` on its first screen");
    }
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(root().join(licence).exists() && readme.contains(licence), "README.md names {licence}");
    }
}

#[test]
fn mentions_are_read_with_their_flags() {
    let text =
        "Run `cargo xtask up --tabs 3`, then\n    cargo xtask test   # everything\n`cargo xtask` alone";
    let expected = [("up", vec!["--tabs"]), ("test", vec![])];
    let found = mentions(text);
    let found: Vec<_> = found
        .iter()
        .map(|(word, flags)| (word.as_str(), flags.iter().map(String::as_str).collect()))
        .collect();
    assert_eq!(found, expected);
}
