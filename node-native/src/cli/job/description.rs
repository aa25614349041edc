//! What a job is, as its directory keeps it.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tabmesh_engine::content::cid::Cid;

use super::error::JobError;
use super::given::{Given, broken};
use super::kept::Kept;
use crate::control::job::PlanLine;
use crate::identity::from_hex;
use crate::jobs::ask::Plan;
use crate::jobs::graph::{After, Shape};
use crate::task::STREAM_BYTES_MAX;

/// The version of the directory's form.
pub(super) const VERSION: u32 = 1;

/// What a job is. With its modules it says all that there is to say. Paths are absolute, or begin at the directory.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Description {
    pub(super) version: u32,
    pub(super) plan: PlanLine,
    pub(super) inputs: Source,
    pub(super) after: Vec<AfterLine>,
}

/// Where inputs come from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Source {
    /// Each file is one; `cid:` and a CID is that content of the network.
    Files(Vec<PathBuf>),
    /// Each content of the network is one.
    Contents(Vec<String>),
    /// Those of a checkpoint, in this file.
    Kept(PathBuf),
    /// Each line of this file is one, without its end.
    Lines(PathBuf),
}

impl Source {
    /// The same, of a job in this directory.
    pub(super) fn within(&self, dir: &Path) -> Self {
        let file = |path: &PathBuf| if content_of(path).is_some() { path.clone() } else { dir.join(path) };
        match self {
            Self::Files(paths) => Self::Files(paths.iter().map(file).collect()),
            Self::Contents(cids) => Self::Contents(cids.clone()),
            Self::Lines(path) => Self::Lines(dir.join(path)),
            Self::Kept(path) => Self::Kept(dir.join(path)),
        }
    }
}

/// What becomes of outputs.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AfterLine {
    Then,
    Reduce { arity: u32 },
}

impl Description {
    /// What all its tasks have in common.
    pub(super) fn plan(&self) -> Plan {
        let line = &self.plan;
        Plan {
            level: line.level,
            gas: line.gas,
            pages: line.pages,
            seed: from_hex(&line.seed).map_or([0; 32], |seed| seed.0),
            time: line.time,
            piece: line.piece,
            expected_ms: line.expected_ms,
        }
    }

    /// The shape of its graph, for so many inputs.
    pub(super) fn shape(&self, inputs: u32) -> Shape {
        let after = self.after.iter().map(|after| match after {
            AfterLine::Then => After::Then,
            AfterLine::Reduce { arity } => After::Reduce(*arity),
        });
        Shape { inputs, after: after.collect() }
    }
}

/// The inputs of a job, read as they are wanted.
pub(super) enum Inputs {
    Named(Vec<Item>),
    Contents(Vec<Cid>),
    Kept(Kept),
    Lines {
        file: File,
        path: PathBuf,
        /// Where each begins, and at last where the file ends.
        starts: Vec<u64>,
    },
}

/// An input with a name of its own.
pub(super) enum Item {
    File(PathBuf),
    Content(Cid),
}

/// Begins the name of a content among those of files.
const CONTENT: &str = "cid:";

/// The CID that an input names, if it is no file.
pub(super) fn content_of(input: &Path) -> Option<&str> {
    input.to_str()?.strip_prefix(CONTENT)
}

/// A CID, with what begins it among files or without.
pub(super) fn bare(text: &str) -> &str {
    text.strip_prefix(CONTENT).unwrap_or(text)
}

/// Reads a CID.
pub(super) fn cid_of(text: &str) -> Result<Cid, JobError> {
    text.parse().map_err(|why| JobError::BadCid { cid: text.to_owned(), why })
}

impl Inputs {
    /// Looks at all of them, so that one that is none is told before anything is run.
    pub(super) fn open(source: &Source) -> Result<Self, JobError> {
        match source {
            Source::Files(paths) => {
                let item = |path: &PathBuf| {
                    if let Some(cid) = content_of(path) {
                        return cid_of(cid).map(Item::Content);
                    }
                    let about = std::fs::metadata(path).map_err(|error| broken(path, error))?;
                    if about.is_dir() {
                        return Err(broken(path, ErrorKind::IsADirectory.into()));
                    }
                    too_long(path, about.len())?;
                    Ok(Item::File(path.clone()))
                };
                Ok(Self::Named(paths.iter().map(item).collect::<Result<_, _>>()?))
            }
            Source::Contents(cids) => {
                Ok(Self::Contents(cids.iter().map(|cid| cid_of(cid)).collect::<Result<_, _>>()?))
            }
            Source::Kept(path) => Ok(Self::Kept(Kept::open(path)?)),
            Source::Lines(path) => {
                let file = File::open(path).map_err(|error| broken(path, error))?;
                if !file.metadata().map_err(|error| broken(path, error))?.is_file() {
                    return Err(JobError::NoFile(path.clone()));
                }
                let starts = starts_of(&file, path)?;
                Ok(Self::Lines { file, path: path.clone(), starts })
            }
        }
    }

