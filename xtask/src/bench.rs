//! `bench`: measures, beside the bare platform in the same run, and writes the figures down.

use anyhow::{Result, bail};
use clap::Args;

use crate::parts::Programs;
use crate::run::cargo;
use crate::step::step;
use crate::{parts, test, workspace};

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
    parts::corpus()?;
    let programs = released()?;
    let harness = test::harness(&programs)?;
    step("benches, one after another (15 minutes all together); leave the machine alone meanwhile", || {
        let examples = workspace::target().join("release").join("examples");
        let mut command = harness.env("BENCH_EXAMPLES", examples).arg("bench/run.js").args(&options.names);
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

/// Signalling server and native peer as they ship, and the programs that measure them.
fn released() -> Result<Programs> {
    step(
        "signalling server and native peer, for release (WebRTC takes some 6 minutes of CPU when cold)",
        || {
            cargo("build --release --package tabmesh-signalling --package tabmesh-native --package tabmesh-meter-checks --bins --examples")
                .wait()
        },
    )?;
    step("what measures tasks, with both engines", || {
        cargo("build --release --package tabmesh-native --features interpreter --example task_times").wait()
    })?;
    let built = workspace::target().join("release");
    Ok(Programs { native: built.join("tabmesh"), signalling: built.join("tabmesh-signalling") })
}
