//! What came of a task, as the module compares it.

use std::time::Duration;

use bytes::Bytes;
use tabmesh_engine::sha256;
use tabmesh_tasks::Outcome;
use tabmesh_tasks::bisect::Trail;

use super::runner::Runner;
use super::steps;
use crate::task::{End, Task, Watchdog};

/// What came of a run.
pub(super) struct RunResult {
    /// How it ended.
    pub(super) end: End,
    /// As the module compares it.
    pub(super) outcome: Outcome,
    /// The output.
    pub(super) output: Bytes,
    /// Where it was run by steps.
    pub(super) trail: Option<Trail>,
}

impl RunResult {
    /// Runs a task, whole or by steps.
    pub(super) fn of(runner: &dyn Runner, task: &Task, time: Duration, watchdog: &Watchdog) -> Self {
        let (run, trail) = match task.piece_bytes() {
            None => (runner.run(task, time, watchdog), None),
            Some(_) => {
                let (run, trail) = steps::run(runner, task, time, watchdog);
                (run, Some(trail))
            }
        };
        let (end, gas) = (run.end, run.gas_used);
        let (status, length) = (end.status().number(), run.output.len() as u32);
        let has_steps = end.status().is_result();
        let steps = trail.as_ref().filter(|_| has_steps).map(Trail::root).unwrap_or_default();
        let outcome = Outcome { status, gas, length, output: sha256(&run.output), steps };
        Self { end, outcome, output: run.output.into(), trail }
    }
}
