//! `sim`: runs the simulator, built for speed.

use std::ffi::OsString;

use anyhow::Result;
use clap::Args;

use crate::run::{cargo, run};
use crate::step::step;
use crate::workspace;

/// What to simulate; everything is the simulator's own to read.
#[derive(Args)]
pub(crate) struct Options {
    /// NAME [--nodes N | --sweep N,N,…] [--seed S] [--seeds COUNT] [--threads T] [--seconds S]
    /// [--trace lookup:N|node:N] [--json FILE] [--plots DIR] [--check] [--hashes]; without a name, the scenarios are listed;
    /// after `--`, --help explains all of it.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<OsString>,
}

/// Builds the simulator with optimisation and hands everything over to it, the terminal included.
pub(crate) fn sim(options: &Options) -> Result<()> {
    step("the simulator, optimised (a minute when cold)", || {
        cargo("build --quiet --release --package tabmesh-simulator").wait()
    })?;
    let program = workspace::target().join("release").join("tabmesh-simulator");
    run(program).args(&options.words).wait()
}
