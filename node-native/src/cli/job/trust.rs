//! Whether a job's folder is this user's own, and what one that is not may name.
//!
//! A folder says which files are inputs, and inputs go to strangers: one that somebody else made could name any file of whoever resumes it.
//! So folders are marked with a secret of the node's data directory, and one without the mark names what lies in it, and nothing else. The mark
//! covers the description; what it names in the folder may have been put there by others, so it leads nowhere else in any folder.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use tabmesh_engine::sha256;

use super::description::{Source, content_of};
use super::error::JobError;
use crate::fresh;

/// The file with the mark, in a job's folder, and that with the secret, in the data directory.
pub(super) const MARK: &str = "job.mark";
const SECRET: &str = "jobs.key";

/// What stands before what is hashed.
const PREFIX: &[u8] = b"tabmesh job folder v1";

/// Entries of a folder that are looked at; one with more is not resumed without trust.
const ENTRIES_MAX: usize = 1 << 26;

/// Knows this user's own folders.
pub(super) struct Marks(Option<[u8; 32]>);

impl Marks {
    /// Those of a node with this data directory. Where its secret cannot be read nor made, no folder is known.
    pub(super) fn of(data_dir: &Path) -> Self {
        let path = data_dir.join(SECRET);
        Self(read(&path).or_else(|_| make(&path)).ok())
    }

    /// The mark of a folder with this description.
    pub(super) fn mark(&self, description: &[u8]) -> Option<[u8; 32]> {
        // All parts have lengths of their own: nothing can be added behind.
        self.0.map(|secret| sha256(&[PREFIX, &secret, &sha256(description)].concat()))
    }

    /// Whether a folder has it.
    pub(super) fn has(&self, folder: &Path, description: &[u8]) -> bool {
        let marked = read(&folder.join(MARK)).ok();
        marked.is_some() && marked == self.mark(description)
    }
}

fn read(path: &Path) -> io::Result<[u8; 32]> {
    let mut secret = [0; 32];
    File::open(path)?.read_exact(&mut secret)?;
    Ok(secret)
}

fn make(path: &Path) -> io::Result<[u8; 32]> {
    if path.exists() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(io::Error::other)?;
    let unfinished = path.with_extension("part");
    fresh::create(&unfinished, 0o600)?.write_all(&secret)?;
    fs::rename(&unfinished, path)?;
    Ok(secret)
}

/// Sees that a folder that somebody else may have made leads nowhere out of itself.
///
/// # Errors
/// [`JobError::Foreign`].
pub(super) fn stays_inside(folder: &Path) -> Result<(), JobError> {
    let foreign = |path: PathBuf| JobError::Foreign { dir: folder.to_owned(), path };
    let unread = |source| JobError::Read { dir: folder.to_owned(), path: folder.to_owned(), source };
    for (count, entry) in fs::read_dir(folder).map_err(unread)?.enumerate() {
        let entry = entry.map_err(unread)?;
        if count >= ENTRIES_MAX || entry.file_type().map_err(unread)?.is_symlink() {
            return Err(foreign(entry.path()));
        }
    }
    Ok(())
}

/// Sees that inputs are in the folder, whatever links lead there; of this user's own folders, those that are named there.
///
/// # Errors
/// [`JobError::Foreign`], [`JobError::Input`].
pub(super) fn are_inside(folder: &Path, inputs: &Source, is_own: bool) -> Result<(), JobError> {
    let broken = |path: &Path, source| JobError::Input { path: path.to_owned(), source };
    let whole = fs::canonicalize(folder).map_err(|source| broken(folder, source))?;
    let paths = match inputs {
        Source::Files(paths) => paths.as_slice(),
        Source::Lines(path) | Source::Kept(path) => std::slice::from_ref(path),
        // What the network has is anybody's.
        Source::Contents(_) => &[],
    };
    let is_named_here = |path: &Path| folder.join(path).starts_with(folder) || path.starts_with(&whole);
    let files = paths.iter().filter(|path| content_of(path).is_none());
    for path in files.filter(|path| !is_own || is_named_here(path)) {
        // What is not there says nothing of what is: whether a file exists is nobody else's business either.
        let is_inside = fs::canonicalize(folder.join(path)).is_ok_and(|path| path.starts_with(&whole));
        if !is_inside {
            return Err(JobError::Foreign { dir: folder.to_owned(), path: path.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    //! Nothing leads out of a folder that is somebody else's, and nobody else marks one.

    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_mark_is_of_one_secret_and_one_description() {
        let [one, two, folder] = [0; 3].map(|_| tempfile::tempdir().expect("a temporary directory"));
        let marks = Marks::of(one.path());
        fs::write(folder.path().join(MARK), marks.mark(b"description").expect("a secret")).expect("written");
        assert!(Marks::of(one.path()).has(folder.path(), b"description"), "the secret is kept");
        assert!(!marks.has(folder.path(), b"another"));
        assert!(!Marks::of(two.path()).has(folder.path(), b"description"));
        assert!(!Marks(None).has(folder.path(), b"description"));
        fs::write(folder.path().join(MARK), "short").expect("written");
        assert!(!marks.has(folder.path(), b"description"));
    }

    #[test]
    fn whatever_leads_out_of_a_folder_is_refused() {
        let all = tempfile::tempdir().expect("a temporary directory");
        let folder = all.path().join("folder");
        fs::create_dir(&folder).expect("made");
        fs::write(all.path().join("secret"), "secret").expect("written");
        fs::write(folder.join("input"), "input").expect("written");
        let files = |path: &Path| are_inside(&folder, &Source::Files(vec![path.to_owned()]), false).is_ok();
        assert!(files(Path::new("input")) && files(&folder.join("input")));
        assert!(files(Path::new("cid:bafkrei")), "a content of the network");
        assert!(!files(Path::new("../secret")) && !files(&all.path().join("secret")));
        assert!(!files(&folder.join("../secret")) && !files(Path::new("/etc/hostname")));
        assert!(stays_inside(&folder).is_ok());
        symlink(all.path().join("secret"), folder.join("job.0.wasm")).expect("linked");
        assert!(!files(Path::new("job.0.wasm")) && stays_inside(&folder).is_err());
        // Also where the description is this user's own, and somebody else had the folder meanwhile.
        let own = |path: &Path| are_inside(&folder, &Source::Files(vec![path.to_owned()]), true).is_ok();
        assert!(own(&all.path().join("secret")) && own(Path::new("input")));
        assert!(!own(Path::new("job.0.wasm")) && !own(&folder.join("job.0.wasm")));
        assert!(are_inside(&folder, &Source::Lines(folder.join("job.0.wasm")), false).is_err());
    }
}
