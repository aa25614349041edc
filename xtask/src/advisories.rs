//! What is known to be unsafe in the crates and npm packages that we depend on.
//!
//! An advisory is a failure; that no database of advisories could be had is not, but it is said. `deny.toml` and
//! [`ACCEPTED`] are the ways out for an advisory that does not concern us.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::run::run;
use crate::step::{note, step};
use crate::tools::{self, CARGO_DENY};
use crate::workspace;

/// Time to fetch a database. A network that swallows everything must not hold up CI.
const FETCH_MAX: Duration = Duration::from_secs(90);

/// Advisories about npm packages (`GHSA-…`) that do not concern us, each with its reason.
const ACCEPTED: [(&str, &str); 0] = [];

/// Looks at the advisories about everything that the lock files name.
///
/// # Errors
/// An advisory that concerns us.
pub(crate) fn advisories() -> Result<()> {
    CARGO_DENY.ensure()?;
    tools::ensure_node()?;
    step("advisories about crates (RustSec; deny.toml)", crates)?;
    step("advisories about npm packages (npm audit)", || {
        workspace::NPM_PACKAGES.iter().try_for_each(|package| npm(package))
    })
}

fn crates() -> Result<()> {
    let fetched = run("cargo-deny").words("fetch db").wait_within(FETCH_MAX);
    if let Err(error) = fetched {
        match copy_of_the_database() {
            Some((dir, date)) => {
                note(&format!("no new database ({error:#}): taking the copy of {date} in {}", dir.display()));
            }
            None => {
                note(&format!(
                    "NOT LOOKED AT: no database could be had ({error:#}), and no copy of one is here"
                ));
                return Ok(());
            }
        }
    }
    run("cargo-deny")
        .words("--offline --all-features check --hide-inclusion-graph advisories")
        .wait()
        .context(
            "update the crate, or say in deny.toml under [advisories] why the advisory does not concern us",
        )
}

/// The database that was fetched last, and when it was new.
fn copy_of_the_database() -> Option<(PathBuf, String)> {
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo"));
    let cargo = std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home)?;
    let databases = std::fs::read_dir(cargo.join("advisory-dbs")).ok()?;
    let date = |dir: PathBuf| {
        let date = run("git").arg("-C").arg(&dir).words("log -1 --format=%cs").read().ok()?;
        Some((dir, date))
    };
    databases.filter_map(|entry| date(entry.ok()?.path())).next()
}

fn npm(package: &str) -> Result<()> {
    let audit = run("npm")
        .words("audit --json --package-lock-only --fetch-retries=0 --fetch-timeout=30000 --loglevel=silent")
        .dir(&workspace::path(package))
        .into_command()
        .output()
        .context("npm does not start")?;
    match verdict(&String::from_utf8_lossy(&audit.stdout)) {
        Verdict::NoDatabase(why) => {
            note(&format!("NOT LOOKED AT: {package}/: the registry gave no advisories ({why})"))
        }
        Verdict::Advisories(found) if found.is_empty() => note(&format!("{package}/: none")),
        Verdict::Advisories(found) => bail!(
            "{package}/: {} advisories; `npm audit fix` in {package}/ may help, or xtask/src/advisories.rs says why one \
             does not concern us:\n  {}",
            found.len(),
            found.join("\n  ")
        ),
    }
    Ok(())
}

/// What `npm audit` said.
#[derive(PartialEq, Eq, Debug)]
enum Verdict {
    /// There was nobody to ask.
    NoDatabase(String),
    /// A line for each advisory that is not accepted.
    Advisories(Vec<String>),
}

fn verdict(json: &str) -> Verdict {
    let answer: Value = serde_json::from_str(json).unwrap_or_default();
    let Some(packages) = answer["vulnerabilities"].as_object() else {
        let why = answer["message"].as_str().or(answer["error"]["summary"].as_str());
        return Verdict::NoDatabase(why.unwrap_or("no answer").to_owned());
    };
    // A package that only depends on one with an advisory names that one here, as text.
    let advisories = packages.values().filter_map(|package| package["via"].as_array()).flatten();
    let mut found: Vec<_> =
        advisories.filter(|advisory| advisory.is_object() && !is_accepted(advisory)).map(line).collect();
    found.sort();
    found.dedup();
    Verdict::Advisories(found)
}

fn is_accepted(advisory: &Value) -> bool {
    let url = advisory["url"].as_str().unwrap_or_default();
    ACCEPTED.iter().any(|(id, _)| url.ends_with(id))
}

fn line(advisory: &Value) -> String {
    let word = |name: &str| advisory[name].as_str().unwrap_or("?").to_owned();
    format!("{} {}: {} ({}) {}", word("name"), word("range"), word("title"), word("severity"), word("url"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advisory_is_found_once_however_many_packages_depend_on_it() {
        let answer = r#"{ "auditReportVersion": 2, "vulnerabilities": {
            "minimist": { "name": "minimist", "via": [{ "source": 1097678, "name": "minimist", "title": "Prototype Pollution",
                "url": "https://github.com/advisories/GHSA-xvch-5gv4-984h", "severity": "critical", "range": "<0.2.4" }] },
            "mkdirp": { "name": "mkdirp", "via": ["minimist"] } },
            "metadata": { "vulnerabilities": { "critical": 2 } } }"#;
        let Verdict::Advisories(found) = verdict(answer) else { panic!("there was a database") };
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("minimist <0.2.4: Prototype Pollution (critical) https"), "{found:?}");
    }

    #[test]
    fn no_advisory_and_no_answer_are_told_apart() {
        assert_eq!(
            verdict(r#"{ "auditReportVersion": 2, "vulnerabilities": {} }"#),
            Verdict::Advisories(Vec::new())
        );
        for (answer, why) in [
            (
                r#"{ "message": "405 Method Not Allowed", "error": { "summary": "" } }"#,
                "405 Method Not Allowed",
            ),
            (
                r#"{ "error": { "code": "ENOAUDIT", "summary": "Your registry does not support audits" } }"#,
                "Your registry",
            ),
            ("", "no answer"),
            ("<html>proxy</html>", "no answer"),
        ] {
            let Verdict::NoDatabase(said) = verdict(answer) else { panic!("{answer} is no verdict") };
            assert!(said.starts_with(why), "{said}");
        }
    }
}
