//! `fuzz`: the meter of tasks under random modules, as many as wished.

use anyhow::Result;
use clap::Args;

use crate::run::cargo;
use crate::step::step;

/// How much to try.
#[derive(Args)]
pub(crate) struct Options {
    /// The first module's seed; a failure prints the seed that it came from.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many modules.
    #[arg(long, default_value_t = 100_000)]
    modules: u64,
}

/// Runs that many random modules through the meter and the engines.
///
/// # Errors
/// When one of them shows a difference.
pub(crate) fn fuzz(options: &Options) -> Result<()> {
    let what = format!("{} modules from seed {}", options.modules, options.seed);
    step(&what, || {
        cargo("run --quiet --release --package tabmesh-meter-checks --example fuzz --")
            .args([options.seed.to_string(), options.modules.to_string()])
            .wait()
    })
}
