//! Steps of own tasks that are run here, for two executors differ about them.

use bytes::Bytes;
use tabmesh_tasks::Command;
use tabmesh_tasks::bisect::Step;
use tokio::task::spawn_blocking;

use super::asking::Asking;
use super::own::TIME_MAX;
use super::work::{CannotStep, RanStep, Work};
use crate::jobs::fetching::{Fetcher, Source};
use crate::jobs::steps;

impl Asking {
    /// The module wants a step run, behind the one that both executors agree about: `(job, task, step)`.
    pub(super) fn run_step(
        &mut self,
        (job, number, step): (u32, u32, u32),
        before: Option<Step>,
        sides: [tabmesh_tasks::Ran<'_>; 2],
        commands: &mut Vec<Vec<u8>>,
    ) {
        let task = self.current(job).and_then(|at| {
            let job = &self.jobs[at];
            let (code, input) = job.input(number)?;
            let code = job.codes.get(code)?;
            let task = code.terms.task(code.bytes.clone(), input.bytes.clone()).ok()?;
            Some((task, job.runs.clone()))
        });
        let Some((task, runs)) = task else {
            return commands.push(Command::CannotStep { job, number, are_silent: false }.emit());
        };
        let sources = sides.map(|side| Source::Left {
            executor: *side.executor,
            nonce: *side.nonce,
            index: side.index,
            number: step.saturating_sub(1),
        });
        let (fetcher, cores) = (self.fetcher.clone(), self.own_cores.clone());
        let (runner, works) = (self.runner.clone(), self.works.clone());
        tokio::spawn(async move {
            let left = match &before {
                None => Ok(None),
                Some(before) => left(&fetcher, before, sources).await.map(Some).ok_or(CannotStep::Silent),
            };
            let ran = async {
                let left = left?;
                let core = cores.acquire_owned().await;
                let run = move || {
                    let before = before.as_ref().zip(left.as_ref());
                    let step = runs.one(|watchdog| steps::one(&*runner, &task, before, TIME_MAX, watchdog));
                    drop(core);
                    step.flatten()
                };
                spawn_blocking(run).await.ok().flatten().ok_or(CannotStep::Host)
            };
            let step = ran.await;
            let _ = works.send(Work::RanStep(RanStep { job, number, step }));
        });
    }

    /// A step was run here, or could not be. Of a job that ended meanwhile the module knows nothing.
    pub(super) fn on_ran_step(&mut self, ran: &RanStep, commands: &mut Vec<Vec<u8>>) {
        let RanStep { job, number, step } = *ran;
        commands.push(match step {
            Ok(step) => Command::RanStep { job, number, step }.emit(),
            Err(why) => Command::CannotStep { job, number, are_silent: why == CannotStep::Silent }.emit(),
        });
    }
}

/// What a step left, from whoever gives it.
async fn left(fetcher: &Fetcher, step: &Step, sources: [Source; 2]) -> Option<Bytes> {
    for source in sources {
        let left = fetcher.left(source).await;
        let step = *step;
        // Thirty-two MiB take a while to be hashed.
        let checked = left.map(|left| spawn_blocking(move || steps::split(&step, &left).map(|_| left)));
        if let Some(checked) = checked
            && let Ok(Some(left)) = checked.await
        {
            return Some(left);
        }
    }
    None
}
