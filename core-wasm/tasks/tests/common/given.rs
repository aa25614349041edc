//! Tasks, and what comes of them.

use tabmesh_port::sha256;
use tabmesh_tasks::{Command, LEASE_MAX, Outcome, TaskId};

pub(crate) const MS: u64 = 1_000;
pub(crate) const SECOND: u64 = 1_000 * MS;

/// What comes of a task, run honestly.
pub(crate) fn honest(task: &TaskId) -> (Outcome, Vec<u8>) {
    let output = output(task);
    let gas = u64::from(task.0[1]) + 1_000;
    (Outcome::whole(0, gas, output.len() as u32, sha256(&output)), output)
}

/// Every 64th task has an output that has to be fetched.
fn output(task: &TaskId) -> Vec<u8> {
    match task.0[0] {
        0..4 => task.0.repeat(2_500),
        _ => task.0[..8].to_vec(),
    }
}

/// Every 64th task has an input that has to be fetched; the others come with their batch.
pub(crate) fn input(task: &TaskId) -> Option<Vec<u8>> {
    (task.0[2] < 4).then(|| task.0.repeat(2_200))
}

/// The tasks of a job.
pub(crate) fn task_id(job: u32, number: u32) -> TaskId {
    let bytes = [job.to_be_bytes(), number.to_be_bytes()].concat();
    tabmesh_port::BlockHash(sha256(&bytes))
}

/// An offer whose turns are as long as leases, of bytes without a bound.
pub(crate) fn offer(cores: u8, gas: u64) -> Command<'static> {
    Command::Offer { cores, gas, turn_ms: LEASE_MAX.ms() as u32, bytes_an_hour: u64::MAX }
}
