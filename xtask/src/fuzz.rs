//! `fuzz`: the meter of tasks under random modules, as many as wished; and bytes guided by coverage into the engine or the meter, as long
//! as wished.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher;
use std::path::Path;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

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
    /// Instead of modules: bytes guided by coverage, into this.
    #[arg(long, conflicts_with_all = ["seed", "modules"])]
    target: Option<Target>,
    /// For so many seconds.
    #[arg(long, default_value_t = 60, requires = "target")]
    seconds: u32,
}

/// What takes the bytes.
#[derive(Clone, Copy, ValueEnum)]
enum Target {
    /// Every parser of the engine's wire.
    Wire,
    /// An engine with links, topics and blocks: the bytes choose what happens to it.
    Node,
    /// A tag: the bytes choose what members, lists, views, jobs and clocks do to it.
    Tag,
    /// The meter of tasks.
    Meter,
}

/// A target as cargo-fuzz knows it.
struct Site {
    folder: &'static str,
    binary: &'static str,
    /// The longest input, in bytes.
    bytes_max: u32,
    /// Inputs that somebody else keeps, to begin with.
    given: &'static [&'static str],
}

impl Target {
    fn site(self) -> Site {
        let engine = "core-wasm/fuzz";
        match self {
            Self::Wire => Site { folder: engine, binary: "wire", bytes_max: 4_096, given: &[] },
            Self::Node => Site { folder: engine, binary: "node", bytes_max: 512, given: &[] },
            Self::Tag => Site { folder: engine, binary: "tag", bytes_max: 4_096, given: &[] },
            Self::Meter => Site {
                folder: "task-meter/fuzz",
                binary: "instrument",
                bytes_max: 65_536,
                given: &["task-meter/guests/built"],
            },
        }
    }
}

/// Runs random modules through the meter and the engines, or bytes through a target.
///
/// # Errors
/// When one of them shows a difference, or a panic.
pub(crate) fn fuzz(options: &Options) -> Result<()> {
    match options.target {
        Some(target) => guided(&target.site(), options.seconds),
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

/// All that is built and found lies in `target/fuzz`.
fn guided(site: &Site, seconds: u32) -> Result<()> {
    tools::CARGO_FUZZ.ensure()?;
    let (home, binary) = (workspace::target().join("fuzz"), site.binary);
    step("the target, with counters of coverage", || {
        // What they take of the compiler is no promise yet. The code under test is free of unsafe lines: there is nothing to sanitize.
        cargo("fuzz build --sanitizer none --fuzz-dir")
            .args([site.folder, "--target-dir"])
            .arg(&home)
            .arg(binary)
            .env("RUSTC_BOOTSTRAP", "1")
            .wait()
    })?;
    let corpus = home.join("corpus").join(binary);
    sow(&corpus)?;
    let found = home.join("found").join(binary);
    fs::create_dir_all(&found).with_context(|| format!("cannot make {}", workspace::shown(&found)))?;
    let program = home.join(host()?).join("release").join(binary);
    step(&format!("bytes into {binary} for {seconds} seconds"), || {
        run(&program)
            .arg(&corpus)
            .args(site.given)
            .arg(format!("-artifact_prefix={}/", found.display()))
            .args([format!("-max_total_time={seconds}"), format!("-max_len={}", site.bytes_max)])
            .words("-timeout=10 -len_control=0 -print_final_stats=1")
            .wait()
            .with_context(|| {
                let (found, program) = (workspace::shown(&found), workspace::shown(&program));
                format!("the input lies in {found}; `{program} FILE` shows it again")
            })
    })
}

/// Inputs by chance where none were found before: from nothing it takes long to get far.
fn sow(corpus: &Path) -> Result<()> {
    let text = || format!("cannot fill {}", workspace::shown(corpus));
    fs::create_dir_all(corpus).with_context(text)?;
    if fs::read_dir(corpus).with_context(text)?.next().is_some() {
        return Ok(());
    }
    for number in 0..64_u64 {
        let chance = RandomState::new();
        let bytes: Vec<u8> = (0..number).flat_map(|at| chance.hash_one(at).to_be_bytes()).collect();
        fs::write(corpus.join(format!("chance-{number}")), bytes).with_context(text)?;
    }
    Ok(())
}

/// The machine that cargo-fuzz builds for.
fn host() -> Result<String> {
    let version = run("rustc").arg("-vV").read()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say what machine this is")?.to_owned())
}
