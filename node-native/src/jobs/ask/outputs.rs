//! From an accepted outcome to its output.

use bytes::Bytes;
use tabmesh_engine::NodeId;
use tabmesh_tasks::{Command, Outcome, WITHHOLDERS_MAX};

use super::asking::Asking;
use super::job::{Stage, deliver, pump};
use super::news::Accepted;
use super::work::{Fetched, Work};
use crate::jobs::fetching::{Lost, Source};

/// After so many outcomes of a task of which nobody had the output it is run here.
const LOST_MAX: u8 = 3;

impl Asking {
    /// The module accepted an outcome: `(checked, votes, executor, outcome)`, which is at this place of the assignment.
    pub(super) fn on_accepted(
        &mut self,
        job: u32,
        number: u32,
        (is_checked, votes, executor, outcome): (bool, u8, NodeId, Outcome),
        place: (u32, u16),
    ) {
        let Some(at) = self.current(job) else { return };
        let job = &mut self.jobs[at];
        let Some(open) = job.open.get(&number).filter(|open| matches!(open.stage, Stage::Given)) else {
            return;
        };
        let said = open.said.iter().find(|said| (said.assignment, said.index) == place);
        let receipt = said.map(|said| said.receipt.clone()).unwrap_or_default();
        let own = open.own.as_ref().filter(|(own, _)| *own == outcome).map(|(_, output)| output.clone());
        let same = || open.said.iter().filter(|said| said.outcome == outcome);
        let here = own.or_else(|| same().map(|said| said.output.clone()).find(|output| !output.is_empty()));
        let sources = same().map(|said| Source::Executor {
            executor: said.executor,
            nonce: said.nonce,
            index: said.index,
        });
        let sources: Vec<Source> = sources.collect();
        let (task, output, _place) = (open.id, Bytes::new(), None);
        let accepted =
            Accepted { number, task, is_checked, votes, executor, outcome, output, receipt, _place };
        match here {
            Some(output) => deliver(job, Accepted { output, ..accepted }),
            None if outcome.length == 0 => deliver(job, accepted),
            None => self.fetch_output(at, accepted, sources),
        }
    }

    /// Fetches an output from whoever says to have it, one after the other.
    fn fetch_output(&mut self, at: usize, accepted: Accepted, sources: Vec<Source>) {
        let job = &mut self.jobs[at];
        job.tickets += 1;
        let (ticket, number) = (job.tickets, accepted.number);
        let single = (!accepted.is_checked).then_some(accepted.executor);
        if let Some(open) = job.open.get_mut(&number) {
            open.stage = Stage::Fetching { ticket, single };
        }
        let (fetcher, works, places, quiet, job) =
            (self.fetcher.clone(), self.works.clone(), job.outputs.clone(), job.quiet.clone(), job.number);
        tokio::spawn(async move {
            // One executor at a time takes one place: who lets its outputs wait holds up no others.
            let turn = quiet.turn_of(&accepted.executor);
            let _turn = turn.acquire_owned().await.ok();
            let _place = places.acquire_owned().await.ok();
            let Outcome { output: hash, length, .. } = accepted.outcome;
            let (mut found, mut withheld) = (None, Vec::new());
            for source in sources {
                let Source::Executor { executor, .. } = source else { continue };
                if quiet.is_it(&executor) {
                    continue;
                }
                match fetcher.whole(source, hash, length).await {
                    Ok(output) => {
                        found = Some(output);
                        break;
                    }
                    Err(Lost::Withheld) => withheld.push(executor),
                    Err(Lost::Gone) => {}
                }
                quiet.note(executor);
            }
            let accepted = found.map(|output| Box::new(Accepted { output, _place, ..accepted }));
            let _ = works.send(Work::Output(Fetched { job, number, ticket, accepted, withheld }));
        });
    }

    /// An output came, or did not.
    pub(super) fn on_fetched(&mut self, fetched: Fetched, commands: &mut Vec<Vec<u8>>) {
        let Fetched { job, number, ticket, accepted, withheld } = fetched;
        let Ok(at) = self.at(job) else { return };
        let job = &mut self.jobs[at];
        for executor in &withheld {
            // Before its tasks are given out again.
            let of = job.current.unwrap_or(0);
            commands.push(Command::Withheld { job: of, executor, is_known: false }.emit());
            if !job.withholders.contains(executor) && job.withholders.len() < WITHHOLDERS_MAX {
                job.withholders.push(*executor);
            }
        }
        let is_it = |stage: &Stage| matches!(stage, Stage::Fetching { ticket: of, .. } if *of == ticket);
        let Some(open) = job.open.get_mut(&number).filter(|open| is_it(&open.stage)) else { return };
        if let Some(accepted) = accepted {
            deliver(job, *accepted);
        } else {
            open.lost += 1;
            open.said.clear();
            if open.lost >= LOST_MAX {
                return self.run_for_output(at, number);
            }
            open.stage = Stage::Waiting;
            job.waiting.push_back(number);
            pump(&mut self.last_job, job, commands);
        }
        self.end_those_that_are_over();
    }
}
