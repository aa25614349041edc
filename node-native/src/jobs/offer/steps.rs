//! Questions about the steps of tasks that were run here.

use std::sync::Arc;

use bytes::Bytes;
use tabmesh_engine::Status;
use tabmesh_tasks::bisect::Ask;
use tokio::task::spawn_blocking;

use super::trails::{Again, Place, Said, Wish};
use super::{Offering, Work};
use crate::jobs::runner::Runs;

impl Offering {
    /// Nothing of a batch is wanted any more.
    pub(super) fn forget(&mut self, assignment: u32) {
        self.outputs.forget(assignment);
        self.trails.forget(assignment);
        if let Some((_, runs)) = self.again.take_if(|((of, _), _)| *of == assignment) {
            runs.end(&*self.tools.runner);
        }
    }

    /// What is said about the steps of a task. Where some have to be run again they are, unless those of another task are.
    pub(super) fn about_steps(&mut self, place: Place, ask: Ask) -> (Status, Bytes) {
        match self.trails.answer(place, ask) {
            Said::Bytes(bytes) => (Status::Ok, bytes),
            Said::Nothing(status) => (status, Bytes::new()),
            Said::Later(wish) => {
                let begins = self.again.is_some() || self.run_again(place, wish);
                (if begins { Status::TooManyRequests } else { Status::NotFound }, Bytes::new())
            }
        }
    }

    /// Whether it can be.
    fn run_again(&mut self, place: Place, wish: Wish) -> bool {
        let Some(time) = self.offer.map(|offer| offer.time) else { return false };
        let Some(kept) = self.trails.begin_again(place) else { return false };
        // Others may have pushed it out meanwhile.
        let Some(module) = self.tools.modules.find(&kept.terms.module) else { return false };
        let Ok(task) = kept.terms.task(module, kept.input.clone()) else { return false };
        let (tools, runs) = (self.tools.clone(), Arc::new(Runs::default()));
        self.again = Some((place, runs.clone()));
        tokio::spawn(async move {
            let core = tools.cores.clone().acquire_owned().await;
            let (runner, works) = (tools.runner, tools.works);
            let run = move || {
                let again = runs.one(|watchdog| wish.run(&*runner, &task, time, watchdog));
                drop(core);
                again.flatten()
            };
            let again = spawn_blocking(run).await.ok().flatten();
            let _ = works.send(Work::Again(place, again));
        });
        true
    }

    pub(super) fn on_again(&mut self, place: Place, again: Option<Again>) {
        self.again.take_if(|(of, _)| *of == place);
        if let Some(again) = again {
            self.trails.ran_again(place, again);
        }
    }
}
