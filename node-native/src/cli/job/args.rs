//! What commands about jobs are told.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tabmesh_engine::NodeId;
use tabmesh_meter::limits::PAGES_MAX;

use super::error::JobError;
use crate::cli::args::NodeArgs;
use crate::cli::error::CliError;
use crate::cli::task::common::{Seed, seed};
use crate::control::job::WishesLine;
use crate::identity::{from_hex, hex};
use crate::jobs::ask::Plan;
use crate::task::{GAS_DEFAULT, GAS_MAX, PAGES_DEFAULT, STREAM_BYTES_MAX};

#[derive(Args, Debug)]
pub(in crate::cli) struct RunArgs {
    /// The Wasm module, as `task check` accepts it
    pub(super) module: PathBuf,
    /// Files, each an input of 16 MiB at most; cid:… is that content of the network
    pub(super) inputs: Vec<PathBuf>,
    /// A file of which each line is an input, without its end
    #[arg(long, value_name = "FILE", conflicts_with = "inputs")]
    pub(super) lines: Option<PathBuf>,
    /// A content of the network of which each line is the CID of an input; its own CID, or cid:…
    #[arg(long, value_name = "CID", conflicts_with_all = ["inputs", "lines"])]
    pub(super) list: Option<String>,
    /// Where outputs and receipts go; made if missing
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: PathBuf,
    /// How outcomes are checked
    #[arg(long, value_name = "LEVEL", default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=4))]
    pub(super) validation: u8,
    /// How long a task is expected to take, in milliseconds; without it nobody knows until some were run. Who lies about a task by steps
    /// that takes more than 10,000 is found by one of these, where a shorter one is run whole
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub(super) expected_ms: u32,
    /// Reduce the outputs to one by this module: an input is --arity of them in order: their count, their lengths, 32 bits big-endian
    /// each, then the outputs
    #[arg(long, value_name = "MODULE")]
    pub(super) reduce: Option<PathBuf>,
    /// How many outputs are reduced to one
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(2..=1024))]
    pub(super) arity: u32,
    /// Run this module on each output, or on what they were reduced to; may be given several times
    #[arg(long, value_name = "MODULE")]
    pub(super) then: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) terms: TermsArgs,
    #[command(flatten)]
    pub(super) wishes: WishesArgs,
    #[command(flatten)]
    pub(super) telling: TellingArgs,
    #[command(flatten)]
    pub(super) node: NodeArgs,
}

/// What all tasks of a job have in common.
#[derive(Args, Debug)]
pub(in crate::cli) struct TermsArgs {
    /// The limit of gas of each task, at most 2^62
    #[arg(long, value_name = "N", default_value_t = GAS_DEFAULT, value_parser = clap::value_parser!(u64).range(0..=GAS_MAX))]
    gas: u64,
    /// Pages of memory that each task may have, 64 KiB each, 1 to 65536
    #[arg(long, value_name = "N", default_value_t = PAGES_DEFAULT, value_parser = clap::value_parser!(u32).range(1..=i64::from(PAGES_MAX)))]
    pages: u32,
    /// What all random bytes come from, 64 hexadecimal digits; zeros without
    #[arg(long, value_name = "HEX", value_parser = seed)]
    seed: Option<Seed>,
    /// The tasks' time, in nanoseconds since 1970
    #[arg(long, value_name = "N", default_value_t = 0)]
    time: u64,
    /// Run the tasks by steps, which are given so many bytes of the input at once
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..=STREAM_BYTES_MAX as i64))]
    piece: Option<u32>,
}

/// How a job is dealt with.
#[derive(Args, Debug, Default)]
pub(in crate::cli) struct WishesArgs {
    /// Where tasks are run: by others, by this node beside others, or by this node alone
    #[arg(long, value_name = "WHERE", value_enum)]
    r#where: Option<Where>,
    /// Tasks that this node runs at a time, beside others
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    own_cores: Option<u8>,
    /// The only executors that get module and inputs: their ids, with commas between them, 64 at most. Where this node is among them, it
    /// runs tasks too
    #[arg(long, value_name = "IDS", value_delimiter = ',', value_parser = id)]
    only: Vec<NodeId>,
    /// End the job after so many seconds, however far it is
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    deadline: Option<u32>,
    /// Jobs of this node take turns: one of a priority four times as often as one of the priority below, 0 to 3
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=3))]
    priority: Option<u8>,
    /// What the job may cost; nothing is paid for tasks yet, and only 0 is taken
    #[arg(long, value_name = "N")]
    budget: Option<u64>,
}

/// Where tasks are run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Where {
    Mesh,
    Both,
    Local,
}

fn id(text: &str) -> Result<NodeId, String> {
    from_hex(text).ok_or_else(|| "an id has 64 hexadecimal digits".to_owned())
}

impl WishesArgs {
    /// Refuses what no node gives yet, before anything of the job is written.
    pub(super) fn check(&self) -> Result<(), JobError> {
        if self.budget.unwrap_or(0) > 0 { Err(JobError::NotForSale) } else { Ok(()) }
    }

