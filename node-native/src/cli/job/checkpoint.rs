//! `job checkpoint` and `job resume CID#key`: a job from its directory into the network, and from there into another one.

use std::collections::HashMap;
use std::path::Path;

use tabmesh_engine::NodeId;
use tabmesh_engine::content::cid::Cid;

use super::description::{AfterLine, Description, Source, VERSION, bare};
use super::error::JobError;
use super::fetches::get;
use super::given::Given;
use super::kept::Kept;
use super::list::{known_records, learn, own_id};
use super::state::JobState;
use super::trust::Marks;
use crate::cli::args::NodeArgs;
use crate::cli::error::CliError;
use crate::cli::show::{out_of_turn, print_json};
use crate::control::client::Client;
use crate::control::job::{PlanLine, WishesLine};
use crate::control::{Done, Request};
use crate::identity::{from_hex, hex_of};
use crate::jobs::checkpoint::{CHECKPOINT_MAX, Input, Invocation, NoCheckpoint, Saved, seal, unseal};

/// The file in a job's directory that has the inputs of a checkpoint.
const INPUTS: &str = "job.inputs";

/// A sealed file is longer than the file by so much at most.
const SEAL_MAX: usize = 1 << 10;

/// Puts what a job has so far into the network, and says its name.
pub(super) async fn checkpoint(dir: &Path, node: &NodeArgs) -> Result<(), CliError> {
    let own = from_hex(&own_id(node).await?).unwrap_or(NodeId([0; 32]));
    let state = JobState::resume(dir, (&Marks::of(&node.data_dir()?), false))?;
    let saved = state.saved(&own, known_records(node).await?)?;
    let file = saved.write().ok_or(JobError::LargeCheckpoint)?;
    drop((saved, state));
    let (sealed, key) = seal(file).map_err(|error| CliError::Host(std::io::Error::other(error)))?;
    let client = Client::begin(&node.control_socket()?, Request::Put {}).await?;
    let done = client.put(&sealed[..], |_| {}, |_, _| {}).await?;
    let Done::Put { cid, holders_min, .. } = done else { return Err(out_of_turn()) };
    let name = format!("{cid}#{}", hex_of(&key));
    if node.json {
        print_json(&serde_json::json!({ "checkpoint": name, "holders_min": holders_min }));
    } else {
        say!("{name}");
    }
    if holders_min == 0 { Err(CliError::Alone) } else { Ok(()) }
}

/// Whether this names a checkpoint, and no directory.
pub(super) fn is_name(text: &Path) -> bool {
    text.to_str().is_some_and(|text| text.contains('#')) && !text.exists()
}

/// Makes the directory of the job of a checkpoint.
pub(super) async fn begin(
    name: &Path,
    output: &Path,
    marks: &Marks,
    node: &NodeArgs,
) -> Result<JobState, CliError> {
    let (cid, key) = read_name(name).ok_or(JobError::NoCheckpoint(NoCheckpoint))?;
    let sealed = get(&node.control_socket()?, &cid, CHECKPOINT_MAX + SEAL_MAX).await?;
    let sealed = sealed.ok_or(JobError::NoCheckpoint(NoCheckpoint))?;
    let file = unseal(sealed.into(), &key).map_err(JobError::NoCheckpoint)?;
    let saved = Saved::read(&file).map_err(JobError::NoCheckpoint)?;
    drop(file);
    let records = saved.records.clone();
    let state = adopt(saved, output, marks)?;
    // Not of what is refused.
    learn(node, &records).await?;
    Ok(state)
}

fn read_name(name: &Path) -> Option<(Cid, [u8; 32])> {
    let (cid, key) = bare(name.to_str()?).split_once('#')?;
    Some((cid.parse().ok()?, from_hex(key)?.0))
}

/// A job of this command has one module for its inputs, which await nothing, and the same limits for all modules.
fn adopt(saved: Saved, output: &Path, marks: &Marks) -> Result<JobState, JobError> {
    let Saved { cid, gas, validation, stages, invocations, journal, .. } = saved;
    let modules: Vec<_> = stages.iter().flat_map(|stage| &stage.modules).collect();
    let [first, ..] = &modules[..] else { return Err(JobError::NoCheckpoint(NoCheckpoint)) };
    let limits =
        |at: usize| modules.get(at).map(|module| (module.pages, module.seed, module.time, module.piece));
    if modules.len() != stages.len() || (1..modules.len()).any(|at| limits(at) != limits(0)) {
        return Err(JobError::NotHere);
    }
    let inputs: Option<Vec<Given>> = invocations.into_iter().map(given).collect();
    let inputs = inputs.ok_or(JobError::NotHere)?;
    if output.join("job.json").exists() {
        return Err(JobError::Taken(output.to_owned()));
    }
    let path = output.join(INPUTS);
    let written = std::fs::create_dir_all(output).and_then(|()| Kept::write(&path, inputs.into_iter()));
    written.map_err(|source| JobError::Write { dir: output.to_owned(), path: path.clone(), source })?;
    let after = stages.iter().skip(1).map(|stage| match stage.arity {
        Some(arity) => AfterLine::Reduce { arity },
        None => AfterLine::Then,
    });
    let plan = PlanLine {
        level: validation,
        gas,
        pages: first.pages,
        seed: hex_of(&first.seed),
        time: first.time,
        piece: first.piece,
        expected_ms: 0,
        wishes: WishesLine::default(),
    };
    let description =
        Description { version: VERSION, plan, inputs: Source::Kept(INPUTS.into()), after: after.collect() };
    let modules = modules.iter().map(|module| module.bytes.clone()).collect();
    let mut state = JobState::begin(output, description, modules, marks)?;
    if state.cid() != cid {
        return Err(JobError::NoCheckpoint(NoCheckpoint));
    }
    let known: HashMap<_, _> = journal.into_iter().map(|known| (known.task, known)).collect();
    state.recall_all(known)?;
    Ok(state)
}

fn given(invocation: Invocation) -> Option<Given> {
    match invocation.input {
        Input::Bytes(bytes) => Some(Given::Bytes(bytes)),
        Input::Content(cid) => Some(Given::Content(cid)),
        Input::One(_) | Input::List(_) => None,
    }
}
