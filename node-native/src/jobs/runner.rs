//! What runs tasks, for others and for jobs of this node.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tabmesh_engine::sha256;
use tabmesh_tasks::Outcome;
use tabmesh_tasks::bisect::Trail;

use super::steps;
use crate::task::{self, Course, End, Executor, Seen, Task, Watchdog};

/// Runs tasks; several at a time.
pub trait Runner: Send + Sync {
    /// Runs a task to its end, within this time, and blocks until then.
    fn run(&self, task: &Task, time: Duration, watchdog: &Watchdog) -> task::Outcome;

    /// Runs a task by steps from there on, as [`Executor::walk`] does.
    fn walk(
        &self,
        task: &Task,
        from: Course,
        time: Duration,
        watchdog: &Watchdog,
        seen: &mut Seen<'_>,
    ) -> task::Outcome;

    /// Ends the run with this watchdog, within 100 ms.
    fn stop(&self, watchdog: &Watchdog);
}

impl Runner for Executor {
    fn run(&self, task: &Task, time: Duration, watchdog: &Watchdog) -> task::Outcome {
        self.run_watched(task, Some(time), watchdog)
    }

    fn walk(
        &self,
        task: &Task,
        from: Course,
        time: Duration,
        watchdog: &Watchdog,
        seen: &mut Seen<'_>,
    ) -> task::Outcome {
        Self::walk(self, task, from, Some(time), watchdog, seen)
    }

    fn stop(&self, watchdog: &Watchdog) {
        Self::stop(self, watchdog);
    }
}

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

/// Runs that belong together and end together: those of a batch, or of a job.
#[derive(Default)]
pub(super) struct Runs(Mutex<State>);

#[derive(Default)]
struct State {
    is_over: bool,
    watchdogs: Vec<(u64, Watchdog)>,
    last: u64,
}

impl Runs {
    /// Does `run` with a watchdog; `None` where they are over by then.
    pub(super) fn one<T>(&self, run: impl FnOnce(&Watchdog) -> T) -> Option<T> {
        let (number, watchdog) = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if state.is_over {
                return None;
            }
            state.last += 1;
            let (number, watchdog) = (state.last, Watchdog::default());
            state.watchdogs.push((number, watchdog.clone()));
            (number, watchdog)
        };
        let result = run(&watchdog);
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.watchdogs.retain(|(other, _)| *other != number);
        (!state.is_over).then_some(result)
    }

    /// Ends them all; no other begins.
    pub(super) fn end(&self, runner: &dyn Runner) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_over = true;
        state.watchdogs.iter().for_each(|(_, watchdog)| runner.stop(watchdog));
    }
}
