//! `job`: tasks that other nodes run.

mod args;
mod checkpoint;
mod description;
mod dir;
pub(super) mod error;
mod fetches;
mod given;
mod journal;
mod kept;
mod list;
mod local;
mod named;
mod report;
mod run;
mod state;
mod trust;
mod verify;

use std::path::PathBuf;

use bytes::Bytes;
use clap::Subcommand;
use tabmesh_meter::limits::FILE_BYTES_MAX;

use super::args::NodeArgs;
use super::error::CliError;
use super::lines::until_interrupted;
use super::task::common::read;
use crate::control::job::{PlanLine, WishesLine};
use crate::identity::hex_of;
use crate::jobs::ask::Plan;
use args::{RunArgs, TellingArgs, VerifyArgs, WishesArgs};
use description::{AfterLine, Description, Source, VERSION, bare, cid_of, content_of};
use error::JobError;
use local::Local;
use run::{Telling, absolute, run};
use state::JobState;
use trust::Marks;

const RUN_HELP: &str = "Each input is a task: its output is OUT/NAME.out, and OUT/NAME.receipt says who ran it, as `job verify` checks. The \
root that is printed in the end depends on module, inputs and settings alone: not on who ran what, in which order, at which level, or how often \
the command was interrupted. What was done stands in OUT: `job resume OUT` goes on, whatever ended the command. The node runs some \
tasks itself, to check others, or where they do not agree or are too few; where nobody offers, the command says so and waits. Levels: 0 takes what one executor says, 1 checks some and finds the broken and the lazy, 2 to 4 \
take what so many more executors say than say anything else. Executors read module and inputs, and may keep them. Exit codes: 0 all ended as OK, 5 \
some have no result, 7 some did not end as OK, or somebody cancelled the job, 15 and 17 the module cannot be a task, 130 Ctrl-C.";

