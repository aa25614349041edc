//! `wire`: what travels between nodes changes only together with a **wire** line in the changelog, or a raised version.
//!
//! `docs/wire.json` holds the hash of the sources that say what travels, and what the changelog and the version said
//! then. A test compares.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::step::note;
use crate::{stamp, workspace};

/// The folder whose files say what travels, and the file that says how numbers and bytes do.
const MESSAGES: &str = "core-wasm/engine/src/wire";
const CODEC: &str = "core-wasm/port/src/codec.rs";

const RECORD: &str = "docs/wire.json";

/// What to do.
#[derive(Args)]
pub(crate) struct Options {
    /// Record what travels now. Takes a new **wire** line under Unreleased in CHANGELOG.md, or a raised version in
    /// Cargo.toml.
    #[arg(long)]
    update: bool,
    /// Record it without either, because every byte between nodes stayed what it was: say what changed instead.
    #[arg(long, value_name = "REASON", requires = "update")]
    unchanged: Option<String>,
}

/// Checks what travels against the record, or records it.
///
/// # Errors
/// When it changed and the changelog and the version did not.
pub(crate) fn wire(options: &Options) -> Result<()> {
    let (now, then) = (State::now()?, State::recorded()?);
    if !options.update {
        now.check(&then)?;
        note(&format!("what travels is what {RECORD} says"));
        return Ok(());
    }
    if now.sources != then.sources && options.unchanged.is_none() {
        now.check_told(&then)?;
    }
    stamp::write(&workspace::path(RECORD), &now.to_json(options.unchanged.as_deref()))?;
    note(&format!("wrote {RECORD}"));
    Ok(())
}

/// What travels, and what is said of it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct State {
    /// SHA-256 of the sources, without comments and empty lines.
    sources: String,
    version: String,
    /// The lines under Unreleased that are marked **wire**.
    entries: BTreeSet<String>,
}

impl State {
    fn now() -> Result<Self> {
        let read =
            |path: &str| fs::read_to_string(workspace::path(path)).with_context(|| format!("no {path}"));
        Ok(Self {
            sources: digest(&files()?),
            version: version(&read("Cargo.toml")?).context("Cargo.toml has no version of the workspace")?,
            entries: entries(&read("CHANGELOG.md")?),
        })
    }

    fn recorded() -> Result<Self> {
        let text = fs::read_to_string(workspace::path(RECORD)).with_context(|| format!("no {RECORD}"))?;
        let value: Value = serde_json::from_str(&text).with_context(|| format!("{RECORD} is no JSON"))?;
        let text = |value: &Value| value.as_str().map(str::to_owned).with_context(|| format!("in {RECORD}"));
        Ok(Self {
            sources: text(&value["sources"])?,
            version: text(&value["version"])?,
            entries: value["unreleased"].as_array().into_iter().flatten().map(text).collect::<Result<_>>()?,
        })
    }

    fn to_json(&self, unchanged: Option<&str>) -> String {
        let mut value =
            json!({ "sources": self.sources, "version": self.version, "unreleased": self.entries });
        if let Some(reason) = unchanged {
            value["unchanged"] = reason.into();
        }
        format!("{value:#}\n")
    }

    /// Fails when what travels is not what was recorded.
    fn check(&self, then: &Self) -> Result<()> {
        if self.sources == then.sources {
            return Ok(());
        }
        self.check_told(then)?;
        bail!(
            "{MESSAGES}/ or {CODEC} changed, and the changelog or the version says so: record it with `cargo xtask wire --update`"
        )
    }

    /// Fails when neither the changelog nor the version tells that something changed since `then`.
    fn check_told(&self, then: &Self) -> Result<()> {
        ensure!(
            self.version != then.version || !self.entries.is_subset(&then.entries),
            "{MESSAGES}/ or {CODEC} changed: add a line marked **wire** under Unreleased in CHANGELOG.md, or raise the version in \
             Cargo.toml, then record it with `cargo xtask wire --update`. Where every byte between nodes stayed what it \
             was, `cargo xtask wire --update --unchanged REASON` says so"
        );
        Ok(())
    }
}

