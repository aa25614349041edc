//! `fuzz`: the meter of tasks under random modules, as many as wished, and its parser under arbitrary bytes, as long as wished.

use std::fs;

use anyhow::{Context, Result};
use clap::Args;

use crate::run::{cargo, run};
use crate::step::step;
use crate::{tools, workspace};

/// How much to try.
#[derive(Args)]
pub(crate) struct Options {
    /// The first module's seed; a failure prints the seed that it came from.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many modules.
    #[arg(long, default_value_t = 100_000)]
    modules: u64,
    /// Instead of modules: bytes guided by the parser's coverage, for so many seconds. Takes a nightly compiler.
    #[arg(long, value_name = "SECONDS", conflicts_with_all = ["seed", "modules"])]
    parser: Option<u32>,
}

/// Runs random modules through the meter and the engines, or bytes through the parser.
///
/// # Errors
/// When one of them shows a difference, or a panic.
pub(crate) fn fuzz(options: &Options) -> Result<()> {
    match options.parser {
        Some(seconds) => parser(seconds),
        None => modules(options.seed, options.modules),
    }
}

fn modules(seed: u64, count: u64) -> Result<()> {
    let what = format!("{count} modules from seed {seed}; compiling the engines first takes minutes");
    step(&what, || {
        cargo("run --quiet --release --package tabmesh-meter-checks --example fuzz --")
            .args([seed.to_string(), count.to_string()])
            .wait()
    })
}

fn parser(seconds: u32) -> Result<()> {
    tools::CARGO_FUZZ.ensure()?;
    // What was found before, and modules to begin with.
    let found = workspace::target().join("fuzz/corpus");
    fs::create_dir_all(&found).with_context(|| format!("cannot make {}", workspace::shown(&found)))?;
    step(&format!("bytes through the parser for {seconds} seconds"), || {
        run("rustup")
            .words("run nightly cargo fuzz run --fuzz-dir task-meter/fuzz --target-dir")
            .arg(workspace::target().join("fuzz"))
            .arg("instrument")
            .arg(&found)
            .arg("task-meter/guests/built")
            .args(["--", &format!("-max_total_time={seconds}"), "-max_len=65536", "-timeout=10"])
            .without_env("RUSTUP_TOOLCHAIN")
            .without_env("CARGO")
            .wait()
            .context("it takes a nightly compiler: `rustup toolchain install nightly`; a case that was found is named above")
    })
}
