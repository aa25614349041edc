//! `task check`: whether a module can be a task, and if not, why.

use std::path::PathBuf;

use serde_json::{Value, json};
use tabmesh_engine::sha256;
use tabmesh_meter::limits::FILE_BYTES_MAX;
use tabmesh_meter::schedule::FRAME_BYTES;
use tabmesh_meter::{Interface, schedule};

use super::common::{CommonArgs, apart, read};
use super::error::TaskError;
use crate::cli::error::CliError;
use crate::cli::show::print_json;
use crate::identity::hex_of;
use crate::task::engine::Watchdog;
use crate::task::prepare::{Prepared, prepare};
use crate::task::why::{Why, why};
use crate::task::{End, Status, Task, in_vain};

pub(super) async fn check(module: PathBuf, common: CommonArgs) -> Result<(), CliError> {
    let is_json = common.json;
    let (report, error) = apart(move || {
        let engine = common.engine()?;
        let task = common.task(read(&module, FILE_BYTES_MAX)?)?;
        Ok(match prepare(&*engine, task.module(), task.pages(), &Watchdog::default()) {
            Ok(prepared) => accepted(&prepared, &task),
            Err(end) => refused(end, task.module()),
        })
    })
    .await?;
    if is_json {
        print_json(&report);
    } else {
        print(&report);
    }
    error.map_or(Ok(()), |error| Err(error.into()))
}

fn accepted(prepared: &Prepared, task: &Task) -> (Value, Option<TaskError>) {
    let (bytes, metered_bytes) = (task.module().len(), prepared.metered_bytes);
    let report = json!({
        "accepted": true,
        "interface": match prepared.interface { Interface::Pure => "T0", Interface::Command => "T1" },
        "missing": prepared.unfit,
        "missing_for_steps": prepared.unfit_for_steps,
        "imports": prepared.imports(),
        "in_vain": in_vain(&prepared.imports()),
        "exports": prepared.exports(),
        "pages": prepared.pages(),
        "pages_max": task.pages(),
        "stack_kib": task.stack_kib(),
        "calls_max": (task.stack_kib() << 10) / FRAME_BYTES,
        "bytes": bytes,
        "metered_bytes": metered_bytes,
        "growth_percent": (metered_bytes * 100 / bytes.max(1)) as i64 - 100,
        "schedule": hex_of(&sha256(&schedule::bytes())),
    });
    let is_fit = prepared.unfit.is_empty() || prepared.unfit_for_steps.is_empty();
    (report, (!is_fit).then(|| TaskError::Unfit(lacking(prepared))))
}

/// What it lacks to be run whole; a pure module may have `step` in place of `run`.
fn lacking(prepared: &Prepared) -> String {
    let name = |name: &&'static str| if *name == "run" { "run (or step)" } else { *name };
    prepared.unfit.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn refused(end: End, module: &[u8]) -> (Value, Option<TaskError>) {
    let why = match &end {
        End::Refused(refusal) => why(refusal, module),
        end => Why { feature: end.sentence(), found: None, symbol: None, way_out: "" },
    };
    let report = json!({
        "accepted": false,
        "status": end.status().name(),
        "feature": why.feature,
        "found": why.found,
        "code": end.code(),
        "offset": end.offset(),
        "where": why.symbol,
        "way_out": why.way_out,
    });
    let sentence = if end.status() == Status::Refused { TaskError::refused(&why) } else { end.sentence() };
    (report, Some(TaskError::Ended { end, sentence }))
}

/// The same as lines. What a module calls its exports is shown with control characters escaped, as JSON does.
fn print(report: &Value) {
    let line = |name: &str, value: &dyn std::fmt::Display| say!("{name:10}  {value}");
    let list = |value: &Value| match value.as_array().map(Vec::as_slice) {
        None | Some([]) => "none".to_owned(),
        Some(names) => {
            let names: Vec<_> =
                names.iter().map(|name| name.to_string().trim_matches('"').to_owned()).collect();
            names.join(", ")
        }
    };
    if report["accepted"] == false {
        line("accepted", &"no");
        line("because", &report["feature"].as_str().unwrap_or_default());
        if let Some(found) = report["found"].as_u64() {
            line("found", &found);
        }
        line("code", &report["code"]);
        line("at byte", &report["offset"]);
        if let Some(symbol) = report["where"].as_str() {
            line("in", &symbol);
        }
        if let Some(way_out) = report["way_out"].as_str().filter(|way_out| !way_out.is_empty()) {
            line("way out", &way_out);
        }
        return;
    }
    line("accepted", &"yes");
    line("interface", &if report["interface"] == "T0" { "T0, pure" } else { "T1, command" });
    match (report["missing"] == json!([]), report["missing_for_steps"] == json!([])) {
        (true, true) => line("runs", &"whole, or by steps"),
        (true, false) => line("runs", &"whole"),
        (false, true) => line("runs", &"by steps only"),
        (false, false) => line("lacks", &list(&report["missing"])),
    }
    line("imports", &list(&report["imports"]));
    for pair in report["in_vain"].as_array().into_iter().flatten() {
        let [what, import] = [0, 1].map(|at| pair[at].as_str().unwrap_or_default());
        line(
            "in vain",
            &format!("{what}, by {import}: there are none for tasks, and the call answers 52 (ENOSYS)"),
        );
    }
    line("exports", &list(&report["exports"]));
    let pages = report["pages"].as_u64().map_or_else(|| "?".to_owned(), |pages| pages.to_string());
    line("memory", &format!("{pages} pages of 64 KiB at the start, {} at most", report["pages_max"]));
    let (kib, calls) = (&report["stack_kib"], &report["calls_max"]);
    line("stack", &format!("{kib} KiB: {calls} calls of the smallest functions at once; --stack gives more"));
    let growth = format!("{:+} %", report["growth_percent"].as_i64().unwrap_or_default());
    line("bytes", &format!("{}, metered {} ({growth})", report["bytes"], report["metered_bytes"]));
    line("schedule", &report["schedule"].as_str().unwrap_or_default());
}
