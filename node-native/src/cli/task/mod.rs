//! `task check`, `task run` and `task step`: verifiable tasks on this host, without a node.

mod check;
pub(super) mod common;
mod compile;
mod destination;
pub(super) mod error;
mod run;
mod step;

use std::path::PathBuf;

use clap::Subcommand;
use common::{CommonArgs, RunArgs};

use crate::cli::error::CliError;

const RUN_HELP: &str = "Without --output and --json the output goes to the standard output and everything else to the standard \
error; onto a terminal only text is written. With --json nothing but the summary is printed, and the output is written \
to --output or nowhere. Exit codes: 0 for OK, 11 EXIT, 12 TRAP, 13 OUT_OF_GAS, 14 STACK, 15 BAD_ABI, 16 ABORT, 17 REFUSED, 18 LATE.";

const STEP_HELP: &str = "A step is given the state that the one before it left (none for the first) and a piece of the input \
(an empty one behind its end, or after a step that answered continue). What it emits is written as the output of `task run` is.";

const CHECK_HELP: &str = "Exit codes: 0 accepted, 15 accepted but it fits no interface, 17 refused. A metered module takes \
some 1.1 to 1.5 times as long as it would unmetered.";

#[derive(Subcommand, Debug)]
pub(super) enum TaskCommand {
    /// Tell whether a module can be a task, and if not, why
    #[command(after_help = CHECK_HELP)]
    Check {
        /// The Wasm module
        module: PathBuf,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Run a task on this host
    #[command(after_help = RUN_HELP)]
    Run {
        /// The Wasm module
        module: PathBuf,
        /// Run the task by steps, which are given so many bytes of the input at once; the module exports step
        #[arg(long, value_name = "BYTES")]
        piece: Option<usize>,
        #[command(flatten)]
        run: RunArgs,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Compile a metered module for the process that started this one
    #[command(hide = true)]
    Compile {
        /// Whether that process has little address space
        #[arg(long)]
        narrow: bool,
    },
    /// Run a single step of a task on this host; the input is its piece
    #[command(after_help = STEP_HELP)]
    Step {
        /// The Wasm module
        module: PathBuf,
        /// The state that the step before it left; empty without
        #[arg(long, value_name = "FILE")]
        state: Option<PathBuf>,
        /// Where to write the state that this step leaves
        #[arg(long, value_name = "FILE")]
        state_out: Option<PathBuf>,
        #[command(flatten)]
        run: RunArgs,
        #[command(flatten)]
        common: CommonArgs,
    },
}

pub(super) async fn dispatch(command: TaskCommand) -> Result<(), CliError> {
    let work = async {
        match command {
            TaskCommand::Check { module, common } => check::check(module, common).await,
            TaskCommand::Run { module, piece, run, common } => run::run(module, piece, run, common).await,
            TaskCommand::Compile { narrow } => compile::compile(narrow).await,
            TaskCommand::Step { module, state, state_out, run, common } => {
                step::step(module, step::States { from: state, to: state_out }, run, common).await
            }
        }
    };
    tokio::select! {
        result = work => result,
        _ = tokio::signal::ctrl_c() => Err(CliError::Interrupted),
    }
}
