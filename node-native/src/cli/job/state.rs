//! A job as this command has it: its inputs, its graph, and what came of it, on disk.

mod saving;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use bytes::Bytes;
use tabmesh_engine::NodeId;
use tabmesh_tasks::{TaskId, leaf};

use super::description::{AfterLine, Description, Inputs};
use super::dir::{JobDir, log_name, output_name, receipt_name};
use super::error::JobError;
use super::given::Given;
use super::journal::{Accepted, Entry, Journal, What};
use super::named;
use super::trust::Marks;
use crate::jobs::batch::Input;
use crate::jobs::checkpoint::Known;
use crate::jobs::graph::{From, Graph, awaited};
use crate::jobs::terms::Terms;
use crate::task::{STREAM_BYTES_MAX, Status};

/// Bytes of a name: with what is appended for its files, 255.
const NAME_MAX: usize = 255 - ".receipt.part".len();

/// No record of the journal.
const NOWHERE: u64 = 0;

pub(super) struct JobState {
    pub(super) description: Description,
    pub(super) modules: Vec<Bytes>,
    pub(super) graph: Graph,
    dir: JobDir,
    journal: Journal,
    inputs: Inputs,
    terms: Vec<Terms>,
    /// What one executor alone said, at the level at which it may be found a liar.
    singles: HashMap<u32, NodeId>,
    /// Where the journal has what came of each.
    places: Vec<u64>,
    /// What came of tasks in another run of the job, by their ids.
    known: HashMap<TaskId, Known>,
    /// Those whose result is none of `OK`.
    pub(super) not_ok: HashSet<u32>,
    /// Those without a result.
    pub(super) failed: HashSet<u32>,
    /// Whose results count or did, in this run and in those before.
    pub(super) executors: HashSet<NodeId>,
}

impl JobState {
    /// A new job in a directory.
    pub(super) fn begin(
        path: &Path,
        description: Description,
        modules: Vec<Bytes>,
        marks: &Marks,
    ) -> Result<Self, JobError> {
        let inputs = Inputs::open(&description.inputs.within(path))?;
        let graph = graph_of(&description, &inputs)?;
        names_differ(&description, &inputs, &graph)?;
        let cid = named::cid_of(&description, &modules, &inputs)?;
        let mut description = description;
        description.plan.wishes.job = Some(cid.to_string());
        let (dir, journal) = JobDir::create(path, &description, &modules, marks)?;
        Ok(Self::new(description, modules, (dir, journal), inputs, graph))
    }

    /// A job that was begun before. What came of it and is still there counts; what has no result is tried again.
    pub(super) fn resume(path: &Path, marks: (&Marks, bool)) -> Result<Self, JobError> {
        // Of each task the last record counts.
        let mut places: HashMap<u32, u64> = HashMap::new();
        let (dir, mut description, modules, journal) = JobDir::open(path, marks, |entry, place| {
            places.insert(entry.number, place);
        })?;
        description.inputs = description.inputs.within(path);
        let inputs = Inputs::open(&description.inputs)?;
        let graph = graph_of(&description, &inputs)?;
        let mut state = Self::new(description, modules, (dir, journal), inputs, graph);
        for number in 0..state.graph.len() {
            let place = places.get(&number).copied().unwrap_or(NOWHERE);
            if place != NOWHERE {
                state.restore(number, place)?;
            }
        }
        Ok(state)
    }

    fn new(
        description: Description,
        modules: Vec<Bytes>,
        (dir, journal): (JobDir, Journal),
        inputs: Inputs,
        graph: Graph,
    ) -> Self {
        let plan = description.plan();
        let terms = modules.iter().map(|module| plan.terms(module)).collect();
        let (singles, not_ok, failed) = (HashMap::new(), HashSet::new(), HashSet::new());
        let (places, known) = (vec![NOWHERE; graph.len() as usize], HashMap::new());
        Self {
            description,
            modules,
            graph,
            dir,
            journal,
            inputs,
            terms,
            singles,
            places,
            known,
            not_ok,
            failed,
            executors: HashSet::new(),
        }
    }

