//! Tasks of others, run on this host.

pub(super) mod addresses;
mod modules;
mod outputs;
mod run;
mod steps;
mod tally;
mod trails;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use tabmesh_engine::{NodeId, Status};
use tabmesh_tasks::{Command, Event, INLINE_MAX, Refusal};
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio::task::AbortHandle;

use super::batch::Batch;
use super::fetching::{Fetcher, Piece, Pieces, Source, Wanted, piece_of};
use super::runner::{RunResult, Runner, Runs};
use crate::settings::Offer;
use crate::task::{End, Failure};
use modules::Modules;
use outputs::Outputs;
pub(super) use run::Work;
use run::{For, Ran, Run, Tools};
pub use tally::{Served, Tally};
use trails::{Kept, Place, Trails};

/// Modules that an engine failed at, with their requesters; of more the first is forgotten.
const FAILED_MAX: usize = 256;

/// Of one requester; after so many nothing is taken from it.
const BOMBS_MAX: usize = 3;

/// What is offered, what was done, and what is being done.
#[derive(Clone, Debug)]
pub struct OfferView {
    /// What tasks are given; `None` where nothing is offered.
    pub offer: Option<Offer>,
    /// Whether others know of it.
    pub is_announced: bool,
    /// Since the node began.
    pub done: Tally,
    /// The batches that are run now.
    pub now: Vec<RunningBatch>,
}

/// A batch that is run now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunningBatch {
    /// For whom.
    pub requester: NodeId,
    /// Its tasks.
    pub tasks: u16,
    /// Those that were run.
    pub done: u16,
}

/// The executor's half of the shell.
pub(super) struct Offering {
    offer: Option<Offer>,
    is_announced: bool,
    tools: Tools,
    batches: HashMap<u32, Running>,
    outputs: Outputs,
    trails: Trails,
    /// Steps of one task are run again at a time.
    again: Option<(Place, Arc<Runs>)>,
    failed: VecDeque<For>,
    tally: Tally,
    pieces: Pieces,
}

struct Running {
    whose: For,
    tasks: u16,
    done: u16,
    runs: Arc<Runs>,
    fetching: Arc<Mutex<()>>,
    task: AbortHandle,
}

impl Offering {
    /// And where what is done for it, and what it wants, comes out.
    pub(super) fn new(
        runner: Arc<dyn Runner>,
    ) -> (Self, mpsc::UnboundedReceiver<Work>, mpsc::UnboundedReceiver<Wanted>) {
        let (fetcher, wanted) = Fetcher::new();
        let (works, done) = mpsc::unbounded_channel();
        let cores = Arc::new(Semaphore::new(0));
        let tools = Tools { runner, modules: Arc::new(Modules::default()), fetcher, cores, works };
        let offering = Self {
            offer: None,
            is_announced: false,
            tools,
            batches: HashMap::new(),
            outputs: Outputs::default(),
            trails: Trails::default(),
            again: None,
            failed: VecDeque::new(),
            tally: Tally::default(),
            pieces: Pieces::default(),
        };
        (offering, done, wanted)
    }

    /// Runs tasks of others from now on, and gives each so much; see [`Offering::announce`].
    pub(super) fn offer(&mut self, offer: Offer) {
        if self.offer.is_none_or(|before| before.cores != offer.cores) {
            self.tools.cores = Arc::new(Semaphore::new(offer.cores.into()));
        }
        self.offer = Some(offer);
    }

    /// Lets others know, unless nothing is offered any more.
    pub(super) fn announce(&mut self, commands: &mut Vec<Vec<u8>>) {
        if let Some(Offer { cores, gas, time, bytes_an_hour, owner, .. }) = self.offer {
            self.is_announced = true;
            let turn_ms = u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
            commands.push(Command::Owner(owner.as_ref().map_or(&[], |owner| &owner[..])).emit());
            commands.push(Command::Offer { cores, gas, turn_ms, bytes_an_hour }.emit());
        }
    }

    /// Not any more. What runs is stopped, and the module hears of it.
    pub(super) fn withdraw(&mut self, commands: &mut Vec<Vec<u8>>) {
        (self.offer, self.is_announced) = (None, false);
        self.stop_all();
        commands.push(Command::Withdraw.emit());
    }

    pub(super) fn stop_all(&mut self) {
        for (_, running) in self.batches.drain() {
            running.stop(&*self.tools.runner);
        }
        if let Some((_, runs)) = self.again.take() {
            runs.end(&*self.tools.runner);
        }
    }

    pub(super) fn view(&self) -> OfferView {
        let mut now: Vec<(u32, RunningBatch)> = self.batches.iter().map(Running::view).collect();
        now.sort_by_key(|(assignment, _)| *assignment);
        let now = now.into_iter().map(|(_, batch)| batch).collect();
        let is_announced = self.is_announced;
        OfferView { offer: self.offer, is_announced, done: self.tally.clone(), now }
    }