#[derive(Subcommand, Debug)]
pub(super) enum JobCommand {
    /// Have other nodes run a module on many inputs
    #[command(after_help = RUN_HELP, allow_negative_numbers = true)]
    Run(RunArgs),
    /// Go on with a job, from its output directory or from a checkpoint
    #[command(allow_negative_numbers = true)]
    Resume {
        /// The output directory, or CID#key
        from: PathBuf,
        /// Where outputs and receipts of a checkpoint's job go; made if missing
        #[arg(short, long, value_name = "DIR")]
        output: Option<PathBuf>,
        /// Read files outside of the directory, too, where somebody else made it: strangers are given what it names
        #[arg(long)]
        trust: bool,
        #[command(flatten)]
        wishes: WishesArgs,
        #[command(flatten)]
        telling: TellingArgs,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Seal what a job has so far, put it on the mesh, and print CID#key, by which whoever has it goes on, here or in a page
    Checkpoint {
        /// The output directory
        output: PathBuf,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Give nothing more of a job of the node out for a while; what is out goes on
    #[command(allow_negative_numbers = true)]
    Pause {
        /// Its number, as `job status` tells it
        job: u32,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Give a job of the node out again
    #[command(allow_negative_numbers = true)]
    Unpause {
        /// Its number, as `job status` tells it
        job: u32,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Show the jobs of the node that commands wait for now
    Status {
        #[command(flatten)]
        node: NodeArgs,
    },
    /// End a job of the node
    #[command(allow_negative_numbers = true)]
    Cancel {
        /// Its number, as `job status` tells it
        job: u32,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Check receipts, without a node or a network
    #[command(allow_negative_numbers = true)]
    Verify(VerifyArgs),
    /// Show how often executors were checked and right, in a row
    Records {
        /// Forget all of it
        #[arg(long)]
        clear: bool,
        #[command(flatten)]
        node: NodeArgs,
    },
}

pub(super) async fn dispatch(command: JobCommand) -> Result<(), CliError> {
    match command {
        JobCommand::Run(args) => {
            let (telling, node) = (how(&args.telling), args.node.clone());
            // Whatever comes before the job is given up by Ctrl-C too: a list may never come.
            let state = until_interrupted(begin(args)).await?;
            run(state, telling, &node).await
        }
        JobCommand::Checkpoint { output, node } => {
            until_interrupted(checkpoint::checkpoint(&output, &node)).await
        }
        JobCommand::Resume { from, output, trust, wishes, telling, node } => {
            let marks = Marks::of(&node.data_dir()?);
            let state = until_interrupted(async {
                wishes.check()?;
                let mut state = match output {
                    _ if !checkpoint::is_name(&from) => JobState::resume(&from, (&marks, trust))?,
                    Some(output) => checkpoint::begin(&from, &output, &marks, &node).await?,
                    None => return Err(JobError::NoOutput.into()),
                };
                wishes.set(&mut state.description.plan.wishes, &list::own_id(&node).await?);
                Ok(state)
            })
            .await?;
            run(state, how(&telling), &node).await
        }
        JobCommand::Pause { job, node } => list::pause(job, true, &node).await,
        JobCommand::Unpause { job, node } => list::pause(job, false, &node).await,
        JobCommand::Status { node } => list::status(&node).await,
        JobCommand::Cancel { job, node } => list::cancel(job, &node).await,
        JobCommand::Verify(args) => verify::verify(args),
        JobCommand::Records { clear, node } => list::records(clear, &node).await,
    }
}

/// Looks at what is asked for, and makes the directory of the job.
async fn begin(args: RunArgs) -> Result<JobState, CliError> {
    args.wishes.check()?;
    let Plan { level, gas, pages, seed, time, piece, expected_ms } =
        args.terms.plan(args.validation, args.expected_ms);
    let inputs = match args.lines {
        Some(lines) => Source::Lines(absolute(lines)?),
        None if args.list.is_some() => Source::Contents(Vec::new()),
        None if args.inputs.is_empty() => return Err(JobError::NoInputs.into()),
        None => Source::Files(args.inputs.into_iter().map(input).collect::<Result<_, _>>()?),
    };
    let reduced = args.reduce.map(|module| (module, AfterLine::Reduce { arity: args.arity }));
    let then = args.then.into_iter().map(|module| (module, AfterLine::Then));
    let (paths, after): (Vec<PathBuf>, Vec<AfterLine>) = reduced.into_iter().chain(then).unzip();
    let local = Local::new()?;
    let mut modules = Vec::new();
    for path in std::iter::once(args.module).chain(paths) {
        let module = Bytes::from(read(&path, FILE_BYTES_MAX)?);
        // Before anybody else is asked to run it.
        local.check(module.clone(), pages, piece > 0).await?;
        modules.push(module);
    }
    let mut plan = PlanLine {
        level,
        gas,
        pages,
        seed: hex_of(&seed),
        time,
        piece,
        expected_ms,
        wishes: WishesLine::default(),
    };
    // Where no node answers, nothing of the job is to be in the way of the next try.
    let own = list::own_id(&args.node).await?;
    let inputs = match args.list {
        Some(cid) => {
            Source::Contents(args.wishes.in_time(named::list(&cid_of(bare(&cid))?, &args.node)).await?)
        }
        None => inputs,
    };
    args.wishes.set(&mut plan.wishes, &own);
    let description = Description { version: VERSION, plan, inputs, after };
    let marks = Marks::of(&args.node.data_dir()?);
    Ok(JobState::begin(&args.output, description, modules, &marks)?)
}

/// A file, made absolute, or the name of a content as it is.
fn input(path: PathBuf) -> Result<PathBuf, CliError> {
    match content_of(&path) {
        Some(cid) => {
            cid_of(cid)?;
            Ok(path)
        }
        None => absolute(path),
    }
}

fn how(telling: &TellingArgs) -> Telling {
    Telling {
        is_in_order: telling.in_order,
        is_progress: telling.progress,
        has_checkpoint: telling.checkpoint,
    }
}
