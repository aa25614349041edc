//! `job status`, `job cancel` and `job records`: what the running node has.

use serde_json::json;
use tabmesh_engine::NodeId;

use crate::cli::args::NodeArgs;
use crate::cli::counted::counted;
use crate::cli::error::CliError;
use crate::cli::show::{ask, out_of_turn, print_json};
use crate::control::job::RecordLine;
use crate::control::{Done, Request};
use crate::identity::{from_hex, hex};

pub(super) async fn status(node: &NodeArgs) -> Result<(), CliError> {
    let Done::Jobs(jobs) = ask(node, Request::Jobs {}).await? else { return Err(out_of_turn()) };
    if node.json {
        print_json(&jobs);
        return Ok(());
    }
    if jobs.is_empty() {
        say!("this node has no jobs; `tabmesh job run` begins one");
    }
    for job in &jobs {
        let (number, level, seconds) = (job.job, job.level, job.seconds);
        let (accepted, failed, open) = (job.accepted, job.failed, job.open);
        let executors = counted(job.executors, "executor");
        say!(
            "job {number}: {accepted} accepted, {failed} failed, {open} open; level {level}, {executors}, {seconds} s"
        );
        if let Some(cid) = &job.cid {
            say!("job {number} is {cid}");
        }
        if job.paused {
            say!("job {number} is paused");
        }
        if let Some(why) = &job.stalled {
            say!("job {number} does not go on: {why}");
        }
    }
    Ok(())
}

/// The id of the node, if it answers.
pub(super) async fn own_id(node: &NodeArgs) -> Result<String, CliError> {
    match ask(node, Request::Status {}).await? {
        Done::Status(status) => Ok(status.id),
        _ => Err(out_of_turn()),
    }
}

/// Records in a checkpoint, the most trusted first.
const RECORDS_MAX: usize = 512;

/// What the node knows of executors.
pub(super) async fn known_records(node: &NodeArgs) -> Result<Vec<(NodeId, u32)>, CliError> {
    let Done::Records(records) = ask(node, Request::Records { clear: false }).await? else {
        return Err(out_of_turn());
    };
    let record = |line: &RecordLine| Some((from_hex(&line.executor)?, line.confirmed));
    let mut records: Vec<_> = records.iter().filter_map(record).collect();
    records.sort_by_key(|(_, confirmed)| std::cmp::Reverse(*confirmed));
    records.truncate(RECORDS_MAX);
    Ok(records)
}

/// Tells the node what a checkpoint says of executors.
pub(super) async fn learn(node: &NodeArgs, records: &[(NodeId, u32)]) -> Result<(), CliError> {
    let line = |(id, confirmed): &(NodeId, u32)| RecordLine { executor: hex(id), confirmed: *confirmed };
    let records = records.iter().take(RECORDS_MAX).map(line).collect();
    match ask(node, Request::Learn { records }).await? {
        Done::Learn {} => Ok(()),
        _ => Err(out_of_turn()),
    }
}

pub(super) async fn pause(job: u32, is_paused: bool, node: &NodeArgs) -> Result<(), CliError> {
    let request = Request::PauseJob { job, paused: is_paused };
    let Done::PauseJob {} = ask(node, request).await? else { return Err(out_of_turn()) };
    match (node.json, is_paused) {
        (true, _) => print_json(&json!({ "job": job, "paused": is_paused })),
        (false, true) => say!("job {job} is paused: `tabmesh job unpause {job}` has it go on"),
        (false, false) => say!("job {job} goes on"),
    }
    Ok(())
}

pub(super) async fn cancel(job: u32, node: &NodeArgs) -> Result<(), CliError> {
    let Done::CancelJob {} = ask(node, Request::CancelJob { job }).await? else { return Err(out_of_turn()) };
    if node.json {
        print_json(&json!({ "cancelled": job }));
    } else {
        say!("job {job} is cancelled");
    }
    Ok(())
}

pub(super) async fn records(is_cleared: bool, node: &NodeArgs) -> Result<(), CliError> {
    let request = Request::Records { clear: is_cleared };
    let Done::Records(records) = ask(node, request).await? else { return Err(out_of_turn()) };
    if node.json {
        print_json(&records);
        return Ok(());
    }
    for record in &records {
        say!("{}  {}", record.executor, record.confirmed);
    }
    match (is_cleared, records.len()) {
        (true, count) => say!("{} forgotten: all executors begin anew", counted(count, "record")),
        (false, 0) => say!("no executor was checked yet; level 1 checks some, levels 2 to 4 compare all"),
        (false, _) => {}
    }
    Ok(())
}