    /// What the module tells this half.
    pub(super) fn hear(&mut self, event: &Event<'_>, commands: &mut Vec<Vec<u8>>) {
        match *event {
            Event::Run { assignment, from, gas, count, bytes } => {
                if let Err(why) = self.begin(assignment, *from, gas, (count, bytes)) {
                    commands.push(Command::Decline { assignment, why }.emit());
                }
            }
            Event::Stop(assignment) => {
                self.forget(assignment);
                if let Some(running) = self.batches.remove(&assignment) {
                    running.stop(&*self.tools.runner);
                }
            }
            Event::Forget(assignment) => self.forget(assignment),
            Event::WantSteps { ticket, assignment, index, ask } => {
                let (status, bytes) = self.about_steps((assignment, index), ask);
                commands.push(Command::Give { ticket, status, bytes: &bytes }.emit());
            }
            Event::Want { ticket, assignment, index, offset } => {
                let output = self.outputs.find(assignment, index).ok_or(Status::NotFound);
                let piece = output.and_then(|output| piece_of(output, offset));
                let (status, bytes) =
                    piece.map_or_else(|status| (status, Bytes::new()), |piece| (Status::Ok, piece));
                commands.push(Command::Give { ticket, status, bytes: &bytes }.emit());
            }
            _ => {}
        }
    }

    fn begin(
        &mut self,
        assignment: u32,
        requester: NodeId,
        gas: u64,
        (count, bytes): (u16, &[u8]),
    ) -> Result<(), Refusal> {
        let offer = self.offer.ok_or(Refusal::Unwilling)?;
        let batch = Batch::read(bytes, count, gas).map_err(|_| Refusal::Unwilling)?;
        Run::check(&batch, &offer)?;
        let whose = For { requester, module: batch.terms.module };
        let bombs = self.failed.iter().filter(|other| other.requester == requester).count();
        if self.failed.contains(&whose) || bombs >= BOMBS_MAX {
            return Err(Refusal::Unwilling);
        }
        let own = self.batches.values().find(|running| running.whose == whose);
        let fetching = own.map(|running| running.fetching.clone()).unwrap_or_default();
        let runs = Arc::new(Runs::default());
        let (tools, stops) = (self.tools.clone(), runs.clone());
        let run = Run { assignment, batch, offer, tools, fetching: fetching.clone(), runs: stops };
        let task = tokio::spawn(run.go()).abort_handle();
        self.batches.insert(assignment, Running { whose, tasks: count, done: 0, runs, fetching, task });
        Ok(())
    }

    /// What was done beside the hub: of a task its end and its gas, unless nobody wants it any more.
    pub(super) fn take(&mut self, work: Work, commands: &mut Vec<Vec<u8>>) -> Option<(End, u64)> {
        match work {
            Work::Ran(ran) => self.on_ran(*ran, commands),
            Work::Again(place, again) => {
                self.on_again(place, again);
                None
            }
            Work::Declined { assignment, why } => {
                self.decline(assignment, why, commands);
                None
            }
        }
    }

    fn on_ran(&mut self, ran: Ran, commands: &mut Vec<Vec<u8>>) -> Option<(End, u64)> {
        let Ran { assignment, index, task, result, terms, input } = ran;
        let RunResult { end, outcome, output, trail } = result;
        let running = self.batches.get_mut(&assignment)?;
        running.done += 1;
        let whose = running.whose;
        if running.done == running.tasks {
            self.batches.remove(&assignment);
        }
        self.note_failure(whose, end);
        self.tally.count(&whose.requester, end.status(), outcome.gas);
        let inline = if output.len() <= INLINE_MAX { &output[..] } else { &[] };
        commands.push(Command::Ran { assignment, index, task: &task, outcome, output: inline }.emit());
        // The answer may have no room for a short one either.
        self.outputs.keep(assignment, index, output);
        if let Some(trail) = trail.filter(|_| outcome.is_result()) {
            self.trails.keep((assignment, index), Kept::new(terms, input, trail));
        }
        Some((end, outcome.gas))
    }

    /// An engine that failed may do so again, and worse: the requester has to find others for this module.
    fn note_failure(&mut self, whose: For, end: End) {
        let is_engines = matches!(end, End::Abort(Failure::Engine | Failure::Stack | Failure::Compiler));
        if is_engines && !self.failed.contains(&whose) {
            if self.failed.len() >= FAILED_MAX {
                self.failed.pop_front();
            }
            self.failed.push_back(whose);
        }
    }

    fn decline(&mut self, assignment: u32, why: Refusal, commands: &mut Vec<Vec<u8>>) {
        if let Some(running) = self.batches.remove(&assignment) {
            running.stop(&*self.tools.runner);
            self.forget(assignment);
            commands.push(Command::Decline { assignment, why }.emit());
        }
    }

    /// A batch wants a piece of what its requester has.
    pub(super) fn fetch(&mut self, wanted: Wanted, commands: &mut Vec<Vec<u8>>) {
        let Source::Requester { assignment, index } = wanted.source else { return };
        let (offset, fetch) = (wanted.offset, self.pieces.wait(wanted.reply));
        commands.push(Command::FetchInput { fetch, assignment, index, offset }.emit());
    }

    pub(super) fn on_piece(&mut self, fetch: u32, piece: Piece) {
        self.pieces.give(fetch, piece);
    }
}

impl Running {
    fn stop(self, runner: &dyn Runner) {
        self.task.abort();
        self.runs.end(runner);
    }

    fn view((assignment, running): (&u32, &Self)) -> (u32, RunningBatch) {
        let Self { whose, tasks, done, .. } = running;
        (*assignment, RunningBatch { requester: whose.requester, tasks: *tasks, done: *done })
    }
}
