//! `task run`: one task on this host.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::json;

use super::common::{CommonArgs, RunArgs, apart};
use super::destination::{Destination, is_plain};
use super::error::TaskError;
use crate::cli::error::CliError;
use crate::cli::show::print_json;
use crate::task::outcome::id_of;
use crate::task::{Executor, HostLimits, Outcome, Status};

pub(super) async fn run(
    module: PathBuf,
    piece: Option<usize>,
    run: RunArgs,
    common: CommonArgs,
) -> Result<(), CliError> {
    let (is_json, gas, is_output_free) = (common.json, run.gas, run.output.is_some());
    let destination = Destination::open(run.output.as_deref(), !is_json).await?;
    let result = apart(move || execute(module, piece, run, common)).await;
    if let Ok((outcome, _, _)) = &result {
        write_log(&outcome.log);
    }
    let has_output = |outcome: &Outcome| matches!(outcome.status(), Status::Ok | Status::Exit);
    let output = result.as_ref().ok().filter(|(outcome, _, _)| has_output(outcome));
    destination.give(output.map(|(outcome, _, _)| &outcome.output[..])).await?;
    let (outcome, error, took) = result?;
    if is_json {
        let mut summary = summary(&outcome, error.as_ref(), gas, took);
        summary["steps"] = json!(piece.map(|_| outcome.steps));
        print_json(&summary);
    } else {
        let steps = piece.map(|_| format!("steps   {}\n", outcome.steps));
        print(&outcome, gas, took, is_output_free, &steps.unwrap_or_default());
    }
    error.map_or(Ok(()), |error| Err(error.into()))
}

fn execute(
    module: PathBuf,
    piece: Option<usize>,
    run: RunArgs,
    common: CommonArgs,
) -> Result<(Outcome, Option<TaskError>, Duration), CliError> {
    let engine = common.engine()?;
    let timeout = run.timeout;
    let mut task = run.task(&module, &common)?;
    if let Some(bytes) = piece {
        task = task.in_pieces(bytes).map_err(TaskError::from)?;
    }
    let executor = Executor::new(engine, HostLimits::default());
    let start = Instant::now();
    let outcome = executor.run(&task, timeout);
    let took = start.elapsed();
    let error = TaskError::of(outcome.end, outcome.sentence(), task.module());
    Ok((outcome, error, took))
}

/// What the module told its user, on the standard error; a terminal gets its control characters escaped.
fn write_log(log: &[u8]) {
    let mut error = std::io::stderr();
    let result = if error.is_terminal() {
        let escape = |character: char| match is_plain(character) {
            true => character.to_string(),
            false => character.escape_default().to_string(),
        };
        error.write_all(String::from_utf8_lossy(log).chars().map(escape).collect::<String>().as_bytes())
    } else {
        error.write_all(log)
    };
    // Nobody is left to be told.
    let _ = result;
}

pub(super) fn summary(
    outcome: &Outcome,
    error: Option<&TaskError>,
    gas: u64,
    took: Duration,
) -> serde_json::Value {
    let reason = match error {
        Some(TaskError::Ended { sentence, .. }) => sentence.clone(),
        _ => outcome.sentence(),
    };
    json!({
        "status": outcome.status().name(),
        "number": outcome.status().number(),
        "code": outcome.end.code(),
        "offset": outcome.end.offset(),
        "reason": reason,
        "gas": gas,
        "gas_used": outcome.gas_used,
        "output": output_id(outcome),
        "output_bytes": outcome.output.len(),
        "log_bytes": outcome.log.len(),
        "seconds": took.as_secs_f64(),
    })
}

/// The name of the output, where there is a result.
fn output_id(outcome: &Outcome) -> Option<String> {
    outcome.status().is_result().then(|| id_text(&outcome.output))
}

/// The name of bytes.
pub(super) fn id_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&id_of(bytes).to_text()).into_owned()
}

/// The summary as lines with others before the time, on the standard error where the standard output is the task's.
pub(super) fn print(outcome: &Outcome, gas: u64, took: Duration, is_output_free: bool, others: &str) {
    let mut text = format!("status  {}\n", outcome.status().name());
    if outcome.status().is_result() {
        text.push_str(&format!("gas     {} of {gas}\n", outcome.gas_used));
    }
    if let Some(id) = output_id(outcome) {
        text.push_str(&format!("output  {id} ({} bytes)\n", outcome.output.len()));
    }
    text.push_str(others);
    text.push_str(&format!("time    {:.3} ms\n", took.as_secs_f64() * 1e3));
    if is_output_free {
        print!("{text}");
    } else {
        eprint!("{text}");
    }
}
