//! What the commands about tasks share: their arguments, what they read, where they work.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use tabmesh_meter::limits::FILE_BYTES_MAX;

use super::error::TaskError;
use crate::cli::error::CliError;
use crate::cli::input::has_standard;
use crate::task::engine::Engine;
use crate::task::{
    Compiler, EngineKind, GAS_DEFAULT, PAGES_DEFAULT, STACK_KIB_DEFAULT, STREAM_BYTES_MAX, Task,
};

#[derive(Args, Debug)]
pub(in crate::cli) struct RunArgs {
    /// The input, at most 16 MiB; - is the standard input, empty without
    #[arg(short, long, value_name = "FILE")]
    pub(super) input: Option<PathBuf>,
    /// The limit of gas, at most 2^62
    #[arg(short, long, value_name = "N", default_value_t = GAS_DEFAULT)]
    pub(super) gas: u64,
    /// What all random bytes come from, 64 hexadecimal digits; zeros without
    #[arg(long, value_name = "HEX", value_parser = seed)]
    pub(super) seed: Option<Seed>,
    /// The task's time, in nanoseconds since 1970
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) time: u64,
    /// Where to write the output
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// End the run after so many seconds, such as 0.5; without, only the gas ends it
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(super) timeout: Option<Duration>,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct CommonArgs {
    /// Pages of memory that the task may have, 64 KiB each, 1 to 65536
    #[arg(long, value_name = "N", default_value_t = PAGES_DEFAULT)]
    pub(super) pages: u32,
    /// Stack that the task may have, in KiB as the profile counts it, 1 to 8192; every engine has 256
    #[arg(long, value_name = "KIB", default_value_t = STACK_KIB_DEFAULT)]
    pub(super) stack: u32,
    /// What runs the module
    #[arg(long, value_enum, default_value_t = EngineName::Wasmtime)]
    pub(super) engine: EngineName,
    /// Answer in JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
pub(super) enum EngineName {
    Wasmtime,
    Interpreter,
}

#[derive(Clone, Debug)]
pub(in crate::cli) struct Seed([u8; 32]);

impl Seed {
    pub(in crate::cli) fn bytes(&self) -> [u8; 32] {
        self.0
    }
}

pub(in crate::cli) fn seed(text: &str) -> Result<Seed, &'static str> {
    let seed = crate::identity::from_hex(text).map(|id| Seed(id.0));
    seed.ok_or("a seed is 64 hexadecimal digits")
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or("a time is a number of seconds, such as 10 or 0.5")
}

impl RunArgs {
    /// The task, its module and its input read.
    pub(super) fn task(self, module: &Path, common: &CommonArgs) -> Result<Task, CliError> {
        let module = read(module, FILE_BYTES_MAX)?;
        let input = self.input.map_or_else(|| Ok(Vec::new()), |path| read(&path, STREAM_BYTES_MAX))?;
        let task = common.task(module)?.with_input(input).and_then(|task| task.with_gas(self.gas));
        let task = task.map_err(TaskError::from)?;
        Ok(task.with_seed(self.seed.map_or([0; 32], |seed| seed.0)).with_time(self.time))
    }
}

impl CommonArgs {
    /// A task with this module and these limits.
    pub(super) fn task(&self, module: Vec<u8>) -> Result<Task, TaskError> {
        Ok(Task::new(module).with_pages(self.pages).and_then(|task| task.with_stack(self.stack))?)
    }

    pub(super) fn engine(&self) -> Result<Box<dyn Engine>, TaskError> {
        let kind = match self.engine {
            EngineName::Wasmtime => EngineKind::Wasmtime,
            EngineName::Interpreter => EngineKind::Interpreter,
        };
        Ok(kind.build_with(Compiler::of_this_program())?)
    }
}

/// Work that takes the thread for itself, beside the signals.
pub(in crate::cli) async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CliError> + Send + 'static,
) -> Result<T, CliError> {
    let result = tokio::task::spawn_blocking(work).await;
    result.unwrap_or_else(|error| Err(CliError::Host(std::io::Error::other(error))))
}

/// A file, or the standard input as `-`; no more than one byte beyond the limit is read of it.
pub(in crate::cli) fn read(path: &Path, bytes_max: usize) -> Result<Vec<u8>, CliError> {
    let broken = |source| CliError::File { path: path.to_owned(), source };
    let source: Box<dyn Read> = if path.as_os_str() == "-" {
        if !has_standard() {
            return Err(CliError::NoInput);
        }
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).map_err(broken)?)
    };
    let mut bytes = Vec::new();
    source.take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(broken)?;
    Ok(bytes)
}