    /// Does what has to be done before there is a job, until the deadline at most.
    pub(super) async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, CliError>>,
    ) -> Result<T, CliError> {
        let Some(seconds) = self.deadline else { return work.await };
        let done = tokio::time::timeout(Duration::from_secs(seconds.into()), work).await;
        done.unwrap_or_else(|_| Err(JobError::LateList.into()))
    }

    /// Sets what is wished; `own` is the id of the node.
    pub(super) fn set(&self, line: &mut WishesLine, own: &str) {
        let cores = || std::thread::available_parallelism().map_or(1, |cores| cores.get().min(255) as u8);
        let is_alone = |only: &[String]| matches!(only, [one] if one == own);
        if !self.only.is_empty() {
            line.only = self.only.iter().map(hex).collect();
        } else if self.r#where.is_some() && is_alone(&line.only) {
            line.only = Vec::new();
        }
        if self.r#where == Some(Where::Local) {
            // Nobody else gets anything.
            line.only = vec![own.to_owned()];
        }
        if self.r#where.is_some() {
            line.own_cores = 0;
        }
        let is_wanted = self.r#where == Some(Where::Both) || line.only.iter().any(|id| id == own);
        line.own_cores = match self.own_cores {
            Some(own_cores) => own_cores,
            None if is_wanted && line.own_cores == 0 => cores(),
            None => line.own_cores,
        };
        line.deadline_ms = self.deadline.map(|seconds| u64::from(seconds) * 1_000);
        line.priority = self.priority.unwrap_or(line.priority);
        line.budget = self.budget.unwrap_or(line.budget);
    }
}

/// How results are told.
#[derive(Args, Debug)]
pub(in crate::cli) struct TellingArgs {
    /// With --json, tell results in the order of their inputs
    #[arg(long)]
    pub(super) in_order: bool,
    /// Make a checkpoint as the command ends, however it does: see `job checkpoint`
    #[arg(long)]
    pub(super) checkpoint: bool,
    /// Show progress even if the standard error is no terminal
    #[arg(long)]
    pub(super) progress: bool,
}

impl TermsArgs {
    pub(super) fn plan(&self, level: u8, expected_ms: u32) -> Plan {
        let seed = self.seed.as_ref().map_or([0; 32], Seed::bytes);
        let piece = self.piece.unwrap_or(0);
        Plan { level, gas: self.gas, pages: self.pages, seed, time: self.time, piece, expected_ms }
    }
}

#[derive(Args, Debug)]
pub(in crate::cli) struct VerifyArgs {
    /// Receipts, as `job run` writes them
    #[arg(required = true)]
    pub(super) receipts: Vec<PathBuf>,
    /// The module of the task that the receipts are to be for
    #[arg(long, value_name = "FILE")]
    pub(super) module: Option<PathBuf>,
    /// The input of that task
    #[arg(long, value_name = "FILE")]
    pub(super) input: Option<PathBuf>,
    /// The output that it is to have
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// The name of the network in which it was run
    #[arg(long, value_name = "NAME")]
    pub(super) network: Option<String>,
    #[command(flatten)]
    pub(super) terms: TermsArgs,
    /// Answer in JSON, a line for each
    #[arg(long)]
    pub(super) json: bool,
}

#[cfg(test)]
mod tests {
    //! Who gets anything of a job, and whether this node computes.

    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Wished {
        #[command(flatten)]
        wishes: WishesArgs,
    }

    /// What comes of these arguments where this was wished before: whether this node computes, and for whom the job is.
    fn set(before: (u8, &[&String]), args: &[&str], own: &str) -> (bool, Vec<String>) {
        let wished = Wished::try_parse_from([&["job"], args].concat()).expect("arguments");
        let only = before.1.iter().map(|id| (*id).clone()).collect();
        let mut line = WishesLine { own_cores: before.0, only, ..WishesLine::default() };
        wished.wishes.set(&mut line, own);
        (line.own_cores > 0, line.only)
    }

    #[test]
    fn whoever_is_among_the_only_executors_computes_and_nobody_else_gets_anything() {
        let [own, other] = ["aa", "bb"].map(|byte| byte.repeat(32));
        let fresh = (0, &[][..]);
        assert_eq!(set(fresh, &[], &own), (false, vec![]));
        assert_eq!(set(fresh, &["--where", "both"], &own), (true, vec![]));
        assert_eq!(set(fresh, &["--where", "local"], &own), (true, vec![own.clone()]));
        assert_eq!(set(fresh, &["--only", &own], &own), (true, vec![own.clone()]));
        assert_eq!(set(fresh, &["--only", &other], &own), (false, vec![other.clone()]));
        let both = format!("{own},{other}");
        assert_eq!(set(fresh, &["--only", &both], &own), (true, vec![own.clone(), other.clone()]));
        assert_eq!(set(fresh, &["--where", "local", "--only", &other], &own), (true, vec![own.clone()]));
        // A job goes on: it is still for those that were named, unless this node was alone.
        let grouped = (0, &[&other][..]);
        assert_eq!(set(grouped, &["--where", "both"], &own), (true, vec![other.clone()]));
        assert_eq!(set(grouped, &[], &own), (false, vec![other]));
        let alone = (2, &[&own][..]);
        assert_eq!(set(alone, &[], &own), (true, vec![own.clone()]));
        assert_eq!(set(alone, &["--where", "mesh"], &own), (false, vec![]));
    }
}
