//! The directory of a job: what it is, what came of it, and a journal. Files appear there whole or not at all.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tabmesh_meter::limits::FILE_BYTES_MAX;

use super::description::{Description, VERSION};
use super::error::JobError;
use super::journal::{Entry, Journal};
use super::trust::{self, Marks};
use crate::fresh;
use crate::task::STREAM_BYTES_MAX;

const DESCRIPTION: &str = "job.json";
const JOURNAL: &str = "job.journal";
/// A description has fewer bytes; a longer file, or one without an end, is none.
const DESCRIPTION_MAX: u64 = 1 << 30;
const LOCK: &str = "job.lock";

/// An output directory, held for as long as this is there.
pub(super) struct JobDir {
    path: PathBuf,
    _lock: File,
}

impl JobDir {
    /// Makes the directory of a new job. It is one once its description is there, which comes last.
    pub(super) fn create(
        path: &Path,
        description: &Description,
        modules: &[Bytes],
        marks: &Marks,
    ) -> Result<(Self, Journal), JobError> {
        let broken = |source| JobError::NoDir { path: path.to_owned(), source };
        std::fs::create_dir_all(path).map_err(broken)?;
        let dir = Self::hold(path)?;
        if dir.file(DESCRIPTION).exists() {
            return Err(JobError::Taken(path.to_owned()));
        }
        for (number, module) in modules.iter().enumerate() {
            dir.write(&module_name(number), module)?;
        }
        let journal = Journal::create(&dir.file(JOURNAL)).map_err(|source| dir.unwritten(JOURNAL, source))?;
        let json =
            serde_json::to_vec(description).map_err(|error| dir.unwritten(DESCRIPTION, error.into()))?;
        dir.mark(marks, &json)?;
        dir.write(DESCRIPTION, &json)?;
        Ok((dir, journal))
    }

    fn mark(&self, marks: &Marks, description: &[u8]) -> Result<(), JobError> {
        // Without a secret it is as if somebody else had made it.
        marks.mark(description).map_or(Ok(()), |mark| self.write(trust::MARK, &mark))
    }

    /// Opens that of a job that was begun, with its modules; each entry of its journal is told, with its place. One that is not this
    /// user's own leads nowhere out of itself, unless it is trusted: then it is this user's own from now on.
    pub(super) fn open(
        path: &Path,
        (marks, is_trusted): (&Marks, bool),
        tell: impl FnMut(Entry, u64),
    ) -> Result<(Self, Description, Vec<Bytes>, Journal), JobError> {
        if !path.join(DESCRIPTION).exists() {
            return Err(JobError::NoJob(path.to_owned()));
        }
        let json = read(&path.join(DESCRIPTION), DESCRIPTION_MAX);
        let json = json.map_err(|source| Self::unread_in(path, DESCRIPTION, source))?;
        let is_own = marks.has(path, &json);
        if !is_trusted {
            trust::stays_inside(path)?;
        }
        let dir = Self::hold(path)?;
        let damaged = |why| JobError::Damaged { path: dir.file(DESCRIPTION), why };
        let description: Description = serde_json::from_slice(&json)
            .map_err(|_| damaged("it is no description of a job of this version"))?;
        if description.version != VERSION {
            return Err(damaged("it is of another version of tabmesh"));
        }
        if !is_trusted {
            trust::are_inside(path, &description.inputs, is_own)?;
        }
        if is_trusted {
            dir.mark(marks, &json)?;
        }
        let modules =
            (0..=description.after.len()).map(|number| dir.read(&module_name(number), FILE_BYTES_MAX as u64));
        let modules = modules.collect::<Result<_, _>>()?;
        let journal = Journal::open(&dir.file(JOURNAL), tell);
        let journal = journal.map_err(|source| dir.unread(JOURNAL, source))?;
        Ok((dir, description, modules, journal))
    }

    fn hold(path: &Path) -> Result<Self, JobError> {
        let file = path.join(LOCK);
        let broken = |source| JobError::Write { dir: path.to_owned(), path: file.clone(), source };
        let lock = File::options().write(true).create(true).truncate(false).open(&file).map_err(broken)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(JobError::Locked(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(broken(source)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file beside its place, and moves it there.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), JobError> {
        let unfinished = self.file(&format!("{name}.part"));
        let written = fresh::create(&unfinished, 0o666)
            .and_then(|mut file| file.write_all(bytes))
            .and_then(|()| std::fs::rename(&unfinished, self.file(name)));
        written.map_err(|source| {
            let _ = std::fs::remove_file(&unfinished);
            self.unwritten(name, source)
        })
    }

    /// An output that was written before.
    pub(super) fn output(&self, name: &str) -> Result<Bytes, JobError> {
        self.read(&output_name(name), STREAM_BYTES_MAX as u64)
    }

    /// Whether an output is there, with this hash.
    pub(super) fn has_output(&self, name: &str, hash: &[u8; 32]) -> bool {
        self.output(name).is_ok_and(|output| tabmesh_engine::sha256(&output) == *hash)
    }

    /// A file that may be left of an earlier try.
    pub(super) fn remove(&self, name: &str) -> Result<(), JobError> {
        match std::fs::remove_file(self.file(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(self.unwritten(name, error)),
            _ => Ok(()),
        }
    }

    fn read(&self, name: &str, most: u64) -> Result<Bytes, JobError> {
        read(&self.file(name), most).map(Bytes::from).map_err(|source| self.unread(name, source))
    }

    pub(super) fn unwritten(&self, name: &str, source: io::Error) -> JobError {
        JobError::Write { dir: self.path.clone(), path: self.file(name), source }
    }

    fn unread(&self, name: &str, source: io::Error) -> JobError {
        Self::unread_in(&self.path, name, source)
    }

    fn unread_in(dir: &Path, name: &str, source: io::Error) -> JobError {
        JobError::Read { dir: dir.to_owned(), path: dir.join(name), source }
    }

    pub(super) fn journal_broken(&self, source: io::Error) -> JobError {
        self.unwritten(JOURNAL, source)
    }
}

fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn module_name(number: usize) -> String {
    format!("job.{number}.wasm")
}

pub(super) fn output_name(name: &str) -> String {
    format!("{name}.out")
}

pub(super) fn receipt_name(name: &str) -> String {
    format!("{name}.receipt")
}

pub(super) fn log_name(name: &str) -> String {
    format!("{name}.log")
}