    fn restore(&mut self, number: u32, place: u64) -> Result<(), JobError> {
        let entry = self.journal.at(place).map_err(|source| self.dir.journal_broken(source))?;
        let Some(Entry { what: What::Accepted(accepted), .. }) = entry else { return Ok(()) };
        let name = self.name(number);
        // Those that it awaits come before it: where one of them was lost, it is done again as well.
        let is_other = match self.input(number)? {
            None => return Ok(()),
            // Its name says that it is the same.
            Some(Given::Content(_)) => false,
            Some(Given::Bytes(input)) => Input::new(input).id(self.terms_of(number)) != accepted.task,
        };
        if is_other {
            return match self.graph.input(number) {
                // Also where its output is gone: what comes would not belong to what is there.
                From::Input(_) => Err(JobError::Changed(name)),
                _ => Ok(()),
            };
        }
        let is_ok = accepted.outcome.status == Status::Ok.number();
        if is_ok && !self.dir.has_output(&name, &accepted.outcome.output) {
            return Ok(());
        }
        self.places[number as usize] = place;
        self.settle(number, &accepted);
        Ok(())
    }

    /// A result counts from now on.
    fn settle(&mut self, number: u32, accepted: &Accepted) -> bool {
        let is_ok = accepted.outcome.status == Status::Ok.number();
        let counts = self.graph.accept(number, leaf(&accepted.task, &accepted.outcome), is_ok);
        if counts {
            self.executors.insert(accepted.executor);
            if is_ok {
                self.not_ok.remove(&number);
            } else {
                self.not_ok.insert(number);
            }
            if self.description.plan.level == 1 && !accepted.is_checked {
                self.singles.insert(number, accepted.executor);
            } else {
                self.singles.remove(&number);
            }
        }
        counts
    }

    /// The CID of the job.
    pub(super) fn cid(&self) -> &str {
        self.description.plan.wishes.job.as_deref().unwrap_or_default()
    }

    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// How an invocation is called.
    pub(super) fn name(&self, number: u32) -> String {
        name_of(&self.description, &self.inputs, &self.graph, number)
    }

    /// What tasks of an invocation's module have in common.
    pub(super) fn terms_of(&self, number: u32) -> &Terms {
        &self.terms[usize::from(self.graph.module(number))]
    }

    /// The input of an invocation whose inputs are decided; `None` where it awaits what is not there, or would be too long.
    pub(super) fn input(&self, number: u32) -> Result<Option<Given>, JobError> {
        Ok(match self.graph.input(number) {
            From::Input(number) => Some(self.inputs.read(number)?),
            From::One(number) if self.graph.is_ok(number) => {
                Some(Given::Bytes(self.dir.output(&self.name(number))?))
            }
            From::List(numbers) if numbers.clone().all(|number| self.graph.is_ok(number)) => {
                let mut outputs = Vec::new();
                for number in numbers {
                    outputs.push(self.dir.output(&self.name(number))?);
                }
                Some(awaited(&outputs)).filter(|input| input.len() <= STREAM_BYTES_MAX).map(Given::Bytes)
            }
            From::One(_) | From::List(_) => None,
        })
    }

    /// Writes a result: first its files, then its record. Whether it counts.
    pub(super) fn accept(
        &mut self,
        number: u32,
        accepted: &Accepted,
        receipt: &[u8],
        output: &[u8],
    ) -> Result<bool, JobError> {
        let name = self.name(number);
        if accepted.outcome.status == Status::Ok.number() {
            self.dir.write(&output_name(&name), output)?;
        } else {
            self.dir.remove(&output_name(&name))?;
        }
        if receipt.is_empty() {
            // This node ran it itself.
            self.dir.remove(&receipt_name(&name))?;
        } else {
            self.dir.write(&receipt_name(&name), receipt)?;
        }
        self.dir.remove(&log_name(&name))?;
        if !self.settle(number, accepted) {
            return Ok(false);
        }
        self.note(Entry { number, what: What::Accepted(*accepted) })?;
        Ok(true)
    }

    /// A task has no result.
    pub(super) fn fail(&mut self, number: u32) -> bool {
        self.graph.fail(number) && self.failed.insert(number)
    }