/// The sources by name.
fn files() -> Result<Vec<(String, String)>> {
    let mut paths = vec![workspace::path(CODEC)];
    for entry in fs::read_dir(workspace::path(MESSAGES)).with_context(|| format!("no {MESSAGES}/"))? {
        paths.push(entry?.path());
    }
    let mut files = Vec::new();
    for path in paths {
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", workspace::shown(&path)))?;
        files.push((workspace::shown(&path), text));
    }
    files.sort();
    Ok(files)
}

fn digest(files: &[(String, String)]) -> String {
    let mut hash = Sha256::new();
    for (name, text) in files {
        hash.update(format!("{name}\n"));
        // `//` within a string is followed by something, but cannot hide a change: it only ends the line sooner.
        let code = text.lines().map(|line| line.split("//").next().unwrap_or(line).trim());
        for line in code.filter(|line| !line.is_empty()) {
            hash.update(format!("{line}\n"));
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The version of the workspace.
fn version(manifest: &str) -> Option<String> {
    let package = manifest.split("[workspace.package]").nth(1)?;
    let line = package.lines().find_map(|line| line.strip_prefix("version = \""))?;
    Some(line.split('"').next()?.to_owned())
}

/// The points under Unreleased that are marked **wire**, each on one line.
fn entries(changelog: &str) -> BTreeSet<String> {
    let unreleased = changelog.split("\n## [Unreleased]").nth(1).unwrap_or_default();
    let unreleased = unreleased.split("\n## ").next().unwrap_or_default();
    // Headings between points are followed by an empty line.
    let points = unreleased.split("\n- ").skip(1).map(|point| point.split("\n\n").next().unwrap_or(point));
    let marked = points.filter(|point| point.starts_with("**wire**"));
    marked.map(|point| point.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_travels_is_what_is_recorded() {
        let checked = State::now().and_then(|now| now.check(&State::recorded()?));
        assert!(checked.is_ok(), "{:#}", checked.unwrap_err());
    }

    fn state(sources: &str, version: &str, entries: &[&str]) -> State {
        let entries = entries.iter().map(|&entry| entry.to_owned()).collect();
        State { sources: sources.to_owned(), version: version.to_owned(), entries }
    }

    #[test]
    fn a_change_needs_a_line_or_a_version() {
        let then = state("a", "0.1.0", &["one"]);
        assert!(then.check(&then).is_ok());
        let untold = state("b", "0.1.0", &["one"]);
        assert!(untold.check_told(&then).is_err());
        assert!(untold.check(&then).unwrap_err().to_string().contains("add a line marked **wire**"));
        for told in [state("b", "0.1.0", &["one", "two"]), state("b", "0.2.0", &[])] {
            assert!(told.check_told(&then).is_ok());
            assert!(
                told.check(&then).unwrap_err().to_string().contains("--update"),
                "it is still to be recorded"
            );
        }
        assert!(state("b", "0.1.0", &[]).check_told(&then).is_err(), "a line less tells nothing");
    }

    #[test]
    fn comments_and_layout_do_not_travel() {
        let of = |text: &str| digest(&[("wire/frame.rs".to_owned(), text.to_owned())]);
        assert_eq!(of("/// A kind.\nconst A: u8 = 1; // here\n\n"), of("    const A: u8 = 1;\n"));
        assert_ne!(of("const A: u8 = 1;"), of("const A: u8 = 2;"));
        let named = |name: &str| digest(&[(name.to_owned(), String::new())]);
        assert_ne!(named("wire/a.rs"), named("wire/b.rs"));
    }

    #[test]
    fn marked_points_of_the_unreleased_part_are_read() {
        let text = "# Changelog\n\n**wire** here is prose.\n\n## [Unreleased]\n\n### Added\n\n- **wire** One\n  two.\n- Three **wire**.\n\n\
                    ### Changed\n\n- **wire** Four.\n\n## [0.1.0]\n\n- **wire** Five.\n";
        assert_eq!(Vec::from_iter(entries(text)), ["**wire** Four.", "**wire** One two."]);
        assert_eq!(version("[workspace.package]\nversion = \"0.3.1\"\n"), Some("0.3.1".to_owned()));
    }
}
