//! The course of a run, on a thread of its own with a watchdog beside it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use tabmesh_meter::Interface;

use super::command::Command;
use super::course::{Course, Seen};
use super::definition::Task;
use super::engine::{Engine, Guest, Watchdog, call};
use super::outcome::{End, Failure, Outcome, bill, judge};
use super::prepare::{Prepared, prepare};
use super::steps::{State, StepOutcome, Stepper};
use super::{cache, pure};

/// Bytes of stack for the engine's frames: four times the most that the profile counts. What is never touched costs nothing.
pub(super) const ENGINE_STACK_BYTES: usize = 4 * tabmesh_meter::limits::STACK_BYTES_MAX as usize;

/// Bytes of stack for a run: the engine's frames, and behind them the host's functions.
const STACK_BYTES: usize = ENGINE_STACK_BYTES + (2 << 20);

/// What this host gives one task, whatever the task's own limits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HostLimits {
    /// Pages of memory, 64 KiB each. A task that needs more of those it may have is aborted.
    pub pages_max: u32,
}

impl Default for HostLimits {
    fn default() -> Self {
        Self { pages_max: tabmesh_meter::limits::PAGES_MAX }
    }
}

/// An engine and the modules that it has made ready. Runs may go on side by side.
pub struct Executor {
    engine: Box<dyn Engine>,
    limits: HostLimits,
    cache: cache::Cache,
}

