//! An input of a job, wherever it comes from.

use std::path::Path;

use bytes::Bytes;
use tabmesh_engine::content::cid::Cid;

use super::error::JobError;

/// An input as it is given.
pub(super) enum Given {
    Bytes(Bytes),
    Content(Cid),
}

/// It cannot be read.
pub(super) fn broken(path: &Path, source: std::io::Error) -> JobError {
    JobError::Input { path: path.to_owned(), source }
}
