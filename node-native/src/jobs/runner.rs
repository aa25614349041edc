//! What runs tasks, for others and for jobs of this node.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::task::{self, Course, Executor, Seen, Task, Watchdog};

/// Runs tasks, several at a time: as its executor does, where nothing else is said.
pub trait Runner: Send + Sync {
    /// What runs them.
    fn executor(&self) -> &Executor;

    /// Runs a task to its end, within this time, and blocks until then.
    fn run(&self, task: &Task, time: Duration, watchdog: &Watchdog) -> task::Outcome {
        self.executor().run_watched(task, Some(time), watchdog)
    }

    /// Runs a task by steps from there on, as [`Executor::walk`] does.
    fn walk(
        &self,
        task: &Task,
        from: Course,
        time: Duration,
        watchdog: &Watchdog,
        seen: &mut Seen<'_>,
    ) -> task::Outcome {
        self.executor().walk(task, from, Some(time), watchdog, seen)
    }

    /// Ends the run with this watchdog, within 100 ms.
    fn stop(&self, watchdog: &Watchdog) {
        self.executor().stop(watchdog);
    }
}

impl Runner for Executor {
    fn executor(&self) -> &Self {
        self
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
