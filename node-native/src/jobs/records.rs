//! What is known of executors, from one run of the node to the next: a file in its data directory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tabmesh_engine::NodeId;
use tabmesh_tasks::RECORDS_MAX;

use crate::fresh;
use crate::identity::{from_hex, hex};

/// The file in the data directory.
const FILE: &str = "executors.txt";

/// How often each executor was checked and right, in a row; at most [`RECORDS_MAX`], of more the least goes.
pub(super) struct Records {
    path: PathBuf,
    confirmed: BTreeMap<NodeId, u32>,
    is_changed: bool,
}

impl Records {
    /// Reads them. What cannot be read is nobody's record: it is told in the log.
    pub(super) fn open(data_dir: &Path) -> Self {
        let path = data_dir.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "the records of executors cannot be read; all begin anew");
                String::new()
            }
        };
        let confirmed = text.lines().filter_map(read_line).take(RECORDS_MAX).collect();
        Self { path, confirmed, is_changed: false }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&NodeId, u32)> {
        self.confirmed.iter().map(|(executor, confirmed)| (executor, *confirmed))
    }

    pub(super) fn set(&mut self, executor: NodeId, confirmed: u32) {
        self.is_changed |= self.confirmed.insert(executor, confirmed) != Some(confirmed);
        if self.confirmed.len() > RECORDS_MAX {
            let least = self.confirmed.iter().min_by_key(|(_, confirmed)| **confirmed).map(|(id, _)| *id);
            least.map(|id| self.confirmed.remove(&id));
        }
    }

    /// What somebody else says of an executor; whether nothing was known of it.
    pub(super) fn learn(&mut self, executor: NodeId, confirmed: u32) -> bool {
        let is_new = !self.confirmed.contains_key(&executor);
        if is_new {
            self.set(executor, confirmed);
        }
        is_new
    }

    /// Forgets all of them: who they were of.
    pub(super) fn clear(&mut self) -> Vec<NodeId> {
        self.is_changed = true;
        std::mem::take(&mut self.confirmed).into_keys().collect()
    }

    /// Whether [`Records::save`] has something to do.
    pub(super) fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// Writes them, whole or not at all.
    pub(super) fn save(&mut self) {
        self.is_changed = false;
        if let Err(error) = self.write() {
            tracing::warn!(path = %self.path.display(), %error, "the records of executors cannot be written; the node goes on without");
        }
    }

    fn write(&self) -> io::Result<()> {
        let mut text = String::new();
        for (executor, confirmed) in &self.confirmed {
            text.push_str(&format!("{} {confirmed}\n", hex(executor)));
        }
        let unfinished = self.path.with_extension("tmp");
        let mut file = fresh::create(&unfinished, 0o600)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &self.path)?;
        self.path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
    }
}

fn read_line(line: &str) -> Option<(NodeId, u32)> {
    let (id, confirmed) = line.split_once(' ')?;
    Some((from_hex(id)?, confirmed.parse().ok()?))
}

#[cfg(test)]
mod tests {
    //! Records outlive the node, have a bound, and what is none is left out.

    use super::*;

    fn node(number: u32) -> NodeId {
        let mut id = [7; 32];
        id[..4].copy_from_slice(&number.to_be_bytes());
        NodeId(id)
    }

    #[test]
    fn what_was_saved_is_there_again() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut records = Records::open(dir.path());
        records.set(node(1), 12);
        records.set(node(2), 0);
        assert!(records.is_changed());
        records.save();
        records.set(node(1), 12);
        assert!(!records.is_changed(), "nothing is new");
        let mut again = Records::open(dir.path());
        assert_eq!(
            again.all().map(|(id, count)| (*id, count)).collect::<Vec<_>>(),
            [(node(1), 12), (node(2), 0)]
        );
        assert_eq!(again.clear().len(), 2);
        again.save();
        assert_eq!(Records::open(dir.path()).all().count(), 0);
    }

    #[test]
    fn lines_that_are_none_are_left_out() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let text = format!("{} 5\nnonsense\n{} -1\n{}\n", hex(&node(1)), hex(&node(2)), hex(&node(3)));
        std::fs::write(dir.path().join(FILE), text).expect("written");
        let records = Records::open(dir.path());
        assert_eq!(records.all().map(|(_, count)| count).collect::<Vec<_>>(), [5]);
    }

    #[test]
    fn of_too_many_the_least_goes() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut records = Records::open(dir.path());
        (0..=RECORDS_MAX as u32).for_each(|number| records.set(node(number), number + 1));
        assert_eq!(records.all().count(), RECORDS_MAX);
        assert!(!records.all().any(|(id, _)| *id == node(0)));
    }
}
