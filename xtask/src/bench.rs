//! `bench`: measures, beside the bare platform in the same run, and writes the figures down.

use anyhow::{Result, bail};
use clap::Args;

use crate::step::step;
use crate::{parts, test};

/// What to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// Only the benches whose name contains one of these words; the others' figures stay as they are.
    names: Vec<String>,
    /// Show the figures, but leave docs/BENCHMARKS.md alone.
    #[arg(long)]
    dry: bool,
}

/// Runs the benches of `tests/bench/` and puts their figures into docs/BENCHMARKS.md.
pub(crate) fn bench(options: &Options) -> Result<()> {
    parts::web()?;
    let harness = test::harness(&parts::programs()?)?;
    step("benches, one after another; leave the machine alone meanwhile", || {
        let mut command = harness.arg("bench/run.js").args(&options.names);
        if options.dry {
            command = command.arg("--dry");
        }
        let status = command.into_command().status()?;
        if !status.success() {
            bail!("a bench failed, or a figure misses its goal");
        }
        Ok(())
    })
}
