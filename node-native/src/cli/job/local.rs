//! Tasks that are run by this command itself: to check a module before a job, and for the log of a task that failed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::cli::error::CliError;
use crate::cli::task::common::apart;
use crate::cli::task::error::TaskError;
use crate::jobs::terms::Terms;
use crate::task::engine::Watchdog;
use crate::task::prepare::prepare;
use crate::task::{Compiler, EngineKind, Executor, HostLimits, Outcome, in_vain};

pub(super) struct Local(Arc<Executor>);

impl Local {
    pub(super) fn new() -> Result<Self, CliError> {
        let engine =
            EngineKind::default().build_with(Compiler::of_this_program()).map_err(TaskError::from)?;
        Ok(Self(Arc::new(Executor::new(engine, HostLimits::default()))))
    }

    /// Whether a module can be a task at all.
    ///
    /// # Errors
    /// It is refused, or fits no interface.
    pub(super) async fn check(&self, module: Bytes, pages: u32, is_by_steps: bool) -> Result<(), CliError> {
        let executor = self.0.clone();
        apart(move || {
            let prepared = prepare(executor.engine(), &module, pages, &Watchdog::default());
            let prepared = prepared.map_err(|end| {
                let sentence = end.sentence();
                TaskError::ended(end, sentence, &module)
            })?;
            let unfit = if is_by_steps { &prepared.unfit_for_steps } else { &prepared.unfit };
            for (what, import) in in_vain(&prepared.imports()) {
                note!("the module asks for {what}, by {import}: there are none for tasks, and the call answers 52 (ENOSYS)");
            }
            if unfit.is_empty() { Ok(()) } else { Err(TaskError::Unfit(unfit.join(", ")).into()) }
        })
        .await
    }

    pub(super) async fn run(
        &self,
        terms: Terms,
        module: Bytes,
        input: Bytes,
        time: Duration,
    ) -> Result<Outcome, CliError> {
        let executor = self.0.clone();
        apart(move || {
            let task = terms.task(module, input).map_err(TaskError::from)?;
            Ok(executor.run(&task, Some(time)))
        })
        .await
    }
}
