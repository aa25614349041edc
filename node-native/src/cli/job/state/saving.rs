//! What of a job goes into a checkpoint.

use bytes::Bytes;
use tabmesh_engine::NodeId;

use super::{JobState, NOWHERE};
use crate::cli::job::description::AfterLine;
use crate::cli::job::error::JobError;
use crate::cli::job::given::Given;
use crate::cli::job::journal::{Accepted, Entry, What};
use crate::jobs::ask::Plan;
use crate::jobs::checkpoint::{
    self as saved, CHECKPOINT_MAX, Invocation, JOURNAL_MAX, Known, Module, Saved, Stage,
};

impl JobState {
    /// What goes into a checkpoint. `own`: this node, whose word is told apart from that of executors.
    pub(in crate::cli::job) fn saved(
        &self,
        own: &NodeId,
        records: Vec<(NodeId, u32)>,
    ) -> Result<Saved, JobError> {
        let plan = self.description.plan();
        let arity = |after: &AfterLine| match after {
            AfterLine::Then => None,
            AfterLine::Reduce { arity } => Some(*arity),
        };
        let arities = std::iter::once(None).chain(self.description.after.iter().map(arity));
        let Plan { pages, seed, time, piece, .. } = plan;
        let stages = arities.zip(&self.modules).map(|(arity, module)| Stage {
            arity,
            modules: vec![Module { bytes: module.clone(), pages, seed, time, piece }],
        });
        let (mut invocations, mut bytes) = (Vec::new(), 0);
        for number in 0..self.inputs.count() as u32 {
            let input = match self.inputs.read(number)? {
                Given::Bytes(input) => {
                    bytes += input.len();
                    saved::Input::Bytes(input)
                }
                Given::Content(cid) => saved::Input::Content(cid),
            };
            if bytes > CHECKPOINT_MAX {
                return Err(JobError::LargeCheckpoint);
            }
            invocations.push(Invocation { module: 0, input });
        }
        Ok(Saved {
            cid: self.cid().to_owned(),
            gas: plan.gas,
            validation: plan.level,
            stages: stages.collect(),
            invocations,
            records,
            journal: self.known_now(own)?,
        })
    }

    /// What tasks came to, with their outputs, as many as a checkpoint has room for.
    fn known_now(&self, own: &NodeId) -> Result<Vec<Known>, JobError> {
        let (mut journal, mut bytes) = (Vec::new(), 0);
        for number in 0..self.graph.len() {
            let place = self.places[number as usize];
            if place == NOWHERE || bytes > JOURNAL_MAX {
                continue;
            }
            let entry = self.journal.at(place).map_err(|source| self.dir.journal_broken(source))?;
            let Some(Entry { what: What::Accepted(accepted), .. }) = entry else { continue };
            let Accepted { task, outcome, is_checked, votes, executor } = accepted;
            // Of those that did not end as OK no output is kept.
            let output =
                if self.graph.is_ok(number) { self.dir.output(&self.name(number))? } else { Bytes::new() };
            if tabmesh_engine::sha256(&output) != outcome.output {
                continue;
            }
            bytes += output.len();
            let executor = Some(executor).filter(|id| id != own);
            journal.push(Known { task, outcome, executor, is_checked, votes, output });
        }
        Ok(journal)
    }
}
