//! Tasks of own jobs that are run here: canaries, and those on which others do not agree.

use std::time::Duration;

use tabmesh_tasks::{Command, FailedWhy};
use tokio::task::spawn_blocking;

use super::asking::Asking;
use super::job::{Stage, deliver};
use super::news::{Accepted, News};
use super::work::{RanHere, What, Work};
use crate::jobs::runner::RunResult;

/// A task of an own job that takes longer cannot be run here.
pub(super) const TIME_MAX: Duration = Duration::from_secs(3_600);

impl Asking {
    /// The module wants a task run here.
    pub(super) fn run_here(&mut self, job: u32, number: u32, commands: &mut Vec<Vec<u8>>) {
        let is_begun = self.current(job).is_some_and(|at| self.run(at, number, What::Module));
        if !is_begun {
            commands.push(Command::CannotRun { job, number }.emit());
        }
    }

    /// Nobody has the output of an accepted outcome, time and again.
    pub(super) fn run_for_output(&mut self, at: usize, number: u32) {
        // It was given out, so it can be run.
        self.run(at, number, What::Output);
    }

    /// Runs a task once a core is free; whether it can be.
    fn run(&mut self, at: usize, number: u32, what: What) -> bool {
        let job = &self.jobs[at];
        let Some((code, input)) = job.input(number) else { return false };
        let Some(code) = job.codes.get(code) else { return false };
        let Ok(task) = code.terms.task(code.bytes.clone(), input.bytes.clone()) else { return false };
        let (job, runs, runner) = (job.number, job.runs.clone(), self.runner.clone());
        let (cores, works) = (self.own_cores.clone(), self.works.clone());
        tokio::spawn(async move {
            let core = cores.acquire_owned().await;
            let run = move || {
                let result = runs.one(|watchdog| RunResult::of(&*runner, &task, TIME_MAX, watchdog));
                drop(core);
                result.filter(|result| result.outcome.is_result())
            };
            let result = spawn_blocking(run).await.ok().flatten();
            let _ = works.send(Work::RanHere(RanHere { job, number, what, result }));
        });
        true
    }

    /// A task was run here, or could not be.
    pub(super) fn on_ran_here(&mut self, ran: RanHere, commands: &mut Vec<Vec<u8>>) {
        let RanHere { job, number, what, result } = ran;
        let own = self.own;
        let Ok(job) = self.find(job) else { return };
        let Some(open) = job.open.get_mut(&number) else { return };
        match (what, result, job.current) {
            (What::Module, Some(RunResult { outcome, output, .. }), Some(current)) => {
                open.own = Some((outcome, output));
                commands.push(Command::RanHere { job: current, number, outcome }.emit());
            }
            (What::Module, None, Some(current)) => {
                commands.push(Command::CannotRun { job: current, number }.emit());
            }
            // The module has ended the job: it wants nothing of it any more.
            (What::Module, _, None) => {}
            (What::Output, result, _) if matches!(open.stage, Stage::Fetching { .. }) => {
                let task = open.id;
                match result {
                    Some(RunResult { outcome, output, .. }) => {
                        let (votes, executor, receipt) = (0, own, Vec::new());
                        let (is_checked, _place) = (true, None);
                        let accepted = Accepted {
                            number,
                            task,
                            is_checked,
                            votes,
                            executor,
                            outcome,
                            output,
                            receipt,
                            _place,
                        };
                        deliver(job, accepted);
                    }
                    None => {
                        job.close_one(number);
                        job.failed += 1;
                        job.tell(News::Failed { number, why: FailedWhy::NoResult });
                    }
                }
                self.end_those_that_are_over();
            }
            (What::Output, ..) => {}
        }
    }
}
