//! `test` and `e2e`: what runs, in which order.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;

use crate::browsers::{CHROMIUM, FIREFOX};
use crate::parts::Programs;
use crate::run::{Run, cargo, run};
use crate::step::step;
use crate::{namespaces, parts, tools, workspace};

/// Where the scenarios are, one file each.
const SCENARIOS: &str = "tests/scenarios";

/// What to run of the scenarios.
#[derive(Args, Default)]
pub(crate) struct Options {
    /// Only the scenarios whose file name contains one of these words.
    names: Vec<String>,
    /// Run each scenario this many times, and stop at the first failure.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeat: u32,
}

/// Whether this run decides about a change: then a test that was skipped is a failure.
fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// Options of Node's test runner: the usual report, and one that fails the run for what was not tried.
fn no_skips() -> [String; 4] {
    let ours = workspace::path("tests/harness/no-skips.js");
    [
        "--test-reporter=spec".to_owned(),
        "--test-reporter-destination=stdout".to_owned(),
        format!("--test-reporter={}", ours.display()),
        "--test-reporter-destination=stderr".to_owned(),
    ]
}

/// Everything that a working tree passes.
pub(crate) fn all() -> Result<()> {
    tools::ensure_targets()?;
    parts::corpus()?;
    step("unit, property and simulation tests in Rust", || {
        parts::cargo_native("test").words("--features tabmesh-native/interpreter --no-fail-fast").wait()
    })?;
    step("engines that keep sixteen replicas: unit tests, blocks and lookups", || {
        let engine = || cargo("test --quiet --package tabmesh-engine --features replicas-16");
        engine().words("--lib").wait()?;
        engine().words("--test scenarios -- storage lookup").wait()
    })?;
    let chromium = CHROMIUM.ensure()?;
    parts::web()?;
    tools::ensure_npm("tests")?;
    for package in workspace::NPM_PACKAGES {
        step(&format!("{package}/: its own tests"), || {
            let tests =
                run("npm").words("test --silent").dir(&workspace::path(package)).env("CHROMIUM", &chromium);
            // npm hands its environment on to Node.js, but no options.
            let options = no_skips().map(|option| format!("\"{option}\"")).join(" ");
            if is_ci() { tests.env("NODE_OPTIONS", options) } else { tests }.wait()
        })?;
    }
    scenarios(&Options { names: Vec::new(), repeat: 1 })
}

/// The scenarios across the parts, in real browsers.
pub(crate) fn scenarios(options: &Options) -> Result<()> {
    let files = files(&options.names)?;
    let what = format!(
        "{} files of scenarios in Chromium and Firefox, one after another (each starts its own network)",
        files.len()
    );
    parts::web()?;
    parts::corpus()?;
    tools::ensure_clang()?;
    namespaces::ensure();
    let node = harness(&parts::programs()?)?
        .env("FIREFOX", FIREFOX.ensure()?)
        .env("E2E_COUNTER", parts::counter()?)
        .env("E2E_LIAR", parts::liar()?)
        .words("--test --test-concurrency=1")
        .args(no_skips().iter().filter(|_| is_ci()))
        .args(files);
    step("a tab's life in the virtual network, for replaying through the Wasm build", || {
        cargo("test --quiet --package tabmesh-engine --test scenarios replay").wait()
    })?;
    step("metered modules and what an interpreter says of them, for asking browsers the same", || {
        cargo("test --quiet --package tabmesh-meter-checks --test node").wait()
    })?;
    let mut command = node.into_command();
    for _ in 0..options.repeat {
        step(&what, || {
            let status = command.status()?;
            if !status.success() {
                bail!("a scenario failed; what every part said is in tests/results/");
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Node in `tests/`, told where the built programs are.
pub(crate) fn harness(programs: &Programs) -> Result<Run> {
    let chromium = CHROMIUM.ensure()?;
    tools::ensure_npm("tests")?;
    // Beside the folder of the programs, as cargo gives it to tests.
    let target = programs.native.parent().and_then(Path::parent).unwrap_or(Path::new("target"));
    Ok(run("node")
        .dir(&workspace::path("tests"))
        .env("CHROMIUM", chromium)
        .env("E2E_REPLAY", target.join("tmp/replay.bin"))
        .env("E2E_TRANSCRIPT", target.join("tmp/transcript"))
        .env("E2E_NATIVE", &programs.native)
        .env("E2E_SIGNALLING", &programs.signalling))
}

fn files(names: &[String]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(workspace::path(SCENARIOS))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_wanted = names.is_empty() || names.iter().any(|word| name.contains(word.as_str()));
        if name.ends_with(".test.js") && is_wanted {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        bail!("no scenario of {SCENARIOS}/ is called {}", names.join(" or "));
    }
    Ok(files)
}
