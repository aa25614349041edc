//! Why a command about jobs was not done.

use std::io::ErrorKind;
use std::path::PathBuf;

use tabmesh_engine::content::cid::{Cid, CidError};
use thiserror::Error;

use crate::cli::counted::counted;
use crate::cli::exit_code::exit_code_of;
use crate::control::client::ClientError;
use crate::jobs::checkpoint::NoCheckpoint;
use crate::jobs::graph::ShapeError;

/// Why a command about jobs was not done. Every message says what to do.
#[derive(Debug, Error)]
pub(in crate::cli) enum JobError {
    #[error("the input {path} cannot be read: {source}; {way_out}", path = path.display(), way_out = way_out(path, source))]
    Input { path: PathBuf, source: std::io::Error },
    #[error("{cid:?} is no CID: {why}; write it as `tabmesh put` did, of an input after cid:")]
    BadCid { cid: String, why: CidError },
    #[error("{0} is no list of inputs: put a text there with a CID in each line, of 64 MiB at most")]
    NoList(String),
    #[error("an input has at most 16 MiB, and {} has one that is longer; split it", .0.display())]
    LongInput(PathBuf),
    #[error("{} is no file: --lines wants one, which it can read again where the job is resumed", .0.display())]
    NoFile(PathBuf),
    #[error("there are no inputs: name files, or give --lines FILE")]
    NoInputs,
    #[error(
        "two invocations would be called {0:?} in the output directory; give the input files names of their own"
    )]
    SameName(String),
    #[error(
        "the results of {0:?} would have names that are too long for a file; give the input file a shorter one"
    )]
    LongName(String),
    #[error("{} has a job already; go on with `tabmesh job resume {}`, or choose another --output", .0.display(), .0.display())]
    Taken(PathBuf),
    #[error("{} has no job that could be resumed; begin one with `tabmesh job run … --output {}`", .0.display(), .0.display())]
    NoJob(PathBuf),
    #[error("{dir} was not made by this user with this node, and leads to {path}, outside of it: strangers would be given that. Where you trust whoever made it: tabmesh job resume {dir} --trust", dir = dir.display(), path = path.display())]
    Foreign { dir: PathBuf, path: PathBuf },
    #[error("another command is at the job in {}; end that one first", .0.display())]
    Locked(PathBuf),
    #[error("{}: {why}; restore the directory, or begin the job again in another one", path.display())]
    Damaged { path: PathBuf, why: &'static str },
    #[error(
        "the input {0:?} is another than when its task was run; put the old one back, or begin the job again in another directory"
    )]
    Changed(String),
    #[error("cannot write {path}: {source}; make room or correct it, and go on with `tabmesh job resume {dir}`", path = path.display(), dir = dir.display())]
    Write { dir: PathBuf, path: PathBuf, source: std::io::Error },
    #[error("cannot read {path}: {source}; correct it, and go on with `tabmesh job resume {dir}`", path = path.display(), dir = dir.display())]
    Read { dir: PathBuf, path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Shape(#[from] ShapeError),
    #[error("the job is not done: {source}; go on with `tabmesh job resume {dir}`", dir = dir.display())]
    Broken { dir: PathBuf, source: ClientError },
    #[error("the job was cancelled; go on with `tabmesh job resume {}`", .0.display())]
    Cancelled(PathBuf),
    #[error("the job came to its deadline with {decided} of {all} decided: {why}. Go on with `tabmesh job resume {dir}`", dir = dir.display())]
    Late { dir: PathBuf, decided: u32, all: u32, why: String },
    #[error(transparent)]
    NoCheckpoint(NoCheckpoint),
    #[error(
        "this checkpoint is of a job whose tasks await one another by a list of their own, or whose modules have limits of their own: resume it in a page"
    )]
    NotHere,
    #[error("a checkpoint has at most 256 MiB: put long inputs into fewer jobs, or name them by their CIDs")]
    LargeCheckpoint,
    #[error("a checkpoint goes on in a new directory: name it by --output")]
    NoOutput,
    #[error("interrupted; the node has ended the job: go on with `tabmesh job resume {}`", .0.display())]
    Interrupted(PathBuf),
    #[error("{failed} of {all} have no result, {not_ok} did not end as OK; what each says stands above{}", resumed(.dir, *.failed))]
    NotAll { dir: PathBuf, all: u32, failed: u32, not_ok: u32 },
    #[error("{}; what each says stands above", unverified(*all, *bad, *unread))]
    NotVerified { all: usize, bad: usize, unread: usize },
    #[error("nothing is paid for tasks yet: leave --budget at 0")]
    NotForSale,
    #[error(
        "the list of inputs did not come before the deadline, and nothing was begun: look whether a node that has it runs, or give more time"
    )]
    LateList,
    #[error("cannot make {path}: {source}; correct it, or choose another --output", path = path.display())]
    NoDir { path: PathBuf, source: std::io::Error },
    #[error("--module and --input go together: with them the task's id is checked, too")]
    HalfATask,
}

/// What to do about an input that cannot be read.
fn way_out(path: &std::path::Path, source: &std::io::Error) -> &'static str {
    let is_cid =
        || path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.parse::<Cid>().is_ok());
    match source.kind() {
        ErrorKind::IsADirectory => "name the files in it",
        ErrorKind::NotFound if is_cid() => "write cid: before it where a content of the network is meant",
        ErrorKind::NotFound => "correct its name, or put it back, and resume the job if it has begun",
        _ => "correct it, and resume the job if it has begun",
    }
}

fn resumed(dir: &std::path::Path, failed: u32) -> String {
    match failed {
        0 => String::new(),
        _ => format!("; `tabmesh job resume {}` tries those without a result again", dir.display()),
    }
}

fn unverified(all: usize, bad: usize, unread: usize) -> String {
    let of = |count, what: &str| (count > 0).then(|| format!("{count} {what}"));
    let parts = [of(bad, "did not hold"), of(unread, "could not be read")];
    format!("of {} {}", counted(all, "receipt"), parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

impl JobError {
    pub(in crate::cli) fn exit_code(&self) -> u8 {
        match self {
            Self::NoInputs
            | Self::SameName(_)
            | Self::Taken(_)
            | Self::NoJob(_)
            | Self::Foreign { .. }
            | Self::NoFile(_)
            | Self::LongInput(_)
            | Self::BadCid { .. }
            | Self::NoCheckpoint(_)
            | Self::NotHere
            | Self::LargeCheckpoint
            | Self::NoOutput
            | Self::NoList(_)
            | Self::LongName(_)
            | Self::Changed(_)
            | Self::HalfATask
            | Self::NotForSale
            | Self::Shape(_) => 2,
            Self::Input { .. }
            | Self::Locked(_)
            | Self::Damaged { .. }
            | Self::Write { .. }
            | Self::NoDir { .. }
            | Self::Read { .. } => 1,
            Self::Broken { source, .. } => exit_code_of(source),
            Self::NotAll { failed: 1.., .. } | Self::Late { .. } | Self::LateList => 5,
            Self::NotVerified { bad: 0, .. } => 1,
            Self::NotAll { .. } | Self::NotVerified { .. } | Self::Cancelled(_) => 7,
            Self::Interrupted(_) => 130,
        }
    }
}
