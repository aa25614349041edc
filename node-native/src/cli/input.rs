//! Where contents are read from: a file that must not change meanwhile, or the standard input.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat};
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};

use super::error::CliError;

/// What to read, and how many bytes it has, if that is known.
pub(super) async fn open(path: &Path) -> Result<(Box<dyn AsyncRead + Unpin>, Option<u64>), CliError> {
    if path.as_os_str() == "-" {
        return Ok((Box::new(standard()?), None));
    }
    let broken = |source| CliError::File { path: path.to_owned(), source };
    let file = File::open(path).await.map_err(broken)?;
    let metadata = file.metadata().await.map_err(broken)?;
    if metadata.is_dir() {
        return Err(broken(io::ErrorKind::IsADirectory.into()));
    }
    if !metadata.is_file() {
        return Ok((Box::new(file), None));
    }
    let length = metadata.len();
    let watched = Watched { file, path: path.to_owned(), state: State::of(&metadata), read: 0 };
    Ok((Box::new(watched), Some(length)))
}

/// The standard input.
pub(super) fn standard() -> Result<tokio::io::Stdin, CliError> {
    has_standard().then(tokio::io::stdin).ok_or(CliError::NoInput)
}

/// Whether there is a standard input. Where a program is started without one, Rust opens the null device in its place, for reading
/// and writing; a shell's `< /dev/null` is for reading alone, and is an empty input.
pub(super) fn has_standard() -> bool {
    let input = io::stdin();
    let (Ok(stat), Ok(flags)) = (fstat(&input), fcntl_getfl(&input)) else { return false };
    let is_null = FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice
        && std::fs::metadata("/dev/null").is_ok_and(|null| null.rdev() == stat.st_rdev);
    !(is_null && flags & OFlags::ACCMODE == OFlags::RDWR)
}

/// What a change of a file's content would change.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

impl State {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

/// A file whose end comes only if what was read is what it held when it was opened.
struct Watched {
    file: File,
    path: PathBuf,
    state: State,
    read: u64,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.file).poll_read(context, buffer))?;
        let count = (buffer.filled().len() - before) as u64;
        self.read += count;
        let is_end = count == 0;
        if self.read > self.state.bytes || is_end && !self.is_unchanged() {
            return Poll::Ready(Err(io::Error::other(CHANGED)));
        }
        Poll::Ready(Ok(()))
    }
}

const CHANGED: &str =
    "the file changed while it was read; put it again when nobody writes to it, or pipe a copy into `put -`";

impl Watched {
    /// By its name: a file that was removed or replaced is no longer what the user meant.
    fn is_unchanged(&self) -> bool {
        let now = std::fs::metadata(&self.path);
        self.read == self.state.bytes && now.is_ok_and(|now| State::of(&now) == self.state)
    }
}
