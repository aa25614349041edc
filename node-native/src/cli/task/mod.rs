//! `task check`, `task run` and `task step`: verifiable tasks on this host, without a node.

mod check;
mod compile;
mod place;
mod run;
mod step;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use tabmesh_meter::limits::MODULE_BYTES_MAX;
use thiserror::Error;

use super::CliError;
use crate::task::compiler::EXIT_INVALID;
use crate::task::engine::{CompileError, Engine, EngineError};
use crate::task::{
    BoundError, Compiler, End, EngineKind, GAS_DEFAULT, PAGES_DEFAULT, STREAM_BYTES_MAX, Status, Task,
};

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
    Compile,
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

#[derive(Args, Debug)]
pub(super) struct RunArgs {
    /// The input, at most 16 MiB; - is the standard input, empty without
    #[arg(short, long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// The limit of gas, at most 2^62
    #[arg(short, long, value_name = "N", default_value_t = GAS_DEFAULT)]
    gas: u64,
    /// What all random bytes come from, 64 hexadecimal digits; zeros without
    #[arg(long, value_name = "HEX", value_parser = seed)]
    seed: Option<Seed>,
    /// The task's time, in nanoseconds since 1970
    #[arg(long, value_name = "N", default_value_t = 0)]
    time: u64,
    /// Where to write the output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// End the run after so many seconds, such as 0.5; without, only the gas ends it
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
}

#[derive(Args, Debug)]
pub(super) struct CommonArgs {
    /// Pages of memory that the task may have, 64 KiB each, 1 to 65536
    #[arg(long, value_name = "N", default_value_t = PAGES_DEFAULT)]
    pages: u32,
    /// What runs the module
    #[arg(long, value_enum, default_value_t = EngineName::Wasmtime)]
    engine: EngineName,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum EngineName {
    Wasmtime,
    Interpreter,
}

#[derive(Clone, Debug)]
pub(super) struct Seed([u8; 32]);

/// Why a command about tasks was not done.
#[derive(Debug, Error)]
pub(super) enum TaskError {
    #[error(transparent)]
    Bound(#[from] BoundError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("{}: {}", .0.status().name(), .0.sentence())]
    Ended(End),
    #[error("the module was not compiled: {0:?}")]
    NotCompiled(CompileError),
    #[error("BAD_ABI: the module fits no interface; export {0} with the types of docs/TASKS.md")]
    Unfit(String),
}

impl TaskError {
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Bound(_) | Self::Engine(EngineError::NotBuilt) => 2,
            Self::Engine(EngineError::Host(_)) => 1,
            Self::NotCompiled(CompileError::Invalid) => EXIT_INVALID,
            Self::NotCompiled(_) => 1,
            Self::Ended(end) => 10 + end.status().number(),
            Self::Unfit(_) => 10 + Status::BadAbi.number(),
        }
    }
}

fn seed(text: &str) -> Result<Seed, &'static str> {
    let seed = crate::identity::from_hex(text).map(|id| Seed(id.0));
    seed.ok_or("a seed is 64 hexadecimal digits")
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or("a time is a number of seconds, such as 10 or 0.5")
}

impl RunArgs {
    /// The task, its module and its input read.
    fn task(self, module: &Path, common: &CommonArgs) -> Result<Task, CliError> {
        let module = read(module, MODULE_BYTES_MAX)?;
        let input = self.input.map_or_else(|| Ok(Vec::new()), |path| read(&path, STREAM_BYTES_MAX))?;
        let task = Task::new(module).with_input(input).and_then(|task| task.with_gas(self.gas));
        let task = task.and_then(|task| task.with_pages(common.pages)).map_err(TaskError::from)?;
        Ok(task.with_seed(self.seed.map_or([0; 32], |seed| seed.0)).with_time(self.time))
    }
}

impl CommonArgs {
    fn engine(&self) -> Result<Box<dyn Engine>, TaskError> {
        let kind = match self.engine {
            EngineName::Wasmtime => EngineKind::Wasmtime,
            EngineName::Interpreter => EngineKind::Interpreter,
        };
        Ok(kind.build_with(Compiler::of_this_program())?)
    }
}

pub(super) async fn dispatch(command: TaskCommand) -> Result<(), CliError> {
    let work = async {
        match command {
            TaskCommand::Check { module, common } => check::check(module, common).await,
            TaskCommand::Run { module, piece, run, common } => run::run(module, piece, run, common).await,
            TaskCommand::Compile => compile::compile().await,
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

/// Work that takes the thread for itself, beside the signals.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CliError> + Send + 'static,
) -> Result<T, CliError> {
    let result = tokio::task::spawn_blocking(work).await;
    result.unwrap_or_else(|error| Err(CliError::Host(std::io::Error::other(error))))
}

/// A file, or the standard input as `-`; no more than one byte beyond the limit is read of it.
fn read(path: &Path, bytes_max: usize) -> Result<Vec<u8>, CliError> {
    let broken = |source| CliError::File { path: path.to_owned(), source };
    let source: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).map_err(broken)?)
    };
    let mut bytes = Vec::new();
    source.take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(broken)?;
    Ok(bytes)
}
