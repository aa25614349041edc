//! What commands about jobs are told.

use std::path::PathBuf;

use clap::Args;
use tabmesh_meter::limits::PAGES_MAX;

use crate::cli::args::NodeArgs;
use crate::cli::task::common::{Seed, seed};
use crate::jobs::ask::Plan;
use crate::task::{GAS_DEFAULT, GAS_MAX, PAGES_DEFAULT, STREAM_BYTES_MAX};

#[derive(Args, Debug)]
pub(in crate::cli) struct RunArgs {
    /// The Wasm module, as `task check` accepts it
    pub(super) module: PathBuf,
    /// Files, each an input of 16 MiB at most
    pub(super) inputs: Vec<PathBuf>,
    /// A file of which each line is an input, without its end
    #[arg(long, value_name = "FILE", conflicts_with = "inputs")]
    pub(super) lines: Option<PathBuf>,
    /// Where outputs and receipts go; made if missing
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: PathBuf,
    /// How outcomes are checked
    #[arg(long, value_name = "LEVEL", default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=4))]
    pub(super) validation: u8,
    /// How long a task is expected to take, in milliseconds; without it nobody knows until some were run. Who lies about a task by steps
    /// that takes more than 10,000 is found by one of these, where a shorter one is run whole
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub(super) expected_ms: u32,
    /// Reduce the outputs to one by this module: an input is --arity of them in order: their count, their lengths, 32 bits big-endian
    /// each, then the outputs
    #[arg(long, value_name = "MODULE")]
    pub(super) reduce: Option<PathBuf>,
    /// How many outputs are reduced to one
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(2..=1024))]
    pub(super) arity: u32,
    /// Run this module on each output, or on what they were reduced to; may be given several times
    #[arg(long, value_name = "MODULE")]
    pub(super) then: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) terms: TermsArgs,
    #[command(flatten)]
    pub(super) telling: TellingArgs,
    #[command(flatten)]
    pub(super) node: NodeArgs,
}

/// What all tasks of a job have in common.
#[derive(Args, Debug)]
pub(in crate::cli) struct TermsArgs {
    /// The limit of gas of each task, at most 2^62
    #[arg(long, value_name = "N", default_value_t = GAS_DEFAULT, value_parser = clap::value_parser!(u64).range(0..=GAS_MAX))]
    gas: u64,
    /// Pages of memory that each task may have, 64 KiB each, 1 to 65536
    #[arg(long, value_name = "N", default_value_t = PAGES_DEFAULT, value_parser = clap::value_parser!(u32).range(1..=i64::from(PAGES_MAX)))]
    pages: u32,
    /// What all random bytes come from, 64 hexadecimal digits; zeros without
    #[arg(long, value_name = "HEX", value_parser = seed)]
    seed: Option<Seed>,
    /// The tasks' time, in nanoseconds since 1970
    #[arg(long, value_name = "N", default_value_t = 0)]
    time: u64,
    /// Run the tasks by steps, which are given so many bytes of the input at once
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..=STREAM_BYTES_MAX as i64))]
    piece: Option<u32>,
}

/// How results are told.
#[derive(Args, Debug)]
pub(in crate::cli) struct TellingArgs {
    /// With --json, tell results in the order of their inputs
    #[arg(long)]
    pub(super) in_order: bool,
    /// Show progress even if the standard error is no terminal
    #[arg(long)]
    pub(super) progress: bool,
}

impl TermsArgs {
    pub(super) fn plan(&self, level: u8, expected_ms: u32) -> Plan {
        let seed = self.seed.as_ref().map_or([0; 32], Seed::bytes);
        let piece = self.piece.unwrap_or(0);
        Plan { level, gas: self.gas, pages: self.pages, seed, time: self.time, piece, expected_ms }
    }
}

#[derive(Args, Debug)]
pub(in crate::cli) struct VerifyArgs {
    /// Receipts, as `job run` writes them
    #[arg(required = true)]
    pub(super) receipts: Vec<PathBuf>,
    /// The module of the task that the receipts are to be for
    #[arg(long, value_name = "FILE")]
    pub(super) module: Option<PathBuf>,
    /// The input of that task
    #[arg(long, value_name = "FILE")]
    pub(super) input: Option<PathBuf>,
    /// The output that it is to have
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// The name of the network in which it was run
    #[arg(long, value_name = "NAME")]
    pub(super) network: Option<String>,
    #[command(flatten)]
    pub(super) terms: TermsArgs,
    /// Answer in JSON, a line for each
    #[arg(long)]
    pub(super) json: bool,
}