    pub(super) fn count(&self) -> usize {
        match self {
            Self::Named(items) => items.len(),
            Self::Contents(cids) => cids.len(),
            Self::Kept(kept) => kept.count(),
            Self::Lines { starts, .. } => starts.len() - 1,
        }
    }

    /// How an input is called in the directory.
    pub(super) fn name(&self, number: u32) -> String {
        match self {
            Self::Named(items) => match items.get(number as usize) {
                Some(Item::File(path)) => {
                    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
                }
                Some(Item::Content(cid)) => cid.to_string(),
                None => String::new(),
            },
            Self::Lines { .. } | Self::Contents(_) | Self::Kept(_) => {
                let width = (self.count() + 1).to_string().len();
                format!("{number:0width$}")
            }
        }
    }

    pub(super) fn read(&self, number: u32) -> Result<Given, JobError> {
        let at = number as usize;
        match self {
            Self::Contents(cids) => Ok(Given::Content(cids[at])),
            Self::Kept(kept) => kept.read(at),
            Self::Named(items) => {
                let path = match &items[at] {
                    Item::Content(cid) => return Ok(Given::Content(*cid)),
                    Item::File(path) => path,
                };
                let mut bytes = Vec::new();
                let mut file =
                    File::open(path).map_err(|error| broken(path, error))?.take(STREAM_BYTES_MAX as u64 + 1);
                file.read_to_end(&mut bytes).map_err(|error| broken(path, error))?;
                too_long(path, bytes.len() as u64)?;
                Ok(Given::Bytes(bytes.into()))
            }
            Self::Lines { file, path, starts } => {
                let mut line = vec![0; (starts[at + 1] - starts[at]) as usize];
                file.read_exact_at(&mut line, starts[at]).map_err(|error| broken(path, error))?;
                without_end(&mut line);
                Ok(Given::Bytes(line.into()))
            }
        }
    }
}

fn without_end(line: &mut Vec<u8>) {
    if line.pop_if(|last| *last == b'\n').is_some() {
        line.pop_if(|last| *last == b'\r');
    }
}

fn starts_of(file: &File, path: &Path) -> Result<Vec<u64>, JobError> {
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let (mut starts, mut at) = (vec![0], 0);
    loop {
        let length = reader.skip_until(b'\n').map_err(|error| broken(path, error))? as u64;
        if length == 0 {
            return Ok(starts);
        }
        too_long(path, length.saturating_sub(2))?;
        at += length;
        starts.push(at);
    }
}

fn too_long(path: &Path, bytes: u64) -> Result<(), JobError> {
    if bytes > STREAM_BYTES_MAX as u64 { Err(JobError::LongInput(path.to_owned())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    //! Lines are read whole and without their ends, whichever these are.

    use bytes::Bytes;

    use super::*;

    #[test]
    fn each_line_is_an_input() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("lines");
        for (text, lines) in [
            ("", &[][..]),
            ("\n", &[""][..]),
            ("one\ntwo\r\n\nlast", &["one", "two", "", "last"]),
            ("\r\na\rb\n", &["", "a\rb"]),
        ] {
            std::fs::write(&path, text).expect("written");
            let inputs = Inputs::open(&Source::Lines(path.clone())).expect("lines");
            let read = |number| match inputs.read(number) {
                Ok(Given::Bytes(line)) => line,
                _ => panic!("line {number} is there"),
            };
            let read: Vec<Bytes> = (0..inputs.count() as u32).map(read).collect();
            assert_eq!(read, lines, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_input_is_told_at_once() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let files = |path: &Path| Inputs::open(&Source::Files(vec![path.to_owned()])).err();
        assert!(matches!(files(dir.path()), Some(JobError::Input { .. })));
        assert!(matches!(files(&dir.path().join("none")), Some(JobError::Input { .. })));
        let long = dir.path().join("long");
        File::create(&long).and_then(|file| file.set_len(STREAM_BYTES_MAX as u64 + 1)).expect("made");
        assert!(matches!(files(&long), Some(JobError::LongInput(_))));
    }
}