    /// What this executor alone said is to be done again: how many tasks that is.
    pub(super) fn doubt(&mut self, liar: &NodeId) -> Result<usize, JobError> {
        let doubted: HashSet<u32> = self
            .singles
            .iter()
            .filter(|(_, executor)| *executor == liar)
            .map(|(number, _)| *number)
            .collect();
        for number in &doubted {
            self.note(Entry { number: *number, what: What::Doubted })?;
            self.singles.remove(number);
            self.not_ok.remove(number);
            self.graph.doubt(*number);
        }
        Ok(doubted.len())
    }

    /// Keeps what a module told its user.
    pub(super) fn write_log(&self, number: u32, log: &[u8]) -> Result<(), JobError> {
        self.dir.write(&log_name(&self.name(number)), log)
    }

    /// Where the outputs of the last invocations are.
    pub(super) fn result(&self) -> Option<std::path::PathBuf> {
        let last = self.graph.last();
        (last.len() == 1).then(|| self.dir.file(&output_name(&self.name(last.start))))
    }

    fn note(&mut self, entry: Entry) -> Result<(), JobError> {
        let place = self.journal.add(&entry).map_err(|source| self.dir.journal_broken(source))?;
        let is_accepted = matches!(entry.what, What::Accepted(_));
        self.places[entry.number as usize] = if is_accepted { place } else { NOWHERE };
        Ok(())
    }

    /// Takes what came of tasks in another run of the job, as far as their inputs are here; the rest when those come.
    pub(super) fn recall_all(&mut self, known: HashMap<TaskId, Known>) -> Result<(), JobError> {
        self.known = known;
        for number in 0..self.graph.len() {
            if let Some(Given::Bytes(input)) = self.input(number)? {
                self.recall(number, input)?;
            }
        }
        Ok(())
    }

    /// What the task with this input came to in another run counts here too.
    pub(super) fn recall(&mut self, number: u32, input: Bytes) -> Result<Option<Accepted>, JobError> {
        if self.known.is_empty() {
            return Ok(None);
        }
        let task = Input::new(input).id(self.terms_of(number));
        let Some(known) = self.known.get(&task).cloned() else { return Ok(None) };
        let Known { outcome, executor, is_checked, votes, output, .. } = known;
        let executor = executor.unwrap_or(NodeId([0; 32]));
        let accepted = Accepted { task, outcome, is_checked, votes, executor };
        self.accept(number, &accepted, &[], &output)?;
        Ok(Some(accepted))
    }

    /// Has the system keep all that was written.
    pub(super) fn sync(&self) -> Result<(), JobError> {
        self.journal.sync().map_err(|source| self.dir.journal_broken(source))
    }
}

fn graph_of(description: &Description, inputs: &Inputs) -> Result<Graph, JobError> {
    let count = u32::try_from(inputs.count()).unwrap_or(u32::MAX);
    if count == 0 {
        return Err(JobError::NoInputs);
    }
    Ok(Graph::new(&description.shape(count))?)
}

/// Of inputs their own names; of others what they are, their level and their place there.
fn name_of(description: &Description, inputs: &Inputs, graph: &Graph, number: u32) -> String {
    let (level, place) = graph.place(number);
    match usize::from(graph.module(number)).checked_sub(1).and_then(|at| description.after.get(at)) {
        None => inputs.name(number),
        Some(AfterLine::Then) => format!("then-{level}-{place}"),
        Some(AfterLine::Reduce { .. }) => format!("reduce-{level}-{place}"),
    }
}

/// Lines are numbered, so only names of files can be the same, or those of what comes after.
fn names_differ(description: &Description, inputs: &Inputs, graph: &Graph) -> Result<(), JobError> {
    let Inputs::Named(_) = inputs else { return Ok(()) };
    let mut seen = HashSet::new();
    for number in 0..graph.len() {
        let name = name_of(description, inputs, graph, number);
        if name.len() > NAME_MAX {
            return Err(JobError::LongName(name));
        }
        if !seen.insert(name.clone()) {
            return Err(JobError::SameName(name));
        }
    }
    Ok(())
}
