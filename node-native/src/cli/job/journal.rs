//! What came of a job's tasks so far, in the order in which it came: records of one length, each with a check.
//!
//! What a kill cut short, or a full disk, is cut off; everything before it counts.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use tabmesh_engine::{NodeId, sha256};
use tabmesh_port::{BlockHash, Reader, Writer};
use tabmesh_tasks::{Outcome, TaskId};

use crate::fresh;

/// Begins the file, and names its form.
const MAGIC: &[u8; 16] = b"tabmesh journal2";

/// Bytes of a record: kind 1, number 4, task 32, outcome 77, checked 1, votes 1, executor 32, check 4.
const RECORD: usize = 152;

/// What came of a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    pub(super) number: u32,
    pub(super) what: What,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum What {
    /// A result.
    Accepted(Accepted),
    /// It counts no more.
    Doubted,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Accepted {
    pub(super) task: TaskId,
    pub(super) outcome: Outcome,
    pub(super) is_checked: bool,
    pub(super) votes: u8,
    pub(super) executor: NodeId,
}

/// The file, open at its end.
pub(super) struct Journal {
    file: File,
    length: u64,
}

impl Journal {
    /// Makes an empty one.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        // A link in the way is removed, not followed.
        fresh::create(path, 0o666)?;
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        file.write_all(MAGIC)?;
        Ok(Self { file, length: MAGIC.len() as u64 })
    }

    /// Opens one and tells each entry, with its place.
    pub(super) fn open(path: &Path, mut tell: impl FnMut(Entry, u64)) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        let mut magic = [0; MAGIC.len()];
        file.read_exact(&mut magic)?;
        if magic != *MAGIC {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "this is no journal of a job"));
        }
        let mut length = MAGIC.len() as u64;
        let mut reader = io::BufReader::new(&file);
        let mut record = [0; RECORD];
        while let Ok(()) = reader.read_exact(&mut record)
            && let Some(entry) = read(&record)
        {
            tell(entry, length);
            length += RECORD as u64;
        }
        file.set_len(length)?;
        file.seek(SeekFrom::Start(length))?;
        Ok(Self { file, length })
    }

    /// The entry at a place.
    pub(super) fn at(&self, place: u64) -> io::Result<Option<Entry>> {
        let mut record = [0; RECORD];
        self.file.read_exact_at(&mut record, place)?;
        Ok(read(&record))
    }

    /// Adds an entry, or nothing: its place.
    pub(super) fn add(&mut self, entry: &Entry) -> io::Result<u64> {
        if let Err(error) = self.file.write_all_at(&emit(entry), self.length) {
            // A part of it may be there.
            let _ = self.file.set_len(self.length);
            return Err(error);
        }
        let place = self.length;
        self.length += RECORD as u64;
        Ok(place)
    }

    /// Has the system keep it, whatever happens to the host.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

fn emit(entry: &Entry) -> Vec<u8> {
    let mut writer = Writer::with_capacity(RECORD);
    let kind = match entry.what {
        What::Accepted(_) => 1,
        What::Doubted => 2,
    };
    writer.u8(kind).u32(entry.number);
    if let What::Accepted(accepted) = &entry.what {
        let Accepted { task, outcome, is_checked, votes, executor } = accepted;
        writer.bytes(&task.0).u8(outcome.status).u64(outcome.gas).u32(outcome.length).bytes(&outcome.output);
        writer.bytes(&outcome.steps);
        writer.u8((*is_checked).into()).u8(*votes).bytes(&executor.0);
    }
    let mut record = writer.finish();
    record.resize(RECORD - 4, 0);
    let check = sha256(&record);
    record.extend_from_slice(&check[..4]);
    record
}

fn read(record: &[u8; RECORD]) -> Option<Entry> {
    let (body, check) = record.split_at(RECORD - 4);
    if sha256(body)[..4] != *check {
        return None;
    }
    let mut reader = Reader::new(body);
    let (kind, number) = (reader.u8(), reader.u32());
    let what = match kind {
        1 => What::Accepted(Accepted {
            task: BlockHash(*reader.array()),
            outcome: Outcome {
                status: reader.u8(),
                gas: reader.u64(),
                length: reader.u32(),
                output: *reader.array(),
                steps: *reader.array(),
            },
            is_checked: reader.u8() == 1,
            votes: reader.u8(),
            executor: *reader.id(),
        }),
        2 => What::Doubted,
        _ => return None,
    };
    Some(Entry { number, what })
}

#[cfg(test)]
mod tests {
    //! What was written is read, up to the first record that is not whole.

    use super::*;

    fn entry(number: u32) -> Entry {
        let outcome = Outcome { steps: [6; 32], ..Outcome::whole(1, 1 << 61, 3, [number as u8; 32]) };
        let (task, executor) = (BlockHash([4; 32]), NodeId([5; 32]));
        let accepted = Accepted { task, outcome, is_checked: true, votes: 2, executor };
        Entry { number, what: if number == 2 { What::Doubted } else { What::Accepted(accepted) } }
    }

    fn entries(path: &Path) -> Vec<Entry> {
        let mut entries = Vec::new();
        Journal::open(path, |entry, _| entries.push(entry)).expect("a journal");
        entries
    }

    #[test]
    fn whatever_is_cut_off_only_whole_records_count() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("journal");
        let mut journal = Journal::create(&path).expect("made");
        let places: Vec<u64> = (1..=3).map(|number| journal.add(&entry(number)).expect("written")).collect();
        assert_eq!(journal.at(places[2]).expect("read"), Some(entry(3)));
        let whole = std::fs::read(&path).expect("there");
        assert_eq!(whole.len(), MAGIC.len() + 3 * RECORD);
        for cut in 0..=3 * RECORD {
            std::fs::write(&path, &whole[..MAGIC.len() + cut]).expect("written");
            let expected: Vec<Entry> = (1..=(cut / RECORD) as u32).map(entry).collect();
            assert_eq!(entries(&path), expected, "cut at {cut}");
            assert_eq!(std::fs::metadata(&path).expect("there").len() as usize % RECORD, MAGIC.len());
        }
    }

    #[test]
    fn a_link_in_the_place_of_a_journal_is_not_followed() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (precious, path) = (dir.path().join("precious"), dir.path().join("journal"));
        std::fs::write(&precious, "precious").expect("written");
        std::os::unix::fs::symlink(&precious, &path).expect("linked");
        Journal::create(&path).expect("made").add(&entry(1)).expect("written");
        assert_eq!(std::fs::read(&precious).expect("there"), b"precious");
        assert_eq!(entries(&path), [entry(1)]);
    }

    #[test]
    fn a_journal_goes_on_behind_its_last_whole_record() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("journal");
        Journal::create(&path).expect("made").add(&entry(1)).expect("written");
        let mut torn = std::fs::read(&path).expect("there");
        torn.extend_from_slice(&[1; RECORD]);
        std::fs::write(&path, torn).expect("written");
        Journal::open(&path, |_, _| {}).expect("open").add(&entry(2)).expect("written");
        assert_eq!(entries(&path), [entry(1), entry(2)]);
        std::fs::write(&path, "something else, and long enough").expect("written");
        assert!(Journal::open(&path, |_, _| {}).is_err());
    }
}
