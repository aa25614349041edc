//! `job`: tasks that other nodes run.

mod description;
mod dir;
pub(super) mod error;
mod journal;
mod list;
mod local;
mod report;
mod run;
mod state;
mod verify;

use std::path::PathBuf;

use bytes::Bytes;
use clap::{Args, Subcommand};
use tabmesh_meter::limits::{MODULE_BYTES_MAX, PAGES_MAX};

use super::args::NodeArgs;
use super::error::CliError;
use super::task::common::{Seed, read, seed};
use crate::control::job::PlanLine;
use crate::identity::hex_of;
use crate::jobs::ask::Plan;
use crate::task::{GAS_DEFAULT, GAS_MAX, PAGES_DEFAULT, STREAM_BYTES_MAX};
use description::{AfterLine, Description, Source, VERSION};
use error::JobError;
use local::Local;
use run::{Telling, absolute, run};
use state::JobState;
use verify::VerifyArgs;

const RUN_HELP: &str = "Each input is a task: its output is OUT/NAME.out, and OUT/NAME.receipt says who ran it, as `job verify` checks. The \
root that is printed in the end depends on module, inputs and settings alone: not on who ran what, in which order, at which level, or how often \
the command was interrupted. What was done stands in OUT: `job resume OUT` goes on, whatever ended the command. The node runs some \
tasks itself, to check others, or because nobody else does. Levels: 0 takes what one executor says, 1 checks some and finds the broken and the lazy, 2 to 4 \
take what so many more executors say than say anything else. Executors read module and inputs, and may keep them. Exit codes: 0 all ended as OK, 5 \
some have no result, 7 some did not end as OK, or somebody cancelled the job, 130 Ctrl-C.";

#[derive(Subcommand, Debug)]
pub(super) enum JobCommand {
    /// Have other nodes run a module on many inputs
    #[command(after_help = RUN_HELP)]
    Run(RunArgs),
    /// Go on with a job, from its output directory
    Resume {
        /// The output directory
        output: PathBuf,
        #[command(flatten)]
        telling: TellingArgs,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Show the jobs of the node that commands wait for now
    Status {
        #[command(flatten)]
        node: NodeArgs,
    },
    /// End a job of the node
    Cancel {
        /// Its number, as `job status` tells it
        job: u32,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Check receipts, without a node or a network
    Verify(VerifyArgs),
    /// Show how often executors were checked and right, in a row
    Records {
        /// Forget all of it
        #[arg(long)]
        clear: bool,
        #[command(flatten)]
        node: NodeArgs,
    },
}

#[derive(Args, Debug)]
pub(super) struct RunArgs {
    /// The Wasm module, as `task check` accepts it
    module: PathBuf,
    /// Files, each an input of 16 MiB at most
    inputs: Vec<PathBuf>,
    /// A file of which each line is an input, without its end
    #[arg(long, value_name = "FILE", conflicts_with = "inputs")]
    lines: Option<PathBuf>,
    /// Where outputs and receipts go; made if missing
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// How outcomes are checked
    #[arg(long, value_name = "LEVEL", default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=4))]
    validation: u8,
    /// Reduce the outputs to one by this module: each --arity of them, in order, are one input
    #[arg(long, value_name = "MODULE")]
    reduce: Option<PathBuf>,
    /// How many outputs are reduced to one
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(2..=1024))]
    arity: u32,
    /// Run this module on each output, or on what they were reduced to; may be given several times
    #[arg(long, value_name = "MODULE")]
    then: Vec<PathBuf>,
    #[command(flatten)]
    terms: TermsArgs,
    #[command(flatten)]
    telling: TellingArgs,
    #[command(flatten)]
    node: NodeArgs,
}

/// What all tasks of a job have in common.
#[derive(Args, Debug)]
pub(super) struct TermsArgs {
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
pub(super) struct TellingArgs {
    /// With --json, tell results in the order of their inputs
    #[arg(long)]
    in_order: bool,
    /// Show progress even if the standard error is no terminal
    #[arg(long)]
    progress: bool,
}

impl TermsArgs {
    fn plan(&self, level: u8) -> Plan {
        let seed = self.seed.as_ref().map_or([0; 32], Seed::bytes);
        let piece = self.piece.unwrap_or(0);
        Plan { level, gas: self.gas, pages: self.pages, seed, time: self.time, piece }
    }
}

impl From<TellingArgs> for Telling {
    fn from(args: TellingArgs) -> Self {
        Self { is_in_order: args.in_order, is_progress: args.progress }
    }
}

pub(super) async fn dispatch(command: JobCommand) -> Result<(), CliError> {
    match command {
        JobCommand::Run(args) => begin(args).await,
        JobCommand::Resume { output, telling, node } => {
            run(JobState::resume(&output)?, telling.into(), &node).await
        }
        JobCommand::Status { node } => list::status(&node).await,
        JobCommand::Cancel { job, node } => list::cancel(job, &node).await,
        JobCommand::Verify(args) => verify::verify(args),
        JobCommand::Records { clear, node } => list::records(clear, &node).await,
    }
}

async fn begin(args: RunArgs) -> Result<(), CliError> {
    let Plan { level, gas, pages, seed, time, piece } = args.terms.plan(args.validation);
    let inputs = match args.lines {
        Some(lines) => Source::Lines(absolute(lines)?),
        None if args.inputs.is_empty() => return Err(JobError::NoInputs.into()),
        None => Source::Files(args.inputs.into_iter().map(absolute).collect::<Result<_, _>>()?),
    };
    let reduced = args.reduce.map(|module| (module, AfterLine::Reduce { arity: args.arity }));
    let then = args.then.into_iter().map(|module| (module, AfterLine::Then));
    let (paths, after): (Vec<PathBuf>, Vec<AfterLine>) = reduced.into_iter().chain(then).unzip();
    let local = Local::new()?;
    let mut modules = Vec::new();
    for path in std::iter::once(args.module).chain(paths) {
        let module = Bytes::from(read(&path, MODULE_BYTES_MAX)?);
        // Before anybody else is asked to run it.
        local.check(module.clone(), pages, piece > 0).await?;
        modules.push(module);
    }
    let plan = PlanLine { level, gas, pages, seed: hex_of(&seed), time, piece };
    let description = Description { version: VERSION, plan, inputs, after };
    run(JobState::begin(&args.output, description, modules)?, args.telling.into(), &args.node).await
}
