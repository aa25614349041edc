//! `task run`: one task on this host.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::json;
use tabmesh_meter::limits::MODULE_BYTES_MAX;

use super::{CommonArgs, RunArgs, TaskError, apart, read};
use crate::cli::CliError;
use crate::cli::show::print_json;
use crate::cli::transfer::Sink;
use crate::task::{End, Executor, HostLimits, Outcome, STREAM_BYTES_MAX, Status, Task};

pub(super) async fn run(module: PathBuf, run: RunArgs, common: CommonArgs) -> Result<(), CliError> {
    let is_json = common.json;
    let has_output = run.output.is_some();
    // Before the work, so that a place that cannot be written costs none.
    let mut sink = match &run.output {
        Some(path) => Some(Sink::open(Some(path)).await?),
        None if is_json => None,
        None => Some(Sink::open(None).await?),
    };
    let gas = run.gas;
    let result = apart(move || execute(module, run, common)).await;
    let (outcome, took) = match result {
        Ok(done) => done,
        Err(error) => {
            if let Some(sink) = sink {
                sink.discard().await;
            }
            return Err(error);
        }
    };
    write_log(&outcome.log);
    let has_result = matches!(outcome.status(), Status::Ok | Status::Exit);
    if let Some(sink) = &mut sink
        && has_result
        && (has_output || is_fit_for_output(&outcome.output))
    {
        sink.write(&outcome.output).await?;
    }
    match sink {
        Some(sink) if has_result => sink.keep().await?,
        Some(sink) => sink.discard().await,
        None => {}
    }
    if is_json {
        print_json(&summary(&outcome, gas, took));
    } else {
        print(&outcome, gas, took, has_output);
    }
    if outcome.end == End::Ok { Ok(()) } else { Err(TaskError::Ended(outcome.end).into()) }
}

fn execute(module: PathBuf, run: RunArgs, common: CommonArgs) -> Result<(Outcome, Duration), CliError> {
    let engine = common.engine()?;
    let module = read(&module, MODULE_BYTES_MAX)?;
    let input = run.input.map_or_else(|| Ok(Vec::new()), |path| read(&path, STREAM_BYTES_MAX))?;
    let task = Task::new(module).with_input(input).and_then(|task| task.with_gas(run.gas));
    let task = task.and_then(|task| task.with_pages(common.pages)).map_err(TaskError::from)?;
    let task = task.with_seed(run.seed.map_or([0; 32], |seed| seed.0)).with_time(run.time);
    let executor = Executor::new(engine, HostLimits::default());
    let start = Instant::now();
    let outcome = executor.run(&task, run.timeout);
    Ok((outcome, start.elapsed()))
}

/// Whether bytes may go to the standard output: to a terminal only text that does not move its cursor.
fn is_fit_for_output(bytes: &[u8]) -> bool {
    if !std::io::stdout().is_terminal() {
        return true;
    }
    let is_text = std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_plain));
    if !is_text {
        eprintln!("the output is no plain text: give --output, or a pipe");
    }
    is_text
}

fn is_plain(character: char) -> bool {
    !character.is_control() || matches!(character, '\n' | '\t')
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

fn summary(outcome: &Outcome, gas: u64, took: Duration) -> serde_json::Value {
    json!({
        "status": outcome.status().name(),
        "number": outcome.status().number(),
        "code": outcome.end.code(),
        "offset": outcome.end.offset(),
        "reason": outcome.end.sentence(),
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
    let text = outcome.output_id().to_text();
    outcome.status().is_result().then(|| String::from_utf8_lossy(&text).into_owned())
}

/// The summary as lines, on the standard error where the standard output is the task's.
fn print(outcome: &Outcome, gas: u64, took: Duration, is_output_free: bool) {
    let mut text = format!("status  {}\n", outcome.status().name());
    if outcome.status().is_result() {
        text.push_str(&format!("gas     {} of {gas}\n", outcome.gas_used));
    }
    if let Some(id) = output_id(outcome) {
        text.push_str(&format!("output  {id} ({} bytes)\n", outcome.output.len()));
    }
    text.push_str(&format!("time    {:.3} ms\n", took.as_secs_f64() * 1e3));
    if is_output_free {
        print!("{text}");
    } else {
        eprint!("{text}");
    }
}