impl Executor {
    /// An executor without any modules yet.
    #[must_use]
    pub fn new(engine: Box<dyn Engine>, limits: HostLimits) -> Self {
        Self { engine, limits, cache: cache::Cache::default() }
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &dyn Engine {
        &*self.engine
    }

    /// Runs a task to its end, and blocks until then. Nothing that the module does harms more than its own run.
    ///
    /// With a `timeout` the run is ended when that has passed ([`End::Late`]). So is compiling, with [`Compiler::Apart`]; within this
    /// process it cannot be ended, and a task whose time passes meanwhile is late as soon as it is compiled.
    ///
    /// [`Compiler::Apart`]: super::Compiler::Apart
    pub fn run(&self, task: &Task, timeout: Option<Duration>) -> Outcome {
        self.run_watched(task, timeout, &Watchdog::default())
    }

    /// The same with a watchdog of the caller's, so that [`Executor::stop`] ends the run from elsewhere. One that has barked is late at
    /// once.
    pub fn run_watched(&self, task: &Task, timeout: Option<Duration>, watchdog: &Watchdog) -> Outcome {
        let outcome = self.watched(timeout, watchdog, |watchdog| self.run_here(task, watchdog));
        outcome.unwrap_or_else(|failure| Outcome::without_run(End::Abort(failure), task.gas))
    }

    /// Ends the runs with this watchdog, within milliseconds.
    pub fn stop(&self, watchdog: &Watchdog) {
        watchdog.bark();
        self.engine.interrupt();
    }

    /// Runs a single step, from a state and with the task's input as its piece: what a checkpoint needs, or a dispute. The
    /// task's gas is the step's limit.
    pub fn step(&self, task: &Task, state: &State, timeout: Option<Duration>) -> StepOutcome {
        let watchdog = Watchdog::default();
        let outcome = self.watched(timeout, &watchdog, |watchdog| match self.ready(task, watchdog, true) {
            Ok(prepared) => self.stepper(&prepared, task, watchdog).step(state, &task.input, task.gas),
            Err(end) => StepOutcome::without_run(end, task.gas),
        });
        outcome.unwrap_or_else(|failure| StepOutcome::without_run(End::Abort(failure), task.gas))
    }

    /// Runs a task by steps from there on, and tells `seen` of each; see [`Executor::run_watched`]. A module that is unfit fails at its first
    /// step. Where `seen` has enough the task is [`End::Late`].
    pub fn walk(
        &self,
        task: &Task,
        from: Course,
        timeout: Option<Duration>,
        watchdog: &Watchdog,
        seen: &mut Seen<'_>,
    ) -> Outcome {
        let outcome = self.watched(timeout, watchdog, |watchdog| match self.ready(task, watchdog, true) {
            Ok(prepared) => self.stepper(&prepared, task, watchdog).walk(from, seen),
            Err(end) => {
                if end.status().is_result() {
                    let _ = seen(&from.ended(task, end));
                }
                Outcome::without_run(end, task.gas)
            }
        });
        outcome.unwrap_or_else(|failure| Outcome::without_run(End::Abort(failure), task.gas))
    }

    /// Work on a thread of its own, told when its time is up.
    fn watched<T: Send>(
        &self,
        timeout: Option<Duration>,
        watchdog: &Watchdog,
        work: impl FnOnce(&Watchdog) -> T + Send,
    ) -> Result<T, Failure> {
        thread::scope(|scope| {
            let (sender, receiver) = channel();
            let work = || {
                // Dropped at the end, however it comes.
                let _sender = sender;
                work(watchdog)
            };
            let run = thread::Builder::new().name("task".to_owned()).stack_size(STACK_BYTES);
            let run = run.spawn_scoped(scope, work).map_err(|_| Failure::Thread)?;
            if let Some(timeout) = timeout
                && receiver.recv_timeout(timeout) == Err::<(), _>(RecvTimeoutError::Timeout)
            {
                self.stop(watchdog);
            }
            run.join().map_err(|_| Failure::Engine)
        })
    }

    fn run_here(&self, task: &Task, watchdog: &Watchdog) -> Outcome {
        let prepared = match self.ready(task, watchdog, task.piece_bytes.is_some()) {
            Ok(prepared) => prepared,
            Err(end) => return Outcome::without_run(end, task.gas),
        };
        if task.piece_bytes.is_some() {
            let stepper = self.stepper(&prepared, task, watchdog);
            return stepper.walk(Course::default(), &mut |_| ControlFlow::Continue(()));
        }
        let command = Command::new(task, watchdog.clone());
        match prepared.module.start(command, self.limits.pages_max) {
            Ok(mut guest) => run_guest(&mut *guest, task, &prepared),
            Err(stop) => Outcome::without_run(judge(Some(stop), 0, 0), task.gas),
        }
    }

    fn stepper<'a>(&self, prepared: &'a Prepared, task: &'a Task, watchdog: &'a Watchdog) -> Stepper<'a> {
        Stepper { prepared, pages_max: self.limits.pages_max, task, watchdog }
    }

    /// A module that has what the task's form wants, in time.
    fn ready(&self, task: &Task, watchdog: &Watchdog, is_by_steps: bool) -> Result<Arc<Prepared>, End> {
        let prepared = self.prepared(task, watchdog)?;
        let unfit = if is_by_steps { &prepared.unfit_for_steps } else { &prepared.unfit };
        match unfit.is_empty() {
            _ if watchdog.is_late() => Err(End::Late),
            true => Ok(prepared),
            false => Err(End::BadAbi),
        }
    }

    fn prepared(&self, task: &Task, watchdog: &Watchdog) -> Result<Arc<Prepared>, End> {
        let id = cache::id(&task.module, task.pages);
        if let Some(prepared) = self.cache.find(&id) {
            return Ok(prepared);
        }
        let prepared = Arc::new(prepare(self.engine(), &task.module, task.pages, watchdog)?);
        self.cache.keep(id, prepared.clone());
        Ok(prepared)
    }
}

/// The calls of the interface in a fresh instance, and how they ended.
fn run_guest(guest: &mut dyn Guest, task: &Task, prepared: &Prepared) -> Outcome {
    let interface = prepared.interface;
    // Within 63 bits by the bound of a task.
    guest.reach().set_gas(task.gas as i64);
    guest.set_stack(task.stack_bytes());
    let mut calls = || {
        prepared.begin(guest)?;
        match interface {
            Interface::Pure => pure::run(guest, task),
            Interface::Command => call(guest, "_start", &[]).map(|_| Vec::new()),
        }
    };
    let (stop, output) = match calls() {
        Ok(output) => (None, output),
        Err(stop) => (Some(stop), Vec::new()),
    };
    let (gas_left, stack_left) = (guest.reach().gas(), guest.stack());
    let end = judge(stop, gas_left, stack_left);
    let (_, command) = guest.reach().parts();
    let output = match (end, interface) {
        (End::Ok, Interface::Pure) => output,
        (End::Ok | End::Exit(_), Interface::Command) => std::mem::take(&mut command.output),
        _ => Vec::new(),
    };
    let (log, clock_reads) = (std::mem::take(&mut command.log), command.clock_reads);
    Outcome { end, gas_used: bill(end, task.gas, gas_left), output, log, steps: 0, clock_reads }
}
