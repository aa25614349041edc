//! `task step`: one step of a task, for checkpoints and to look at it again.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::json;

use super::common::{CommonArgs, RunArgs, apart, read};
use super::destination::Destination;
use super::error::TaskError;
use super::run::{id_text, print, summary};
use crate::cli::error::CliError;
use crate::cli::show::print_json;
use crate::task::{Executor, Flag, HostLimits, Outcome, STREAM_BYTES_MAX, State, StepOutcome};

/// The files of the state before the step, and behind it.
pub(super) struct States {
    pub(super) from: Option<PathBuf>,
    pub(super) to: Option<PathBuf>,
}

pub(super) async fn step(
    module: PathBuf,
    states: States,
    run: RunArgs,
    common: CommonArgs,
) -> Result<(), CliError> {
    let (is_json, gas, is_output_free) = (common.json, run.gas, run.output.is_some());
    let output = Destination::open(run.output.as_deref(), !is_json).await?;
    let state = Destination::open(states.to.as_deref(), false).await?;
    let result = apart(move || execute(module, states.from, run, common)).await;
    let answer = result.as_ref().ok().and_then(|(step, _, _)| step.answer.as_ref());
    output.give(answer.map(|answer| &answer.emitted[..])).await?;
    state.give(answer.map(|answer| &answer.state.bytes()[..])).await?;
    let (step, error, took) = result?;
    let (outcome, next) = parted(step);
    if is_json {
        let mut summary = summary(&outcome, error.as_ref(), gas, took);
        summary["flag"] = json!(next.as_ref().map(|(flag, _)| flag.name()));
        summary["state"] = json!(next.as_ref().map(|(_, state)| id_text(state.bytes())));
        summary["state_bytes"] = json!(next.as_ref().map_or(0, |(_, state)| state.bytes().len()));
        print_json(&summary);
    } else {
        let lines = next.map(|(flag, state)| {
            let (flag, bytes) = (flag.name(), state.bytes());
            format!("flag    {flag}\nstate   {} ({} bytes)\n", id_text(bytes), bytes.len())
        });
        print(&outcome, gas, took, is_output_free, &lines.unwrap_or_default());
    }
    error.map_or(Ok(()), |error| Err(error.into()))
}

fn execute(
    module: PathBuf,
    state: Option<PathBuf>,
    run: RunArgs,
    common: CommonArgs,
) -> Result<(StepOutcome, Option<TaskError>, Duration), CliError> {
    let engine = common.engine()?;
    let state = state.map_or_else(|| Ok(Vec::new()), |path| read(&path, STREAM_BYTES_MAX))?;
    let state = State::new(state).map_err(TaskError::from)?;
    let timeout = run.timeout;
    let task = run.task(&module, &common)?;
    let executor = Executor::new(engine, HostLimits::default());
    let start = Instant::now();
    let step = executor.step(&task, &state, timeout);
    let took = start.elapsed();
    let error = TaskError::of(step.end, step.end.sentence(), task.module());
    Ok((step, error, took))
}

/// The step as if it was a whole task, and what it leaves to the next.
fn parted(step: StepOutcome) -> (Outcome, Option<(Flag, State)>) {
    let StepOutcome { end, gas_used, answer } = step;
    let (output, next) =
        answer.map_or_else(Default::default, |answer| (answer.emitted, Some((answer.flag, answer.state))));
    (Outcome { end, gas_used, output, log: Vec::new(), steps: 0, clock_reads: 0 }, next)
}
