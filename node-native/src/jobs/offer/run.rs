//! One batch of another node, run from its first byte to its last outcome.

use std::sync::Arc;

use bytes::Bytes;
use tabmesh_engine::NodeId;
use tabmesh_meter::limits::FILE_BYTES_MAX;
use tabmesh_tasks::{MODULE_INDEX, Refusal, TaskId};
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio::task::spawn_blocking;

use super::modules::Modules;
use super::trails::{Again, Place};
use crate::jobs::batch::{Batch, Given};
use crate::jobs::fetching::{Fetcher, Source};
use crate::jobs::result::RunResult;
use crate::jobs::runner::{Runner, Runs};
use crate::jobs::terms::Terms;
use crate::settings::Offer;
use crate::task::Task;

/// What was done beside the hub.
pub(in crate::jobs) enum Work {
    /// A task was run.
    Ran(Box<Ran>),
    /// Steps of a task were run again; nothing where they came out otherwise.
    Again(Place, Option<Again>),
    /// A batch cannot be run.
    Declined { assignment: u32, why: Refusal },
}

/// What came of one task.
pub(in crate::jobs) struct Ran {
    pub(in crate::jobs) assignment: u32,
    pub(in crate::jobs) index: u16,
    pub(in crate::jobs) task: TaskId,
    pub(in crate::jobs) result: RunResult,
    pub(super) terms: Terms,
    pub(super) input: Bytes,
}

/// What a batch needs to be run.
pub(super) struct Run {
    pub(super) assignment: u32,
    pub(super) batch: Batch,
    pub(super) offer: Offer,
    pub(super) tools: Tools,
    /// One module is fetched from one requester at a time, so that its next batch finds it.
    pub(super) fetching: Arc<Mutex<()>>,
    pub(super) runs: Arc<Runs>,
}

/// What all batches share.
#[derive(Clone)]
pub(super) struct Tools {
    pub(super) runner: Arc<dyn Runner>,
    pub(super) modules: Arc<Modules>,
    pub(super) fetcher: Fetcher,
    /// A permit for each task that runs.
    pub(super) cores: Arc<Semaphore>,
    pub(super) works: mpsc::UnboundedSender<Work>,
}

impl Run {
    /// Whether this node runs such a batch at all.
    pub(super) fn check(batch: &Batch, offer: &Offer) -> Result<(), Refusal> {
        let Terms { module_bytes, pages, gas, piece, .. } = batch.terms;
        let longest = batch.inputs.iter().map(Given::length).max().unwrap_or(0).max(piece);
        let is_too_large = pages > offer.pages
            || gas > offer.gas
            || longest > offer.input_bytes
            || module_bytes as usize > FILE_BYTES_MAX;
        if is_too_large {
            return Err(Refusal::TooLarge);
        }
        let named = batch.inputs.iter().filter(|given| matches!(given, Given::Named { .. }));
        // No requester has more than half of the hour's bytes: the rest of it would never come.
        if named.map(|given| u64::from(given.length())).sum::<u64>() > offer.bytes_an_hour / 2 {
            return Err(Refusal::Busy);
        }
        if pages == 0 { Err(Refusal::Unwilling) } else { Ok(()) }
    }

    /// Runs it; what comes of its tasks is told as it comes, and if nothing comes of the rest, that.
    pub(super) async fn go(self) {
        if let Err(why) = self.run_all().await {
            let _ = self.tools.works.send(Work::Declined { assignment: self.assignment, why });
        }
    }

    async fn run_all(&self) -> Result<(), Refusal> {
        let module = self.module().await?;
        for (index, given) in self.batch.inputs.iter().enumerate() {
            let index = index as u16;
            // The next input comes while the one before is run.
            let (hash, input) = self.input(index, given).await?;
            let terms = self.batch.terms;
            let id = terms.id(&hash, input.len() as u32);
            let task = terms.task(module.clone(), input.clone()).map_err(|_| Refusal::Unwilling)?;
            self.run_one(index, id, task, input).await;
        }
        Ok(())
    }

    /// Begins to run a task as soon as a core is free.
    async fn run_one(&self, index: u16, id: TaskId, task: Task, input: Bytes) {
        let Ok(core) = self.tools.cores.clone().acquire_owned().await else { return };
        let (tools, runs) = (self.tools.clone(), self.runs.clone());
        let (assignment, time, terms) = (self.assignment, self.offer.time, self.batch.terms);
        spawn_blocking(move || {
            let result = runs.one(|watchdog| RunResult::of(&*tools.runner, &task, time, watchdog));
            if let Some(result) = result {
                let ran = Ran { assignment, index, task: id, result, terms, input };
                let _ = tools.works.send(Work::Ran(Box::new(ran)));
            }
            drop(core);
        });
    }

    async fn module(&self) -> Result<Bytes, Refusal> {
        let Terms { module: hash, module_bytes, .. } = self.batch.terms;
        let _alone = self.fetching.lock().await;
        if let Some(module) = self.tools.modules.find(&hash) {
            // Its length is a part of the batch alone, and is checked where it is fetched.
            return if module.len() == module_bytes as usize { Ok(module) } else { Err(Refusal::Unwilling) };
        }
        let module = self.fetch(MODULE_INDEX, hash, module_bytes).await?;
        self.tools.modules.keep(hash, module.clone());
        Ok(module)
    }

    async fn input(&self, index: u16, given: &Given) -> Result<([u8; 32], Bytes), Refusal> {
        match given {
            Given::Here(bytes) => Ok((tabmesh_engine::sha256(bytes), bytes.clone())),
            Given::Named { hash, length } => Ok((*hash, self.fetch(index, *hash, *length).await?)),
        }
    }

    async fn fetch(&self, index: u16, hash: [u8; 32], length: u32) -> Result<Bytes, Refusal> {
        let source = Source::Requester { assignment: self.assignment, index };
        self.tools.fetcher.whole(source, hash, length).await.map_err(|_| Refusal::Busy)
    }
}

/// For whom a batch is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct For {
    pub(super) requester: NodeId,
    pub(super) module: [u8; 32],
}
